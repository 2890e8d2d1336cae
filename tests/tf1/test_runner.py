"""`python -m unrolled.tf1 program`: scripts, folders and modules of TensorFlow 1 as they stand."""

from __future__ import annotations

import json
import re
import signal
import sys

import pytest
from running import run, write

import unrolled.tf1 as tf
from unrolled.tf1 import __main__ as runner
from unrolled.tf1.runner import program, standing
from unrolled.tf1.runner.coverage import coverage
from unrolled.tf1.runner.refused import Refused

HELPER = """
    import tensorflow as tf
    from tensorflow.python.ops import rnn, rnn_cell

    def last_output(x, units):
        outputs, state = rnn.dynamic_rnn(rnn_cell.GRUCell(units), x, dtype=tf.float32)
        return outputs[:, -1]
"""

NET = """
    from tensorflow.contrib import layers
    from .sizes import CLASSES

    def head(x):
        return layers.fully_connected(x, CLASSES, activation_fn=None)
"""

PROGRAM = """
    '''A program that counts.'''
    from __future__ import absolute_import, division, print_function

    import json
    import os
    import sys

    import numpy as np
    import tensorflow
    import tensorflow as tf
    import tensorflow.contrib.layers as layers
    import tensorflow.contrib.rnn
    from tensorflow.contrib import rnn
    from tensorflow.contrib.rnn import BasicLSTMCell, MultiRNNCell
    from tensorflow.examples.tutorials.mnist import input_data
    from tensorflow.python.ops import rnn_cell
    from tensorflow.python.framework import ops

    from helper import last_output
    from net import model

    flags = tf.app.flags
    flags.DEFINE_integer("batch_size", 2, "How many at once.")
    flags.DEFINE_string("log_dir", "logs", "A name that absl has taken since.")
    flags.DEFINE_boolean("deep", False, "More than one layer.")
    FLAGS = flags.FLAGS


    def main(rest):
        x = tf.placeholder(tf.float32, [None, 3, 4], name="x")
        logits = model.head(last_output(x, 5))
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            values = session.run(logits, {x: np.ones([FLAGS.batch_size, 3, 4])})
        import keras
        import tensorboard
        from tf_keras.src import backend as _  # an installed package that imports it

        report = {
            "shape": values.shape,
            "variables": [v.name for v in tf.trainable_variables()],
            "rest": rest,
            "argv": sys.argv,
            "log_dir": FLAGS.log_dir,
            "deep": FLAGS.deep,
            "file": __file__,
            "doc": __doc__,
            "path": sys.path[0],
            "one": tensorflow is tf and tensorflow.contrib.layers is layers,
            "cells": rnn.BasicLSTMCell is BasicLSTMCell is rnn_cell.BasicLSTMCell,
            "layer": tf.__name__,
            "real": sys.modules["tensorflow"].__version__,
            "keras": keras.__version__,
            "main": sys.modules["__main__"].main is main,
            "reader": callable(input_data.read_data_sets),
        }
        with open("report.json", "w") as file:
            json.dump(report, file)
        print("done")
        sys.exit(3)


    if __name__ == "__main__":
        tf.app.run()
"""


@pytest.mark.thorough
def test_a_script_with_modules_of_its_own(tmp_path):
    program = write(tmp_path / "some where" / "count.py", PROGRAM)
    write(program.parent / "helper.py", HELPER)
    write(program.parent / "net" / "__init__.py", "")
    write(program.parent / "net" / "model.py", NET)
    write(program.parent / "net" / "sizes.py", "CLASSES = 7")
    done = run(
        tmp_path, "some where/count.py", "--batch_size=6", "--deep", "--log_dir", "mine", "more"
    )
    assert (done.returncode, done.stdout) == (3, "done\n"), done.stderr
    assert done.stderr == ""
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["shape"] == [6, 7]
    assert report["variables"] == [
        "rnn/gru_cell/gates/kernel:0",
        "rnn/gru_cell/gates/bias:0",
        "rnn/gru_cell/candidate/kernel:0",
        "rnn/gru_cell/candidate/bias:0",
        "fully_connected/weights:0",
        "fully_connected/biases:0",
    ]
    assert report["rest"] == ["some where/count.py", "more"]
    assert report["argv"][0] == "some where/count.py"
    assert report["argv"][1:] == ["--batch_size=6", "--deep", "--log_dir", "mine", "more"]
    assert (report["log_dir"], report["deep"]) == ("mine", True)
    assert report["path"] == str(program.parent)
    assert report["file"] == str(program)
    assert report["doc"] == "A program that counts."
    assert report["one"] and report["cells"] and report["main"] and report["reader"]
    assert report["layer"] == "unrolled.tf1"
    assert report["real"].startswith("2.")
    assert report["keras"] == "2.2.4-tf"


TELL = '''
    """What it is told."""
    import json
    import sys

    own = globals()
    told = {name: own[name] for name in "__name__ __file__ __package__ __cached__ __doc__".split()}
    told["spec"] = __spec__ and [__spec__.name, __spec__.origin, __spec__.parent]
    told["loader"] = type(__loader__).__name__
    told["builtins"] = type(__builtins__).__name__
    told["argv"] = sys.argv
    told["path"] = sys.path[:2]
    told["main"] = vars(sys.modules["__main__"]) is own
    print(json.dumps(told))
    sys.exit(3)
'''


@pytest.mark.one_in(12)
@pytest.mark.parametrize(
    "arguments",
    [
        ("pack/tell.py", "one", "-m", "-h"),
        ("pack", "--check"),
        ("-m", "pack.tell", "--save"),
        ("-m", "pack", "--", "two"),
    ],
    ids=["script", "folder", "module", "package"],
)
def test_a_program_finds_what_python_gives_it(tmp_path, arguments):
    write(tmp_path / "pack" / "__init__.py", "")
    for name in ("tell.py", "__main__.py"):
        write(tmp_path / "pack" / name, TELL)
    plain, done = run(tmp_path, *arguments, python=()), run(tmp_path, *arguments)
    assert plain.returncode == done.returncode == 3, done.stderr
    assert json.loads(done.stdout) == json.loads(plain.stdout)
    assert done.stderr == ""


def test_a_program_fails_as_python_lets_it_fail(tmp_path):
    write(
        tmp_path / "fails.py",
        """
        import deeper

        try:
            deeper.fails("first")
        except ValueError as error:
            raise KeyError("second") from error
        """,
    )
    write(
        tmp_path / "deeper.py",
        """
        def fails(word):
            import deepest
        """,
    )
    write(tmp_path / "deepest.py", "raise ValueError('third')")
    plain, done = run(tmp_path, "fails.py", python=()), run(tmp_path, "fails.py")
    assert plain.returncode == done.returncode == 1
    assert done.stderr == plain.stderr
    assert "deepest.py" in done.stderr and "second" in done.stderr


def test_a_missing_name_says_what_to_use(tmp_path):
    write(
        tmp_path / "fails.py",
        """
        import tensorflow as tf

        try:
            from tensorflow.contrib import timeseries
        except ImportError as error:
            print(error)
        assert __name__ == "__main__"
        tf.contrib.eager.Network
        """,
    )
    done = run(tmp_path, "fails.py")
    assert done.returncode == 1
    assert done.stdout.startswith("tf.contrib.timeseries is gone: TensorFlow 2.0 removed it")
    trace = done.stderr.strip().splitlines()
    assert trace[1].endswith('fails.py", line 8, in <module>')
    assert trace[2].strip() == "tf.contrib.eager.Network"
    assert trace[-1].startswith("AttributeError: tf.contrib.eager")


def test_an_interrupted_program_ends_by_the_signal(tmp_path):
    write(
        tmp_path / "stops.py",
        """
        import atexit, os, signal, sys

        atexit.register(print, "ended")
        sys.excepthook = lambda kind, error, trace: print(kind.__name__, trace.tb_lineno)
        os.kill(os.getpid(), signal.SIGINT)
        """,
    )
    done = run(tmp_path, "stops.py")
    assert done.returncode == -signal.SIGINT
    assert (done.stdout, done.stderr) == ("KeyboardInterrupt 5\nended\n", "")


@pytest.mark.thorough
def test_a_process_that_a_program_spawns_gets_the_layer(tmp_path):
    write(
        tmp_path / "spawns.py",
        """
        import multiprocessing
        import sys

        import tensorflow as tf


        def work(number):
            return number + 1, tf.__name__, __name__, sys.argv


        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.apply(work, [1]))
        """,
    )
    done = run(tmp_path, "spawns.py", "more")
    expected = (2, "unrolled.tf1", "__mp_main__", ["spawns.py", "more"])
    assert done.stdout == f"{expected}\n", done.stderr


# What the runner itself says ------------------------------------------------------------------


@pytest.fixture
def in_this_process(monkeypatch):
    """The runner changes nothing that the tests after it notice."""
    monkeypatch.setattr(standing, "stand_for_tensorflow", lambda: None)
    monkeypatch.setattr(standing, "_models", set())
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    for name, value in [("argv", []), ("path", ["", *sys.path]), ("excepthook", sys.excepthook)]:
        monkeypatch.setattr(sys, name, value)


@pytest.mark.parametrize("where", ["program", "module"])
def test_a_script_of_python_2_gets_one_sentence(tmp_path, in_this_process, capsys, where):
    old = write(tmp_path / "old_layers.py", "import tensorflow as tf\nprint 'old'\n")
    source = write(tmp_path / "program.py", "import old_layers\n") if where == "module" else old
    with pytest.raises(SystemExit) as ended:
        runner.main([str(source)])
    said = str(ended.value)
    assert said.startswith(f"{old}, line 2: ")
    assert "Python 2" in said and "2to3" in said and "\n" not in said
    assert capsys.readouterr() == ("", "")


def test_text_that_a_program_compiles_is_its_own_matter(tmp_path, in_this_process):
    source = write(tmp_path / "program.py", "compile('print 1', 'somewhere', 'exec')\n")
    with pytest.raises(SyntaxError):
        runner.main([str(source)])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-m", "no_such"], "No module named 'no_such'; are you in its parent directory?"),
        (["-m", "no_such.part"], "No module named 'no_such'; are you in its parent directory?"),
        (["-m", "json.decodr"], f"The package json in {json.__path__[0]} has no module 'decodr'; "),
        (["-m", "json.tool.no"], "No module named 'json.tool.no': json.tool is no package."),
        (["-m", "multiprocessing"], "The package multiprocessing has no module __main__; name"),
        (["{folder}"], "{folder} holds no __main__.py; give it one, or name a file to run."),
        (["-m", "math"], "math has no Python code to run"),
    ],
)
def test_where_there_is_nothing_to_run(tmp_path, in_this_process, arguments, said):
    with pytest.raises(SystemExit) as ended:
        runner.main([each.format(folder=tmp_path) for each in arguments])
    assert str(ended.value).startswith(said.format(folder=tmp_path))


def test_a_module_that_is_misspelt(in_this_process):
    with pytest.raises(SystemExit, match=r"has no module 'decodr'; did you mean json.decoder[?]$"):
        runner.main(["-m", "json.decodr"])


def test_an_error_in_a_package_above_a_module_is_its_own(tmp_path, in_this_process, monkeypatch):
    write(tmp_path / "broken_above" / "__init__.py", "import no_such_module_at_all")
    write(tmp_path / "broken_above" / "inside.py", "")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all"):
        program.run_module("broken_above.inside", [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name a program to run."),
        (["--"], "Name a program to run."),
        (["nowhere.py"], "nowhere.py does not exist; give a program or a notebook to run."),
        (["--fast", "a.py"], "there is no option --fast."),
        (["-m"], "-m needs a name."),
        (["--save"], "--save needs a name."),
        (["--save", "to.ipynb", "-m", "json"], "--save is for notebooks; got a module."),
        (["--save", "to.ipynb", __file__], f"--save is for notebooks; got {__file__}."),
        (["--save", "to.ipynb", "-"], "--save is for notebooks; got -."),
        (["--check"], "--check needs a program to read."),
        (["--check", "--fast", "a.py"], "there is no option --fast for --check."),
        (["--coverage", "-m", "nn"], "there is no option -m for --coverage."),
    ],
)
def test_a_wrong_command_line_gets_a_sentence_and_the_usage(arguments, said, capsys):
    with pytest.raises(SystemExit) as ended:
        runner.main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", f"{said}\n{runner.USAGE}\n")


@pytest.mark.parametrize("options", [["-h"], ["--help"], ["--check", "-h"]])
def test_help(options, capsys):
    runner.main(options)
    said = capsys.readouterr().out
    assert said.startswith(runner.USAGE)
    assert all(each in said for each in ("-m MODULE", "--save", "--check", "UNROLLED_TF1_RELEASE"))
    assert "does not\n                        see" in said


def test_two_dashes_end_the_options(tmp_path, in_this_process, capsys):
    path = write(tmp_path / "-odd.py", "import sys\nprint(sys.argv[1:])\n")
    runner.main(["--", str(path), "--check"])
    assert capsys.readouterr().out == "['--check']\n"


@pytest.mark.parametrize("release", ["banana", "1", "2.0"])
def test_a_release_is_checked_before_the_program_runs(
    tmp_path, in_this_process, capsys, monkeypatch, release
):
    path = write(tmp_path / "prints.py", "print('run')\n")
    monkeypatch.setenv("UNROLLED_TF1_RELEASE", release)
    with pytest.raises(SystemExit) as ended:
        runner.main([str(path)])
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert said.err.startswith("UNROLLED_TF1_RELEASE must be a release of TensorFlow 1 or before")
    monkeypatch.setenv("UNROLLED_TF1_RELEASE", "")
    runner.main([str(path)])
    assert capsys.readouterr().out == "run\n"


@pytest.mark.thorough
def test_a_program_from_standard_input(tmp_path):
    source = "import sys, tensorflow as tf\nprint(tf.__name__, __name__, sys.argv, sys.path[0])\n"
    done = run(tmp_path, "-", "one", typed=source)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "unrolled.tf1 __main__ ['-', 'one'] \n"


# Hints ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("xrange(3)", "xrange is a builtin of Python 2; use range"),
        ("{}.has_key(3)", "dict.has_key is a method of Python 2; use `key in dict`"),
        ("import cPickle", "cPickle is a module of Python 2; use pickle."),
        ("from . import part", "try `python -m unrolled.tf1 -m words.deep.train` in {folder}."),
        (
            "from tensorflow.models.rnn import rnn_cell\nraise ValueError('no')",
            "The program imports tensorflow.models, which went with TensorFlow 1.0. If it was",
        ),
    ],
)
def test_an_error_comes_with_a_hint(tmp_path, standing_in, in_this_process, source, said):
    path = write(tmp_path / "words" / "deep" / "train.py", source)
    write(tmp_path / "words" / "__init__.py", "")
    write(tmp_path / "words" / "deep" / "__init__.py", "")
    with pytest.raises(Exception) as raised:  # noqa: B017, PT011
        runner.main([str(path)])
    assert said.format(folder=tmp_path) in "\n".join(raised.value.__notes__)


@pytest.mark.parametrize(
    "source",
    ["no_such_name", "object().has_key", "import no_such_package", "raise ImportError('no')"],
)
def test_other_errors_get_none(tmp_path, in_this_process, source):
    path = write(tmp_path / "words" / "train.py", source)
    with pytest.raises(Exception) as raised:  # noqa: B017, PT011
        runner.main([str(path)])
    assert not hasattr(raised.value, "__notes__")


# --coverage -----------------------------------------------------------------------------------


def test_coverage_of_named_modules(capsys):
    with pytest.raises(SystemExit) as ended:
        runner.main(["--coverage", "nn.rnn_cell", "tf.contrib.grid_rnn"])
    assert ended.value.code == 0
    whole, part = capsys.readouterr().out.splitlines()
    assert whole == "tf.nn.rnn_cell 10 of 10"
    assert part.split()[:4] == ["tf.contrib.grid_rnn", "6", "of", "9,"]
    assert part.endswith(", without Grid1BasicLSTMCell, Grid1BasicRNNCell, Grid1LSTMCell")


def test_coverage_of_what_has_only_modules_below_it(capsys):
    assert coverage(["contrib.rnn", "contrib"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "tf.contrib.rnn 50 of 50"
    assert len(lines) > 70 and "tf.contrib.grid_rnn 6 of 9" in lines
    assert re.fullmatch(r"\d+ modules of tf.contrib: \d+ of \d+ names are there.", lines[-1])
    with pytest.raises(Refused, match="had no public module tf.contrib.rnm; try tf.contrib.rnn"):
        coverage(["contrib.rnm"])


# Who gets which TensorFlow --------------------------------------------------------------------


@pytest.fixture
def standing_in(monkeypatch):
    import builtins
    import importlib
    from multiprocessing import spawn

    monkeypatch.setattr(builtins, "__import__", builtins.__import__)  # put back afterwards
    monkeypatch.setattr(importlib, "import_module", importlib.import_module)
    monkeypatch.setattr(spawn, "get_preparation_data", spawn.get_preparation_data)
    standing.stand_for_tensorflow()


def test_who_is_installed(tmp_path):
    import collections
    import site

    import numpy

    for module in (numpy, collections, runner, standing, tf):
        assert standing.is_installed(vars(module))
    for folder in (*site.getsitepackages(), site.getusersitepackages()):
        assert standing.is_installed({"__file__": f"{folder}/someone/their.py"})
    assert not standing.is_installed({"__file__": str(tmp_path / "mine.py")})
    assert not standing.is_installed({"__file__": "mine.py"})
    assert not standing.is_installed({})


def test_packages_in_a_folder_of_their_own_are_installed(tmp_path, monkeypatch):
    write(tmp_path / "target" / "someone-1.0.dist-info" / "METADATA", "")
    monkeypatch.syspath_prepend(tmp_path / "target")
    standing.installed_folders.cache_clear()
    try:
        assert standing.is_installed({"__file__": str(tmp_path / "target" / "someone.py")})
        assert not standing.is_installed({"__file__": str(tmp_path / "mine.py")})
    finally:
        standing.installed_folders.cache_clear()


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("import tensorflow as it", ""),
        ("import tensorflow.nn as it", "nn"),
        ("import tensorflow.nn; it = tensorflow", ""),
        ("from tensorflow import nn as it", "nn"),
        ("it = __import__('tensorflow')", ""),
        ("it = __import__('tensorflow.nn')", ""),
        ("it = __import__('tensorflow.nn', fromlist=['dynamic_rnn'])", "nn"),
        ("import importlib; it = importlib.import_module('tensorflow.nn')", "nn"),
    ],
)
def test_the_program_and_packages_import_different_ones(standing_in, tmp_path, statement, name):
    import numpy

    real = sys.modules["tensorflow"]
    mine: dict[str, object] = {"__file__": str(tmp_path / "mine.py")}
    theirs: dict[str, object] = {"__file__": numpy.__file__}
    exec(statement, mine)
    assert mine["it"] is (tf.nn if name else tf)
    if ".nn" not in statement:  # TensorFlow's own is an attribute, not a module to import
        exec(statement, theirs)
        assert theirs["it"] is (real.nn if name else real)


def test_standing_twice_is_standing_once(standing_in):
    import builtins

    before = builtins.__import__
    standing.stand_for_tensorflow()
    assert builtins.__import__ is before
