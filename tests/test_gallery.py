"""The gallery: its table, its edits, and the page that is made from both. Nothing here clones."""

from __future__ import annotations

import json
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from gallery import data, edits, names, page, results, running
from gallery.__main__ import main
from gallery.agreement import agreement
from gallery.table import KINDS, LANGUAGES, Edit, Program, WrongTable, chosen, load

PROGRAMS = load()
NAMES = [each.name for each in PROGRAMS]
FOUND = results.load()

MINIMAL = {
    "name": "a program",
    "repository": "owner/name",
    "commit": "0123456789" * 4,
    "path": "program.py",
    "kind": "text",
    "tutorial": "en",
    "year": 2017,
    "does": "Nothing.",
}


def program(**changed: object) -> Program:
    return Program(**{**MINIMAL, **changed})  # type: ignore[arg-type]


# The table ------------------------------------------------------------------------------------


def test_is_a_gallery():
    assert len(PROGRAMS) >= 40
    assert NAMES[0].startswith("handson-ml, chapter 14")
    assert {each.kind for each in PROGRAMS} == set(KINDS)
    assert {each.tutorial for each in PROGRAMS} == set(LANGUAGES)
    assert sum(each.tutorial == "ko" for each in PROGRAMS) >= 10


@pytest.mark.parametrize("entry", PROGRAMS, ids=NAMES)
def test_an_entry_says_where_and_what(entry):
    assert len(entry.commit) == 40 and set(entry.commit) <= set("0123456789abcdef")
    assert entry.path.endswith((".py", ".ipynb")) and 2015 <= entry.year <= 2021
    assert entry.does.endswith(".") and len(entry.does) < 150
    assert all(recipe.split(":")[0] in data.RECIPES for recipe in entry.data)
    assert all(
        (edit.file or entry.path).endswith(".ipynb") == bool(edit.cell) for edit in entry.edits
    )


@pytest.mark.parametrize("entry", PROGRAMS, ids=NAMES)
def test_an_edit_holds_no_text_of_the_program(entry):
    for edit in entry.edits:
        assert len("".join(edit.swap[:1])) <= 30, "swap names a number or a name, not a line"


@pytest.mark.parametrize("name", NAMES)
def test_a_result_is_there_and_of_this_commit(name):
    entry = PROGRAMS[NAMES.index(name)]
    now = FOUND[name]["now"]
    assert now["commit"] == entry.commit, f'run `make gallery ARGS="{name}"`'
    assert now["runs"] or (now["error"] and now["because"])
    assert not entry.figure or not now["runs"] or now["figure"]
    assert "names" in now, "run `python -m gallery names`"


@pytest.mark.parametrize("entry", PROGRAMS, ids=NAMES)
def test_a_failure_on_115_has_its_reason(entry):
    failed = not FOUND[entry.name].get("then", {"runs": True})["runs"]
    assert failed == bool(entry.fails_then)
    assert not entry.not_then or entry.not_then.startswith("needs ")


def test_no_result_is_left_of_a_program_that_is_gone():
    assert set(FOUND) <= set(NAMES)


def test_nothing_of_a_machine_is_recorded():
    text = results.RESULTS.read_text(encoding="utf-8")
    assert not any(word in text for word in ("/tmp/", "/home/", "/root/", "site-packages"))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"commit": "0123"}, "a program: commit must be 40 hex digits; got '0123'."),
        ({"repository": "name"}, "repository must be owner/name; got 'name'."),
        ({"kind": "films"}, "kind must be one of text, .*; got 'films'."),
        ({"tutorial": "la"}, "tutorial must be one of en, ko, zh; got 'la'."),
        ({"figure": "loss", "shows": "loss"}, "figure must have one group; got 'loss'."),
        ({"shows": "loss"}, "shows must say what the figure is, and only then."),
        ({"colour": 1}, "there is no colour; see Program."),
        (
            {"edits": [{"line": 1, "why": "x", "put": ""}]},
            "why must be one of python3, .*; got 'x'",
        ),
        ({"edits": [{"line": 1, "why": "data"}]}, "line 1: give either put, or swap"),
        ({"edits": [{"line": 0, "why": "data", "put": ""}]}, "lines count from 1 upwards; got 0"),
        ({"edits": [{"why": "data"}]}, "missing 1 required"),
    ],
)
def test_a_wrong_entry_is_refused(changed, message, tmp_path):
    entry = {**MINIMAL, **changed}
    lines = [f"{key} = {_toml(value)}" for key, value in entry.items()]
    path = tmp_path / "programs.toml"
    path.write_text("[[program]]\n" + "\n".join(lines), encoding="utf-8")
    with pytest.raises(WrongTable, match=message):
        load(path)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def test_a_name_stands_once(tmp_path):
    lines = "\n".join(f"{key} = {_toml(value)}" for key, value in MINIMAL.items())
    path = tmp_path / "programs.toml"
    path.write_text(f"[[program]]\n{lines}\n" * 2, encoding="utf-8")
    with pytest.raises(WrongTable, match="each name must be there once; got a program"):
        load(path)


def test_words_choose():
    assert chosen(PROGRAMS, []) == PROGRAMS
    assert {each.repository for each in chosen(PROGRAMS, ["golbin"])} == {
        "golbin/TensorFlow-Tutorials"
    }
    with pytest.raises(WrongTable, match="no program of the gallery is called 'nobody'"):
        chosen(PROGRAMS, ["nobody"])


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_full_chooses_one_even_when_the_shell_splits_it(name):
    assert [each.name for each in chosen(PROGRAMS, [name])] == [name]
    assert [each.name for each in chosen(PROGRAMS, name.split())] == [name]
    assert not set(name) & set("'\"$`\\"), "make hands a name to the shell as it is"


def test_names_and_words_choose_together():
    words = "golbin, autocomplete graykode, Bi-LSTM with attention ematvey".split()
    assert [each.name for each in chosen(PROGRAMS, words)] == [
        "golbin, autocomplete",
        "graykode, Bi-LSTM with attention",
        "ematvey, seq2seq 1",
        "ematvey, seq2seq 2",
        "ematvey, seq2seq 3",
    ]


# The edits ------------------------------------------------------------------------------------

SCRIPT = "steps = 1000\nif steps:\n    a = 1\n    b = 2\n    c = 3\nprint(steps)\n"


def edited(tmp_path: Path, *made: Edit, then: bool = False, source: str = SCRIPT) -> str:
    path = tmp_path / "program.py"
    path.write_text(source, encoding="utf-8")
    edits.touch(program(edits=made), tmp_path, then=then)
    return path.read_text(encoding="utf-8")


def test_lines_are_touched_by_their_numbers_in_the_file(tmp_path):
    text = edited(
        tmp_path,
        Edit(line=1, swap=["1000", "2"], why="shorter"),
        Edit(line=3, to=4, put="x = 0\ny = 0\nz = 0", why="data"),
        Edit(line=5, put="", why="other library"),
    )
    assert text == "steps = 2\nif steps:\n    x = 0\n    y = 0\n    z = 0\n    pass\nprint(steps)\n"


def test_lines_are_counted_by_their_reasons():
    made = program(
        edits=[
            Edit(line=3, to=5, put="", why="numpy"),
            Edit(line=1, swap=["a", "b"], why="shorter"),
            Edit(line=2, put="", why="python2"),
        ]
    )
    assert made.touched("numpy", "data") == 3
    assert made.touched("shorter") == 1 and made.touched("tensorflow") == 0


def test_a_line_that_is_not_as_expected_is_refused(tmp_path):
    with pytest.raises(WrongTable, match="a program: line 1 does not hold '300'"):
        edited(tmp_path, Edit(line=1, swap=["300", "2"], why="shorter"))
    with pytest.raises(WrongTable, match="there is no line 40, only 7"):
        edited(tmp_path, Edit(line=40, put="", why="shorter"))


def test_then_and_now_need_other_edits(tmp_path):
    made = (
        Edit(line=1, put="now = 1", why="numpy"),
        Edit(line=6, put="then = 1", why="python2"),
    )
    assert "now = 1" in edited(tmp_path, *made) and "then = 1" not in edited(tmp_path, *made)
    then = edited(tmp_path, *made, then=True)
    assert "now = 1" not in then and "then = 1" in then
    assert then.startswith(
        "# -*- coding: utf-8 -*-\nfrom __future__ import division, print_function\n"
    )


def test_python_2_reads_foreign_letters_as_python_3_does(tmp_path):
    assert "unicode_literals" in edited(tmp_path, then=True, source="a = '가'\n")
    assert "unicode_literals" not in edited(tmp_path, then=True, source="a = 'a'  # 가\n")
    assert edited(tmp_path, then=True, source="print 1\n") == "print 1\n"


@pytest.mark.parametrize("version", [3, 4])
def test_a_notebook_is_touched_by_cell_and_line(version, tmp_path):
    key = "input" if version == 3 else "source"
    cells = [
        {"cell_type": "markdown", "source": ["steps = 1000"]},
        {"cell_type": "code", key: ["a = 1\n", "b = 2"]},
        {"cell_type": "code", key: ["%matplotlib inline\n", "steps = 1000"]},
    ]
    notebook = {"worksheets": [{"cells": cells}]} if version == 3 else {"cells": cells}
    path = tmp_path / "program.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    edit = Edit(cell=2, line=2, swap=["1000", "2"], why="shorter")
    edits.touch(program(path="program.ipynb", edits=[edit]), tmp_path)
    script = edits.as_script(path).read_text(encoding="utf-8")
    assert "steps = 2" in script and "1000" not in script and "\npass\n" in script


def test_2to3_counts_the_lines_that_it_changes(tmp_path):
    pytest.importorskip("lib2to3", reason="Python 3.13 has no 2to3")
    path = tmp_path / "program.py"
    path.write_text("import cPickle\na = 1\nprint a\nfor i in xrange(a): pass\n", encoding="utf-8")
    assert edits.touch(program(python2=["program.py"]), tmp_path) == 3
    assert "print(a)" in path.read_text(encoding="utf-8")


# Running --------------------------------------------------------------------------------------


@pytest.fixture
def clones(tmp_path, monkeypatch):
    """A folder of clones with one repository, and a function that commits a file to it."""
    repository = tmp_path / "clones" / "owner+name" / "repo"
    repository.mkdir(parents=True)

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
        return subprocess.run(
            ["git", "-C", str(repository), *who, *arguments],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    def commit(source: str) -> str:
        (repository / "program.py").write_text(source, encoding="utf-8")
        git("add", "program.py")
        git("commit", "--quiet", "-m", "a program")
        return git("rev-parse", "HEAD")

    git("init", "--quiet")
    monkeypatch.setenv("GALLERY_CLONES", str(tmp_path / "clones"))
    monkeypatch.setattr(data, "mnist_folder", lambda: tmp_path)
    return commit


def test_a_program_runs_on_the_layer(clones):
    commit = clones(
        "import tensorflow as tf\nprint('loss', tf.contrib.rnn.GRUCell(3).state_size)\n"
    )
    found = running.run(program(commit=commit, shows="loss", figure=r"loss (\d+)"))
    assert found["runs"] and found["figure"] == "3" and found["seconds"] > 0


@pytest.mark.thorough
def test_what_ran_before_it_stays(clones):
    commit = clones(
        "import os\nos.path.exists('x') or open('x', 'w').close() or exit(0)\nprint(7)\n"
    )
    entry = program(commit=commit, first=["program.py"], shows="number", figure=r"(\d)")
    assert running.run(entry)["figure"] == "7"


@pytest.mark.one_in(6)  # each starts a Python that imports TensorFlow
@pytest.mark.parametrize(
    ("source", "because", "error"),
    [
        ("import tensorflow as tf\ntf.contrib.no_such\n", "a missing name", "tf.contrib.no_such"),
        ("import no_such_library\n", "another library", "No module named 'no_such_library'"),
        ("print 1\n", "Python 2", "program.py, line 1"),
        ("open('no_such.txt')\n", "its data are gone", "no_such.txt"),
        ("import time\ntime.sleep(60)\n", "takes too long", "It was still running after 3 s."),
        ("print('nothing')\n", "no figure", "It printed no figure."),
    ],
)
def test_a_failure_is_named(source, because, error, clones):
    limit = 3 if "sleep" in source else 60
    found = running.run(program(commit=clones(source), shows="f", figure=r"f (\d)", limit=limit))
    assert not found["runs"] and found["because"] == because and error in found["error"]


def test_the_names_it_uses_are_noted(tmp_path):
    (tmp_path / "parts").mkdir()
    for path, source in {
        "program.py": "from parts import cells as c, data\nimport tensorflow as tf, other\n",
        "parts/__init__.py": "",
        "parts/cells.py": "from .more import x\ntf.contrib.rnn.GRUCell(3)  # not an LSTMCell\n",
        "parts/data.py": "tf.data.Dataset; bidirectional_rnn(x); my_raw_rnn\n",
        "parts/more.py": "print 'DNNEstimator', cudnn_rnn.CudnnLSTM(1, 2)\n",
        "other.py": "import program\n",
        "not_imported.py": "raw_rnn\n",
    }.items():
        (tmp_path / path).write_text(source, encoding="utf-8")
    wanted = ["static_bidirectional_rnn", "GRUCell", "CudnnLSTM", "tf.data", "Estimator"]
    assert names.used(program(), tmp_path) == wanted


def test_a_notebook_uses_names_too(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["raw_rnn"]},
        {"cell_type": "code", "source": ["a = 1\n", "tf.nn.dynamic_rnn(cell)"]},
    ]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert names.used(program(path="a.ipynb"), tmp_path) == ["dynamic_rnn"]


def test_a_run_notes_the_names_and_so_does_a_command(clones, tmp_path):
    entry = program(commit=clones("import tensorflow as tf\ntf.nn.rnn_cell.GRUCell(3)\n"))
    assert running.run(entry)["names"] == running.names_of(entry) == ["GRUCell"]


@pytest.fixture
def two_repositories(clones, monkeypatch, tmp_path):
    """The command line with three programs of two repositories, of which one cannot be fetched."""
    here = program(commit=clones("a = 1\n"), name="here")
    gone = [program(name=name, repository="owner/gone") for name in ("gone", "gone too")]
    kept: dict[str, dict[str, object]] = {}
    monkeypatch.setattr("gallery.__main__.load", lambda: [here, *gone])
    monkeypatch.setattr(results, "load", lambda: kept)
    monkeypatch.setattr(
        results, "note", lambda entry, side, found: kept.update({entry.name: found})
    )
    monkeypatch.setattr(page, "write", lambda: tmp_path / "page.md")
    return kept


@pytest.mark.thorough
def test_what_cannot_be_fetched_makes_the_command_fail(two_repositories, capsys):
    with pytest.raises(SystemExit, match="1 repository could not be fetched; what was known"):
        main(["record"])
    assert list(two_repositories) == ["here"] and "page.md is written." in capsys.readouterr().out


def test_nothing_is_written_when_nothing_is_fetched(two_repositories, capsys):
    with pytest.raises(SystemExit, match="1 repository could not be fetched; nothing has changed"):
        main(["record", "owner/gone"])
    told = capsys.readouterr()
    assert not two_repositories and "written" not in told.out and "gone too: not run" in told.err


def test_what_can_be_fetched_makes_it_succeed(two_repositories, capsys):
    main(["record", "here"])
    assert "here, now: runs (" in capsys.readouterr().out


def test_a_repository_that_cannot_be_had_is_no_failure_of_the_program(clones):
    with pytest.raises(running.NoClone):
        running.run(program(repository="owner/other"))
    with pytest.raises(running.NoClone, match="other.py is not there at"):
        running.run(program(commit=clones("a = 1\n"), path="other.py"))


def test_the_line_that_says_what_is_wrong():
    errors = (
        'Traceback\n  File "/x/program/a.py"\nValueError: /x/program/a.txt is wrong\nlater words\n'
    )
    assert running.first_line(errors, Path("/x/program")) == "ValueError: a.txt is wrong"
    assert running.first_line("words\nlast words\n\n", Path("/x")) == "last words"
    assert running.first_line("", Path("/x")) == "It ended without a word."
    converted = "ValueError: in converted code:\n\n    a.py:1 f *\n    ValueError: 1 and 2\n"
    assert running.first_line(converted, Path("/x")) == "ValueError: 1 and 2"


# The data -------------------------------------------------------------------------------------


def test_made_data_are_the_same_every_time(tmp_path):
    for name in ("one", "two"):
        recipes = ["text:a.txt:50", "prices:b.csv", "wav:c.wav:100", "poems:d.txt:9"]
        data.make(recipes, tmp_path / name)
    for file in ("a.txt", "b.csv", "c.wav", "d.txt"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    assert len((tmp_path / "one" / "a.txt").read_text().splitlines()) == 50
    with wave.open(str(tmp_path / "one" / "c.wav")) as file:
        assert (file.getnframes(), file.getframerate()) == (1600, 16_000)


def test_every_recipe_makes_something(tmp_path, monkeypatch):
    digits = np.zeros((8, 28, 28), np.float32), np.zeros(8, np.int64)
    split = data.mnist.Split(*digits)
    monkeypatch.setattr(data.mnist, "load", lambda: data.mnist.MNIST(split, split, split))
    monkeypatch.setattr(data, "mnist_folder", lambda: tmp_path)
    for name in data.RECIPES:
        data.make([f"{name}:{name}.npz:40"], tmp_path)
        assert (tmp_path / f"{name}.npz").exists()
    with pytest.raises(WrongTable, match="data must be one of mnist, .*; got 'tea'"):
        data.make(["tea:a"], tmp_path)


# The page -------------------------------------------------------------------------------------


def test_the_page_is_what_the_results_give():
    assert page.PAGE.read_text(encoding="utf-8") == page.text(PROGRAMS, FOUND), (
        "run `python -m gallery page`"
    )


def test_the_page_counts_what_runs_and_names_what_does_not():
    good, bad, old = program(name="good"), program(name="bad"), program(name="old", recorded="0.5")
    ran = {"runs": True, "date": "2026-01-01", "tensorflow": "2.21.0", "seconds": 1.0}
    failed = {**ran, "runs": False, "error": "ValueError: x | y", "because": "NumPy"}
    found = {"good": {"now": ran, "then": ran}, "bad": {"now": failed}, "old": {"now": ran}}
    text = page.text([good, bad, old], found)
    assert "3 programs from 1 repositories" in text
    assert "**2 run**. 1 does not, and the reason stands [below]" in text
    assert "**[bad](#gallery-row-bad)**, NumPy: `` ValueError: x | y ``" in text
    assert "| none | 0.5 | not tried | runs |" in text
    assert "| none |  | not tried | [does not run](#gallery-now-bad) |" in text
    assert f"https://github.com/owner/name/blob/{MINIMAL['commit']}/program.py" in text


def test_a_line_for_tensorflow_is_confessed():
    touched = program(edits=[Edit(line=1, put="", why="tensorflow")])
    ran = {"runs": True, "date": "2026-01-01", "tensorflow": "2.21.0", "seconds": 1.0}
    text = page.text([touched], {"a program": {"now": ran}})
    assert "In 1 of them a line was touched for TensorFlow's sake: a program." in text


def test_the_page_says_how_lines_were_touched_and_why_then_failed():
    made = program(
        edits=[
            Edit(line=1, to=3, put="", why="data"),
            Edit(line=5, put="", why="shorter"),
            Edit(line=6, to=7, put="", why="python2"),
        ],
        release="1.0",
        note="A note.",
        fails_then="It is older.",
    )
    ran = {"runs": True, "date": "2026-01-02", "tensorflow": "2.21.0", "seconds": 90.0}
    then = {**ran, "runs": False, "error": "ValueError: x", "date": "2026-01-01"}
    text = page.text([made], {"a program": {"now": {**ran, "names": ["raw_rnn"]}, "then": then}})
    assert "[Note](#gallery-note-a-program). | 3 others, 1 shorter |" in text
    assert "**[a program](#gallery-row-a-program)**: It is older. `` ValueError: x ``" in text
    assert "2 lines in 1 program for Python 2.7" in text
    assert "1 of those that run does not run on TensorFlow 1.15.0 itself" in text
    assert "made on 2026-01-02 with TensorFlow 2.21.0, those of *then* on 2026-01-01." in text
    assert "- `raw_rnn`: [a program](#gallery-row-a-program)" in text
    assert "No program of the gallery uses `dynamic_rnn`, " in text


def test_many_programs_with_a_name_are_counted():
    many = [program(name=f"p{i}") for i in range(page.MANY + 1)]
    ran = {"runs": True, "date": "2026-01-02", "tensorflow": "2.21.0", "seconds": 1.0}
    found = {each.name: {"now": {**ran, "names": ["raw_rnn"]}} for each in many}
    found["p0"]["now"] |= {"runs": False, "error": "x", "because": "NumPy"}
    assert "- `raw_rnn`: 13 programs, such as [p1](#gallery-row-p1); [p2]" in page.text(many, found)


def test_figures_that_lie_apart_are_named():
    figures = {"a": (1, 1.2), "b": (0.002, 0.001), "c": (0.4, 0), "d": (0, 0), "e": (-10, -12)}
    found = {
        name: {"then": {"figure": str(then)}, "now": {"figure": str(now)}}
        for name, (then, now) in figures.items()
    }
    said = agreement({**found, "f": {"now": {"figure": "1"}}})
    assert "Of the 5 rows with a figure on both sides, 2 agree within a factor of 1.25." in said
    assert "2 lie further apart: c (0.4 then, 0 now); b (2.0 times)." in said
    assert "In d both are zero to the last digit that the program prints" in said


def test_a_zero_shows_its_digits():
    shown = [page.short(each) for each in ("0.000000", "0.0004537015", "1.000", "-1418", "n/a")]
    assert shown == ["0.000000", "0.0004537", "1", "-1418", "n/a"]


def test_an_unknown_word_is_told(capsys):
    with pytest.raises(SystemExit, match="no program of the gallery is called 'nobody'"):
        main(["record", "nobody"])
