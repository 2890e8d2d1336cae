"""Write down what the programs of this folder give on TensorFlow 1.15: see README.md."""

from __future__ import print_function

import importlib
import inspect
import io
import json
import os
import sys
import types

FOLDER = os.path.dirname(os.path.abspath(__file__))
NAMES = ("..", "..", "..", "src", "unrolled", "tf1", "names.json")  # `--coverage` reads it
NOT_PROGRAMS = ("__init__", "programs", "record")

# The modules whose public names and parameters are written down.
MODULES = (
    "contrib.crf contrib.cudnn_rnn contrib.data contrib.estimator contrib.framework "
    "contrib.grid_rnn contrib.layers contrib.legacy_seq2seq contrib.lookup contrib.losses "
    "contrib.metrics contrib.rnn contrib.seq2seq contrib.slim contrib.training estimator layers "
    "losses metrics nn nn.rnn_cell train"
).split()


def main(names):
    import tensorflow as tf

    assert tf.__version__.startswith("1.15"), "run this on TensorFlow 1.15, not " + tf.__version__
    sys.path.insert(0, FOLDER)
    from programs import PROGRAMS, run

    files = sorted(name[:-3] for name in os.listdir(FOLDER) if name.endswith(".py"))
    for module in names or [name for name in files if name not in NOT_PROGRAMS]:
        importlib.import_module(module)
        recorded = {name: run(tf, PROGRAMS[module][name]) for name in sorted(PROGRAMS[module])}
        write(os.path.join("recorded", module + ".json"), recorded)
    if not names:
        write("signatures.json", {name: public(tf, name) for name in MODULES})
        write(os.path.join(*NAMES), all_names(tf))


def public(tf, dotted):
    """{public name: its parameters with their defaults, or what kind of thing it is}."""
    module = tf
    for part in dotted.split("."):
        module = getattr(module, part)
    return {
        name: parameters(getattr(module, name))
        for name in sorted(dir(module))
        if not name.startswith("_") and name not in FUTURE
    }


def all_names(tf):
    """{module: its public names} for `tf`, the modules below it, and those of contrib."""
    found = {}

    def visit(dotted, module):
        names = [name for name in sorted(dir(module)) if not name.startswith("_")]
        found[dotted] = " ".join(name for name in names if name not in FUTURE + INSIDE)
        for name in names:
            inside = getattr(module, name)
            path = (dotted + "." + name).lstrip(".")
            is_public = "api." in getattr(inside, "__name__", "")
            if isinstance(inside, types.ModuleType) and is_public and name not in INSIDE:
                visit(path, inside)

    visit("", tf)
    for name in sorted(dir(tf.contrib)):
        inside = getattr(tf.contrib, name)
        if isinstance(inside, types.ModuleType) and name not in FUTURE and name != "python":
            # Some of these modules show what they import themselves.
            found["contrib." + name] = " ".join(
                each
                for each in sorted(dir(inside))
                if not each.startswith("_")
                and each not in FUTURE + ("namedtuple",)
                and not isinstance(getattr(inside, each), types.ModuleType)
            )
    return found


FUTURE = ("absolute_import", "division", "print_function")
INSIDE = ("compat", "contrib", "core", "examples", "lite", "python", "raw_ops", "tools")


def parameters(value):
    if isinstance(value, types.ModuleType):
        return "module"
    if not callable(value):
        return type(value).__name__
    target = value.__init__ if inspect.isclass(value) else value
    try:
        spec = _argspec(target)
    except TypeError:
        return "class" if inspect.isclass(value) else "callable"
    first = len(spec.args) - len(spec.defaults or ())
    defaults = [None] * first + [default(one) for one in spec.defaults or ()]
    listed = [
        arg if given is None else arg + "=" + given for arg, given in zip(spec.args, defaults)
    ]
    more = spec.varkw if hasattr(spec, "varkw") else spec.keywords
    listed += ["*" + spec.varargs] if spec.varargs else []
    listed += ["**" + more] if more else []
    return listed[1:] if listed[:1] == ["self"] else listed


def _argspec(target):
    from tensorflow.python.util import tf_inspect

    return tf_inspect.getfullargspec(target)


def default(value):
    """A default as text that is the same in every run and on both Pythons."""
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, (str, bytes, type(u""))):
        return json.dumps(value)
    return getattr(value, "__name__", type(value).__name__)


def write(path, content):
    """Write JSON that people can read: what lies deeper than three levels stands in one line."""
    with io.open(os.path.join(FOLDER, path), "w", encoding="utf-8") as file:
        file.write(type(u"")(_lines(content, 3)) + u"\n")
    print(path)


def _lines(content, levels, indent=""):
    if not levels or not isinstance(content, dict) or not content:
        return json.dumps(content, sort_keys=True)
    inner = indent + " "
    each = [
        inner + json.dumps(key) + ": " + _lines(content[key], levels - 1, inner)
        for key in sorted(content)
    ]
    return "{\n" + ",\n".join(each) + "\n" + indent + "}"


if __name__ == "__main__":
    main(sys.argv[1:])
