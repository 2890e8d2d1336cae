"""Every way of importing: what is TensorFlow's own stays so, and what is missing is said."""

from __future__ import annotations

import functools
import importlib
import sys

import pytest
from running import run, write

import unrolled.tf1 as tf
from unrolled.tf1 import import_hook, packages
from unrolled.tf1.old_names import names_of_1_15

NAMES = {
    module: " ".join(names)
    for module, names in names_of_1_15().items()
    if not module.startswith("contrib")  # `--coverage` counts those
}


def reach(dotted: str) -> object:
    return functools.reduce(getattr, dotted.split("."), tf) if dotted else tf


# What TensorFlow 1.15 had ---------------------------------------------------------------------


def is_there(module: str) -> bool:
    return packages.has("tf_keras" if module.startswith("keras") else "tensorflow_estimator")


@pytest.mark.parametrize(
    "module", [m for m in NAMES if not m.startswith(("keras", "estimator")) or is_there(m)]
)
def test_every_public_name_of_1_15_is_there_or_has_a_sentence_of_its_own(module):
    try:
        found = reach(module)
    except AttributeError as error:
        assert str(error).startswith("tf.") and " is gone: " in str(error)
        return
    for name in NAMES[module].split():
        dotted = f"{module}.{name}".lstrip(".")
        try:
            getattr(found, name)
        except AttributeError as error:
            assert str(error).startswith(f"tf.{dotted} is gone: "), dotted
            assert dotted in tf.removed.REMOVED


def test_the_list_of_names_is_long():
    assert sum(len(names.split()) for names in NAMES.values()) > 2500


# Modules that the layer does not touch --------------------------------------------------------

IMPORTABLE = """
    import importlib, pkgutil, sys
    import tensorflow
    import tensorflow.python as root

    def walk(path, above):
        for module in pkgutil.iter_modules(path, above):
            try:
                inside = importlib.import_module(module.name)
            except BaseException:
                continue
            print(module.name)
            if module.ispkg:
                walk(inside.__path__, module.name + ".")

    walk(root.__path__, "tensorflow.python.")
"""


@pytest.mark.thorough
def test_every_module_that_can_be_imported_can_be_imported_here(tmp_path):
    plain = run(tmp_path, write(tmp_path / "walk.py", IMPORTABLE).name, python=())
    names = [line for line in plain.stdout.split() if line.startswith("tensorflow.python.")]
    assert len(names) > 1000, plain.stderr
    lines = [f"    {name!r}," for name in names]
    program = "\n".join(
        [
            "import tensorflow as tf",
            "import sys",
            "names = [",
            *lines,
            "]",
            "for name in names:",
            "    try:",
            "        exec(f'import {name} as module')",
            "        parent, _, last = name.rpartition('.')",
            "        exec(f'from {parent} import {last} as again')",
            "    except Exception as error:",
            "        print(name, type(error).__name__, error)",
            "print(len(names), tf.__name__)",
        ]
    )
    (tmp_path / "program.py").write_text(program)
    done = run(tmp_path, "program.py")
    assert done.stdout == f"{len(names)} unrolled.tf1\n", done.stderr


@pytest.mark.parametrize(
    "name",
    """python.client.timeline python.framework.dtypes python.framework.errors python.ops.init_ops
    python.ops.gradients_impl python.platform.gfile python.platform.tf_logging python.summary
    python.tools.freeze_graph python.training.momentum python.util.deprecation python.eager.context
    core.framework.summary_pb2 core.protobuf.config_pb2 tools.compatibility compiler.tf2xla
    """.split(),
)
def test_what_is_untouched_is_tensorflows_own(name):
    ours = importlib.import_module(f"unrolled.tf1.{name}")
    theirs = importlib.import_module(f"tensorflow.{name}")
    assert ours is theirs
    assert theirs.__name__ == theirs.__spec__.name == f"tensorflow.{name}"
    assert sys.modules[f"unrolled.tf1.{name}"] is theirs


def test_assigning_to_a_private_module_reaches_tensorflow(monkeypatch):
    from tensorflow.python.util import deprecation as theirs
    from unrolled.tf1.python.util import deprecation

    monkeypatch.setattr(deprecation, "_PRINT_DEPRECATION_WARNINGS", False)
    assert theirs._PRINT_DEPRECATION_WARNINGS is False


def test_a_module_that_cannot_import_what_it_needs_says_so(monkeypatch, tmp_path):
    ops = importlib.import_module("tensorflow.python.ops")
    monkeypatch.setattr(ops, "__path__", [*ops.__path__, str(tmp_path)])
    (tmp_path / "broken_ops.py").write_text("import no_such_package\n")
    importlib.invalidate_caches()
    with pytest.raises(ImportError, match="No module named 'no_such_package'"):
        importlib.import_module("unrolled.tf1.python.ops.broken_ops")
    assert not hasattr(tf.python.ops, "broken_ops")


# What is missing ------------------------------------------------------------------------------

SPACES = sorted(
    name.removeprefix("unrolled.tf1").lstrip(".")
    for name, module in sys.modules.items()
    if isinstance(module, import_hook.Namespace) and ".python." not in name
)


@pytest.mark.parametrize("module", sorted({*SPACES, *(m for m in NAMES if "keras" not in m)}))
def test_a_missing_name_is_an_attribute_error(module):
    try:
        found = reach(module)
    except AttributeError:
        return  # gone as a whole
    assert not hasattr(found, "no_such_name")
    with pytest.raises(AttributeError):
        found.no_such_name  # noqa: B018
    with pytest.raises(ImportError):
        exec(f"from unrolled.tf1{module and '.' + module} import no_such_name")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("nn.sofmax", "nn.softmax"),
        ("placeholdr", "placeholder"),
        ("train.AdamOptimiser", "train.AdamOptimizer"),
        ("contrib.rnn.GRUCel", "contrib.rnn.GRUCell"),
        ("contrib.layers.fully_conected", "contrib.layers.fully_connected"),
    ],
)
def test_a_near_name_is_offered(name, meant):
    with pytest.raises(AttributeError, match=f"did you mean tf.{meant}[?]$"):
        reach(name)


def test_no_near_name_is_made_up():
    with pytest.raises(AttributeError) as raised:
        tf.nn.zzzzzz  # noqa: B018
    assert "did you mean" not in str(raised.value)
    assert str(raised.value).startswith("TensorFlow 1.15 has no tf.nn.zzzzzz, and unrolled.tf1")


PROBES = """
    import tensorflow as tf
    from tensorflow.contrib import rnn

    for space in tf, tf.nn, tf.train, tf.contrib, tf.contrib.rnn, tf.layers, tf.summary, tf.keras:
        assert not hasattr(space, "no_such_name"), space
        assert getattr(space, "no_such_name", 3) == 3
    try:
        cells = tf.nn.no_such_cells
    except AttributeError:
        cells = tf.nn.rnn_cell
    assert cells is tf.nn.rnn_cell and cells.GRUCell is rnn.GRUCell
    try:
        from tensorflow.models.rnn import no_such_module
    except ImportError:
        no_such_module = None
    try:
        import tensorflow.contrib.no_such_part
    except ImportError as error:
        assert "TensorFlow 1.15 has no tf.contrib.no_such_part" in str(error)

    import importlib.util
    assert importlib.util.find_spec("unrolled.tf1.nn.rnn_cell")

    # 1.13 to 1.15, and what people write today.
    import tensorflow.compat.v1 as v1
    from tensorflow.compat import v1 as again
    from tensorflow.compat.v1 import layers, nn
    import tensorflow.compat.v1.nn.rnn_cell as rnn_cell
    from tensorflow.compat.v1.nn.rnn_cell import BasicLSTMCell
    assert v1 is again is tf is tf.compat.v1 is tf.compat.v1.compat.v1
    assert nn is tf.nn and layers is tf.layers and rnn_cell is tf.nn.rnn_cell
    assert BasicLSTMCell is tf.compat.v1.nn.rnn_cell.BasicLSTMCell
    assert v1.contrib.rnn is rnn
    v1.disable_v2_behavior()
    v1.disable_eager_execution()
    v1.enable_resource_variables()
    v1.disable_resource_variables()
    assert not tf.executing_eagerly()

    import tensorflow.compat.v2 as v2
    assert v2.Variable is not tf.Variable and hasattr(v2, "function")
    assert tf.compat.as_text(b"a") == "a" and tf.compat.as_bytes("a") == b"a"
    assert tf.compat.as_str_any(3) == "3"
    tf.logging.set_verbosity(tf.logging.ERROR)
    assert tf.io.gfile.GFile is tf.gfile.GFile
    assert tf.data.experimental and tf.random.normal and tf.math.log and tf.strings.join

    from tensorflow.core.framework import graph_pb2
    from tensorflow.python.framework import graph_util, ops
    from tensorflow.python.layers.core import Dense
    from tensorflow.python.ops.rnn import _transpose_batch_time
    from tensorflow.python.platform import flags, gfile
    from tensorflow.python.client import device_lib
    from tensorflow.python import pywrap_tensorflow
    assert graph_util.convert_variables_to_constants and ops.Tensor is tf.Tensor
    assert Dense is tf.layers.Dense and device_lib.list_local_devices
    assert pywrap_tensorflow.NewCheckpointReader is tf.train.NewCheckpointReader
    import tensorflow.python.ops.rnn_cell_impl as impl
    assert issubclass(impl.GRUCell, impl.RNNCell)
    print("all of them")
"""


def test_probes_and_imports_in_the_runner(tmp_path):
    done = run(tmp_path, write(tmp_path / "program.py", PROBES).name)
    assert (done.stdout, done.returncode) == ("all of them\n", 0), done.stderr


def test_compat_v1_with_changed_imports():
    from unrolled.tf1.compat import v1
    from unrolled.tf1.compat.v1.nn import rnn_cell

    assert importlib.import_module("unrolled.tf1.compat.v1") is v1 is tf
    assert rnn_cell is tf.compat.v1.nn.rnn_cell
    assert importlib.import_module("unrolled.tf1.compat.v1.nn.rnn_cell") is rnn_cell
    with pytest.raises(ImportError, match="tf.nn.no_such_name"):
        importlib.import_module("unrolled.tf1.compat.v1.nn.no_such_name")
