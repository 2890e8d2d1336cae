"""The HTML of the pages: whole, and without what readers' tools stumble over."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pages
import pytest

PHRASES = ("p", "div", "ul", "ol", "table", "pre", "a", "button")  # not in a summary


@pytest.fixture(scope="module", params=[*pages.files_in_contents(), "genindex"])
def page(html: Path, request: pytest.FixtureRequest) -> Element:
    """A page as a strict parser reads it."""
    text = (html / f"{request.param}.html").read_text(encoding="utf-8")
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    root: Element = parser.parse(text)
    return root


@pytest.mark.one_in(4)
def test_ids_are_unique(page: Element) -> None:
    ids = Counter(each.get("id") for each in page.iter() if each.get("id"))
    assert [name for name, number in ids.items() if number > 1] == []


def test_there_is_one_title(page: Element) -> None:
    assert len(list(page.iter("h1"))) == 1


def test_summaries_hold_text_alone(page: Element) -> None:
    inner = [each.tag for summary in page.iter("summary") for each in summary.iter()]
    assert [tag for tag in inner if tag in PHRASES] == []


def test_solutions_open_without_a_script(page: Element) -> None:
    for each in page.iterfind(".//div[@class]"):
        if "solution" in each.get("class", "").split():
            assert [child.tag for child in each] == ["details", "a"]
            assert each[1].get("href") == f"#{each.get('id')}"
            assert each[0].get("open") is None


def test_answers_say_whether_they_are_right(page: Element) -> None:
    """By their class, and by an id that counts the questions and their answers."""
    kinds: dict[str, list[str]] = {}
    answers = [each for each in page.iter("details") if "answer" in each.get("class", "").split()]
    for answer in answers:
        name, kind = answer.get("class", "").split()
        _, question, place = answer.get("id", "").split("-")
        kinds.setdefault(question, []).append(kind)
        assert name == "answer" and int(place) == len(kinds[question])
        said = answer.findtext("p/strong")
        assert said == {"right": "Right.", "wrong": "Not quite."}[kind]
    assert all(Counter(each)["right"] == 1 for each in kinds.values())


def test_outputs_have_no_false_first_line(page: Element) -> None:
    for pre in page.iter("pre"):
        assert not "".join(pre.itertext()).startswith("\n")
