"""The layers of `tf.layers` and `tf.contrib.layers`, and the scopes of slim around them."""

from programs import numbers, program

IMAGES = numbers("images", [2, 6, 5, 3])
ROWS = numbers("rows", [4, 3])
STEPS = numbers("steps", [2, 5, 3])
CUBES = numbers("cubes", [2, 4, 4, 4, 2])


def gradients(tf, y):
    """The outputs, and their gradients at the variables in the order of the names."""
    variables = sorted(tf.trainable_variables(), key=lambda v: v.name)
    found = tf.gradients(tf.reduce_sum(tf.sin(y)), variables)
    return {
        "y": y,
        "gradients": [tf.zeros([]) if g is None else tf.convert_to_tensor(g) for g in found],
    }


@program
def more_convolutions(tf):
    y = tf.layers.conv3d(CUBES, 3, 2, padding="same", name="three")
    z = tf.layers.conv2d_transpose(IMAGES, 4, 3, strides=2, activation=tf.nn.relu)
    w = tf.layers.conv3d_transpose(CUBES, 2, (2, 1, 2), use_bias=False)
    return {"y": y, "z": z, "w": w}


@program
def separable(tf):
    y = tf.layers.separable_conv2d(IMAGES, 4, 3, depth_multiplier=2, padding="same")
    return dict(gradients(tf, y), one=tf.layers.separable_conv1d(STEPS, 4, 2))


@program
def pooling_in_three(tf):
    return {
        "max": tf.layers.max_pooling3d(CUBES, 2, 2),
        "average": tf.layers.average_pooling3d(CUBES, (1, 2, 2), 1, "same", name="mean"),
    }


@program
def layers_as_objects(tf):
    conv = tf.layers.Conv2D(4, 3, activation=tf.tanh, name="conv")
    first = conv(IMAGES)
    second = conv.apply(IMAGES * 2.0)
    flat = tf.layers.Flatten()(tf.layers.MaxPooling2D(2, 2)(first))
    dropped = tf.layers.Dropout(0.3)(flat, training=False)
    y = tf.layers.Dense(3, name="out")(dropped)
    return dict(gradients(tf, y), second=second)


@program
def conv1d_shared_in_scopes(tf):
    conv = tf.layers.Conv1D(4, 2)
    with tf.variable_scope("one"):
        first = conv(STEPS)
    with tf.variable_scope("two"):
        second = conv(STEPS + 1.0)
    return {"first": first, "second": second, "other": tf.layers.Conv1D(2, 1)(STEPS)}


@program
def an_own_layer(tf):
    class Scale(tf.layers.Layer):
        def build(self, input_shape):
            size = tf.TensorShape(input_shape)[-1]
            self.scale = self.add_variable("scale", [size], initializer=tf.ones_initializer())
            self.built = True

        def call(self, inputs):
            return inputs * self.scale

    with tf.variable_scope("outer"):
        layer = Scale(name="scaled")
        y = layer(ROWS)
    return dict(gradients(tf, layer(y)), names=tf.constant([v.name for v in layer.variables]))


def normalized(tf, y, training=None):
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    keys = [tf.GraphKeys.UPDATE_OPS, tf.GraphKeys.TRAINABLE_VARIABLES]
    counts = [len(tf.get_collection(key)) for key in keys]
    found = dict(gradients(tf, y), counts=tf.constant(counts))
    with tf.control_dependencies(updates):
        moved = [tf.identity(v) for v in sorted(tf.global_variables(), key=lambda v: v.name)]
        found["z_moved"] = moved
    return found


@program
def batch_normalization_object(tf):
    layer = tf.layers.BatchNormalization(momentum=0.9, name="norm")
    return normalized(tf, layer(ROWS, training=True))


@program
def batch_normalization_of_images(tf):
    return normalized(tf, tf.layers.batch_normalization(IMAGES, training=True))


@program
def batch_normalization_at_rest(tf):
    return {"y": tf.layers.BatchNormalization(scale=False)(tf.nn.relu(ROWS))}


@program
def contrib_fully_connected(tf):
    layers = tf.contrib.layers
    x = layers.fully_connected(ROWS, 5, tf.nn.elu, weights_regularizer=layers.l2_regularizer(0.1))
    x = layers.linear(x, 4, scope="out", biases_initializer=None)
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    return dict(gradients(tf, x), losses=losses)


@program
def contrib_convolutions(tf):
    layers = tf.contrib.layers
    x = layers.conv2d(IMAGES, 4, 3, stride=2, padding="VALID")
    y = layers.conv2d(IMAGES, 2, [3, 2], rate=2, activation_fn=None, scope="wide")
    z = layers.conv1d(STEPS, 4, 2)
    w = layers.conv2d_transpose(x, 3, 3, stride=2)
    return {
        "x": x,
        "y": y,
        "z": z,
        "w": w,
        "pools": [
            layers.max_pool2d(IMAGES, 2),
            layers.avg_pool2d(IMAGES, [2, 3], stride=1, padding="SAME"),
        ],
    }


@program
def contrib_separable(tf):
    return gradients(tf, tf.contrib.layers.separable_conv2d(IMAGES, 4, 3, 2))


@program
def contrib_layer_norm(tf):
    y = tf.contrib.layers.layer_norm(STEPS, begin_norm_axis=2, activation_fn=tf.tanh)
    z = tf.contrib.layers.layer_norm(ROWS, center=False, scope="rows")
    return dict(gradients(tf, tf.reduce_sum(y) + z))


@program
def contrib_other_norms(tf):
    layers = tf.contrib.layers
    return {
        "instance": layers.instance_norm(IMAGES),
        "group": layers.group_norm(CUBES, groups=2),
        "unit": layers.unit_norm(tf.constant(ROWS), 1),
    }


@program
def contrib_batch_norm(tf):
    return normalized(tf, tf.contrib.layers.batch_norm(ROWS, decay=0.9, scale=True))


@program
def contrib_batch_norm_of_steps(tf):
    return normalized(tf, tf.contrib.layers.batch_norm(STEPS, decay=0.9, is_training=True))


@program
def contrib_batch_norm_moves_at_once(tf):
    layers = tf.contrib.layers
    y = layers.batch_norm(IMAGES, decay=0.9, updates_collections=None, fused=False)
    return {"y": y, "rest": layers.batch_norm(ROWS, is_training=False, scope="rest")}


@program
def normalizer_and_scope(tf):
    slim = tf.contrib.slim
    params = {"is_training": True, "decay": 0.95}
    with slim.arg_scope(
        [slim.conv2d, slim.fully_connected],
        normalizer_fn=slim.batch_norm,
        normalizer_params=params,
        activation_fn=tf.nn.elu,
    ):
        x = slim.conv2d(IMAGES, 4, 3, scope="conv")
        with slim.arg_scope([slim.conv2d], stride=2, normalizer_fn=None):
            x = slim.conv2d(x, 2, 2)
        y = slim.fully_connected(slim.flatten(x), 3)
    keys = ["model_variables", "trainable_variables", "variables", "update_ops"]
    counts = [len(tf.get_collection(key)) for key in keys]
    return dict(gradients(tf, y), counts=tf.constant(counts))


@program
def stack_and_repeat(tf):
    slim = tf.contrib.slim
    x = slim.stack(ROWS, slim.fully_connected, [5, 4], activation_fn=tf.tanh, scope="fc")
    y = slim.repeat(IMAGES, 2, slim.conv2d, 3, [2, 2], scope="conv")
    z = slim.stack(IMAGES, slim.conv2d, [(2, [3, 3]), (4, [1, 1])])
    return {"x": x, "y": y, "z": z}


@program
def outputs_by_name(tf):
    slim = tf.contrib.slim
    scope = slim.arg_scope([slim.conv2d, slim.max_pool2d], outputs_collections="ends")
    with tf.variable_scope("net"), scope:
        x = slim.max_pool2d(slim.conv2d(IMAGES, 4, 3, scope="c"), 2, scope="p")
    ends = slim.utils.convert_collection_to_dict("ends")
    return dict(ends, x=x)


@program
def variables_by_name(tf):
    slim = tf.contrib.slim
    with tf.variable_scope("a"):
        slim.fully_connected(ROWS, 2, scope="one")
        slim.model_variable("w", [2, 2], regularizer=slim.l2_regularizer(0.5))
    slim.variable("v", [3], initializer=tf.zeros_initializer())
    tf.get_variable("plain", [1])
    find = tf.contrib.framework
    several = [
        find.get_variables("a"),
        find.get_variables("a", suffix="weights"),
        find.get_model_variables(),
        slim.get_variables_by_suffix("biases"),
        slim.get_variables_to_restore(exclude=["a/one"]),
        find.get_variables_by_name("weights", scope="a"),
        find.filter_variables(tf.global_variables(), include_patterns=["one"]),
    ]
    return {"names": tf.constant([v.op.name for found in several for v in found])}


@program
def regularizers(tf):
    layers = tf.contrib.layers
    w = tf.get_variable("w", [3, 2])
    both = layers.l1_l2_regularizer(0.1, 0.2)
    tf.add_to_collection(tf.GraphKeys.WEIGHTS, w)
    return {
        "both": both(w),
        "sum": layers.sum_regularizer([layers.l1_regularizer(0.5), None])(w),
        "applied": layers.apply_regularization(layers.l2_regularizer(0.3)),
        "losses": tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES),
    }


@program
def look_ups(tf):
    layers = tf.contrib.layers
    ids = [[1, 2, 0], [3, 0, 0]]
    embedded = layers.embed_sequence(ids, 5, 2)
    bags = layers.bow_encoder(ids, 5, 2)
    whole = layers.bow_encoder(ids, 5, 2, sparse_lookup=False, scope="whole")
    table = tf.get_variable("table", [5, 2])
    words = tf.SparseTensor([[0, 0], [0, 1], [2, 0]], tf.constant([1, 2, 4], tf.int64), [3, 2])
    safe = layers.safe_embedding_lookup_sparse([table], words, combiner="sum")
    once = layers.embedding_lookup_unique(table, ids)
    return dict(gradients(tf, tf.reduce_sum(embedded) + bags), whole=whole, safe=safe, once=once)


@program
def small_layers(tf):
    layers = tf.contrib.layers
    return {
        "bias": layers.bias_add(ROWS, activation_fn=tf.tanh),
        "maxout": layers.maxout(tf.constant(numbers("m", [2, 6])), 3),
        "one_hot": layers.one_hot_encoding([1, 0, 2], 3),
        "softmax": layers.softmax(tf.constant(STEPS)),
        "spatial": layers.spatial_softmax(tf.constant(IMAGES), temperature=1.0),
        "flat": layers.flatten(IMAGES),
        "dropout": layers.dropout(ROWS, 0.4, is_training=False),
    }


@program
def optimize_loss(tf):
    w = tf.get_variable("w", [3, 2])
    loss = tf.reduce_sum(tf.square(tf.matmul(ROWS, w)))
    step = tf.contrib.framework.get_or_create_global_step()
    train = tf.contrib.layers.optimize_loss(
        loss, step, 0.1, "Adam", clip_gradients=1.0, summaries=["loss", "gradients"]
    )
    with tf.control_dependencies([train]):
        return {"before": train, "step": tf.identity(step), "w": w + 0.0}
