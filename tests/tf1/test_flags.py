"""`tf.app.flags` of before and after 1.5, and `tf.app.run`."""

from __future__ import annotations

import json

import pytest
from running import run, write

DEFINED = """
    import json, pprint, sys
    import tensorflow as tf

    flags = tf.app.flags
    flags.DEFINE_float("learning_rate", 0.1, "A docstring.")
    flags.DEFINE_integer("steps", 10, "Another.")
    tf.flags.DEFINE_string("log_dir", "/tmp/logs", "absl has one of that name, too.")
    tf.flags.DEFINE_string("name", None, "None by default.")
    flags.DEFINE_boolean("verbose", False, "A boolean.")
    flags.DEFINE_bool("quick", True, "Another.")
    flags.DEFINE_list("layers", "8,4", "A list.")
    flags.DEFINE_enum("cell", "gru", ["gru", "lstm"], "One of these.")
    FLAGS = flags.FLAGS
"""
OPTIONS = ["--learning_rate=0.5", "--steps", "3", "--verbose", "--noquick", "--layers=2"]
VALUES = {
    "cell": "gru",
    "layers": ["2"],
    "learning_rate": 0.5,
    "log_dir": "/tmp/logs",
    "name": None,
    "quick": False,
    "steps": 3,
    "verbose": bool("yes"),
}


@pytest.mark.thorough
def test_before_1_5_the_dict_of_flags_holds_values(tmp_path):
    program = f"""{DEFINED}
    values = FLAGS.__dict__["__flags"]
    print(json.dumps(dict(values)))
    print(values["steps"], len(values))
    values["steps"] = 4
    values["size"] = 5
    assert (FLAGS.steps, FLAGS.size, values["size"]) == (4, 5, 5)
    """
    write(tmp_path / "program.py", program)
    done = run(tmp_path, "program.py", *OPTIONS)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert json.loads(first) == VALUES
    assert second == f"3 {len(VALUES)}"


def test_before_1_5_flags_are_values(tmp_path):
    program = f"""{DEFINED}
    rest = FLAGS._parse_flags()
    print(json.dumps(FLAGS.__flags))
    print(json.dumps([[name, value] for name, value in sorted(FLAGS.__flags.items())]))
    assert rest == ["--unknown=1"], rest
    FLAGS.__flags["vocabulary"] = 7
    FLAGS.size = 5
    assert FLAGS.vocabulary == FLAGS.__flags["vocabulary"] == 7
    assert FLAGS.size == FLAGS.__flags["size"] == 5
    FLAGS.steps = 4
    assert FLAGS.steps == FLAGS.__flags["steps"] == 4 and FLAGS.__flags["name"] is None

    class Model(object):
        rate = FLAGS.learning_rate

        def steps(self):
            return FLAGS.steps

    assert (Model.rate, Model().steps()) == (0.5, 4)
    """
    write(tmp_path / "program.py", program)
    done = run(tmp_path, "program.py", *OPTIONS, "--unknown=1")
    assert done.returncode == 0, done.stderr
    first, second = map(json.loads, done.stdout.splitlines())
    assert first == VALUES
    assert second == [[name, VALUES[name]] for name in sorted(VALUES)]


@pytest.mark.thorough
def test_from_1_5_on_flags_are_objects_that_print_as_their_values(tmp_path):
    program = f"""{DEFINED}
    FLAGS(sys.argv)
    for name, flag in sorted(FLAGS.__flags.items()):
        if name in ("steps", "log_dir", "name"):
            same = flag.value == getattr(FLAGS, name)
            print("{{}}={{}}".format(name.upper(), flag), repr(flag), same)
    assert FLAGS.flag_values_dict()["learning_rate"] == 0.5
    assert FLAGS.steps == FLAGS["steps"].value == 3
    FLAGS.steps = 6
    print(FLAGS.__flags["steps"].value)
    try:
        flags.DEFINE_integer("steps", 1, "Twice.")
    except flags.DuplicateFlagError as error:
        print("twice" in str(error))
    """
    write(tmp_path / "program.py", program)
    done = run(tmp_path, "program.py", *OPTIONS)
    yes = str(bool("yes"))
    assert done.stdout.splitlines() == [
        f"LOG_DIR=/tmp/logs '/tmp/logs' {yes}",
        f"NAME=None None {yes}",
        f"STEPS=3 3 {yes}",
        "6",
        yes,
    ], done.stderr


def test_app_run_hands_over_what_is_left(tmp_path):
    program = f"""{DEFINED}
    def main(argv):
        print(FLAGS.steps, argv[1:], FLAGS.layers)

    if __name__ == "__main__":
        tf.app.run()
    """
    write(tmp_path / "program.py", program)
    done = run(tmp_path, "program.py", *OPTIONS, "a.txt")
    assert (done.stdout, done.returncode) == ("3 ['a.txt'] ['2']\n", 0), done.stderr


@pytest.mark.thorough
def test_reading_a_flag_parses_the_command_line(tmp_path):
    program = f"""{DEFINED}
    FLAGS.extra = "set before anything is parsed"
    print(FLAGS.steps, FLAGS.extra)
    tf.app.run(main=lambda _: print("run"), argv=["x"])
    """
    write(tmp_path / "program.py", program)
    done = run(tmp_path, "program.py", *OPTIONS)
    assert done.stdout == "3 set before anything is parsed\nrun\n", done.stderr


@pytest.mark.thorough
def test_old_keywords_of_the_definitions(tmp_path):
    program = """
        import tensorflow as tf
        tf.flags.DEFINE_integer(flag_name="a", default_value=2, docstring="Old names.")
        tf.app.flags.DEFINE_float(name="b", default=2.5, help="New names.")
        print(tf.flags.FLAGS.a, tf.flags.FLAGS.b)
    """
    done = run(tmp_path, write(tmp_path / "program.py", program).name)
    assert done.stdout == "2 2.5\n", done.stderr


@pytest.mark.thorough
def test_a_cell_of_a_notebook_may_define_its_flags_again(tmp_path):
    program = """
        import builtins
        import tensorflow as tf
        builtins.__IPYTHON__ = 1  # as IPython sets it
        for steps in 3, 4:
            tf.flags.DEFINE_integer("steps", steps, "Defined twice.")
        print(tf.flags.FLAGS.steps)
    """
    done = run(tmp_path, write(tmp_path / "program.py", program).name)
    assert done.stdout == "4\n", done.stderr
