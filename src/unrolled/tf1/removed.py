"""The names that TensorFlow removed and this layer does not put back: in which release they went,
and what to use instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from unrolled.quiet import tensorflow
from unrolled.tf1.old_names import absent, elsewhere, inside, names_of_1_15

_STATES = (
    "segments of the sequences, from NumPy or tf.data, and the final state of dynamic_rnn, fetched "
    "from one run and fed to the next as its initial_state"
)
_ESTIMATORS = "where tensorflow_estimator and tf_keras are installed"
_ESTIMATOR = (
    "tf.estimator.Estimator with a model_fn(features, labels, mode) that returns a "
    f"tf.estimator.EstimatorSpec, which is there {_ESTIMATORS}"
)
_TRAIN_AND_EVALUATE = f"tf.estimator.train_and_evaluate, which is there {_ESTIMATORS}"

# The longest name that a missing one begins with decides. The release is the first without it, or
# None for a name that went from tf.compat.v1 later.
REMOVED: dict[str, tuple[str | None, str]] = {
    "config.experimental_list_devices": (None, "tf.config.list_logical_devices"),
    "contrib": ("2.0", "the project that took over this part, or tf.keras"),
    "contrib.autograph": ("2.0", "tf.autograph"),
    "contrib.bayesflow": ("2.0", "TensorFlow Probability"),
    "contrib.cluster_resolver": ("2.0", "tf.distribute.cluster_resolver"),
    "contrib.constrained_optimization": ("2.0", "the package tensorflow_constrained_optimization"),
    "contrib.copy_graph": ("2.0", "tf.import_graph_def"),
    "contrib.crf": ("2.0", "crf_log_likelihood, crf_decode and viterbi_decode, which are put back"),
    "contrib.cudnn_rnn": ("2.0", "its layers and compatible cells, which are put back"),
    "contrib.data": ("2.0", "tf.data and tf.data.experimental"),
    "contrib.distribute": ("2.0", "tf.distribute"),
    "contrib.distributions": (
        "2.0",
        "the distributions that are put back from tf.distributions, or TensorFlow Probability",
    ),
    "contrib.eager": ("2.0", "TensorFlow 2 itself, which is eager: import tensorflow"),
    "contrib.estimator": (
        "2.0",
        "tf.estimator, which unrolled.tf1 puts back where tensorflow_estimator is installed",
    ),
    "contrib.factorization": ("2.0", "scikit-learn"),
    "contrib.feature_column": ("2.0", "tf.feature_column"),
    "contrib.ffmpeg": ("2.0", "the package tensorflow_io"),
    "contrib.framework": ("2.0", "tf.train, or the package tf_slim: pip install tf_slim"),
    "contrib.graph_editor": ("2.0", "tf.import_graph_def with an input_map"),
    "contrib.grid_rnn": ("2.0", "the grids of two and three cells, which are put back"),
    "contrib.image": ("2.0", "tf.image, or tf.raw_ops.ImageProjectiveTransformV3"),
    "contrib.input_pipeline": ("2.0", "tf.data"),
    "contrib.integrate": ("2.0", "scipy.integrate, or TensorFlow Probability's solvers"),
    "contrib.kernel_methods": ("2.0", "sklearn.kernel_approximation"),
    "contrib.labeled_tensor": ("2.0", "the package xarray"),
    "contrib.layers": (
        "2.0",
        "the package tf_slim, whose layers stand here once it is installed (pip install tf_slim), "
        "or tf.feature_column for feature columns",
    ),
    "contrib.learn": (
        "2.0",
        "tf.estimator, which unrolled.tf1 puts back where tensorflow_estimator is installed",
    ),
    "contrib.learn.Estimator": ("2.0", _ESTIMATOR),
    "contrib.learn.Experiment": ("2.0", _TRAIN_AND_EVALUATE),
    "contrib.learn.ModelFnOps": (
        "2.0",
        f"tf.estimator.EstimatorSpec, which estimators take {_ESTIMATORS}",
    ),
    "contrib.learn.RunConfig": (
        "2.0",
        f"tf.estimator.RunConfig, which is there {_ESTIMATORS}",
    ),
    "contrib.learn.SKCompat": (
        "2.0",
        "tf.estimator.Estimator with tf.estimator.inputs.numpy_input_fn(x, y, shuffle=...), which "
        f"are there {_ESTIMATORS}",
    ),
    "contrib.learn.learn_runner": ("2.0", _TRAIN_AND_EVALUATE),
    "contrib.learn.monitors": ("2.0", "hooks, such as tf.train.LoggingTensorHook"),
    "contrib.legacy_seq2seq": ("2.0", "its decoders, models and losses, which are put back"),
    "contrib.linear_optimizer": ("2.0", "tf.train.FtrlOptimizer"),
    "contrib.lookup": ("2.0", "tf.lookup"),
    "contrib.losses": ("2.0", "tf.losses, or the package tf_slim: pip install tf_slim"),
    "contrib.memory_stats": ("2.0", "tf.config.experimental.get_memory_info"),
    "contrib.metrics": ("2.0", "tf.metrics, or the package tf_slim: pip install tf_slim"),
    "contrib.mixed_precision": (
        "2.0",
        "tf.train.experimental.enable_mixed_precision_graph_rewrite",
    ),
    "contrib.model_pruning": ("2.0", "the package tensorflow_model_optimization"),
    "contrib.nn": ("2.0", "tf.nn"),
    "contrib.opt": ("2.0", "tf.train, or the optimizers that are put back, from Adam to SciPy"),
    "contrib.optimizer_v2": ("2.0", "tf.train"),
    "contrib.quantize": ("2.0", "the package tensorflow_model_optimization"),
    "contrib.recurrent": ("2.0", "tf.nn.dynamic_rnn"),
    "contrib.rnn": ("2.0", "one of the cells that are put back, or a cell of your own"),
    "contrib.rnn.NTMCell": ("2.0", "a cell of your own; none of those put back reads a memory"),
    "contrib.saved_model": ("2.0", "tf.saved_model"),
    "contrib.seq2seq": ("2.0", "its decoders, helpers and attention, which are put back"),
    "contrib.slim": (
        "2.0",
        "the package tf_slim, which stands here once it is installed: pip install tf_slim",
    ),
    "contrib.solvers": ("2.0", "tf.linalg"),
    "contrib.summary": ("2.0", "tf.summary"),
    "contrib.tensor_forest": ("2.0", "the package tensorflow_decision_forests"),
    "contrib.tensorboard": ("2.0", "the package tensorboard"),
    "contrib.testing": ("2.0", "tf.test"),
    "contrib.tfprof": ("2.0", "tf.profiler"),
    "contrib.timeseries": ("2.0", "TensorFlow Probability's sts"),
    "contrib.tpu": ("2.0", "tf.tpu"),
    "contrib.training": ("2.0", "tf.data, tf.train, or the package tf_slim: pip install tf_slim"),
    "contrib.training.NextQueuedSequenceBatch": ("2.0", _STATES),
    "contrib.training.SequenceQueueingStateSaver": ("2.0", _STATES),
    "contrib.training.batch_sequences_with_states": ("2.0", _STATES),
    "data.experimental.bytes_produced_stats": (None, "tf.profiler"),
    "data.experimental.CheckpointInputPipelineHook": (
        None,
        "tf.train.Saver on what make_saveable_from_iterator gives",
    ),
    "data.experimental.latency_stats": (None, "tf.profiler"),
    "data.experimental.MapVectorizationOptions": (None, "tf.data.Options without it"),
    "data.experimental.StatsAggregator": (None, "tf.profiler"),
    "data.experimental.StatsOptions": (None, "tf.profiler"),
    "estimator": (
        "2.16",
        "the package tensorflow_estimator: pip install tensorflow_estimator tf_keras, and "
        "unrolled.tf1 puts tf.estimator back",
    ),
    "estimator.BoostedTreesClassifier": (None, "the package tensorflow_decision_forests"),
    "estimator.BoostedTreesEstimator": (None, "the package tensorflow_decision_forests"),
    "estimator.BoostedTreesRegressor": (None, "the package tensorflow_decision_forests"),
    "examples": ("2.0", "the data set from its own source; tutorials.mnist is put back"),
    "keras.experimental.export_saved_model": (None, "tf.keras.models.save_model"),
    "keras.experimental.LinearCosineDecay": (None, "tf.train.linear_cosine_decay"),
    "keras.experimental.load_from_saved_model": (None, "tf.keras.models.load_model"),
    "keras.experimental.NoisyLinearCosineDecay": (None, "tf.train.noisy_linear_cosine_decay"),
    "keras.experimental.PeepholeLSTMCell": (None, "tf.nn.rnn_cell.LSTMCell with use_peepholes"),
    "keras.experimental.terminate_keras_multiprocessing_pools": (
        None,
        "workers=0 in fit, which makes no pools",
    ),
    "keras.mixed_precision.experimental": (None, "tf.keras.mixed_precision"),
    "keras.utils.convert_all_kernels_in_model": (
        None,
        "a model that was trained on TensorFlow, which needs no conversion",
    ),
    "keras.utils.HDF5Matrix": (None, "h5py.File"),
    "keras.utils.multi_gpu_model": (None, "tf.distribute.MirroredStrategy"),
    "keras.wrappers": (None, "the package scikeras"),
    "layers": ("2.16", "dense, dropout, flatten, convolution and pooling, which are put back"),
    "models": ("1.0", "tf.nn and tf.nn.rnn_cell"),
    "models.rnn.translate": (
        "1.0",
        "a copy of the translation tutorial's modules, such as data_utils.py, beside the program",
    ),
    "nn.rnn_cell": ("2.16", "one of the cells that are put back, or a cell of your own"),
    "nn.seq2seq": ("1.0", "tf.contrib.legacy_seq2seq"),
    "RegisterShape": (None, "a shape function that is registered in C++ with the operation"),
    "tpu.experimental.AdagradParameters": (None, "tf.train.AdagradOptimizer"),
    "tpu.experimental.AdamParameters": (None, "tf.train.AdamOptimizer"),
    "tpu.experimental.StochasticGradientDescentParameters": (
        None,
        "tf.train.GradientDescentOptimizer",
    ),
}


_BEFORE_1_15 = {"1.0"}  # the releases in `REMOVED` that came before the list of names


def explain(name: str, beside: Iterable[str] = ()) -> str:
    """One sentence on a missing `tf.<name>`: when it was removed, and what to use.

    Args:
      name: the missing name, such as "nn.sofmax".
      beside: the names that its module does have, one of which may be meant.
    """
    removed = _removed(name)
    release, instead = REMOVED.get(removed, (None, ""))
    never = absent(name)
    if never and removed != name and release not in _BEFORE_1_15:
        module = never.rpartition(".")[0]
        meant = _meant(never, {*inside(module), *(beside if never == name else ())})
        same = elsewhere(never)
        if not meant and _is_in_2(never):
            advice = "run a program of TensorFlow 2, which has it, without unrolled.tf1."
        elif meant or same:
            advice = f"did you mean {meant or f'tf.{same}'}?"
        else:
            advice = "see how it is spelt."
        return (
            f"TensorFlow 1.15 has no tf.{never}, and unrolled.tf1 puts back none of an earlier "
            f"release; {advice}"
        )
    meant = None if _is_listed(name) else _meant(name, beside)
    if not removed:
        advice = "look in TensorFlow's release notes for what replaced it."
        return (
            f"tf.{name} is neither in TensorFlow today nor among the names that unrolled.tf1 puts "
            f"back; {f'did you mean {meant}?' if meant else advice}"
        )
    went = f"TensorFlow {release} removed" if release else "TensorFlow dropped"
    if removed == name:
        said = f"gone: {went} it, and unrolled.tf1 does not put it back"
    elif _is_listed(name):
        said = f"gone: {went} it with tf.{removed}, and unrolled.tf1 does not put it back"
    else:  # whether it was ever there, nothing tells
        said = f"not there: {went} tf.{removed}, and unrolled.tf1 does not put this part back"
    spelt = f"; or did you mean {meant}?" if removed != name and meant else "."
    return f"tf.{name} is {said}; use {instead}{spelt}"


def _removed(name: str) -> str:
    """The longest beginning of a name that `REMOVED` has, or nothing."""
    parts = name.split(".")
    beginnings = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((each for each in beginnings if each in REMOVED), "")


def _is_listed(name: str) -> bool:
    module, _, last = name.rpartition(".")
    return name in names_of_1_15() or last in names_of_1_15().get(module, [])


def _is_in_2(name: str) -> bool:
    value: Any = tensorflow
    for part in name.split("."):
        try:
            value = getattr(value, part)
        except (AttributeError, ImportError):
            return False
    return True


def _meant(name: str, beside: Iterable[str]) -> str | None:
    """The name beside this one that is most like it, if one is."""
    module, _, last = name.rpartition(".")
    public = [other for other in beside if not other.startswith("_")]
    near = difflib.get_close_matches(last, public, n=1, cutoff=0.75)
    return f"tf.{'.'.join(part for part in (module, *near) if part)}" if near else None
