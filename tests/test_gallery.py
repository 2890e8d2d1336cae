"""The gallery: its table, its edits, and the page that is made from both. Nothing here clones."""

from __future__ import annotations

import json
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from gallery import data, edits, page, results, running
from gallery.__main__ import main
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
    assert now["commit"] == entry.commit, f'run `make gallery ARGS="{name!r}"`'
    assert now["runs"] or (now["error"] and now["because"])
    assert not entry.figure or not now["runs"] or now["figure"]


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


def test_what_ran_before_it_stays(clones):
    commit = clones(
        "import os\nos.path.exists('x') or open('x', 'w').close() or exit(0)\nprint(7)\n"
    )
    entry = program(commit=commit, first=["program.py"], shows="number", figure=r"(\d)")
    assert running.run(entry)["figure"] == "7"


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
    assert "- **bad**, NumPy: `` ValueError: x | y ``" in text
    assert "0.5; not tried" in text
    assert f"https://github.com/owner/name/blob/{MINIMAL['commit']}/program.py" in text


def test_a_line_for_tensorflow_is_confessed():
    touched = program(edits=[Edit(line=1, put="", why="tensorflow")])
    ran = {"runs": True, "date": "2026-01-01", "tensorflow": "2.21.0", "seconds": 1.0}
    text = page.text([touched], {"a program": {"now": ran}})
    assert "In 1 of them a line was touched for TensorFlow's sake: a program." in text


def test_an_unknown_word_is_told(capsys):
    with pytest.raises(SystemExit, match="no program of the gallery is called 'nobody'"):
        main(["record", "nobody"])
