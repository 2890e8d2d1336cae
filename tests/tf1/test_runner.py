"""`python -m unrolled.tf1 program`: scripts and notebooks of TensorFlow 1 as they stand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import unrolled.tf1 as tf
from unrolled.tf1 import __main__ as runner


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    plain = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"}
    return subprocess.run(
        [sys.executable, "-m", "unrolled.tf1", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=plain,
        timeout=600,
    )


def write(path: Path, source: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(source).lstrip("\n"), encoding="utf-8")
    return path


def notebook(path: Path, *cells: str) -> Path:
    """A notebook of format 4, with a text before each code cell."""
    made = []
    for source in cells:
        made.append({"cell_type": "markdown", "metadata": {}, "source": ["%not a magic"]})
        lines = textwrap.dedent(source).strip("\n").splitlines(keepends=True)
        made.append({"cell_type": "code", "metadata": {}, "outputs": [], "source": lines})
    path.write_text(json.dumps({"nbformat": 4, "metadata": {}, "cells": made}), encoding="utf-8")
    return path


# Scripts --------------------------------------------------------------------------------------

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
        from keras.src.backend import tensorflow as _  # an installed package that imports it

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
    assert report["argv"][0] == report["file"] == "some where/count.py"
    assert report["argv"][1:] == ["--batch_size=6", "--deep", "--log_dir", "mine", "more"]
    assert (report["log_dir"], report["deep"]) == ("mine", True)
    assert report["path"] == str(program.parent)
    assert report["doc"] == "A program that counts."
    assert report["one"] and report["cells"] and report["main"] and report["reader"]
    assert report["layer"] == "unrolled.tf1"
    assert report["real"].startswith("2.")
    assert report["keras"].startswith("3.")


def test_a_script_that_fails(tmp_path):
    write(
        tmp_path / "fails.py",
        """
        import tensorflow as tf

        try:
            from tensorflow.contrib import distributions
        except ImportError as error:
            print(error)
        assert __name__ == "__main__"
        tf.contrib.eager.Network
        """,
    )
    done = run(tmp_path, "fails.py")
    assert done.returncode == 1
    assert done.stdout.startswith("tf.contrib.distributions is gone: TensorFlow 2.0 removed it")
    assert 'fails.py", line 8' in done.stderr
    assert "tf.contrib.eager.Network\n" in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("AttributeError: tf.contrib.eager is gone")


@pytest.mark.parametrize("where", ["program", "module"])
def test_a_script_of_python_2_gets_one_sentence(tmp_path, monkeypatch, capsys, where):
    old = write(tmp_path / "old_layers.py", "import tensorflow as tf\nprint 'old'\n")
    program = write(tmp_path / "program.py", "import old_layers\n") if where == "module" else old
    monkeypatch.setattr(runner, "stand_for_tensorflow", lambda: None)
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    with pytest.raises(SystemExit) as ended:
        runner.main([str(program)])
    said = str(ended.value)
    assert said.startswith(f"{old}, line 2: ")
    assert "Python 2" in said and "2to3" in said and "\n" not in said
    assert capsys.readouterr() == ("", "")


def test_a_program_that_is_not_there(tmp_path):
    with pytest.raises(SystemExit, match=r"nowhere\.py does not exist; give a program"):
        runner.main([str(tmp_path / "nowhere.py")])


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["-h"], 0), (["--help"], 0)])
def test_without_a_program_it_says_how_it_is_used(arguments, code, capsys):
    with pytest.raises(SystemExit) as ended:
        runner.main(arguments)
    assert ended.value.code == code
    assert runner.USAGE in capsys.readouterr().out


def test_who_gets_which_tensorflow(monkeypatch, tmp_path):
    import builtins
    import collections
    import site

    import numpy

    monkeypatch.setattr(builtins, "__import__", builtins.__import__)  # put back afterwards
    runner.stand_for_tensorflow()
    for module in (numpy, collections, runner, tf):
        assert runner._is_installed(vars(module))
    for folder in (*site.getsitepackages(), site.getusersitepackages()):
        assert runner._is_installed({"__file__": f"{folder}/someone/their.py"})
    assert not runner._is_installed({"__file__": str(tmp_path / "mine.py")})
    assert not runner._is_installed({"__file__": "mine.py"})
    assert not runner._is_installed({})
    assert not runner._is_installed(None)

    mine: dict[str, object] = {"__file__": str(tmp_path / "mine.py")}
    exec(
        "import tensorflow as a, tensorflow.nn as b; from tensorflow.nn import rnn_cell as c", mine
    )
    assert (mine["a"], mine["b"], mine["c"]) == (tf, tf.nn, tf.nn.rnn_cell)
    theirs: dict[str, object] = {"__file__": numpy.__file__}
    exec("import tensorflow as a; from tensorflow import nn as b", theirs)
    assert (theirs["a"], theirs["b"]) == (sys.modules["tensorflow"], sys.modules["tensorflow"].nn)


# Notebooks ------------------------------------------------------------------------------------


def test_a_notebook(tmp_path):
    notebook(
        tmp_path / "count.ipynb",
        """
        %matplotlib inline
        from __future__ import print_function
        import os
        import tensorflow as tf
        from tensorflow.contrib import rnn
        import helper
        !rm -fr logdir
        !pip install one \\
            two
        tf.__name__, __name__
        """,
        """
        %%bash
        test -s nothing || exit 1
        """,
        """
        %%time
        x = tf.placeholder(tf.float32, [None, 3, 4])
        last = helper.last_output(x, 5)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            shape = session.run(last, {x: [[[1.0] * 4] * 3] * 2}).shape
        shape
        """,
        """
        for name in ["a"]:
            %time twice = name * 2
            !echo $name
        tf.nn.dynamic_rnn?
        print("%s and %s"
              % (twice, os.environ["MPLBACKEND"]))  # is that a magic?
        None
        """,
        "",
        "class Late(rnn.RNNCell):\n    n: int\nLate.__module__, Late.__annotations__['n'] is int",
        "display('shown'); tf.Variable(1.0, name='v').name",
    )
    write(tmp_path / "helper.py", HELPER)
    done = run(tmp_path, "count.ipynb")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "('unrolled.tf1', '__main__')",
        "(2, 5)",
        "aa and Agg",
        "('__main__', True)",
        "shown",
        "'v:0'",
    ]
    assert done.stderr.splitlines() == [
        "count.ipynb, code cell 1: left out '%matplotlib inline'",
        "count.ipynb, code cell 1: left out '!rm -fr logdir'",
        "count.ipynb, code cell 1: left out '!pip install one \\\\'",
        "count.ipynb, code cell 2: left out '%%bash'",
        "count.ipynb, code cell 3: left out '%%time'",
        "count.ipynb, code cell 4: left out '%time twice = name * 2'",
        "count.ipynb, code cell 4: left out '!echo $name'",
        "count.ipynb, code cell 4: left out 'tf.nn.dynamic_rnn?'",
    ]


def test_a_notebook_that_fails_names_the_cell(tmp_path):
    notebook(tmp_path / "count.ipynb", "n = 1", "def f():\n    return n / 0\nf()", "print('after')")
    done = run(tmp_path, "count.ipynb")
    assert done.returncode == 1
    assert done.stdout == ""
    assert 'count.ipynb, code cell 2", line 2, in f\n    return n / 0\n' in done.stderr
    assert done.stderr.splitlines()[-2:] == [
        "ZeroDivisionError: division by zero",
        "count.ipynb, code cell 2 failed; the cells after it were not run.",
    ]


@pytest.fixture
def as_main(monkeypatch):
    """What `run_notebook` changes in this process is put back."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setenv("MPLBACKEND", "Agg")


def test_a_notebook_of_format_3(tmp_path, as_main, capsys):
    cells = [
        {"cell_type": "heading", "level": 1, "source": "Counting"},
        {"cell_type": "code", "language": "python", "input": ["n = 40\n", "n"], "outputs": []},
        {"cell_type": "code", "language": "python", "input": "print(n + 2)", "outputs": []},
    ]
    made = {"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]}
    path = write(tmp_path / "old.ipynb", json.dumps(made))
    runner.run_notebook(path)
    assert capsys.readouterr() == ("40\n42\n", "")


@pytest.mark.parametrize(
    ("cell", "line"),
    [("n = 1\nprint 'old'", 2), ("\n%time x = 1\nexec 'n = 1'", 2), ("x = (1,\n%d", 1)],
)
def test_a_notebook_of_python_2_gets_one_sentence(tmp_path, as_main, capsys, cell, line):
    path = notebook(tmp_path / "old.ipynb", "print(1)", cell)
    with pytest.raises(SystemExit) as ended:
        runner.run_notebook(path)
    said = str(ended.value)
    assert said.startswith(f"old.ipynb, code cell 2, line {line}: ")
    assert "Python 2" in said and "\n" not in said
    assert capsys.readouterr().out == "1\n"


def test_a_notebook_may_end_itself(tmp_path, as_main, capsys):
    path = notebook(tmp_path / "ends.ipynb", "print(1)", "import sys; sys.exit(4)", "print(2)")
    with pytest.raises(SystemExit) as ended:
        runner.run_notebook(path)
    assert ended.value.code == 4
    assert capsys.readouterr().out == "1\n"


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("x = 1", "x = 1"),
        ("", ""),
        ("# why?\nx = 5 \\\n  % 3  # why?", "# why?\nx = 5 \\\n  % 3  # why?"),
        ('text = """\n%matplotlib inline\n!ls\n"""', 'text = """\n%matplotlib inline\n!ls\n"""'),
        (
            "%matplotlib inline\nfrom __future__ import division",
            "\nfrom __future__ import division",
        ),
        ("if True:\n    !ls\nelse:\n    x?", "if True:\n    pass\nelse:\n    pass"),
        ("?len\nlen??", "\n"),
        ("!it's (not closed\nx = 1", "\nx = 1"),
        ("!a \\\n  b \\\n  c\nx = 1", "\n\n\nx = 1"),
        ("%time x = f(1,\n  2)", "x = f(1,\n  2)"),
        ("%%capture output\nx = 1\n%cd ..", "\nx = 1\n"),
        ("%%html\n<p>", ""),
        ("\n\n%%writefile a.py\nx = 1", ""),
    ],
)
def test_what_is_left_of_a_cell(source, python):
    assert runner._without_magics(source, "here") == python
