"""The book holds together: contents, chapters, links and ledger, read from its sources."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import notebooks
import pages
import pytest

import chapters

NOTEBOOKS = notebooks.paths_of([])
PAGES = pages.all_pages()
TEXTS = {page.path.stem: page.text for page in PAGES}
HOMES = {label: page.path.stem for page in PAGES for label in pages.labels(page)}

# Everything that the five documents show or claim: letter of the document and number of the row.
LEDGER = {"A": 15, "B": 25, "C": 15, "D": 9, "E": 8}
LEDGER_ROWS = [f"{letter}{number + 1}" for letter in LEDGER for number in range(LEDGER[letter])]

# How many outputs nbval does not compare, in all chapters. Each one says why in its cell's
# metadata; another one is a reason to look for a better way first, and then to count it here.
IGNORED_OUTPUTS = 0

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def report(problems: list[str]) -> None:
    assert not problems, "\n" + "\n".join(problems)


def test_contents_and_files_agree() -> None:
    listed = pages.files_in_contents()
    assert sorted(listed) == sorted(pages.files_on_disk())
    assert len(listed) == len(set(listed))


def test_there_are_chapters() -> None:
    """Guards the tests below, which run once for each notebook: none would pass in silence."""
    assert len(NOTEBOOKS) >= 12


@each_notebook
def test_notebook_is_in_normal_form_and_executed(path: Path) -> None:
    report(notebooks.problems(path))


@each_notebook
@pytest.mark.parametrize("rule", chapters.RULES)
def test_chapter_keeps_its_form(path: Path, rule: str) -> None:
    report(list(chapters.RULES[rule](notebooks.read(path))))


@each_notebook
def test_last_execution_is_recorded(path: Path) -> None:
    """The page on the notebooks says when the outputs that are committed were made."""
    record = notebooks.executions()[path.stem]
    assert record["fingerprint"] == notebooks.fingerprint(notebooks.read(path))


def test_only_chapters_have_a_record() -> None:
    assert notebooks.executions().keys() == {path.stem for path in NOTEBOOKS}


def test_ignored_outputs_are_counted() -> None:
    ignored = Counter(
        path.stem
        for path in NOTEBOOKS
        for cell in notebooks.code_cells(notebooks.read(path))
        if "nbval-ignore-output" in notebooks.tags(cell)
    )
    assert ignored.total() == IGNORED_OUTPUTS, dict(ignored)


def test_labels_are_unique() -> None:
    counted = Counter(label for page in PAGES for label in pages.labels(page))
    assert not [label for label, times in counted.items() if times > 1]


@each_page
def test_page_has_one_title(page: pages.Page) -> None:
    assert len(re.findall(r"^# .+", page.text, flags=re.MULTILINE)) == 1


@pytest.mark.parametrize("row", LEDGER_ROWS)
def test_ledger_row_is_in_the_source_map(row: str) -> None:
    """The row has a label of its own there, and a link to a chapter's section."""
    assert HOMES.get(row.lower()) == "source_map", f"no label for {row}"
    assert chapters_linked(row), f"{row} links to no section of a chapter"


@pytest.mark.parametrize("row", LEDGER_ROWS)
def test_ledger_row_is_claimed_by_the_chapter_that_answers_it(row: str) -> None:
    """A chapter that the source map sends a reader to names the row at its end."""
    link = f"source_map.md#{row.lower()})"
    claimed = {
        path.stem
        for path in NOTEBOOKS
        if link in TEXTS[path.stem].partition(chapters.CLOSING_HEADINGS[-1])[2]
    }
    assert claimed & chapters_linked(row), f"{row} is claimed by {sorted(claimed)}"


def test_ledger_rows_named_by_chapters_exist() -> None:
    named = {
        found
        for text in TEXTS.values()
        for found in re.findall(r"\[([A-E]\d+)\]\(source_map\.md#", text)
    }
    assert named <= set(LEDGER_ROWS)


def chapters_linked(row: str) -> set[str]:
    """Stems of the notebooks that a row of the source map links to, by file or by label."""
    entry = row_entry(row, TEXTS.get("source_map", ""))
    stems = set(re.findall(r"\((\w+)\.ipynb#[\w-]+\)", entry))
    for argument in re.findall(r"\{ref\}`([^`]+)`", entry):
        target = re.sub(r"(?s)^.*<([^>]+)>$", r"\1", argument)
        stems.add(HOMES.get(target.lower(), ""))
    return stems & {path.stem for path in NOTEBOOKS}


def row_entry(row: str, text: str) -> str:
    """The part of the source map from a row's label to the next row's."""
    label = r"(?m)(?:^\({0}\)=|\]\{{#{0}[ }}])"
    start = re.search(label.format(row.lower()), text)
    if start is None:
        return ""
    rest = text[start.end() :]
    following = re.search(label.format(r"[a-e]\d+"), rest)
    return rest[: following.start()] if following else rest
