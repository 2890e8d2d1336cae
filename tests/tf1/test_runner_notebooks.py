"""`python -m unrolled.tf1 notebook.ipynb` and `%load_ext unrolled.tf1`."""

from __future__ import annotations

import json
import os
import signal
import sys

import nbformat
import pytest
from running import notebook, run, write

from unrolled.tf1.__main__ import main
from unrolled.tf1.runner import children, extension, installs, notebook_file, recorder

HELPER = """
    import tensorflow as tf
    from tensorflow.python.ops import rnn, rnn_cell

    def last_output(x, units):
        outputs, state = rnn.dynamic_rnn(rnn_cell.GRUCell(units), x, dtype=tf.float32)
        return outputs[:, -1]
"""

CELLS = [
    """
    %matplotlib inline
    from __future__ import print_function
    import os, sys
    import tensorflow as tf
    from tensorflow.contrib import rnn
    import helper
    %tensorflow_version 1.x
    %load_ext autoreload
    %autoreload 2
    print(sys.argv, os.getcwd() == os.path.dirname(sys.argv[0]))
    tf.__name__, __name__
    """,
    """
    %%time
    x = tf.placeholder(tf.float32, [None, 3, 4])
    last = helper.last_output(x, 5)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        shape = session.run(last, {x: [[[1.0] * 4] * 3] * 2}).shape
    """,
    """
    for name in ["a"]:
        %time twice = name * 2
        !echo $name
    !pip install tensorflow==1.15 && echo no package
    command = "pip install keras==2"
    !{command}
    files = !ls *.py
    files, shape, twice
    """,
    """
    %%bash
    echo from bash
    pip install --quiet \\
        "keras<3; python_version<'3.8'" > /dev/null 2>&1
    """,
    """
    %%writefile other.py
    import tensorflow as tf
    print("other", tf.__name__, __name__)
    z = 5
    """,
    """
    %run other.py
    %env COLOUR=blue
    %cd below
    import inside
    z, inside.where, get_ipython().user_ns["z"]
    """,
    "%%capture kept\nprint('captured')",
    "print(kept.stdout.upper())\n?len\nlen?",
    "import asyncio\nawait asyncio.sleep(0, 7)",
    """
    import matplotlib.pyplot as plt
    print("before")
    plt.plot([1, 2])
    plt.show()
    print("after", file=sys.stderr)
    plt.plot([2, 1]);
    """,
    """
    from IPython.display import clear_output
    for step in range(3):
        clear_output(wait=True)
        print("step", step)
    shown = display("first", display_id=True)
    shown.update("second")
    """,
    "",
    """
    class Late(rnn.RNNCell):
        n: int
    Late.__module__, Late.__annotations__['n'] is int
    """,
    "%reset -f\n'tf' in dir()",
]


def test_a_notebook_runs_as_in_jupyter(tmp_path):
    source = tmp_path / "books" / "count.ipynb"
    write(tmp_path / "books" / "helper.py", HELPER)
    write(tmp_path / "books" / "below" / "inside.py", "where = 'below'")
    notebook(source, *CELLS)
    before = source.read_text()
    done = run(tmp_path, "--save", "executed.ipynb", "books/count.ipynb", "one", "--two")
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if "time" not in line.lower()]
    path = str(source)
    assert lines == [
        f"{[path, 'one', '--two']} " + str(bool(path)),
        "('unrolled.tf1', '__main__')",
        "a",
        "no package",
        "(['helper.py'], (2, 5), 'aa')",
        "from bash",
        "Writing other.py",
        "other unrolled.tf1 __main__",
        "env: COLOUR=blue",
        str(tmp_path / "books" / "below"),
        "(5, 'below', 5)",
        "CAPTURED",
        "",
        *["Signature: len(obj, /)", "Docstring: Return the number of items in a container."],
        "Type:      builtin_function_or_method",
        *["Signature: len(obj, /)", "Docstring: Return the number of items in a container."],
        "Type:      builtin_function_or_method",
        "7",
        "before",
        "<Figure size 640x480 with 1 Axes>",
        "<Figure size 640x480 with 1 Axes>",
        *["step 0", "step 1", "step 2", "'first'", "'second'"],
        repr(("__main__", bool(path))),
        repr(not path),
    ]
    assert done.stderr.splitlines() == [
        "left out: pip install tensorflow==1.15",
        "left out: pip install keras==2",
        "left out: pip install --quiet \\ \"keras<3; python_version<'3.8'\" > /dev/null 2>&1",
        "after",
    ]
    assert source.read_text() == before

    executed = nbformat.read(tmp_path / "executed.ipynb", as_version=4)
    nbformat.validate(executed)
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    numbers = [cell.execution_count for cell in code]
    assert numbers == [*range(1, 12), None, 12, 13]
    outputs = [[output.output_type for output in cell.outputs] for cell in code]
    assert outputs[0] == ["stream", "execute_result"]
    assert code[0].outputs[1].data["text/plain"] == "('unrolled.tf1', '__main__')"
    assert code[0].outputs[1].execution_count == 1
    assert [(o.name, o.text) for o in code[3].outputs] == [
        ("stderr", f"{done.stderr.splitlines()[2]}\n"),
        ("stdout", "from bash\n"),
    ]
    assert outputs[9] == ["stream", "display_data", "stream", "display_data"]
    for figure in (code[9].outputs[1], code[9].outputs[3]):
        assert figure.data["image/png"].startswith("iVBORw0KGgo")
    assert code[10].outputs[0].text == "step 2\n"
    assert code[10].outputs[1].data["text/plain"] == "'second'"
    assert code[11].outputs == []


def test_a_notebook_that_fails_names_the_cell_and_is_saved(tmp_path):
    source = notebook(
        tmp_path / "count.ipynb",
        "n = 1",
        "1 / 0",
        "def f():\n    return {}[n]\nf()",
        "print('after')",
    )
    content = json.loads(source.read_text())
    content["cells"][3]["metadata"]["tags"] = ["raises-exception"]
    source.write_text(json.dumps(content))
    done = run(tmp_path, "--save", "executed.ipynb", "count.ipynb")
    assert done.returncode == 1
    assert done.stdout == ""
    trace = done.stderr.splitlines()
    assert "ZeroDivisionError: division by zero" in trace  # which its author expects
    assert trace[-2:] == [
        "KeyError: 1",
        "count.ipynb, code cell 3 failed; the cells after it were not run.",
    ]
    assert "----> 3 f()" in trace and "----> 2     return {}[n]" in trace
    executed = nbformat.read(tmp_path / "executed.ipynb", as_version=4)
    last = [cell for cell in executed.cells if cell.cell_type == "code"][2:]
    assert (last[0].outputs[0].ename, last[0].outputs[0].evalue) == ("KeyError", "1")
    assert (last[1].execution_count, last[1].outputs) == (None, [])


@pytest.mark.thorough
def test_a_notebook_of_format_3_that_begins_with_a_mark_and_ends_itself(tmp_path):
    cells = [
        {"cell_type": "heading", "level": 1, "metadata": {}, "source": "Counting"},
        {"input": ["n = 40\n", "n"]},
        {"input": "import sys\nprint(n + 2)\nsys.exit(4)"},
        {"input": "print('not reached')"},
    ]
    for cell in cells[1:]:
        cell.update(cell_type="code", language="python", metadata={}, outputs=[])
        cell.update(collapsed=False, prompt_number=None)
    made = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}}
    made["worksheets"] = [{"cells": cells, "metadata": {}}]
    (tmp_path / "old.ipynb").write_text(json.dumps(made), encoding="utf-8-sig")
    done = run(tmp_path, "old.ipynb")
    assert (done.returncode, done.stdout, done.stderr) == (4, "40\n42\n", "")


@pytest.mark.thorough
def test_a_notebook_may_read_and_exit_and_leaves_no_history(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("IPYTHONDIR", raising=False)
    notebook(tmp_path / "ends.ipynb", "print(input('name: '))", "if len('ab'): exit()", "1 / 0")
    done = run(tmp_path, "ends.ipynb", typed="Ada\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "name: Ada\n", "")
    assert not (home / ".ipython").exists()


@pytest.mark.one_in(10)
@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("n = 1\nprint 'old'", "old.ipynb, code cell 2, line 2: Missing parentheses in call"),
        ("raise ValueError, 'stop' # why?", "old.ipynb, code cell 2, line 1: invalid syntax; it"),
        ("%%\nx = 1", "UsageError: Cell magic `%%` not found."),
    ],
)
def test_a_cell_that_is_not_python_is_an_error(tmp_path, cell, said):
    notebook(tmp_path / "old.ipynb", "print(1)", cell, "print(2)")
    done = run(tmp_path, "old.ipynb")
    assert (done.returncode, done.stdout) == (1, "1\n")
    assert any(line.startswith(said) for line in done.stderr.splitlines()[-2:]), done.stderr
    assert "old.ipynb, code cell 2" in done.stderr.splitlines()[-1]
    assert len(done.stderr.splitlines()) <= 2  # not by IPython and the runner


@pytest.mark.thorough
def test_a_module_of_a_notebook_that_is_not_python_is_said_once(tmp_path):
    old = write(tmp_path / "old.py", "n = 1\nprint 'old'\n")
    text = "compile('print 1', 'somewhere', 'exec')"
    notebook(tmp_path / "a.ipynb", f"try: {text}\nexcept SyntaxError: pass", "import old")
    done = run(tmp_path, "--save", "out.ipynb", "a.ipynb")
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"{old}, line 2: Missing parentheses")
    last = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[-1]
    assert last.outputs[0].ename == "SyntaxError"
    notebook(tmp_path / "b.ipynb", text)
    done = run(tmp_path, "b.ipynb")
    assert "SyntaxError: Missing parentheses" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("b.ipynb, code cell 1 failed;")


def test_an_interrupted_notebook_ends_by_the_signal_and_is_saved(tmp_path):
    cells = ["print('one')", "import os, signal\nos.kill(os.getpid(), signal.SIGINT)", "print(2)"]
    notebook(tmp_path / "stops.ipynb", *cells)
    done = run(tmp_path, "--save", "out.ipynb", "stops.ipynb")
    assert (done.returncode, done.stdout) == (-signal.SIGINT, "one\n")
    assert done.stderr.count("KeyboardInterrupt") <= 2  # IPython's own two lines
    assert nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[1].outputs[0].text == "one\n"


@pytest.mark.thorough
def test_a_hint_stands_below_an_error(tmp_path):
    notebook(tmp_path / "old.ipynb", "for i in xrange(3): pass")
    done = run(tmp_path, "old.ipynb")
    assert done.stderr.count("xrange is a builtin of Python 2; use range") == 1


@pytest.mark.parametrize(
    ("save", "said"),
    [
        ("nowhere/to.ipynb", "but there is no folder"),
        ("folder.ipynb", "which is a folder."),
        ("to", "which does not end in .ipynb."),
        ("locked.ipynb", "which may not be written."),
    ],
)
def test_where_it_cannot_be_saved_it_is_not_run(tmp_path, monkeypatch, capsys, save, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "locked.ipynb").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: "locked" not in str(path))
    source = notebook(tmp_path / "count.ipynb", "1")
    with pytest.raises(SystemExit) as ended:
        main(["--save", save, str(source)])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith(f"--save must name a notebook to write; got {save}, {said}")


def test_the_executed_notebook_names_the_python_that_ran_it(tmp_path):
    source = notebook(tmp_path / "old.ipynb", "1")
    content = json.loads(source.read_text())
    content["metadata"] = {
        "kernelspec": {"display_name": "Python 2", "language": "python", "name": "python2"},
        "language_info": {"name": "python", "version": "2.7.12"},
        "title": "Counting",
    }
    source.write_text(json.dumps(content))
    assert run(tmp_path, "--save", "out.ipynb", "old.ipynb").returncode == 0
    metadata = nbformat.read(tmp_path / "out.ipynb", as_version=4).metadata
    assert metadata.kernelspec == {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    assert metadata.language_info.version == ".".join(map(str, sys.version_info[:3]))
    assert metadata.title == "Counting"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"cells": [', "is not a notebook that can be read; download it again"),
        (b"<html>Not found</html>", "is not a notebook that can be read; download it again"),
        (b"[1, 2]", "is not a notebook that can be read; download it again"),
        (b"\xff\xfe\x00", "must be UTF-8, as all notebooks are"),
    ],
)
def test_a_file_that_is_no_notebook_gets_one_sentence(tmp_path, content, said):
    path = tmp_path / "broken.ipynb"
    path.write_bytes(content)
    with pytest.raises(SystemExit) as ended:
        notebook_file.read(path)
    assert str(ended.value).startswith(f"{path} {said}")
    assert "\n" not in str(ended.value)


def test_without_nbformat_it_says_what_to_install(tmp_path, monkeypatch):
    path = notebook(tmp_path / "count.ipynb", "1")
    monkeypatch.setitem(sys.modules, "nbformat", None)
    with pytest.raises(SystemExit, match="pip install ipython nbformat"):
        notebook_file.read(path)


# Installing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "left"),
    [
        ("pip install x", "true"),
        ("pip3.6 install -U x > /dev/null 2>&1; ls", "true; ls"),
        ("  sudo -H python3 -m pip install 'x; y'", "  true"),
        ("'/a b/python' -m pip uninstall -y x", "true"),
        ("apt-get -qq update && apt-get install -y a b | tail -1", "true && true | tail -1"),
        ("git clone a && cd a && python setup.py install", "git clone a && cd a && true"),
        ("conda install -c conda-forge x\nls", "true\nls"),
        ("uv pip install x", "true"),
        ("easy_install x", "true"),
        ("ls\npip install \\\n  x \\\n  y\nls", "ls\ntrue\nls"),
        ("pip list", "pip list"),
        ("pip --version", "pip --version"),
        ("echo pip install x", "echo pip install x"),
        ("python install.py", "python install.py"),
        ("wget http://a/b?pip=1 -O install", "wget http://a/b?pip=1 -O install"),
        ("cat pip.txt; ls install", "cat pip.txt; ls install"),
    ],
)
def test_what_is_left_of_a_command(command, left):
    reduced, left_out = installs.without_installs(command)
    assert "".join(reduced.split()) == "".join(left.split())
    assert bool(left_out) is (command != left)


# What is recorded -----------------------------------------------------------------------------


def test_outputs_are_recorded_in_their_order(capsys):
    record = recorder.Recorder()
    outputs = record.new_cell()
    print("one")
    print("two")
    print("three", file=sys.stderr)
    record.display({"image/png": b"\x89PNG", "text/plain": "a figure"}, {}, None, False)
    record.show("a figure")
    assert [output.output_type for output in outputs] == ["stream", "stream", "display_data"]
    assert (outputs[0].text, outputs[1].text) == ("one\ntwo\n", "three\n")
    assert outputs[2].data == {"image/png": "iVBORw==", "text/plain": "a figure"}
    record.clear(wait=True)
    assert len(outputs) == 3
    print("four")
    assert [output.text for output in outputs] == ["four\n"]
    record.clear()
    assert outputs == [] and record.new_cell() is not outputs
    assert capsys.readouterr() == ("one\ntwo\na figure\nfour\n", "three\n")


# In a notebook that someone has opened --------------------------------------------------------


def test_the_extension_gives_later_cells_the_layer(tmp_path):
    write(tmp_path / "helper.py", HELPER)
    write(
        tmp_path / "session.py",
        """
        import sys

        from IPython.core.interactiveshell import InteractiveShell

        sys.path.insert(0, "")
        shell = InteractiveShell.instance(colors="NoColor")
        for cell in [
            "import tensorflow as tf; one = tf.constant(1.0).numpy(); print(tf.__name__)",
            "%load_ext unrolled.tf1",
            "import tensorflow as tf; import helper; print(tf.__name__)",
            "%tensorflow_version 1.x",
            "print(helper.last_output(tf.placeholder(tf.float32, [None, 3, 4]), 5).shape)",
            "%reload_ext unrolled.tf1",
            "from tensorflow.contrib.rnn import GRUCell; print(GRUCell.__name__)",
        ]:
            shell.run_cell(cell).raise_error()
        """,
    )
    done = run(tmp_path, "session.py", python=())
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.splitlines()[-4:] == ["tensorflow", "unrolled.tf1", "(?, 5)", "GRUCell"]
    [warning] = [line for line in done.stderr.splitlines() if "%load_ext" in line]
    assert warning.startswith("tf came from TensorFlow 2 before %load_ext unrolled.tf1")
    assert "restart the kernel" in warning


def test_another_version_than_1_is_refused():
    from IPython.core.error import UsageError

    extension.tensorflow_version("1.x")
    with pytest.raises(UsageError, match=r"must be 1\.x with unrolled\.tf1; got 2\.x"):
        extension.tensorflow_version("2.x")


# Programs that a notebook starts ----------------------------------------------------------------

STARTED = f"{sys.executable} -m unrolled.tf1"


@pytest.mark.parametrize(
    ("command", "runs"),
    [
        ("python a.py", f"{STARTED} a.py"),
        ("python3 -u a.py --x 1 > log", f"{sys.executable} -u -m unrolled.tf1 a.py --x 1 > log"),
        (f"{sys.executable} a.py", f"{STARTED} a.py"),
        ("python -m own.train", f"{STARTED} -m own.train"),
        ("cd d && N=0 python 'my a.py' | tee x", f"cd d && N=0 {STARTED} 'my a.py' | tee x"),
        ("for i in 1 2; do python a.py $i; done", f"for i in 1 2; do {STARTED} a.py $i; done"),
        ("# python a.py\npython b.py", f"# python a.py\n{STARTED} b.py"),
        ("python \\\n  a.py", f"{sys.executable} \\\n  -m unrolled.tf1 a.py"),
    ],
)
def test_a_program_that_a_notebook_starts_gets_the_layer(command, runs):
    changed, found = children.with_the_layer(command)
    assert changed == runs
    assert len(found) == 1


@pytest.mark.parametrize(
    "command",
    [
        "python -m pip list",
        "python -m json.tool a.json",
        "python -m unrolled.tf1 a.py",
        f"python {pytest.__file__}",
        "python setup.py build_ext",
        "python -c 'import tensorflow'",
        "python2 a.py",
        "/opt/other/bin/python a.py",
        "python\na.py",
        "echo python a.py",
        "echo 'x; python a.py'",
        "ls *.py",
    ],
)
def test_what_is_not_a_program_of_the_notebook_stays(command):
    assert children.with_the_layer(command) == (command, [])


@pytest.mark.thorough
def test_programs_that_a_notebook_starts(tmp_path):
    write(
        tmp_path / "other.py",
        """
        import sys
        import tensorflow as tf
        from tensorflow.contrib import rnn
        print(tf.__name__, __name__, sys.argv)
        """,
    )
    cells = [
        "!python other.py one",
        "import sys\n!{sys.executable} -m other",
        "lines = !python other.py two\nlines[-1]",
        "%%bash\ncd .\npython3 other.py three",
    ]
    done = run(tmp_path, str(notebook(tmp_path / "book.ipynb", *cells)))
    assert done.returncode == 0, done.stderr
    shown = "unrolled.tf1 __main__ ['other.py', '{}']"
    where = str(tmp_path / "other.py")
    assert done.stdout.splitlines() == [
        shown.format("one"),
        f"unrolled.tf1 __main__ {[where]}",
        repr(shown.format("two")),
        shown.format("three"),
    ]
    said = "run on the layer: python -m unrolled.tf1 "
    assert [line for line in done.stderr.splitlines() if line.startswith(said)] == [
        f"{said}{what}" for what in ("other.py", "-m other", "other.py", "other.py")
    ]
