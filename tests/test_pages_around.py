"""Pages around the chapters: the plan of a semester, the letters of the glossary, the mistakes."""

from __future__ import annotations

import ast
import re
from collections import Counter

import nbformat
import notebooks
import numpy as np
import pages
import pytest
import teaching
import tensorflow as tf

WEEK = 90  # minutes
TEXTS = {page.path.stem: page.text for page in pages.all_pages()}
MISTAKES = notebooks.read(notebooks.CHAPTERS / "20_mistakes.ipynb")


def table_after(label: str, page: str) -> list[list[str]]:
    """The rows of the first table after a label, without its head."""
    lines = TEXTS[page].partition(f"({label})=")[2].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            return rows
        rows.append([cell.strip() for cell in line.strip("|").split(" |")])
    return rows


def minutes_at_heads() -> dict[str, int]:
    return {
        path.stem: teaching.read_advice(notebooks.read(path)).minutes_to_teach
        for path in notebooks.paths_of([])
    }


def test_weeks_of_the_semester_fit() -> None:
    """No week is longer than its minutes, and no chapter gets more than it asks for."""
    given: Counter[str] = Counter()
    rows = table_after("teaching-semester", "teaching")
    assert [int(row[0]) for row in rows] == list(range(1, 15))
    for week, chapters, minutes, *_ in rows:
        parts = [int(part) for part in minutes.split("+")]
        assert sum(parts) <= WEEK, f"week {week}"
        named = re.findall(r"\]\((\w+)\.ipynb\)", chapters)
        if named:
            assert len(named) == len(parts), f"week {week}"
        for name, part in zip(named, parts, strict=False):
            given[name] += part
    asked = minutes_at_heads()
    assert not {name for name, part in given.items() if part > asked[name]}


def test_two_hours_are_two_hours() -> None:
    assert sum(int(row[0]) for row in table_after("teaching-two-hours", "teaching")) == 120


def test_letters_lead_to_the_first_term_of_each() -> None:
    text = TEXTS["glossary"]
    bar = re.search(r'<nav class="letters".*?</nav>', text, flags=re.DOTALL)
    assert bar is not None
    terms = re.findall(r"(?m)^(?=\S)(?!`)(.+)\n(?:\S.*\n)* {4}", text.partition("```{glossary}")[2])
    firsts: dict[str, str] = {}
    for term in terms:
        firsts.setdefault(term[0].upper(), "term-" + re.sub(r"[^A-Za-z0-9]+", "-", term).strip("-"))
    assert terms == sorted(terms, key=str.lower)
    assert dict((b, a) for a, b in re.findall(r'href="#([^"]+)">(.)<', bar[0])) == firsts
    assert re.findall(r">([A-Z])<", bar[0]) == [chr(code) for code in range(65, 91)]


# -- the cell of checks, for readers to copy --------------------------------------------------


def cell_of_checks() -> str:
    (source,) = [
        cell.source for cell in MISTAKES.cells if re.search(r"(?m)^def check\(", cell.source)
    ]
    return source


def imported(source: str) -> set[str]:
    return {
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }


@pytest.fixture(scope="module")
def check():
    """What a reader has who pastes the cell into an empty file."""
    namespace: dict[str, object] = {}
    exec(cell_of_checks(), namespace)  # noqa: S102
    return namespace["check"]


def test_cell_of_checks_needs_nothing_of_ours() -> None:
    assert imported(cell_of_checks()) == {"numpy", "tensorflow"}


def batch(rows: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    lengths = np.array([5, 2, 4])[:rows]
    x = np.random.default_rng(0).normal(size=(rows, 5, 2)).astype("float32")
    x[np.arange(5) >= lengths[:, None]] = 0
    return x, lengths, np.arange(rows) % 4


def keras_parts(masked: bool, softmax: bool):
    tf.keras.utils.set_random_seed(1)
    layers = [tf.keras.layers.Masking()] if masked else []
    layers += [tf.keras.layers.GRU(6), tf.keras.layers.Dense(4, "softmax" if softmax else None)]
    model = tf.keras.Sequential(layers)
    model(batch()[0])
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return (
        lambda x, lengths: model(x, training=False),
        lambda x, lengths, y: loss(y, model(x, training=True)),
        model.trainable_variables,
    )


def test_checks_pass_a_sound_network_and_put_its_weights_back(check) -> None:
    parts = keras_parts(masked=True, softmax=False)
    before = [np.array(weight) for weight in parts[2]]
    assert check(*parts, *batch()) == {}
    for weight, kept in zip(parts[2], before, strict=True):
        np.testing.assert_array_equal(weight, kept)


@pytest.mark.filterwarnings("ignore:.*from_logits.*")
def test_checks_see_a_missing_mask_and_a_second_softmax(check) -> None:
    assert {"alone", "padding"} <= check(*keras_parts(False, False), *batch()).keys()
    assert "scores" in check(*keras_parts(True, True), *batch())


@pytest.mark.one_in(2)
@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda x, n, y: (x[:, ::-1], n, y), "lengths"),
        (lambda x, n, y: (x, n + 1, y), "lengths"),
        (lambda x, n, y: (x, n, y + 2), "targets"),
        (lambda x, n, y: (x, n, y / 2), "targets"),
    ],
)
def test_checks_of_data_come_first_and_end_it(check, change, name) -> None:
    def never(*_):
        raise AssertionError("no loss of data that do not fit")

    answers, _, weights = keras_parts(masked=True, softmax=False)
    assert list(check(answers, never, weights, *change(*batch()))) == [name]


def test_messages_in_the_table_are_those_that_the_chapter_raises() -> None:
    (source,) = [cell.source for cell in MISTAKES.cells if "\nraises = {" in cell.source]
    raised = next(
        [ast.literal_eval(key) for key in node.value.keys]
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "raises"
    )
    text = "\n".join(cell.source for cell in MISTAKES.cells if cell.cell_type == "markdown")
    after = text.partition("| part of the message |")[2].partition("\n\n")[0]
    assert re.findall(r"(?m)^\| `([^`]+)` \|", after) == raised


def test_table_of_symptoms_names_every_mistake() -> None:
    text = "\n".join(cell.source for cell in MISTAKES.cells if cell.cell_type == "markdown")
    sections = set(re.findall(r"(?m)^\((mistake-[\w-]+)\)=", text)) - {"mistake-index"}
    table = text.partition("(mistake-index)=")[2].partition("It stops with an error")[0]
    assert set(re.findall(r"\{ref\}`(mistake-[\w-]+)`", table)) == sections
    assert nbformat.validate(MISTAKES) is None
