"""The names of TensorFlow 1: where they stand, where they come from, what a missing one says."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import os
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest
import tensorflow as real

import unrolled
import unrolled.tf1 as tf
from unrolled.tf1 import old_names, removed

BACK = {
    "contrib.rnn": """
        RNNCell BasicRNNCell BasicLSTMCell LSTMCell GRUCell LSTMBlockCell GRUBlockCell
        GRUBlockCellV2 NASCell LSTMStateTuple MultiRNNCell DropoutWrapper ResidualWrapper
        DeviceWrapper InputProjectionWrapper OutputProjectionWrapper EmbeddingWrapper static_rnn
        static_bidirectional_rnn stack_bidirectional_rnn stack_bidirectional_dynamic_rnn""",
    "nn.rnn_cell": """
        RNNCell BasicRNNCell BasicLSTMCell LSTMCell GRUCell LSTMBlockCell GRUBlockCell
        GRUBlockCellV2 NASCell LSTMStateTuple MultiRNNCell DropoutWrapper ResidualWrapper
        DeviceWrapper InputProjectionWrapper OutputProjectionWrapper EmbeddingWrapper""",
    "nn": """
        static_rnn dynamic_rnn bidirectional_dynamic_rnn static_bidirectional_rnn raw_rnn rnn
        bidirectional_rnn""",
    "contrib.seq2seq": """
        sequence_loss TrainingHelper GreedyEmbeddingHelper BasicDecoder dynamic_decode
        AttentionMechanism BahdanauAttention LuongAttention AttentionWrapper AttentionWrapperState
        tile_batch""",
    "contrib.legacy_seq2seq": """
        sequence_loss sequence_loss_by_example rnn_decoder basic_rnn_seq2seq model_with_buckets
        embedding_attention_seq2seq one2many_rnn_seq2seq""",
    "contrib.cudnn_rnn": """
        CudnnLSTM CudnnGRU CudnnRNNTanh CudnnRNNRelu CudnnCompatibleLSTMCell
        CudnnCompatibleGRUCell CudnnLSTMSaveable CudnnParamsFormatConverterGRU""",
    "nn.seq2seq": "sequence_loss sequence_loss_by_example rnn_decoder basic_rnn_seq2seq",
    "contrib.layers": "fully_connected embed_sequence xavier_initializer flatten",
    "layers": "dense dropout flatten conv2d max_pooling2d batch_normalization",
    "contrib.learn": "run_n",
    "examples.tutorials.mnist.input_data": "read_data_sets",
    "models.rnn.rnn": "rnn bidirectional_rnn dynamic_rnn",
    "models.rnn.rnn_cell": "GRUCell LSTMCell BasicLSTMCell DropoutWrapper MultiRNNCell",
    "train": "SummaryWriter",
    "": "pack unpack initialize_all_variables merge_all_summaries flags app",
}


def reach(dotted: str) -> object:
    return functools.reduce(getattr, dotted.split("."), tf)


def run(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    plain = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        capture_output=True,
        text=True,
        env=plain,
        timeout=600,
    )


# What is there --------------------------------------------------------------------------------


@pytest.mark.parametrize("module", BACK)
def test_names_by_attribute_and_by_import(module):
    for name in BACK[module].split():
        dotted = f"{module}.{name}".lstrip(".")
        found: dict[str, object] = {}
        exec(f"from unrolled.tf1{module and '.' + module} import {name} as it", found)
        assert found["it"] is reach(dotted)
        assert callable(found["it"]) or name in ("flags", "app")
        assert name in dir(importlib.import_module(f"unrolled.tf1{module and '.' + module}"))


@pytest.mark.parametrize(
    "statement",
    [
        "import unrolled.tf1.contrib.rnn",
        "import unrolled.tf1.contrib.rnn as it",
        "from unrolled.tf1.contrib import rnn as it",
        "import unrolled.tf1.nn.rnn_cell as it",
        "from unrolled.tf1.nn import rnn_cell as it",
        "from unrolled.tf1.examples.tutorials.mnist import input_data as it",
        "import unrolled.tf1.examples.tutorials.mnist.input_data as it",
        "from unrolled.tf1.models.rnn import rnn as it",
        "from unrolled.tf1.models.rnn import rnn_cell as it",
        "from unrolled.tf1.python.ops import rnn as it",
        "from unrolled.tf1.python.ops import rnn_cell as it",
        "from unrolled.tf1.python.ops import rnn_cell_impl as it",
        "from unrolled.tf1.python.ops import seq2seq as it",
        "from unrolled.tf1.python.layers import core as it",
        "from unrolled.tf1.contrib.rnn.python.ops import core_rnn_cell as it",
        "from unrolled.tf1.contrib.rnn.python.ops import core_rnn_cell_impl as it",
        "from unrolled.tf1.contrib.learn.python.learn.datasets import mnist as it",
        "from unrolled.tf1.contrib import layers, learn, seq2seq, legacy_seq2seq as it",
    ],
)
def test_put_back_modules_are_modules(statement):
    names: dict[str, object] = {}
    exec(statement, names)
    path = statement.replace("from ", "").replace(" import ", ".").split(" as ")[0]
    path = path.replace("import ", "").replace("layers, learn, seq2seq, ", "")
    module = names["it"] if "it" in names else reach(path.removeprefix("unrolled.tf1."))
    assert module is sys.modules[path]
    assert isinstance(module, ModuleType)
    assert module.__name__ == path
    assert path.removeprefix("unrolled.") in repr(module)
    assert path.removeprefix("unrolled.tf1.") in module.__doc__
    assert importlib.util.find_spec(path).name == path


def test_private_modules_that_are_still_there():
    import unrolled.tf1.python.framework.ops as by_path
    from unrolled.tf1.core.framework import summary_pb2
    from unrolled.tf1.python.client import timeline
    from unrolled.tf1.python.framework import ops
    from unrolled.tf1.python.ops import array_ops, math_ops
    from unrolled.tf1.python.ops import variable_scope as vs
    from unrolled.tf1.python.platform import gfile
    from unrolled.tf1.python.util import nest

    assert by_path.Graph is ops.Graph is tf.Graph
    assert ops.get_default_graph() is tf.get_default_graph()
    assert array_ops.concat(axis=0, values=[[1], [2]]).shape.as_list() == [2]
    assert math_ops.reduce_sum_v1 is real.compat.v1.reduce_sum
    assert vs.get_variable_scope() is tf.get_variable_scope()
    assert gfile.GFile is tf.gfile.GFile
    assert nest.flatten({"a": [1, 2]}) == [1, 2]
    assert summary_pb2.Summary is tf.Summary
    assert timeline.Timeline


def test_one_object_at_all_its_addresses():
    cells = [
        tf.nn.rnn_cell,
        tf.models.rnn.rnn_cell,
        tf.python.ops.rnn_cell,
        tf.python.ops.rnn_cell_impl,
        tf.contrib.rnn.python.ops.core_rnn_cell,
        tf.contrib.rnn.core_rnn_cell,
    ]
    for name in BACK["nn.rnn_cell"].split():
        assert {getattr(module, name) for module in cells} == {getattr(tf.contrib.rnn, name)}
    for name in ["static_rnn", "static_bidirectional_rnn", "dynamic_rnn"]:
        addresses = [tf.nn, tf.contrib.rnn, tf.models.rnn.rnn, tf.python.ops.rnn]
        assert len({getattr(module, name) for module in addresses}) == 1
    for name in BACK["nn.seq2seq"].split():
        addresses = [tf.nn.seq2seq, tf.contrib.legacy_seq2seq, tf.models.rnn.seq2seq]
        assert len({getattr(module, name) for module in addresses}) == 1
    assert tf.contrib.seq2seq.sequence_loss is not tf.contrib.legacy_seq2seq.sequence_loss
    assert tf.python.layers.core.Dense is tf.layers.Dense
    reader = tf.examples.tutorials.mnist.input_data.read_data_sets
    assert tf.contrib.learn.python.learn.datasets.mnist.read_data_sets is reader


def test_a_state_is_that_of_the_package():
    assert tf.contrib.rnn.LSTMStateTuple is unrolled.LSTMStateTuple
    assert issubclass(tf.nn.rnn_cell.GRUCell, unrolled.GRUCell)
    assert issubclass(tf.nn.rnn_cell.GRUCell, tf.nn.rnn_cell.RNNCell)


@pytest.mark.parametrize(
    "name",
    """placeholder Session InteractiveSession Variable get_variable variable_scope AUTO_REUSE
    global_variables_initializer initialize_all_variables reset_default_graph random_normal
    truncated_normal reduce_mean ConfigProto GPUOptions Summary gfile app flags losses
    metrics errors image.resize_images nn.embedding_lookup nn.raw_rnn nn.softmax
    nn.ctc_loss train.AdamOptimizer train.Supervisor train.MonitoredTrainingSession
    train.exponential_decay train.start_queue_runners summary.FileWriter
    losses.sparse_softmax_cross_entropy app.run flags.FLAGS flags.DEFINE_string GraphKeys.LOSSES
    """.split(),
)
def test_the_rest_is_what_still_lives(name):
    assert reach(name) is functools.reduce(getattr, name.split("."), real.compat.v1)


def test_a_program_may_ask_for_the_release():
    assert tf.__version__ == tf.VERSION == "1.15.0"
    major, minor, _ = tf.__version__.split(".")
    assert (int(major), int(minor)) == (1, 15)


def test_the_layer_goes_by_its_name():
    assert tf.__name__ == "unrolled.tf1"
    assert "disable_v2_behavior" in tf.__doc__
    assert "unrolled.tf1" in repr(tf)
    assert importlib.import_module("unrolled.tf1") is tf


def test_dir_lists_what_is_put_back_and_what_is_still_there():
    assert {"contrib", "layers", "pack", "placeholder", "train", "models"} <= set(dir(tf))
    assert {"dynamic_rnn", "softmax", "rnn_cell", "seq2seq"} <= set(dir(tf.nn))
    assert {"SummaryWriter", "AdamOptimizer"} <= set(dir(tf.train))
    assert dir(tf.nn) == sorted(set(dir(tf.nn)))


def test_everything_that_dir_lists_is_to_be_had():
    for module in (tf, tf.nn, tf.train, tf.contrib, tf.contrib.rnn, tf.layers):
        lost = [n for n in dir(module) if not n.startswith("_") and not hasattr(module, n)]
        assert not lost


def test_a_star_takes_them_all():
    names: dict[str, object] = {}
    exec("from unrolled.tf1 import *", names)
    assert {"placeholder", "contrib", "nn", "pack", "Session"} <= set(names)
    assert names["placeholder"] is tf.placeholder
    names = {}
    exec("from unrolled.tf1.contrib.rnn import *", names)
    assert names["GRUCell"] is tf.contrib.rnn.GRUCell
    assert not [name for name in names if name.startswith("_") and name != "__builtins__"]


# What is not there ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "release", "instead"),
    [
        ("contrib.distributions.Mixture", "2.0", "TensorFlow Probability"),
        ("contrib.eager.Network", "2.0", "TensorFlow 2 itself"),
        ("contrib.bayesflow", "2.0", "TensorFlow Probability"),
    ],
)
def test_a_gone_name_says_when_it_went_and_what_to_use(name, release, instead):
    with pytest.raises(AttributeError) as raised:
        reach(name)
    module, _, last = name.rpartition(".")
    with pytest.raises(ImportError) as by_import:
        exec(f"from unrolled.tf1{module and '.' + module} import {last}")
    assert str(by_import.value) == str(raised.value)
    with pytest.raises(ImportError) as by_path:
        exec(f"import unrolled.tf1.{name}")
    assert str(by_path.value) == str(raised.value)
    said = str(raised.value)
    assert f"tf.{name} is gone: " in said
    assert f"TensorFlow {release} removed it" in said
    assert instead in said
    assert said.count(".  ") == 0 and said.endswith((".", "?")) and "use see" not in said


@pytest.mark.parametrize(
    ("name", "went", "instead"),
    [
        ("contrib.no_such_module_of_1_15", None, None),
        ("contrib.rnn.FlyingLSTMCell", None, None),
        ("contrib.seq2seq.NoSuchDecoder", None, None),
        ("layers.no_such_layer", None, None),
        ("nn.rnn_cell.NoSuchCell", None, None),
        ("frobnicate", None, None),
        ("train.no_such_thing", None, None),
        # What 1.15 had unlisted, or an earlier release had.
        ("contrib.tensorrt", "2.0 removed tf.contrib,", "tf.keras"),
        ("contrib.cudnn_rnn.no_such_ops", "2.0 removed tf.contrib.cudnn_rnn,", "put back"),
        ("models.embedding", "1.0 removed tf.models,", "tf.nn"),
        ("examples.tutorials.word2vec", "2.0 removed tf.examples,", "data set"),
    ],
)
def test_a_name_that_1_15_may_never_have_had(name, went, instead):
    with pytest.raises(AttributeError) as raised:
        reach(name)
    said = str(raised.value)
    if went is None:
        assert said.startswith(f"TensorFlow 1.15 has no tf.{name}, and unrolled.tf1 puts back none")
    else:
        assert said.startswith(f"tf.{name} is not there: TensorFlow {went} and unrolled.tf1")
        assert instead in said
    assert "gone" not in said and said.endswith((".", "?"))
    with pytest.raises(ImportError) as by_import:
        exec(f"import unrolled.tf1.{name}")
    assert str(by_import.value) == said


def test_what_the_list_does_not_tell():
    assert old_names.absent("contrib.rn.GRUCell") == "contrib.rn"
    assert "did you mean tf.contrib.rnn?" in removed.explain("contrib.rn.GRUCell")
    assert "did you mean tf.nn.bias_add?" in removed.explain("bias_add")
    assert removed.explain("optimizers").endswith("2, which has it, without unrolled.tf1.")
    assert "is not there: " in removed.explain("contrib.rnn.python.ops.rnn_cell")
    assert "did you mean" not in removed.explain("contrib.image.rotate", ["rotated"])
    for name in ("nn.dynamic_rnn", "GraphKeys.NO_SUCH", "python.ops.no_such", "contrib.keras.x"):
        assert old_names.absent(name) is None
    with pytest.raises(AttributeError, match="tf.python.no_such is neither in TensorFlow today"):
        tf.python.no_such  # noqa: B018


def test_every_removed_name_is_gone_or_a_module():
    for name in tf.removed.REMOVED:
        try:
            assert isinstance(reach(name), ModuleType)
        except AttributeError as error:
            assert f"tf.{name} " in str(error)


def test_a_missing_module_may_be_caught_as_such():
    with pytest.raises(ModuleNotFoundError, match="tf.contrib.bayesflow"):
        import unrolled.tf1.contrib.bayesflow  # noqa: F401


def test_probes():
    assert hasattr(tf.nn, "rnn_cell") and hasattr(tf, "contrib")
    assert not hasattr(tf.contrib, "bayesflow") and not hasattr(tf, "bayesflow")
    assert getattr(tf.contrib, "bayesflow", "mine") == "mine"
    assert getattr(tf.contrib, "rnn", None) is tf.contrib.rnn
    try:
        found = tf.nn.no_such_cells
    except AttributeError:
        found = tf.contrib.rnn
    assert found.GRUCell
    try:
        from unrolled.tf1.contrib.no_such_part import thing
    except ImportError:
        thing = None
    assert thing is None
    assert importlib.util.find_spec("unrolled.tf1.contrib.rnn")
    assert not hasattr(tf, "__wrapped__")


# Assignment -----------------------------------------------------------------------------------


def test_programs_assign_to_the_namespaces(monkeypatch):
    before = {name: set(dir(module)) for name, module in still_there()}
    cells = tf.nn.rnn_cell
    monkeypatch.setattr(tf.nn, "rnn_cell", tf.contrib.rnn)
    assert tf.nn.rnn_cell is tf.contrib.rnn
    from unrolled.tf1.nn import rnn_cell

    assert rnn_cell is tf.contrib.rnn
    monkeypatch.setattr(tf.contrib, "foo", 3, raising=False)
    assert tf.contrib.foo == 3 and "foo" in dir(tf.contrib)
    monkeypatch.setattr(tf, "select", "mine")
    assert tf.select == "mine"
    monkeypatch.setattr(tf.nn, "softmax", "mine")
    assert tf.nn.softmax == "mine"
    monkeypatch.setattr(tf.train, "Mine", "mine", raising=False)
    monkeypatch.setattr(tf.contrib.rnn, "GRUCell", "mine")
    assert tf.contrib.rnn.GRUCell == "mine" and cells.GRUCell != "mine"
    assert {name: set(dir(module)) for name, module in still_there()} == before
    assert real.compat.v1.nn.softmax is not tf.nn.softmax
    assert not hasattr(real.compat.v1, "select")

    monkeypatch.undo()
    assert tf.nn.rnn_cell is cells and tf.nn.softmax is real.compat.v1.nn.softmax
    assert not hasattr(tf.contrib, "foo")


def still_there():
    v1 = real.compat.v1
    return [("", v1), ("nn", v1.nn), ("train", v1.train), ("2", real), ("2.nn", real.nn)]


def test_assignment_inside_a_bare_except():
    try:
        tf.nn.rnn_cell = tf.contrib.rnn.no_such_cells
    except:  # noqa: E722  as programs of the time wrote it
        tf.nn.rnn_cell = tf.nn.rnn_cell
    assert tf.nn.rnn_cell.GRUCell is tf.contrib.rnn.GRUCell


# What importing does --------------------------------------------------------------------------

ASK = """
import tensorflow
from tensorflow.python.framework import ops, tensor_shape
from tensorflow.python.ops import control_flow_v2_toggles
from tensorflow.compat import v1
print(
    tensorflow.executing_eagerly(), v1.control_flow_v2_enabled(), v1.resource_variables_enabled(),
    type(tensorflow.TensorShape([3])[0]).__name__,
)
"""


@pytest.mark.thorough
def test_importing_the_package_switches_nothing():
    done = run(f"import unrolled, unrolled.cells, unrolled.unroll\n{ASK}")
    assert done.stdout.split() == ["True", "True", "True", "int"], done.stderr


def test_importing_the_layer_switches_and_says_nothing():
    done = run(f"import unrolled.tf1\n{ASK}", "-W", "error::UserWarning")
    assert done.stdout.split() == ["False", "False", "False", "Dimension"], done.stderr
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


@pytest.mark.thorough
def test_importing_a_module_inside_first_switches_too():
    code = "import unrolled.quiet\nfrom unrolled.tf1.contrib import rnn\n"
    done = run(f"{code}import logging\nprint(logging.getLogger('tensorflow').level)\n{ASK}")
    level, *switches = done.stdout.split()
    assert switches == ["False", "False", "False", "Dimension"], done.stderr
    assert int(level) < 40  # what the layer silenced while it was imported speaks again


# What a reader of the sources meets -----------------------------------------------------------


def public_things():
    package = importlib.import_module("unrolled.tf1")
    found = pkgutil.walk_packages([os.path.dirname(package.__file__)], "unrolled.tf1.")
    for module_name in ["unrolled.tf1", *(info.name for info in found)]:
        if module_name.startswith("unrolled.tf1.packages."):
            continue  # each needs a package, which it changes
        module = importlib.import_module(module_name)
        yield module_name, module
        for name, thing in vars(module).items():
            if name.startswith("_") or getattr(thing, "__module__", None) != module_name:
                continue
            if not callable(thing) or not hasattr(thing, "__name__"):
                continue
            yield f"{module_name}.{name}", thing
            if inspect.isclass(thing):
                for method, function in vars(thing).items():
                    if inspect.isfunction(function) and not method.startswith("_"):
                        yield f"{module_name}.{name}.{method}", function


THINGS = dict(public_things())


def test_the_walk_met_the_whole_layer():
    assert "unrolled.tf1.shims.cells.rnn_cell.GRUCell" in THINGS
    assert "unrolled.tf1.shims.data.mnist.DataSet.next_batch" in THINGS
    assert "unrolled.tf1.runner.notebook.run_notebook" in THINGS
    assert len(THINGS) > 100


@pytest.mark.parametrize("name", THINGS)
def test_has_a_docstring(name):
    assert inspect.getdoc(THINGS[name]), f"{name} has no docstring"


@pytest.mark.parametrize(
    "name", [n for n, thing in THINGS.items() if inspect.isfunction(inspect.unwrap(thing))]
)
def test_has_type_hints(name):
    signature = inspect.signature(THINGS[name])
    bare = [
        p.name
        for p in signature.parameters.values()
        if p.annotation is p.empty and p.name not in ("self", "cls")
    ]
    assert not bare, f"{name} lacks type hints for {bare}"
    assert signature.return_annotation is not signature.empty, f"{name} says not what it returns"
