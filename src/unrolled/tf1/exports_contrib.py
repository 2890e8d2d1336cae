"""What of `tf.contrib` and `tf.layers` is put back beside cells, unrolls and sequences.

`CONTRIB` has what stands under each name, as `unrolled.tf1.exports` does. `TODAY` has the modules
that stand under a name as a whole: TensorFlow's own, and those of the packages tf_slim and
tensorboard, where they are installed.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import tensorflow.compat.v1 as tf
from tensorflow.python.ops import gen_audio_ops, summary_ops_v2
from tensorflow.python.ops.data_flow_ops import StagingArea

from unrolled.tf1.packages import has
from unrolled.tf1.shims import contrib_distributions, contrib_framework
from unrolled.tf1.shims.data import contrib_data, contrib_lookup, mnist, vocabulary
from unrolled.tf1.shims.layers import (
    arg_scope,
    contrib_embeddings,
    contrib_initializers,
    contrib_layers,
    layer_classes,
    normalization,
    optimize_loss,
    slim,
)
from unrolled.tf1.shims.layers import core as layers
from unrolled.tf1.shims.training import (
    bucketing,
    contrib_opt,
    estimator,
    hparams,
    learn,
    predictor,
    scipy_optimizer,
)


def _of(module: Any, names: str) -> dict[str, Any]:
    return {name: getattr(module, name) for name in names.split()}


# It builds on the classes of `tf.layers` that TensorFlow carries.
_SLIM = has("tf_slim") and bool(layer_classes.CLASSES)

_INITIALIZERS = {
    **_of(contrib_initializers, "xavier_initializer variance_scaling_initializer"),
    "xavier_initializer_conv2d": contrib_initializers.xavier_initializer,
}
_REGULARIZERS = _of(
    contrib_initializers,
    "l1_regularizer l2_regularizer l1_l2_regularizer sum_regularizer apply_regularization",
)
_OPTIMIZE_LOSS = _of(optimize_loss, "optimize_loss")
_ENCODERS = _of(contrib_embeddings, "embed_sequence bow_encoder")
_EMBEDDINGS = {
    **_of(contrib_embeddings, "embedding_lookup_unique"),
    "safe_embedding_lookup_sparse": tf.nn.safe_embedding_lookup_sparse,
}
# Those whose defaults `arg_scope` sets: all of one package, so that one scope reaches them all.
_SCOPED_LAYERS = {
    **_of(
        contrib_layers,
        "fully_connected linear relu relu6 elu batch_norm layer_norm dropout flatten convolution2d "
        "max_pool2d avg_pool2d stack repeat",
    ),
    **dict.fromkeys(("conv1d", "conv2d"), contrib_layers.convolution2d),
}
_scopes: Any = arg_scope
if _SLIM:
    slim.provide()
    _scopes = importlib.import_module("tf_slim.ops.arg_scope")
    _SCOPED_LAYERS = {}
_ARG_SCOPE = _of(
    _scopes,
    "add_arg_scope arg_scope arg_scope_func_key arg_scoped_arguments current_arg_scope "
    "has_arg_scope",
)
_LAYERS = {
    **_SCOPED_LAYERS,
    **_INITIALIZERS,
    **_REGULARIZERS,
    **_OPTIMIZE_LOSS,
    **_ENCODERS,
    **_EMBEDDINGS,
}
_VARIABLES = _of(
    contrib_framework,
    "get_variables get_trainable_variables get_local_variables get_model_variables",
)
_FRAMEWORK = {
    **contrib_framework.SAME,
    **_of(
        contrib_framework,
        "list_variables load_checkpoint load_variable init_from_checkpoint get_name_scope "
        "get_placeholders reduce_sum_n remove_squeezable_dimensions with_shape with_same_shape "
        "assert_scalar_int zero_initializer py_func",
    ),
    **_VARIABLES,
    **_ARG_SCOPE,
}
_MNIST = _of(mnist, "read_data_sets DataSet Datasets")
_HPARAMS = _of(hparams, "HParams parse_values")
_BUCKETS = _of(bucketing, "bucket bucket_by_sequence_length")
_SAMPLING = _of(bucketing, "rejection_sample stratified_sample")
_DATA = _of(
    contrib_data,
    "batch_and_drop_remainder padded_batch_and_drop_remainder assert_element_shape "
    "sliding_window_batch sloppy_interleave read_batch_features",
)
_LOOKUP = {
    **contrib_lookup.SAME,
    **_of(
        contrib_lookup,
        "HashTable index_table_from_tensor index_to_string_table_from_tensor string_to_index "
        "string_to_index_table_from_file string_to_index_table_from_tensor index_to_string",
    ),
}
_HOOKS = {name: getattr(tf.train, name) for name in dir(tf.train) if "Hook" in name}
_ESTIMATOR = {
    "estimator": {**_of(estimator, "EstimatorSpec ModeKeys"), **_HOOKS},
    "estimator.inputs": _of(estimator, "numpy_input_fn"),
    "python.estimator.inputs.numpy_io": _of(estimator, "numpy_input_fn"),
    "python.estimator.model_fn": _of(estimator, "EstimatorSpec ModeKeys"),
}
if has("tensorflow_estimator") and has("tf_keras"):  # which have these, and estimators too
    _ESTIMATOR = {}
_RANDOM = {
    "stateless_multinomial": tf.random.stateless_categorical,
    "stateless_random_normal": tf.random.stateless_normal,
    "stateless_random_uniform": tf.random.stateless_uniform,
    "stateless_truncated_normal": tf.random.stateless_truncated_normal,
}
_SUMMARY = _of(
    summary_ops_v2,
    "always_record_summaries audio create_file_writer create_summary_file_writer eval_dir flush "
    "generic graph histogram image import_event initialize never_record_summaries "
    "record_summaries_every_n_global_steps scalar should_record_summaries "
    "summary_writer_initializer_op SummaryWriter",
)
_SUMMARY["all_summary_ops"] = summary_ops_v2.all_v2_summary_ops

_CORE = ("Dropout", "Flatten")

CONTRIB: dict[str, dict[str, Any]] = {
    "contrib.data": _DATA,
    "contrib.distributions": _of(contrib_distributions, "MultivariateNormalDiag softplus_inverse"),
    "contrib.distributions.python.ops.bernoulli": _of(tf.distributions, "Bernoulli"),
    "contrib.distributions.python.ops.categorical": _of(tf.distributions, "Categorical"),
    "contrib.framework": _FRAMEWORK,
    "contrib.framework.nest": contrib_framework.NEST,
    "contrib.framework.python.framework.checkpoint_utils": _FRAMEWORK,
    "contrib.framework.python.ops.audio_ops": _of(
        gen_audio_ops, "audio_spectrogram decode_wav encode_wav mfcc"
    ),
    "contrib.framework.python.ops.arg_scope": _ARG_SCOPE,
    "contrib.framework.python.ops.variables": {**_VARIABLES, **_FRAMEWORK},
    # After the module arg_scope, since the function of that name stands here.
    "contrib.framework.python.ops": _FRAMEWORK,
    "contrib.layers": _LAYERS,
    "contrib.layers.python.layers": _LAYERS,
    "contrib.layers.python.layers.embedding_ops": _EMBEDDINGS,
    "contrib.layers.python.layers.encoders": _ENCODERS,
    "contrib.layers.python.layers.initializers": _INITIALIZERS,
    "contrib.layers.python.layers.layers": _LAYERS,
    "contrib.layers.python.layers.optimizers": _OPTIMIZE_LOSS,
    "contrib.layers.python.layers.regularizers": _REGULARIZERS,
    "contrib.learn": {**_of(learn, "run_n"), "ModeKeys": estimator.LearnModeKeys},
    "contrib.learn.datasets.mnist": _MNIST,
    "contrib.learn.preprocessing": _of(vocabulary, "VocabularyProcessor CategoricalVocabulary"),
    "contrib.learn.python.learn.datasets.mnist": _MNIST,
    "contrib.lookup": _LOOKUP,
    "contrib.lookup.lookup_ops": _LOOKUP,
    "contrib.metrics": {
        "confusion_matrix": tf.math.confusion_matrix,
        "set_difference": tf.sets.difference,
        "set_intersection": tf.sets.intersection,
        "set_size": tf.sets.size,
        "set_union": tf.sets.union,
    },
    "contrib.opt": {
        **_of(
            contrib_opt,
            "AdamWOptimizer DecoupledWeightDecayExtension LazyAdamOptimizer MomentumWOptimizer "
            "NadamOptimizer clip_gradients_by_global_norm extend_with_decoupled_weight_decay",
        ),
        **_of(scipy_optimizer, "ExternalOptimizerInterface ScipyOptimizerInterface"),
    },
    "contrib.predictor": _of(predictor, "from_saved_model"),
    "contrib.slim": {**_LAYERS, **_FRAMEWORK},
    "contrib.staging": {"StagingArea": StagingArea},
    "contrib.stateless": _RANDOM,
    "contrib.summary": _SUMMARY,
    "contrib.training": {**_HPARAMS, **_BUCKETS, **_SAMPLING},
    "contrib.training.python.training.bucket_ops": _BUCKETS,
    "contrib.training.python.training.hparam": _HPARAMS,
    "contrib.training.python.training.sampling_ops": _SAMPLING,
    "contrib.util": {
        "constant_value": tf.get_static_value,
        "make_ndarray": tf.make_ndarray,
        "make_tensor_proto": tf.make_tensor_proto,
    },
    **_ESTIMATOR,
    "layers": {
        **layer_classes.CLASSES,
        **layer_classes.FUNCTIONS,
        **_of(
            layers,
            "Dense dense dropout flatten conv1d conv2d max_pooling1d max_pooling2d "
            "average_pooling1d average_pooling2d",
        ),
        **_of(normalization, "batch_normalization"),
    },
    "python.layers.core": {
        **_of(layers, "Dense dense dropout flatten"),
        **{name: one for name, one in layer_classes.CLASSES.items() if name in _CORE},
    },
}


def _named(**modules: ModuleType) -> dict[str, list[str]]:
    return {f"contrib.{name}": [module.__name__] for name, module in modules.items()}


TODAY: dict[str, list[str]] = {
    **_named(
        autograph=tf.autograph,
        checkpoint=tf.train,
        distributions=tf.distributions,
        signal=tf.signal,
    ),
    "contrib.data": [tf.data.experimental.__name__, tf.data.__name__],
    "contrib.data.python.util": ["tensorflow.python.data.util"],
}
if _SLIM:
    TODAY |= {
        "contrib.framework": ["tf_slim.ops.variables"],
        "contrib.framework.python.ops": ["tf_slim.ops"],
        "contrib.layers": ["tf_slim.layers"],
        "contrib.layers.python.layers": ["tf_slim.layers"],
        "contrib.losses": ["tf_slim.losses"],
        "contrib.metrics": ["tf_slim.metrics"],
        "contrib.slim": ["tf_slim"],
        "contrib.slim.nets": ["tf_slim.nets"],
        "contrib.slim.python.slim": ["tf_slim"],
        "contrib.training": ["tf_slim.training.training", "tf_slim.training.evaluation"],
    }
if has("tensorboard"):
    TODAY["contrib.tensorboard.plugins.projector"] = ["tensorboard.plugins.projector"]
