"""The tests of the book fail when they should: small made notebooks, each with one thing wrong."""

from __future__ import annotations

import copy
import io
import json
import socket
from pathlib import Path
from typing import Any

import build_book
import editions
import nbformat
import notebooks
import pages
import print_book
import pytest
import questions
import serve_book
import teaching
from book_extension import repository
from exercises import CHECK
from nbformat import NotebookNode
from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

import chapters

PICTURE = "iVBORw0KGgo="  # the first bytes of a PNG stand for one: nothing here decodes it
OTHER_PICTURE = "iVBORw0KGgs="


def stream(text: str, name: str = "stdout") -> NotebookNode:
    return nbformat.v4.new_output("stream", name=name, text=text)


def image(data: str = PICTURE) -> NotebookNode:
    data_by_kind = {"image/png": data, "text/plain": "<Figure size 600x250 with 1 Axes>"}
    return nbformat.v4.new_output("display_data", data=data_by_kind)


def code(source: str, *outputs: NotebookNode, **metadata: Any) -> NotebookNode:
    cell = nbformat.v4.new_code_cell(source, metadata=metadata)
    cell.outputs = list(outputs)
    return cell


def text(source: str) -> NotebookNode:
    return nbformat.v4.new_markdown_cell(source)


def described(
    alt: str = "A curve that rises from minus one to one and flattens at both ends.",
) -> dict:
    return {"mystnb": {"image": {"alt": alt}}}


def exercise(grade: str, name: str) -> list[NotebookNode]:
    return [
        text(f"```{{exercise}} {grade}: the {name}\n:label: {name}\n\nWhat is `{name}`?\n```"),
        text(f"```{{solution-start}} {name}\n:class: dropdown\n```"),
        code(f"{name} = 1\n{CHECK}\nassert {name} == 1, '{name} is 1'"),
        text("```{solution-end}\n```"),
    ]


def question(number: int, right: int) -> str:
    answers = []
    for place in range(2):
        verdict = questions.RIGHT if place == right else questions.WRONG
        answers.append(
            f'<details class="answer"><summary>{place}</summary>\n\n'
            f"{verdict} Here stands why that is so, in a sentence or two.\n\n</details>"
        )
    return "\n\n".join([f"**{number}. Which of the two?**", *answers])


SELF_TEST = "\n\n".join([questions.HEADING, *(question(n + 1, n % 2) for n in range(4))])
FOR_TEACHERS = """\
**For teachers**

- minutes: 20 to teach, 30 for the exercises
- level: gentle
- goes wrong: One thing.
- goes wrong: Another thing.
- leave out: The end."""


def chapter() -> NotebookNode:
    """A chapter in which nothing is wrong."""
    made = nbformat.v4.new_notebook()
    made.cells = [
        text(f"# Title\n\nA lead.\n\n{chapters.PROMISE}\n- see it.\n:::"),
        code(chapters.INSTALLS, tags=["remove-cell"]),
        code(f"{chapters.FIRST_LINE}\n\nfrom unrolled import figures\n\n{chapters.LAST_LINE}"),
        text("(numbers)=\n## Numbers"),
        code("print(1.5)", stream("1.5\n")),
        code("clock()", stream("one step ≈ 3.10 ms\n")),
        code("draw()", image(), **described()),
        code("draw_times()", image(), tags=["measured"], **described()),
        text("## Exercises"),
        *exercise("Check", "first"),
        *exercise("Apply", "second"),
        *exercise("Explore", "third"),
        text("## Summary\n\n- Seen."),
        text(SELF_TEST),
        text("## Ledger rows answered\n\n- [C8](source_map.md#c8): seen."),
        nbformat.v4.new_markdown_cell(FOR_TEACHERS, metadata={"tags": teaching.TAGS}),
    ]
    for number, cell in enumerate(notebooks.code_cells(made)):
        cell.execution_count = number + 1
    made = notebooks.normal(made)
    return notebooks.with_kept_outputs(made, copy.deepcopy(made))


def cell_of(notebook: NotebookNode, source: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if cell.source.startswith(source))


def problems(notebook: NotebookNode, folder: Path) -> str:
    """What is said of a notebook as it lies on disk, by the store and by the rules."""
    path = folder / "00_made.ipynb"
    notebooks.write(notebook, path)
    found = notebooks.problems(path)
    for rule in chapters.RULES.values():
        found += rule(notebooks.read(path))
    return "\n".join(found)


def test_a_good_chapter_passes(tmp_path: Path) -> None:
    assert problems(chapter(), tmp_path) == ""


# --- when it was executed ----------------------------------------------------------------------


def test_execution_is_recorded_once_a_day(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(notebooks, "CHAPTERS", tmp_path)
    monkeypatch.setattr(notebooks, "EXECUTIONS", tmp_path / "executed.json")
    path, made = tmp_path / "00_made.ipynb", chapter()
    notebooks.write(made, path)
    notebooks.record_execution(path, 3.2)
    first = notebooks.EXECUTIONS.read_bytes()
    record = notebooks.executions()["00_made"]
    assert record["seconds"] == 3 and record["fingerprint"] == notebooks.fingerprint(made)
    assert set(record["versions"]) == {"python", *notebooks.NAMED_VERSIONS}

    notebooks.record_execution(path, 8.0)  # the same outputs on the same day
    assert notebooks.EXECUTIONS.read_bytes() == first

    change_number(made)
    made.metadata["unrolled"] = {"outputs_sha256": ["another"]}
    notebooks.write(made, path)
    notebooks.record_execution(path, 8.0)
    assert notebooks.executions()["00_made"]["seconds"] == 8


def test_notebook_elsewhere_leaves_no_record(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(notebooks, "EXECUTIONS", tmp_path / "executed.json")
    path = tmp_path / "00_made.ipynb"
    notebooks.write(chapter(), path)
    notebooks.record_execution(path, 1.0)
    assert not notebooks.EXECUTIONS.exists()


# --- pictures ----------------------------------------------------------------------------------


def test_picture_gets_a_palette_once() -> None:
    ramp = Image.linear_gradient("L").convert("RGB")
    written, said = io.BytesIO(), PngInfo()
    said.add_text("Smallest text", "28.19")
    ramp.save(written, "png", pnginfo=said)
    small = notebooks.with_palette(written.getvalue())
    assert Image.open(io.BytesIO(small)).mode == "P"
    assert Image.open(io.BytesIO(small)).text == {"Smallest text": "28.19"}
    assert notebooks.with_palette(small) == small
    shown = Image.open(io.BytesIO(small)).convert("RGB")
    assert max(high for _, high in ImageChops.difference(ramp, shown).getextrema()) <= 1


# --- an edit by hand ---------------------------------------------------------------------------


def delete_output(made: NotebookNode) -> None:
    cell_of(made, "print").outputs = []


def change_number(made: NotebookNode) -> None:
    cell_of(made, "print").outputs[0].text = "1.6\n"


def change_measured_number(made: NotebookNode) -> None:
    cell_of(made, "clock").outputs[0].text = "one step ≈ 3.11 ms\n"


def change_picture(made: NotebookNode) -> None:
    cell_of(made, "draw()").outputs[0].data["image/png"] = OTHER_PICTURE


def change_source(made: NotebookNode) -> None:
    cell_of(made, "print").source = "print(3 / 2)"


@pytest.mark.parametrize(
    "edit", [delete_output, change_number, change_measured_number, change_picture, change_source]
)
def test_an_edit_by_hand_is_seen(edit: Any, tmp_path: Path) -> None:
    made = chapter()
    edit(made)
    assert "changed after it was executed" in problems(notebooks.normal(made), tmp_path)


def delete_count(made: NotebookNode) -> str:
    cell_of(made, "print").execution_count = None
    return "has the execution count None"


def delete_cell(made: NotebookNode) -> str:
    made.cells.remove(cell_of(made, "print"))
    return "digests of outputs"


def delete_digests(made: NotebookNode) -> str:
    del made.metadata["unrolled"]
    return "0 digests of outputs"


def swap_cells(made: NotebookNode) -> str:
    first, second = cell_of(made, "print"), cell_of(made, "clock")
    i, j = made.cells.index(first), made.cells.index(second)
    made.cells[i], made.cells[j] = second, first
    return "has the execution count"


def add_metadata(made: NotebookNode) -> str:
    cell_of(made, "print").metadata["collapsed"] = False
    return "not in normal form"


def name_kernel(made: NotebookNode) -> str:
    made.metadata.kernelspec["display_name"] = "My kernel"
    return "not in normal form"


def delete_alt(made: NotebookNode) -> str:
    del cell_of(made, "draw()").metadata["mystnb"]
    return "shows a picture and hardly describes it"


def shorten_alt(made: NotebookNode) -> str:
    cell_of(made, "draw()").metadata.update(described("figure"))
    return "shows a picture and hardly describes it"


def draw_twice(made: NotebookNode) -> str:
    cell_of(made, "draw()").outputs.append(image())
    return "shows 2 pictures"


def measure_text(made: NotebookNode) -> str:
    cell_of(made, "print").metadata["tags"] = ["measured"]
    return "is tagged measured and shows no picture"


def ignore_without_reason(made: NotebookNode) -> str:
    cell_of(made, "print").metadata["tags"] = ["nbval-ignore-output"]
    return "gives no reason"


def skip_in_nbval(made: NotebookNode) -> str:
    cell_of(made, "print").metadata["tags"] = ["nbval-skip"]
    return "unknown tag 'nbval-skip'"


def steer_by_comment(made: NotebookNode) -> str:
    cell_of(made, "print").source = "# NBVAL_IGNORE_OUTPUT\nprint(1.5)"
    return "steers nbval by a comment"


def drop_title(made: NotebookNode) -> str:
    made.cells[0].source = "No title"
    return "not Markdown that starts with a title"


def drop_promise(made: NotebookNode) -> str:
    made.cells[0].source = "# Title\n\nA lead."
    return "does not hold the box"


def drop_quiet_import(made: NotebookNode) -> str:
    cell_of(made, "import unrolled").source = chapters.LAST_LINE
    return "does not start with 'import unrolled.quiet"


def install_from_elsewhere(made: NotebookNode) -> str:
    cell = cell_of(made, chapters.INSTALLS)
    cell.source = cell.source.replace('REPOSITORY = ""', 'REPOSITORY = "https://example.org"')
    return "the first code cell is not the one that installs"


def drop_summary(made: NotebookNode) -> str:
    cell_of(made, "## Summary").source = "- Seen."
    return "the last headings are not"


def drop_ledger_row(made: NotebookNode) -> str:
    cell_of(made, "## Ledger").source = "## Ledger rows answered\n\nC8"
    return "no ledger row is named"


def drop_exercise(made: NotebookNode) -> str:
    start = made.cells.index(cell_of(made, "```{exercise} Explore"))
    del made.cells[start : start + 4]
    return "2 exercises have a solution with executed code, not 3"


def misname_solution(made: NotebookNode) -> str:
    cell_of(
        made, "```{solution-start} third"
    ).source = "```{solution-start} fourth\n:class: dropdown\n```"
    return "a solution names 'fourth'"


def uncover_solution(made: NotebookNode) -> str:
    cell_of(made, "```{solution-start} third").source = "```{solution-start} third\n```"
    return "the solution of 'third' is not hidden"


def leave_solution_open(made: NotebookNode) -> str:
    made.cells.reverse()
    made.cells.remove(cell_of(made, "```{solution-end}"))
    made.cells.reverse()
    return "the solution of 'third' has no end"


def ungrade(made: NotebookNode) -> str:
    cell = cell_of(made, "```{exercise} Check")
    cell.source = cell.source.replace("Check: the", "The")
    return "the title 'The first' does not start with Check or Apply or Explore:"


def forget_a_grade(made: NotebookNode) -> str:
    cell = cell_of(made, "```{exercise} Explore")
    cell.source = cell.source.replace("Explore:", "Apply:")
    return "not of the grades Check, Apply, Explore, in this order"


def drop_check(made: NotebookNode) -> str:
    cell_of(made, "third = 1").source = "third = 1\nassert third == 1"
    return f"the last cell of 'third', and no other, must hold one line {CHECK!r}"


def check_nothing(made: NotebookNode) -> str:
    cell_of(made, "third = 1").source = f"third = 1\n{CHECK}\nprint(third)"
    return "the check of 'third' asserts nothing"


def check_something_else(made: NotebookNode) -> str:
    cell_of(made, "third = 1").source = f"third = 1\n{CHECK}\nassert figures"
    return "the check of 'third' reads nothing that its answer defines"


def read_a_neighbour(made: NotebookNode) -> str:
    cell_of(made, "third = 1").source = f"third = 1\n{CHECK}\nassert third == second"
    return "the check of 'third' reads second, which a student would not have"


def refuse_in_silence(made: NotebookNode) -> str:
    cell_of(made, "third = 1").source = f"third = 1\n{CHECK}\nassert third == 1"
    return "the check of 'third' refuses without a sentence: assert third == 1"


def compare_in_silence(made: NotebookNode) -> str:
    check = "np.testing.assert_allclose(third, 1)"
    cell_of(made, "third = 1").source = f"third = 1\nimport numpy as np\n{CHECK}\n{check}"
    return f"the check of 'third' refuses without a sentence: {check}"


def leave_a_conflict(made: NotebookNode) -> str:
    made.cells[3].source = "Text\n<<<<<<< HEAD\nmine\n=======\nyours\n>>>>>>> other"
    return "cell 3 of all holds a mark of a conflict: '<<<<<<< HEAD'"


def ask_less(made: NotebookNode) -> str:
    cell = cell_of(made, questions.HEADING)
    cell.source = cell.source.partition("**4.")[0]
    return "the self-test has 3 questions, not 4 or more"


def change_self_test(made: NotebookNode, old: str, new: str) -> None:
    cell = cell_of(made, questions.HEADING)
    cell.source = cell.source.replace(old, new, 1)


def give_no_right_answer(made: NotebookNode) -> str:
    change_self_test(made, questions.RIGHT, questions.WRONG)
    return "question 1 has 2 answers, 0 of them right"


def explain_nothing(made: NotebookNode) -> str:
    change_self_test(made, " Here stands why that is so, in a sentence or two.", "")
    return "the answer '0' is hardly explained"


def judge_nothing(made: NotebookNode) -> str:
    change_self_test(made, questions.WRONG, "Perhaps.")
    return "says neither **Right.** nor **Not quite.**"


def put_right_answers_first(made: NotebookNode) -> str:
    asked = "\n\n".join(question(number + 1, 0) for number in range(4))
    cell_of(made, questions.HEADING).source = f"{questions.HEADING}\n\n{asked}"
    return "the right answer is always at the same place"


def misform_answer(made: NotebookNode) -> str:
    change_self_test(made, "</summary>\n\n", "</summary>\n")
    return "not all of them are answers in the usual form"


def say_nothing_to_teachers(made: NotebookNode) -> str:
    del made.cells[-1]
    return "the last cell is not the one for teachers"


def plan_no_minutes(made: NotebookNode) -> str:
    made.cells[-1].source = FOR_TEACHERS.replace("20 to teach", "some to teach")
    return "the cell for teachers has 0 times a line '- minutes:"


def fold_nothing(made: NotebookNode) -> str:
    cell_of(made, "print(1.5)").outputs = [stream("1.5\n" * 40)]
    return "cell 2 prints 40 lines; fold them with the tag hide-output"


@pytest.mark.parametrize(
    "edit",
    [
        ungrade,
        forget_a_grade,
        drop_check,
        check_nothing,
        check_something_else,
        read_a_neighbour,
        refuse_in_silence,
        compare_in_silence,
        leave_a_conflict,
        ask_less,
        give_no_right_answer,
        explain_nothing,
        judge_nothing,
        put_right_answers_first,
        misform_answer,
        say_nothing_to_teachers,
        plan_no_minutes,
        fold_nothing,
        delete_count,
        delete_cell,
        delete_digests,
        swap_cells,
        add_metadata,
        name_kernel,
        delete_alt,
        shorten_alt,
        draw_twice,
        measure_text,
        ignore_without_reason,
        skip_in_nbval,
        steer_by_comment,
        drop_title,
        drop_promise,
        drop_quiet_import,
        install_from_elsewhere,
        drop_summary,
        drop_ledger_row,
        drop_exercise,
        misname_solution,
        uncover_solution,
        leave_solution_open,
    ],
)
def test_what_is_missing_is_named(edit: Any, tmp_path: Path) -> None:
    made = chapter()
    expected = edit(made)
    assert expected in problems(made, tmp_path)


@pytest.fixture
def broken_chapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Chapters of which one is cut in the middle, as a file, and another misses two things."""
    monkeypatch.setattr(notebooks, "CHAPTERS", tmp_path)
    whole = notebooks.text_of(chapter())
    (tmp_path / "00_cut.ipynb").write_text(whole[: len(whole) // 2], encoding="utf-8")
    made = chapter()
    del made.cells[-1]
    cell_of(made, "## Summary").source = "- Seen."
    notebooks.write(made, tmp_path / "01_bare.ipynb")
    return "00_cut.ipynb is not a notebook that can be read (NotJSONError"


def test_broken_notebook_is_named_by_every_tool(
    broken_chapter: str, tmp_path: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a line, not in a traceback; and what is wrong with the others is said with it."""
    monkeypatch.setattr(build_book, "BUILD", tmp_path / "_build")
    bare = "01_bare: the last cell is not the one for teachers"
    for tool, expected in (
        (lambda: notebooks.main(["check"]), [broken_chapter]),
        (lambda: notebooks.main(["format", "00_cut"]), [broken_chapter]),
        (lambda: notebooks.main(["run", "00_cut"]), [broken_chapter]),
        (lambda: chapters.main([]), [broken_chapter, bare, "01_bare: the last headings are not"]),
        (lambda: int(not build_book.build()), [broken_chapter, bare]),
        (lambda: editions.main(["plain", str(tmp_path / "plain")]), [broken_chapter]),
    ):
        try:
            ended: Any = tool()
        except SystemExit as error:
            ended = error.code
        said = "".join(capfd.readouterr()) + str(ended)
        assert ended not in (0, None)
        assert "Traceback" not in said
        for each in expected:
            assert each in said


def test_a_rule_that_stumbles_is_named_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = chapter()
    cell_of(made, "third = 1").source = f"third = = 1\n{CHECK}\nassert third = 1"
    del made.cells[-1]
    notebooks.write(made, tmp_path / "00_made.ipynb")
    said = list(chapters.faults([tmp_path / "00_made.ipynb"]))
    assert "00_made: checks_speak cannot be told (SyntaxError: " in "".join(said)
    assert any("the one for teachers" in each for each in said)


def test_conflict_in_a_page_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    monkeypatch.setattr(notebooks, "CHAPTERS", tmp_path)
    (tmp_path / "index.md").write_text("# A\n\n<<<<<<< HEAD\n", encoding="utf-8")
    assert list(chapters.all_faults()) == ["index.md holds a mark of a conflict: '<<<<<<< HEAD'"]


def test_unsorted_file_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "00_made.ipynb"
    unsorted = {key: chapter()[key] for key in ("nbformat", "nbformat_minor", "metadata", "cells")}
    path.write_text(json.dumps(unsorted, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert notebooks.problems(path) == [
        "the file is not in normal form (python tools/notebooks.py format)"
    ]
    notebooks.format_file(path)
    assert notebooks.problems(path) == []


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (stream("W0000 late\n", name="stderr"), "writes to stderr"),
        (stream("10%\r20%\n"), "a carriage return"),
        (stream("<Cell object at 0x7f3a2b1c0d10>\n"), "a memory address"),
        (stream("wrote /tmp/run/events\n"), "a path of this machine"),
        (stream(f"wrote {notebooks.ROOT}/x\n"), "a path of this machine"),
        (
            nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[]),
            "raises an error and is not tagged",
        ),
    ],
)
def test_output_that_would_differ_elsewhere_is_refused(output: NotebookNode, expected: str) -> None:
    made = chapter()
    cell_of(made, "print").outputs = [output]
    assert expected in "\n".join(notebooks.unfit_outputs(made))


def test_error_that_no_longer_comes_is_refused() -> None:
    made = chapter()
    cell_of(made, "print").metadata["tags"] = ["raises-exception"]
    assert "raises nothing" in "\n".join(notebooks.unfit_outputs(made))


# --- executing twice changes nothing -----------------------------------------------------------


def run_again(edit: Any) -> tuple[NotebookNode, NotebookNode]:
    """A chapter, and the same after a new run whose outputs `edit` made different."""
    before, again = chapter(), chapter()
    edit(again)
    return before, notebooks.with_kept_outputs(before, notebooks.normal(again))


def change_measured_picture(made: NotebookNode) -> None:
    cell_of(made, "draw_times()").outputs[0].data["image/png"] = OTHER_PICTURE


def widen_measured_number(made: NotebookNode) -> None:
    cell_of(made, "clock").outputs[0].text = "one step ≈   1,203.1 ms\n"


@pytest.mark.parametrize(
    "edit", [change_measured_number, widen_measured_number, change_measured_picture]
)
def test_measured_outputs_stay(edit: Any) -> None:
    before, after = run_again(edit)
    assert notebooks.text_of(before) == notebooks.text_of(after)


@pytest.mark.parametrize("edit", [change_number, change_picture, delete_output])
def test_other_outputs_are_replaced(edit: Any, tmp_path: Path) -> None:
    before, after = run_again(edit)
    assert notebooks.text_of(before) != notebooks.text_of(after)
    assert "changed after it was executed" not in problems(after, tmp_path)


def test_edited_output_is_not_kept() -> None:
    """A number after ≈ that was edited by hand gives way to a measured one."""
    before = chapter()
    change_measured_number(before)
    after = notebooks.with_kept_outputs(before, chapter())
    assert cell_of(after, "clock").outputs[0].text == "one step ≈ 3.10 ms\n"


def test_below_a_cell_that_changed_nothing_is_kept() -> None:
    """A number after ≈ may come from what the cell computes."""
    before = chapter()
    again = chapter()
    code_cells = notebooks.code_cells(again)
    code_cells[0].source += "\n# another"
    change_measured_number(again)
    after = notebooks.with_kept_outputs(before, notebooks.normal(again))
    assert cell_of(after, "clock").outputs == cell_of(again, "clock").outputs


def test_traceback_is_cut_to_its_message() -> None:
    made = chapter()
    cell_of(made, "print").outputs = [
        nbformat.v4.new_output(
            "error",
            ename="ValueError",
            evalue="no",
            traceback=["\x1b[31m----", "File x.py, line 3"],
        )
    ]
    assert cell_of(notebooks.normal(made), "print").outputs[0].traceback == ["ValueError: no"]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("loss ≈ 0.302", "loss ≈ 0.311", True),
        ("loss ≈ 0.302 |", "loss ≈ 10.3   |", True),
        ("≈ 1e-07", "≈ -3.4e+02", True),
        ("≈ 98.2 %", "≈ 97.1 %", True),
        ("≈ 3.1 ± 0.2 ms", "≈ 12.0 ± 1.25 ms", True),
        ("loss ≈ 0.302", "loss ≈ nan", False),
        ("loss = 0.302", "loss = 0.311", False),
        ("≈ 3.1 ms", "≈ 3.1 s", False),
        ("≈ 3.1 ms of 28", "≈ 3.1 ms of 29", False),
    ],
)
def test_only_the_number_after_the_sign_is_taken_out(one: str, other: str, equal: bool) -> None:
    assert (notebooks.without_measured(one) == notebooks.without_measured(other)) is equal


# --- the PDF -----------------------------------------------------------------------------------


def test_outline_says_each_title_once() -> None:
    """Whatever Chromium has written for a heading that it moved; the file keeps its length."""
    wide = "\ufeffÜber \u2248Über \u2248".encode("utf-16-be").hex().upper()
    pdf = (
        "1 0 obj\n<</Title (1.1. 1.1. A cell \\(one\\)A cell \\(one\\))\n/Dest [2 0 R]>>\n"
        f"2 0 obj\n<</Title <{wide}>\n/Title (1.3. Another)>>\n"
        "3 0 obj\n<</Title (1.5. 1.5. [a] * 3: b: b)>>\n"
    ).encode("latin-1")
    headings = ["1.1. A cell (one)", "Über \u2248", "1.2. An", "1.3. Another", "1.5. [a] * 3: b"]
    mended = print_book.with_titles_once(pdf, headings)
    assert len(mended) == len(pdf)
    once = "\ufeffÜber \u2248".encode("utf-16-be").hex().encode()
    assert b"/Title <" + once + b"> " in mended
    assert b"/Title (1.5. [a] * 3: b) " in mended
    assert b"/Title (1.1. A cell \\(one\\)) " in mended and b"/Title (1.3. Another)>>" in mended


# --- the sources of pages ----------------------------------------------------------------------


def test_labels_are_those_outside_code() -> None:
    source = (
        "(there)=\n# Two steps\n\n| [C8]{#c8} |\n\n$$\nx\n$$ (eq-x)\n\n`[not one]{#a}`\n\n"
        "```python\n(b)=\n```\n\n```{exercise} X\n:label: x\n```\n"
    )
    made = pages.Page(pages.ROOT / "chapters/made.md", pages.prose(source))
    assert sorted(pages.labels(made)) == ["c8", "eq-x", "there", "x"]


# --- the built pages ---------------------------------------------------------------------------


def test_built_links_are_checked(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<h1 id="top">A</h1><a href="b.html#there">b</a><a href="#top">up</a>'
        '<a href="https://example.org">out</a><link rel="canonical" href="https://example.org/a">',
        encoding="utf-8",
    )
    (tmp_path / "b.html").write_text('<h2 id="there">B</h2>', encoding="utf-8")
    assert list(build_book.broken(tmp_path)) == []

    (tmp_path / "b.html").write_text(
        '<h2 id="gone">B</h2><a href="c.html">c</a><script src="https://example.org/x.js"></script>'
        '<img src="x.png">',
        encoding="utf-8",
    )
    assert list(build_book.broken(tmp_path)) == [
        "a.html links to b.html#there, a place that page does not have",
        "b.html fetches https://example.org/x.js from another host",
        "b.html fetches x.png, which is not there",
        "b.html links to c.html, which is not there",
    ]


ELSEWHERE = "//cdn.example/x"


@pytest.mark.parametrize(
    "markup",
    [
        f'<img srcset="a.png 1x, https:{ELSEWHERE} 2x">',
        f'<source srcset="https:{ELSEWHERE} 600w">',
        f'<link rel="preload" imagesrcset="https:{ELSEWHERE} 2x">',
        f'<object data="https:{ELSEWHERE}"></object>',
        f'<embed src="{ELSEWHERE}">',
        f'<video poster="https:{ELSEWHERE}"></video>',
        f'<audio src="https:{ELSEWHERE}"></audio>',
        f'<track src="https:{ELSEWHERE}">',
        f'<input type="image" src="https:{ELSEWHERE}">',
        f'<svg><image href="https:{ELSEWHERE}"/></svg>',
        f'<svg><use xlink:href="https:{ELSEWHERE}#a"/></svg>',
        f'<p style="background: url(https:{ELSEWHERE})">',
        f'<style>@import "https:{ELSEWHERE}";</style>',
        f"<style>p {{ background: url('https:{ELSEWHERE}') }}</style>",
        f'<script>fetch("https:{ELSEWHERE}")</script>',
        f"<script>import('https:{ELSEWHERE}')</script>",
        f'<script>new Image().src = "https:{ELSEWHERE}"</script>',
        f'<script>new WebSocket("wss:{ELSEWHERE}")</script>',
    ],
)
def test_whatever_is_fetched_from_another_host_is_seen(tmp_path: Path, markup: str) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "a.html").write_text(f"<h1>A</h1>{markup}", encoding="utf-8")
    (said,) = build_book.broken(tmp_path)
    assert "cdn.example/x" in said and said.endswith("from another host")


def test_styles_and_scripts_that_fetch_from_another_host_are_seen(tmp_path: Path) -> None:
    good = {
        "a.css": "p { background: url(data:image/png;base64,AA), url(#a), url('../a.png') }",
        "a.js": 'fetch("a.json"); const home = "https://cdn.example/"; // a word',
        "a.svg": '<svg xmlns="http://www.w3.org/2000/svg"><a href="https://x.example"/></svg>',
    }
    for name, content in good.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    assert list(build_book.from_elsewhere(tmp_path)) == []
    (tmp_path / "a.css").write_text(f'@import url("https:{ELSEWHERE}");', encoding="utf-8")
    (tmp_path / "a.js").write_text(f"importScripts('https:{ELSEWHERE}')", encoding="utf-8")
    assert [said.split()[0] for said in build_book.from_elsewhere(tmp_path)] == ["a.css", "a.js"]


MADE_FROM = [  # one file of each kind that a page is made from
    "_build/unrolled-chapters.zip",
    "_build/unrolled.pdf",
    "_config.yml",
    "_static/book.css",
    "_templates/home.html",
    "_toc.yml",
    "_touch/touch.js",
    "chapters/01_first.ipynb",
    "chapters/executed.json",
    "chapters/references.bib",
    "index.md",
    "src/unrolled/cells.py",
    "tools/book_extension/markup.py",
    "tools/teaching.py",
]


class Builder:
    """Stands for Sphinx: counts the builds and makes a page; a test may have it fail."""

    def __init__(self, project: Path) -> None:
        self.project, self.built, self.page, self.returncode = project, 0, "<h1>A</h1>", 0

    def __call__(self, command: list[str], **options: Any) -> Builder:
        assert {"-W", "-n"} <= set(command)  # a reference that leads nowhere fails the build
        self.built += 1
        for folder in ("html", ".doctrees"):
            (self.project / "_build" / folder).mkdir()  # nothing of an earlier build is there
        (self.project / "_build/html/index.html").write_text(self.page, encoding="utf-8")
        return self


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Builder:
    """A small project in the place of this one, and what stands for Sphinx there."""
    for name in MADE_FROM:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("old", encoding="utf-8")
    builder = Builder(tmp_path)
    monkeypatch.setattr(build_book, "ROOT", tmp_path)
    monkeypatch.setattr(build_book, "BUILD", tmp_path / "_build")
    monkeypatch.setattr(build_book.subprocess, "run", builder)
    monkeypatch.setattr(build_book.chapters, "all_faults", lambda: iter(()))
    return builder


def test_addresses_from_the_root_of_the_host_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    for name in ("index.html", "a/b.html"):
        (tmp_path / name).write_text("<h1>A</h1>", encoding="utf-8")
    lost = tmp_path / "404.html"
    for root in ("/", "/fork/"):
        monkeypatch.setenv("BOOK_URL", f"https://reader.example{root}")
        lost.write_text(f'<a href="{root}index.html">A</a><a href="{root}a/b.html">B</a>')
        assert list(build_book.broken(tmp_path)) == []
        lost.write_text(f'<a href="{root}b.html">A</a>')
        assert len(list(build_book.broken(tmp_path))) == 1


def test_book_of_the_same_files_is_built_once(builder: Builder) -> None:
    assert [build_book.main() for _ in range(3)] == [0, 0, 0]
    assert builder.built == 1
    for name in (".git/index", "_build/html.log", "env/pyvenv.cfg", "env/lib/a.py", "src/.b.swp"):
        (builder.project / name).parent.mkdir(parents=True, exist_ok=True)
        (builder.project / name).write_text("new", encoding="utf-8")
        assert build_book.main() == 0
    assert builder.built == 1


@pytest.mark.parametrize("name", MADE_FROM)
def test_edit_of_any_source_builds_every_page_anew(builder: Builder, name: str) -> None:
    path = builder.project / name
    edits = [
        lambda: path.write_text("new", encoding="utf-8"),
        lambda: path.rename(path.with_stem("other")),
        lambda: path.with_stem("other").unlink(),
        lambda: path.write_text("old", encoding="utf-8"),
    ]
    build_book.main()
    for built, edit in enumerate(edits, start=2):
        edit()
        assert build_book.main() == 0
        assert builder.built == built


def test_every_kind_of_source_is_among_the_projects() -> None:
    found = {path.relative_to(notebooks.ROOT).parts[0] for path in build_book.sources()}
    kinds = {name.partition("/")[0] for name in MADE_FROM} - {"_build"}
    assert kinds <= found
    assert not {name for name in found if name.startswith(".")}


def test_who_builds_and_with_what_counts(
    builder: Builder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    build_book.main()
    monkeypatch.setenv("BOOK_URL", "https://example.org/book")
    build_book.main()
    assert builder.built == 2
    monkeypatch.setenv("GITHUB_REPOSITORY", "reader/fork")
    build_book.main()
    assert builder.built == 3
    packages = tmp_path / ".packages"
    monkeypatch.syspath_prepend(packages)
    (packages / "sphinx-7.4.8.dist-info").mkdir(parents=True)
    build_book.main()
    assert builder.built == 4


def test_book_that_is_not_whole_is_built_again(builder: Builder) -> None:
    build_book.main()
    page = builder.project / "_build" / "html" / "index.html"
    page.write_text("<h1>B</h1>", encoding="utf-8")
    build_book.main()
    assert builder.built == 2 and page.read_text(encoding="utf-8") == builder.page
    page.unlink()
    build_book.main()
    assert builder.built == 3
    (page.parent / "more.html").write_text("", encoding="utf-8")
    build_book.main()
    assert builder.built == 4


def test_copy_of_the_book_stays_as_it_is(builder: Builder) -> None:
    copy = builder.project / ".copy"
    assert build_book.main([str(copy)]) == 0
    before, builder.page = builder.page, "<h1>B</h1>"
    (builder.project / "index.md").write_text("new", encoding="utf-8")
    assert build_book.main() == 0
    assert (copy / "index.html").read_text(encoding="utf-8") == before


@pytest.mark.parametrize("fault", [{"returncode": 1}, {"page": '<a href="gone.html">gone</a>'}])
def test_book_with_a_fault_is_never_taken_for_good(builder: Builder, fault: dict[str, Any]) -> None:
    build_book.main()
    good = dict(vars(builder))
    vars(builder).update(fault)
    (builder.project / "index.md").write_text("new", encoding="utf-8")
    assert build_book.main() == 1
    assert build_book.main() == 1
    vars(builder).update({key: good[key] for key in fault})
    assert build_book.main() == 0
    assert builder.built == 4


@pytest.mark.parametrize("port", ["taken", "99999", "-1", "http"])
def test_a_port_that_cannot_be_used_is_told(port: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        named = str(other.getsockname()[1]) if port == "taken" else port
        with pytest.raises(SystemExit, match=rf"Port {named} cannot be used \(.+\): name another"):
            serve_book.main([named])


def test_buttons_point_at_whoever_builds() -> None:
    fork = {"GITHUB_REPOSITORY": "reader/fork", "GITHUB_REF_NAME": "main"}
    options = repository.theme_options(fork)
    assert options["repository_url"] == "https://github.com/reader/fork"
    assert options["article_footer_items"] and options["launch_buttons"]["colab_url"]
    opened = (
        "https://colab.research.google.com/github/reader/fork/blob/main/chapters/05_cells.ipynb"
    )
    assert repository.opens(opened, "main") == opened.replace("main", "hosted-notebooks")
    opened = "https://mybinder.org/v2/gh/reader/fork/main?urlpath=lab/tree/chapters/05_cells.ipynb"
    assert repository.opens(opened, "main") == opened.replace("main", "hosted-notebooks")

    alone = repository.theme_options({})
    assert not alone["repository_url"] and not alone["launch_buttons"]
    assert not alone["use_repository_button"] and not alone["article_footer_items"]
