"""`tf.contrib` beside the layers: settings, data, tables, losses, metrics, optimisers."""

import numpy as np
from programs import numbers, program

LABELS = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
SCORES = numbers("scores", [3, 2])


def said(call):
    """What kind of error a call raises, or "" for none."""
    try:
        call()
    except Exception as error:  # whichever it is
        return type(error).__name__
    return ""


def hparams(tf):
    return tf.contrib.training.HParams(
        rate=0.1, units=8, sizes=[1, 2], name="lstm", train=True, nothing=None
    )


@program
def hparams_read(tf):
    texts = []
    for text in [
        "rate=1,units=3",
        "sizes=[4,5, 6]",
        "sizes=[7]",
        "name=gru,train=false",
        "train=1",
        "name=",
        "name=a b",
        "rate=-1e-3",
        "units = 5",
        "",
    ]:
        read = hparams(tf).parse(text)
        texts.append(repr([(key, read.get(key)) for key in sorted(read.values())]))
    return {"texts": tf.constant(texts)}


@program
def hparams_refused(tf):
    one = hparams(tf)
    kinds = [
        said(lambda text=text: hparams(tf).parse(text))
        for text in [
            "units=1.5",
            "rate=fast",
            "sizes=3",
            "units=[3]",
            "sizes[1]=3",
            "none=3",
            "units",
            "units=3,units=4",
            "train=maybe",
            "name=[a,b]",
            "sizes=[a]",
        ]
    ]
    kinds += [
        said(lambda: one.set_hparam("units", 2.5)),
        said(lambda: one.set_hparam("units", True)),
        said(lambda: one.set_hparam("rate", 2)),
        said(lambda: one.set_hparam("train", 1)),
        said(lambda: one.set_hparam("name", 3)),
        said(lambda: one.set_hparam("other", 3)),
        said(lambda: one.set_hparam("nothing", "something")),
        said(lambda: one.add_hparam("rate", 3)),
        said(lambda: one.add_hparam("values", 3)),
        said(lambda: one.add_hparam("empty", [])),
        said(lambda: one.get("units", "x")),
        said(lambda: one.get("sizes", 3)),
        said(lambda: one.get("other", 3)),
        said(lambda: one.parse_json('{"units": "x"}')),
        said(lambda: one.override_from_dict({"none": 1})),
    ]
    return {"kinds": tf.constant(kinds)}


@program
def hparams_used(tf):
    one = hparams(tf)
    one.add_hparam("more", 2)
    one.del_hparam("units")
    one.del_hparam("absent")
    one.parse_json('{"rate": 2, "sizes": [9]}')
    one.override_from_dict({"name": "x"})
    one.more = 5
    there = ["rate" in one, "units" in one, one.get("units", 7) == 7, hasattr(one, "units")]
    values = tf.contrib.training.parse_values("a=1,b[3]=2", {"a": int, "b": float})
    return {
        "texts": tf.constant(
            [
                one.to_json(sort_keys=True),
                one.to_json(indent=1, sort_keys=True).replace(" \n", "\n"),
                repr(one),
                repr(sorted(values.items())),
            ]
        ),
        "there": tf.constant(there),
    }


@program
def data_windows(tf):
    data = tf.contrib.data
    numbers_ = tf.data.Dataset.range(10)
    by_parity = data.group_by_window(lambda x: x % 2, lambda _, window: window.batch(3), 3)
    return {
        "grouped": every(tf, numbers_.apply(by_parity), 3),
        "batches": every(tf, numbers_.apply(data.batch_and_drop_remainder(4)), 2),
        "mapped": every(tf, numbers_.apply(data.map_and_batch(lambda x: x * x, 5)), 2),
        "repeated": every(tf, tf.data.Dataset.range(1).apply(data.shuffle_and_repeat(4, 3)), 3),
        "windows": every(tf, numbers_.apply(data.sliding_window_batch(3, 2)), 4),
        "shape": every(
            tf, numbers_.batch(5).apply(data.assert_element_shape(tf.TensorShape([5]))), 2
        ),
        "unbatched": every(tf, numbers_.batch(5).apply(data.unbatch()), 3),
        "numbered": every(tf, numbers_.apply(data.enumerate_dataset(5)), 2),
    }


def every(tf, dataset, count):
    iterator = dataset.make_one_shot_iterator()
    found = []
    for _ in range(count):
        with tf.control_dependencies([one for some in found for one in some]):
            nxt = iterator.get_next()
            found.append(list(nxt) if isinstance(nxt, tuple) else [nxt])
    return found


def lengths(tf):
    words = tf.data.Dataset.range(1, 9)
    return words.map(lambda n: (tf.range(n), tf.cast(n, tf.int32)))


@program
def data_buckets(tf):
    data = tf.contrib.data
    by_length = data.bucket_by_sequence_length(
        lambda steps, n: n, [3, 6], [2, 2, 3], padded_shapes=([None], [])
    )
    padded = data.padded_batch_and_drop_remainder(3, ([None], []))
    return {
        "buckets": every(tf, lengths(tf).apply(by_length), 3),
        "padded": every(tf, lengths(tf).apply(padded), 2),
    }


@program
def tables(tf):
    lookup = tf.contrib.lookup
    words = tf.constant(["a", "b", "c"])
    asked = tf.constant(["c", "x", "a"])
    there = lookup.index_table_from_tensor(mapping=words, num_oov_buckets=2, default_value=-1)
    back = lookup.index_to_string_table_from_tensor(mapping=words, default_value="?")
    pairs = lookup.KeyValueTensorInitializer(["x", "y"], [10, 20], tf.string, tf.int64)
    table = lookup.HashTable(pairs, -7)
    return {
        "there": there.lookup(asked),
        "back": back.lookup(tf.constant([2, 5, 0], tf.int64)),
        "table": table.lookup(tf.constant(["y", "z"])),
        "size": table.size(),
        "old": lookup.string_to_index(asked, words),
        "old_back": lookup.index_to_string(tf.constant([1], tf.int64), words),
    }


@program
def losses(tf):
    old = tf.contrib.losses
    scores, labels = tf.constant(SCORES), tf.constant(LABELS)
    found = [
        old.softmax_cross_entropy(scores, labels),
        old.sigmoid_cross_entropy(scores, labels, label_smoothing=0.1),
        old.sparse_softmax_cross_entropy(scores, tf.constant([0, 1, 0], tf.int64)),
        old.mean_squared_error(scores, labels, weights=2.0),
        old.absolute_difference(scores, labels),
        old.log_loss(tf.sigmoid(scores), labels),
        old.cosine_distance(scores, labels, dim=1),
        old.hinge_loss(scores, labels),
    ]
    return {"found": found, "total": old.get_total_loss()}


@program
def metrics(tf):
    old = tf.contrib.metrics
    scores = tf.constant(SCORES)
    right, predicted = tf.constant([1, 0, 1, 1]), tf.constant([1, 1, 1, 0])
    pairs = [
        old.streaming_accuracy(predicted, right),
        old.streaming_mean(scores),
        old.streaming_precision(predicted, right),
        old.streaming_pearson_correlation(scores[:, 0], scores[:, 1]),
    ]
    with tf.control_dependencies([update for _, update in pairs]):
        updated = [tf.identity(update) for _, update in pairs]
    return {
        "updates": updated,
        "accuracy": old.accuracy(predicted, right),
        "confusion": old.confusion_matrix(right, predicted),
    }


@program
def framework(tf):
    old = tf.contrib.framework
    structure = {"a": [1, (2, 3)], "b": 4}
    old.get_or_create_global_step()
    with tf.name_scope("here"):
        inside = old.get_name_scope()
    x = tf.placeholder_with_default(SCORES, [None, 2])
    return {
        "flat": tf.constant(old.nest.flatten(structure)),
        "sequence": tf.constant([old.nest.is_sequence(v) for v in (structure, [1], "text", 1)]),
        "shaped": old.with_shape([3, 2], x),
        "same": old.with_same_shape(x, tf.constant(SCORES)),
        "sum": old.reduce_sum_n([tf.constant([1.0, 2.0]), tf.constant(3.0)]),
        "sorted": old.sort(SCORES, direction="DESCENDING"),
        "places": old.argsort([3, 1, 2]),
        "names": tf.constant([inside, old.get_global_step().op.name]),
        "local": old.local_variable([1.0, 2.0], name="local") + 0.0,
        "called": old.py_func(
            lambda x, y: {"sum": x + y},
            [np.float32(1.0)],
            {"y": np.float32(2.0)},
            {"sum": tf.float32},
            {"sum": []},
        ),
    }


def steps(tf, optimizer, **how):
    """The variables after some steps, in which the loss sees all of one and rows of another."""
    # Of float64, since the recorder would give the slots of float32 numbers below 0.
    w = tf.get_variable("w", initializer=numbers("w", [3, 2]).astype(np.float64))
    table = tf.get_variable("table", initializer=numbers("table", [4, 2]).astype(np.float64))
    rows = tf.nn.embedding_lookup(table, [1, 3, 1])
    # Gradients without the variables, whose decay might else come before or after their reading.
    loss = tf.reduce_sum(w * numbers("a", [3, 2])) + tf.reduce_sum(rows * numbers("b", [3, 2]))
    train = optimizer.minimize(loss, **how)
    with tf.control_dependencies([train]):
        after = [tf.identity(w), tf.identity(table)]
    # Each of these is run by itself, so that the third is after three steps.
    return {"1": after, "2": after, "3": after}


@program
def nadam(tf):
    return steps(tf, tf.contrib.opt.NadamOptimizer(0.1))


@program
def lazy_adam(tf):
    return steps(tf, tf.contrib.opt.LazyAdamOptimizer(0.1))


@program
def adam_w(tf):
    return steps(tf, tf.contrib.opt.AdamWOptimizer(0.01, learning_rate=0.1))


@program
def momentum_w(tf):
    return steps(tf, tf.contrib.opt.MomentumWOptimizer(0.01, 0.1, 0.9, use_nesterov=True))


@program
def decayed(tf):
    make = tf.contrib.opt.extend_with_decoupled_weight_decay(tf.train.GradientDescentOptimizer)
    return steps(tf, make(0.02, learning_rate=0.1))


@program
def decayed_in_part(tf):
    optimizer = tf.contrib.opt.AdamWOptimizer(0.01, learning_rate=0.1)
    w = tf.get_variable("v", initializer=np.ones([2]))
    u = tf.get_variable("u", initializer=np.ones([2]))
    pairs = optimizer.compute_gradients(tf.reduce_sum(3.0 * w + u))
    with tf.control_dependencies([optimizer.apply_gradients(pairs, decay_var_list=[w])]):
        return {"w": tf.identity(w), "u": tf.identity(u)}


@program
def train_op(tf):
    training = tf.contrib.training
    w = tf.get_variable("w", [3, 2])
    loss = tf.reduce_sum(w * numbers("a", [3, 2]))
    train = training.create_train_op(
        loss,
        tf.train.GradientDescentOptimizer(0.1),
        transform_grads_fn=training.clip_gradient_norms_fn(0.5),
    )
    with tf.control_dependencies([train]):
        return {"w": w + 0.0, "step": tf.train.get_global_step() + 0}


@program
def other_places(tf):
    util = tf.contrib.util
    from_audio = tf.contrib.signal.stft(numbers("sound", [64]), 16, 8)
    seeded = tf.contrib.stateless.stateless_random_uniform([3], seed=[1, 2])
    return {
        "stft": tf.abs(from_audio),
        "known": tf.constant(util.constant_value(tf.constant([1, 2]))),
        "proto": tf.constant(util.make_ndarray(util.make_tensor_proto([3.0]))),
        "seeded": seeded,
        "normal": tf.distributions.Normal(0.5, 2.0).log_prob(1.0),
        "bernoulli": tf.contrib.distributions.Bernoulli(probs=0.3).prob(1),
        "modes": tf.constant([tf.estimator.ModeKeys.TRAIN, tf.contrib.learn.ModeKeys.INFER]),
    }


@program
def multivariate_normal(tf):
    make = tf.contrib.distributions.MultivariateNormalDiag
    one = make(SCORES, tf.exp(SCORES))
    other = make(scale_diag=[0.5, 2.0], scale_identity_multiplier=0.3)
    third = make(loc=[1.0, 2.0, 3.0], scale_identity_multiplier=2.0)
    means = [one.log_prob([0.1, 0.2]), one.entropy(), one.kl_divergence(other)]
    return {
        "one": means + [one.prob(SCORES), one.stddev(), one.covariance()],
        "other": [other.mean(), other.variance(), third.log_prob([[1.0, 1.0, 1.0]] * 2)],
        "shapes": [one.batch_shape_tensor(), one.event_shape_tensor(), tf.shape(one.sample(5))],
        "inverse": tf.contrib.distributions.softplus_inverse([0.1, 3.0]),
    }
