"""Attention of TensorFlow 1.15: mechanisms, the wrapper, and the unrolls that run it."""

import importlib

from programs import numbers, program

B, T, S, D, M, U = 3, 4, 5, 2, 4, 6  # rows, steps, memory, inputs, depth of the memory, units


def start(tf):
    """Inputs, memory and lengths."""
    inputs = tf.constant(numbers("inputs", [B, T, D]))
    memory = tf.constant(numbers("memory", [B, S, M]))
    return inputs, memory, tf.constant([5, 1, 3])


def decoded(tf, mechanism, **settings):
    """All that a training decoder gives, and its gradients."""
    inputs, memory, lengths = start(tf)
    made = mechanism(tf, memory, lengths)
    of_the_loop = ("impute_finished", "parallel_iterations")
    loop = {name: settings.pop(name) for name in of_the_loop if name in settings}
    cell = tf.contrib.seq2seq.AttentionWrapper(
        tf.nn.rnn_cell.BasicLSTMCell(U), made, alignment_history=True, **settings
    )
    helper = tf.contrib.seq2seq.TrainingHelper(inputs, [T, 2, T])
    decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, cell.zero_state(B, tf.float32))
    outputs, state, ends = tf.contrib.seq2seq.dynamic_decode(decoder, **loop)
    histories = state.alignment_history
    histories = histories if isinstance(histories, tuple) else (histories,)
    loss = tf.reduce_mean(tf.sin(3 * outputs.rnn_output)) + tf.reduce_mean(state.cell_state.c)
    state = state._replace(alignment_history=())
    variables = sorted(tf.trainable_variables(), key=lambda v: v.op.name)
    state = [part for part in state if not (isinstance(part, tuple) and not part)]
    sources = [inputs, memory] + variables
    given = {
        "outputs": outputs.rnn_output,
        "ids": outputs.sample_id,
        "ends": ends,
        "state": state,
        "gradients": [g for g in tf.gradients(loss, sources) if g is not None],
    }
    given["histories"] = [history.stack() for history in histories]
    return given


def decodes(program_name, mechanism, **settings):
    """Make a program of `decoded`."""

    def run(tf):
        return decoded(tf, mechanism, **settings)

    run.__name__ = program_name
    program(run)


def private_module(tf):
    return importlib.import_module(tf.__name__ + ".contrib.seq2seq.python.ops.attention_wrapper")


def luong(tf, memory, lengths, **settings):
    return tf.contrib.seq2seq.LuongAttention(U, memory, lengths, **settings)


def bahdanau(tf, memory, lengths, **settings):
    return tf.contrib.seq2seq.BahdanauAttention(7, memory, lengths, **settings)


def hard(tf, memory, lengths):
    kind = tf.contrib.seq2seq.LuongMonotonicAttention
    return kind(U, memory, lengths, scale=True, mode="hard")


def monotonic(mode, **settings):
    def make(tf, memory, lengths):
        kind = tf.contrib.seq2seq.BahdanauMonotonicAttention
        return kind(7, memory, lengths, mode=mode, score_bias_init=-1.0, **settings)

    return make


def keys_and_values(keys, values):
    return 2 * keys, values[:, :, :3]


decodes("luong", luong)
decodes("luong_without_lengths", lambda tf, memory, _: luong(tf, memory, None))
decodes("luong_scaled", lambda tf, *given: luong(tf, *given, scale=True), attention_layer_size=3)
decodes("luong_masked", lambda tf, *given: luong(tf, *given, score_mask_value=-1.0))
decodes(
    "luong_hardmax",
    lambda tf, *given: luong(tf, *given, probability_fn=tf.contrib.seq2seq.hardmax),
    attention_layer_size=3,
)
decodes("bahdanau", bahdanau, attention_layer_size=3, output_attention=False)
decodes("bahdanau_imputed", bahdanau, attention_layer_size=3, impute_finished=True)
decodes("bahdanau_normalized", lambda tf, *given: bahdanau(tf, *given, normalize=True))
decodes(
    "bahdanau_of_sigmoids",
    lambda tf, *given: bahdanau(tf, *given, probability_fn=tf.sigmoid, score_mask_value=-9.0),
)
decodes(
    "custom_keys_and_values",
    lambda tf, *given: bahdanau(tf, *given, custom_key_value_fn=keys_and_values),
)
for mode in ("parallel", "recursive"):
    decodes("monotonic_" + mode, monotonic(mode), attention_layer_size=3)
decodes("monotonic_normalized", monotonic("parallel", normalize=True))
decodes("monotonic_hard", hard)
decodes("several", lambda *given: [luong(*given), bahdanau(*given), monotonic("parallel")(*given)])
decodes(
    "several_with_layers",
    lambda *given: (luong(*given), bahdanau(*given)),
    attention_layer_size=[3, 2],
    output_attention=False,
)
decodes("own_inputs", luong, cell_input_fn=lambda inputs, attention: inputs)
decodes("named", bahdanau, attention_layer_size=3, name="looker")


@program
def monotonic_noise(tf):
    """One fetch, one step after the other: otherwise the draws may come in another order."""
    noisy = monotonic("parallel", sigmoid_noise=1.0, sigmoid_noise_seed=3)
    return {"outputs": decoded(tf, noisy, parallel_iterations=1)["outputs"]}


@program
def a_layer_and_a_first_state(tf):
    first = tf.nn.rnn_cell.LSTMStateTuple(*(numbers(name, [B, U]) for name in "ch"))
    first = tf.nn.rnn_cell.LSTMStateTuple(*map(tf.constant, first))
    layer = tf.layers.Dense(2, tf.tanh, name="mine")
    return decoded(tf, luong, attention_layer=layer, initial_cell_state=first)


@program
def attention_fn(tf):
    def look(mechanism, cell_output, attention_state, attention_layer):
        alignments, state = mechanism(cell_output, attention_state)
        context = tf.reduce_sum(alignments[:, :, None] * mechanism.values, 1)
        return attention_layer(context), alignments, state

    return decoded(tf, bahdanau, attention_layer_size=3, attention_fn=look)


def location_sensitive(tf, memory, lengths):
    """As speech synthesizers had it: its state adds up the alignments."""

    base = private_module(tf).BahdanauAttention

    class LocationSensitive(base):
        def __init__(self):
            base.__init__(self, 7, memory, lengths, name="Location")
            self.location_layer = tf.layers.Dense(7, use_bias=False, name="location_layer")

        def __call__(self, query, state):
            with tf.variable_scope(None, "location_sensitive", [query]):
                query = self.query_layer(query) if self.query_layer else query
                place = self.location_layer(tf.expand_dims(state, 2))
                v = tf.get_variable("attention_v", [self._num_units])
                score = v * tf.tanh(self.keys + tf.expand_dims(query, 1) + place)
            alignments = self._probability_fn(tf.reduce_sum(score, [2]), state)
            return alignments, alignments + state

    return LocationSensitive()


decodes("location_sensitive", location_sensitive, attention_layer_size=3)


def forward(tf, memory, lengths):
    """A mechanism on the private base, whose state is a pair."""
    private = private_module(tf)

    base = private._BaseMonotonicAttentionMechanism

    class Forward(base):
        def __init__(self):
            base.__init__(
                self,
                query_layer=tf.layers.Dense(7, name="query_layer", use_bias=False),
                memory_layer=tf.layers.Dense(7, name="memory_layer", use_bias=False),
                memory=memory,
                probability_fn=lambda score, _: tf.nn.softmax(score),
                memory_sequence_length=lengths,
                score_mask_value=-50.0,
            )

        @property
        def state_size(self):
            return (self.alignments_size, 1)

        def initial_state(self, batch_size, dtype):
            first = self.initial_alignments(batch_size, dtype)
            return first, private._zero_state_tensors(1, batch_size, dtype)

        def __call__(self, query, state):
            before, count = state
            v = tf.get_variable("v", [7])
            score = private._bahdanau_score(self.query_layer(query), self._keys, v)
            now = self._probability_fn(score, before)
            moved = tf.pad(before, [[0, 0], [1, 0]])[:, :-1]
            now = now * (before + moved) + 1e-3
            now /= tf.reduce_sum(now, 1, keepdims=True)
            return now, (now, count + tf.reduce_sum(now * now, 1, keepdims=True))

    return Forward()


decodes("on_the_private_base", forward)


def unrolled(name, run):
    """Make a program of an unroll of a wrapper that keeps its alignments."""

    def make(tf):
        inputs, memory, lengths = start(tf)
        cell = tf.contrib.seq2seq.AttentionWrapper(
            tf.nn.rnn_cell.GRUCell(U), bahdanau(tf, memory, lengths), 3, alignment_history=True
        )
        outputs, states = run(tf, cell, inputs)
        values = {"outputs": outputs}
        for number, state in enumerate(states):
            history = values["history " + str(number)] = state.alignment_history.stack()
            values["state " + str(number)] = [state.cell_state, state.attention, state.time]
            values["state " + str(number)] += [state.alignments, state.attention_state]
            values["gradients " + str(number)] = tf.gradients(
                tf.reduce_mean(tf.sin(3 * outputs)) + tf.reduce_mean(history**2), [inputs, memory]
            )
        return values

    make.__name__ = name
    program(make)


def dynamic(tf, cell, inputs, **settings):
    outputs, state = tf.nn.dynamic_rnn(cell, inputs, dtype=tf.float32, **settings)
    return outputs, [state]


def static(tf, cell, inputs, **settings):
    steps = tf.unstack(inputs, axis=1)
    outputs, state = tf.nn.static_rnn(cell, steps, dtype=tf.float32, **settings)
    return tf.stack(outputs, 1), [state]


def both_ways(tf, cell, inputs, **settings):
    settings["dtype"] = tf.float32
    outputs, states = tf.nn.bidirectional_dynamic_rnn(cell, cell, inputs, **settings)
    return tf.concat(outputs, 2), states


def stacked(tf, cell, inputs):
    cell = tf.nn.rnn_cell.MultiRNNCell([cell, tf.nn.rnn_cell.GRUCell(2)])
    outputs, states = tf.nn.dynamic_rnn(cell, inputs, dtype=tf.float32)
    return outputs, states[:1]


unrolled("dynamic_rnn", dynamic)
unrolled("dynamic_rnn_of_one_length", lambda *given: dynamic(*given, sequence_length=[2, 2, 2]))
unrolled("static_rnn", static)
unrolled("static_rnn_of_one_length", lambda *given: static(*given, sequence_length=[2, 2, 2]))
unrolled("bidirectional_dynamic_rnn", both_ways)
unrolled("inside_a_multi_cell", stacked)


@program
def lengths_of_an_unroll(tf):
    """Past its end a row's alignments are nobody's business."""
    inputs, memory, lengths = start(tf)
    wrapped = tf.contrib.seq2seq.AttentionWrapper(
        tf.nn.rnn_cell.GRUCell(U), luong(tf, memory, lengths), alignment_history=True
    )
    ends = tf.constant([3, 1, 2])
    outputs, state = tf.nn.dynamic_rnn(wrapped, inputs, ends, dtype=tf.float32)
    history = state.alignment_history.stack()
    live = tf.transpose(tf.sequence_mask(ends, dtype=tf.float32))
    return {
        "outputs": outputs,
        "history": history * live[:, :, None],
        "state": [state.cell_state, state.attention, state.time, state.alignments],
    }


@program
def functions(tf):
    seq2seq = tf.contrib.seq2seq
    p = tf.constant(abs(numbers("p", [B, S])))
    before = tf.nn.softmax(tf.constant(numbers("before", [B, S])))
    hard_p, first = tf.round(p), tf.one_hot([0, 1, 3], S)
    values = {
        "hardmax": seq2seq.hardmax(tf.constant([[1.0, 3.0, 3.0], [2.0, 1.0, 0.0]])),
        "safe_cumprod": seq2seq.safe_cumprod(p, axis=1, exclusive=True),
        "safe_cumprod_of_zeros": seq2seq.safe_cumprod(hard_p, 1),
        "hard": seq2seq.monotonic_attention(hard_p, first, "hard"),
        "tile_batch": seq2seq.tile_batch((p, tf.constant([1, 2, 3])), 2),
        "gradients": tf.gradients(seq2seq.safe_cumprod(p, axis=1), p),
    }
    for how in ("recursive", "parallel"):
        values[how] = seq2seq.monotonic_attention(p, before, how)
        values[how + " gradients"] = tf.gradients(tf.sin(values[how]), [p, before])
    return values


@program
def private_functions(tf):
    private = private_module(tf)

    _, memory, lengths = start(tf)
    query, keys = tf.constant(numbers("query", [B, U])), tf.constant(numbers("keys", [B, S, U]))
    v, g, b = (tf.constant(numbers(name, shape)) for name, shape in zip("vgb", ([U], [], [U])))
    score = private._luong_score(query, keys, None)
    mechanism = luong(tf, memory, lengths)
    attention, alignments, state = private._compute_attention(mechanism, query, None, None)
    return {
        "luong": score,
        "luong scaled": private._luong_score(query, keys, g),
        "bahdanau": private._bahdanau_score(query, keys, v),
        "bahdanau normalized": private._bahdanau_score(query, keys, v, g, b),
        "masked": private._maybe_mask_score(score, lengths, score_mask_value=-7.0),
        "memory": private._prepare_memory(memory, lengths),
        "memory of two": private._prepare_memory((memory, memory[:, :, :2, None]), lengths),
        "mask": private._prepare_memory(memory, memory_mask=memory[:, :, 0] > 0),
        "attention": [attention, alignments, state],
    }
