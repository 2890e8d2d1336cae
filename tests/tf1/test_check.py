"""`python -m unrolled.tf1 --check`: what a program uses and the layer lacks."""

from __future__ import annotations

import pytest
from running import notebook, run, write

from unrolled.tf1 import packages
from unrolled.tf1.runner import layer, sources
from unrolled.tf1.runner.check import check
from unrolled.tf1.runner.refused import Refused

NOTHING = "nothing is missing among the names of TensorFlow and NumPy"


def _shortened(line: str) -> str:
    """A place and a name, without what is said of it."""
    for said in (
        " is gone",
        " is neither",
        ", and unrolled.tf1",
        ", which `2to3 -w` of Python 3.12 and before puts",
        " is not there",
    ):
        line = line.split(said)[0]
    return line.replace("TensorFlow 1.15 has no ", "")


@pytest.fixture
def lines(tmp_path, monkeypatch, capsys):
    """Checks a source, and gives the exit code and what was said, up to its first semicolon."""
    monkeypatch.chdir(tmp_path)

    def of(source: str, name: str = "program.py") -> list[str]:
        write(tmp_path / name, source)
        code = check([name])
        said = capsys.readouterr().out.splitlines()
        missing = [line for line in said[:-1] if "(guarded)" not in line]
        assert code == bool(missing)
        return [_shortened(line) for line in said[:-1]]

    return of


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import tensorflow as tf\ntf.no_such", "tf.no_such"),
        ("import tensorflow\ntensorflow.nn.no_such(1)", "tf.nn.no_such"),
        ("import tensorflow.nn\ntensorflow.no_such", "tf.no_such"),
        ("import tensorflow.compat.v1 as tf\ntf.no_such", "tf.no_such"),
        ("import unrolled.tf1 as tf\ntf.no_such", "tf.no_such"),
        ("from tensorflow.contrib import rnn as r\nr.no_such", "tf.contrib.rnn.no_such"),
        ("from tensorflow import nn\nx = nn.rnn_cell\nx.no_such", "tf.nn.rnn_cell.no_such"),
        ("import tensorflow as tf\na, b = 1, tf.nn\nb.no_such", "tf.nn.no_such"),
        ("import tensorflow as tf\nb: object = tf.nn\nb.no_such", "tf.nn.no_such"),
        ("import tensorflow as tf\nif (b := tf.nn): b.no_such", "tf.nn.no_such"),
        ("import tensorflow as tf\ngetattr(tf.nn, 'no_such')", "tf.nn.no_such"),
        ("import tensorflow as tf\ngetattr(tf, 'nn').no_such", "tf.nn.no_such"),
        ("from tensorflow import *\nnn.no_such", "tf.nn.no_such"),
        ("import tensorflow as tf\nclass A(tf.no_such): pass", "tf.no_such"),
        ("import tensorflow as tf\n@tf.no_such\ndef f(x=1): pass", "tf.no_such"),
        ("import tensorflow as tf\ndef f(x=tf.no_such): pass", "tf.no_such"),
        ("import tensorflow as tf\nf = lambda x: tf.no_such", "tf.no_such"),
        ("def f():\n    return tf.no_such\nimport tensorflow as tf", "tf.no_such"),
        ("import tensorflow as tf\ntf.contrib.no_such.Name", "tf.contrib.no_such"),
        ("import tensorflow as tf\ntf.GraphKeys.NO_SUCH", "tf.GraphKeys.NO_SUCH"),
        ("\nimport tensorflow.contrib.no_such as n", "tf.contrib.no_such"),
        ("\nfrom tensorflow.contrib import no_such, rnn", "tf.contrib.no_such"),
        ("\nfrom tensorflow.contrib.no_such import *", "tf.contrib.no_such"),
        ("\nfrom tensorflow.python.ops import no_such", "tf.python.ops.no_such"),
        ("try:\n    from tensorflow import no_such\nfinally:\n    pass", "tf.no_such"),
        ("import tensorflow as tf\ntry: tf.no_such\nexcept KeyError: pass", "tf.no_such"),
    ],
)
def test_a_missing_name_is_found(lines, source, name):
    said = [line for line in lines(source) if name in line]
    assert len(said) == 1 and said[0].startswith(f"program.py:{said[0].split(':')[1]}: {name}")


@pytest.mark.parametrize(
    "source",
    [
        "from tensorflow.contrib import rnn\nrnn.GRUCell(3).no_such",
        "import tensorflow as tf\ntf.app.flags.FLAGS.no_such",
        "import tensorflow as tf\ndef f(tf):\n    return tf.no_such",
        "import tensorflow as tf\nf = lambda tf: tf.no_such",
        "import tensorflow as tf\nfor tf in []: tf.no_such",
        "import tensorflow as tf\nwith open('a') as tf: tf.no_such",
        "import tensorflow as tf\n[tf.no_such for tf in []]",
        "import tensorflow as tf\ndef tf(): pass\ntf.no_such",
        "import tensorflow as tf\ntf.mine = 1\ntf.mine.part",
        "import tensorflow as tf\nclass A:\n    nn = tf.nn\n    def f(self): nn.no_such",
        "import tensorflow as tf\nx = tf.nn\nx = 3\nx.no_such",
        "import tensorflow as tf\ntf += 1\ntf.no_such",
        "import tensorflow as tf\ngetattr(tf.nn, name)",
        "try:\n    from tensorflow.python.ops import rnn_cell as r\n"
        "except ImportError:\n    from tensorflow.nn import rnn_cell as r\nr.GRUCell",
    ],
)
def test_what_is_there_or_uncertain_is_not_reported(lines, source):
    assert lines(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "try: tf.no_such\nexcept AttributeError: pass",
        "try: tf.no_such\nexcept (KeyError, ImportError): pass",
        "try: tf.no_such\nexcept: pass",
        "try: tf.pack\nexcept AttributeError: tf.no_such",
        "if hasattr(tf, 'no_such'): tf.no_such",
        "x = tf.no_such if hasattr(tf, 'no_such') else None",
        "hasattr(tf, 'no_such') and tf.no_such",
        "getattr(tf, 'no_such', None)",
        "if tf.__version__ < '1.0': tf.no_such",
        "old = tf.VERSION\nif old[0] == '0': tf.no_such",
    ],
)
def test_what_the_program_guards_is_said_and_does_not_fail(lines, source):
    said = lines(f"import tensorflow as tf\n{source}")
    assert len(said) == 1 and said[0].endswith(": (guarded) tf.no_such")


def test_a_handler_runs_where_its_body_fails(lines):
    said = lines("import tensorflow as tf\ntry: tf.no_such\nexcept AttributeError: tf.nor_this")
    assert said == ["program.py:2: (guarded) tf.no_such", "program.py:3: tf.nor_this"]


def test_arguments_that_are_not_taken(lines):
    said = lines(
        """
        import tensorflow as tf
        from tensorflow.nn import dynamic_rnn
        dynamic_rnn(cell, inputs=x, length=3)
        dynamic_rnn(cell, x, **options)
        tf.reduce_sum(x, keep_dims=1, reduction_indices=1, axes=1)
        """
    )
    assert said == [
        "program.py:3: tf.nn.dynamic_rnn takes no argument 'length'.",
        "program.py:5: tf.reduce_sum takes no argument 'axes'.",
    ]


def test_one_name_on_several_lines_is_one_line(lines):
    said = lines("import tensorflow as tf\ntf.no_such\ntf.nor_this\ntf.no_such, tf.no_such")
    assert said == ["program.py:2, 4: tf.no_such", "program.py:3: tf.nor_this"]


def test_other_packages_that_are_missing(lines, tmp_path):
    write(tmp_path / "here.py", "")
    write(tmp_path / "inside" / "deep.py", "import below, cPickle")
    write(tmp_path / "inside" / "below.py", "")
    said = lines(
        """
        import json, numpy.linalg, here, inside.deep, no_such_package.part
        from no_such_package import this
        try: import no_such_other
        except ImportError: pass
        """
    )
    assert said == [
        "inside/deep.py:1: cPickle is a module of Python 2; use pickle.",
        "program.py:1, 2: no_such_package is not installed.",
        "program.py:3: (guarded) no_such_other is not installed.",
    ]


def test_modules_of_its_own_are_read_and_hand_names_on(lines, tmp_path):
    write(tmp_path / "common.py", "import tensorflow as tf\nimport program\nlayers = tf.layers\n")
    write(tmp_path / "net" / "__init__.py", "from .. import common\nfrom . import model")
    write(tmp_path / "net" / "model.py", "from common import *\nfrom .sizes import N\ntf.no_model")
    write(tmp_path / "net" / "sizes.py", "N = 1\nprint 'sizes'\n")
    write(tmp_path / "other" / "unused.py", "import tensorflow as tf\ntf.no_such")
    said = lines("from common import layers as own\nimport net.model\nown.no_layer")
    assert said[0] == "net/model.py:3: tf.no_model"
    assert said[1].startswith("net/sizes.py:2: Python 3 cannot read this: Missing parentheses")
    assert "2to3" in said[1]
    assert said[2:] == ["program.py:3: tf.layers.no_layer"]


def test_a_folder_is_read_as_a_whole(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "code" / "train.py", "import tensorflow as tf, tools\ntf.no_train")
    write(tmp_path / "code" / "lib" / "tools.py", "import train\n")
    write(tmp_path / "code" / "env" / "pyvenv.cfg", "")
    write(tmp_path / "code" / "env" / "lib" / "their.py", "import tensorflow as tf\ntf.no_such")
    write(tmp_path / "code" / ".ipynb_checkpoints" / "a.py", "import tensorflow as tf\ntf.no_such")
    write(tmp_path / "code" / "coded.py", "# coding: latin-1\nx = 1")
    (tmp_path / "code" / "bytes.py").write_bytes(b"x = '\xff'")
    assert check(["code"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert [_shortened(line) for line in said[1:-1]] == ["code/train.py:2: tf.no_train"]
    assert said[0].startswith("code/bytes.py:1: Python 3 cannot read this")
    assert said[-1] == "Read 4 files; 1 name is missing, 1 file or cell is not Python 3."


def test_a_notebook(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = [
        "%matplotlib inline\n!pip install x\nimport tensorflow as tf\nfrom tensorflow import nn",
        "",
        "%%time\n\nnn.no_time\n%time tf.no_such",
        "%%bash\nnn.no_bash",
        "x = !ls\nnn?\nawait nn.no_await",
        "print 'old'",
        "%%writefile a.py\nimport no_such_package",
        *["1"] * 5,
        "nn.no_last\nnn.no_time",
    ]
    notebook(tmp_path / "book.ipynb", *cells)
    assert check(["book.ipynb"]) == 1
    said = capsys.readouterr().out.splitlines()
    shown = [_shortened(line).split(" cannot")[0] for line in said[:-1]]
    assert shown == [
        "book.ipynb, code cell 2, line 3: tf.nn.no_time",
        "book.ipynb, code cell 2, line 4: tf.no_such",
        "book.ipynb, code cell 4, line 3: tf.nn.no_await",
        "book.ipynb, code cell 5, line 1: Python 3",
        "book.ipynb, code cell 12, line 1: tf.nn.no_last",
        "book.ipynb, code cell 12, line 2: tf.nn.no_time",
    ]


@pytest.mark.thorough
def test_from_the_command_line(tmp_path):
    write(tmp_path / "good.py", "import tensorflow as tf\ntf.contrib.rnn.GRUCell(3)\n")
    write(tmp_path / "bad.py", "import tensorflow as tf\ntf.contrib.eager.Network\n")
    done = run(tmp_path, "--check", "good.py", "bad.py")
    assert (done.returncode, done.stderr) == (1, "")
    first, last = done.stdout.splitlines()
    assert first.startswith("bad.py:2: tf.contrib.eager.Network is gone: TensorFlow 2.0 removed")
    assert last == "Read 2 files; 1 name is missing."


def test_where_nothing_is_missing(tmp_path, capsys):
    program = write(tmp_path / "good.py", "import tensorflow as tf\ntf.contrib.rnn.GRUCell(3)\n")
    assert check([str(program)]) == 0
    assert capsys.readouterr().out == f"Read 1 file; {NOTHING}.\n"


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(Refused, match="nowhere.py does not exist; name scripts"):
        check([str(tmp_path / "nowhere.py")])
    done = run(tmp_path, "--check", "nowhere.py")  # 1 would say that names are missing
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "nowhere.py does not exist; name scripts, notebooks or folders.\n"


def test_a_folder_with_nothing_to_read(tmp_path):
    with pytest.raises(Refused, match="holds no script and no notebook"):
        check([str(tmp_path)])


def test_a_module_of_the_working_folder(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "words" / "__init__.py", "")
    write(tmp_path / "words" / "__main__.py", "from . import train")
    write(tmp_path / "words" / "train.py", "from words import sizes")
    write(tmp_path / "words" / "sizes.py", "import tensorflow as tf\ntf.no_such")
    for name, count in [("words.train", 3), ("words", 4)]:
        assert check(["-m", name]) == 1
        found, last = capsys.readouterr().out.splitlines()
        assert _shortened(found) == "words/sizes.py:2: tf.no_such"
        assert last == f"Read {count} files; 1 name is missing."
    for name in ("words.trian", "nowhere", "words.train.part"):
        with pytest.raises(Refused, match=f"No module {name} to run; are you in its parent"):
            check(["-m", name])


def test_names_are_asked_of_the_layer_itself():
    import unrolled.tf1 as tf

    assert layer.find("tensorflow") is tf
    assert layer.find("tensorflow.contrib.rnn.GRUCell") is tf.contrib.rnn.GRUCell
    assert layer.find_module("tensorflow.contrib.rnn") is tf.contrib.rnn
    with pytest.raises(AttributeError, match=r"tf\.contrib\.eager\.Network is gone"):
        layer.find("tensorflow.contrib.eager.Network")
    with pytest.raises(AttributeError, match=r"TensorFlow 1.15 has no tf\.gfile\.FileError"):
        layer.find("tensorflow.gfile.FileError")  # in a module that is TensorFlow's own


def test_a_null_byte_is_a_syntax_error(tmp_path):
    path = tmp_path / "null.py"
    path.write_bytes(b"x = 1\n\0")
    [part] = sources.parts(path, "null.py")
    assert isinstance(part.code, SyntaxError)


def test_dots_that_reach_above_the_folder(tmp_path, capsys):
    write(tmp_path / "net" / "__init__.py", "")
    write(tmp_path / "net" / "sizes.py", "n = 3")
    path = write(tmp_path / "net" / "cells" / "own.py", "from .. import sizes\nimport numpy\n")
    assert check([str(path)]) == 0
    assert capsys.readouterr().out == f"Read 3 files; {NOTHING}.\n"


def test_a_broken_notebook_is_one_line_and_the_others_are_read(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.ipynb", "{cut off")
    write(tmp_path / "b.py", "import tensorflow as tf\ntf.no_such")
    assert check(["."]) == 1
    broken, missing, last = capsys.readouterr().out.splitlines()
    assert "a.ipynb is not a notebook that can be read" in broken and "Python" not in broken
    assert _shortened(missing) == "b.py:2: tf.no_such"
    assert last.startswith("Read 2 files;")


# Python 2 -------------------------------------------------------------------------------------


def test_builtins_and_methods_of_python_2(lines):
    said = lines(
        """
        import six
        n, size, found = 7, 2, {}
        batches = n / size
        half = n / 2.0
        for i in xrange(batches):
            batches /= 2
        if found.has_key(raw_input()):
            six.iteritems(found), found.iteritems()
        """
    )
    assert said == [
        "program.py:3, 6: / between whole numbers was // in Python 2, which 2to3 does not change; "
        "write // where both are whole numbers.",
        "program.py:5: xrange is a builtin of Python 2; use range",
        "program.py:7: dict.has_key is a method of Python 2; use `key in dict`",
        "program.py:7: raw_input is a builtin of Python 2; use input",
        "program.py:8: dict.iteritems is a method of Python 2; use dict.items()",
    ]


def test_how_many_names_are_python_2(tmp_path, capsys):
    program = write(tmp_path / "old.py", "import Queue\nxrange(3 / 2), unicode, unicode")
    assert check([str(program)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[1].endswith("; use range, which `2to3 -w` of Python 3.12 and before puts there.")
    assert said[-1] == "Read 1 file; 3 names are Python 2's."


@pytest.mark.parametrize(
    "source",
    [
        "from six.moves import xrange\nxrange(3)",
        "try: xrange\nexcept NameError: xrange = range\nxrange(3)",
        "def f(file, long=3): return file, long",
        "def reduce(a): return a\ndef f(): return reduce(3)",
        "class Own:\n    def has_key(self, key): return key\nOwn().has_key(3)",
        "1 / 2",
    ],
)
def test_what_runs_on_both_is_not_reported(lines, source):
    assert lines(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "try: input = raw_input\nexcept NameError: pass",
        "import sys\nif sys.version_info[0] < 3: raw_input()",
        "import six\ntext = unicode if six.PY2 else str",
    ],
)
def test_what_a_program_asks_of_python_2_is_guarded(lines, source):
    said = lines(f"{source}\n1 / 2")
    assert len(said) == 1 and "(guarded)" in said[0]


def test_a_package_that_brings_the_builtins_back(lines):
    assert lines("from past.builtins import *\nxrange(3)") in (
        [],
        ["program.py:1: past is not installed."],
    )


def test_a_file_that_divides_as_python_3_needs_no_note(lines):
    assert len(lines("from __future__ import division\nxrange(3 / 2)")) == 1


# Other packages that have changed ---------------------------------------------------------------


def test_names_that_numpy_lacks(lines):
    said = lines(
        """
        import numpy as np
        import numpy.random
        from numpy import linalg, no_such
        np.int, np.zeross, np.float64, numpy.random.rand, linalg.norm, linalg.no_such
        np.ndarray.no_such, np.zeros(3).no_such, np.no_such.name
        np.mine = 3
        np.mine
        try: np.nor_this
        except AttributeError: pass
        """
    )
    assert [line.split(" has no ")[1].split(":")[0] for line in said] == [
        "numpy.no_such.",
        "numpy.int",
        "numpy.zeross; did you mean numpy.zeros?",
        "numpy.linalg.no_such.",
        "numpy.ndarray.no_such.",
        "numpy.nor_this.",
    ]
    assert said[0].startswith("program.py:3, 5: NumPy ") and "(guarded)" in said[-1]
    assert "use `int` by itself" in said[1] and "\n" not in said[1]


def test_keras_is_that_of_the_layer(lines):
    said = lines("import keras\nfrom keras.layers.recurrent import LSTM\nkeras.layers.NoSuch")
    assert said == ["program.py:3: tf.keras.layers.NoSuch"]


def test_keras_3_is_not_what_an_old_program_means(lines, monkeypatch):
    monkeypatch.setattr(packages, "has", lambda package: False)
    said = lines("from keras.layers import LSTM\nLSTM(3)")
    assert said == [
        "program.py:1: keras is Keras 3 here; for the Keras 2 of such programs: "
        "pip install tf_keras."
    ]
