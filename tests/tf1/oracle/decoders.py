"""Decoders of TensorFlow 1.15: helpers, beam search and the loss."""

import numpy as np
from programs import numbers, program

B, T, D, U, C, S = 3, 4, 5, 5, 7, 4  # rows, steps, inputs, units, classes, memory
START, END = [1, 2, 3], 0


def table(tf, scale=2.0):
    return tf.constant(numbers("table", [C, D], scale))


def start_state(tf, rows=B):
    return tf.constant(numbers("state", [B, U], 0.9))


def decoded(tf, helper, impute=False, layer=True, **settings):
    """All that a decoder gives, and the gradients of its variables."""
    seq2seq = tf.contrib.seq2seq
    output_layer = tf.layers.Dense(C, name="project") if layer else None
    cell = tf.nn.rnn_cell.GRUCell(U)
    decoder = seq2seq.BasicDecoder(cell, helper(tf), start_state(tf), output_layer)
    settings["parallel_iterations"] = 1  # so that draws that wait for nothing come in order
    outputs, state, ends = seq2seq.dynamic_decode(decoder, impute_finished=impute, **settings)
    variables = sorted(tf.trainable_variables(), key=lambda v: v.op.name)
    loss = tf.reduce_mean(tf.sin(3 * outputs.rnn_output)) + tf.reduce_mean(state)
    gradients = [g for g in tf.gradients(loss, variables) if g is not None]
    everything = [outputs.rnn_output, outputs.sample_id, state, ends, gradients]
    return {"in one run": everything}


def decodes(program_name, helper, **settings):
    """Make a program of `decoded`."""

    def run(tf):
        return decoded(tf, helper, **settings)

    run.__name__ = program_name
    program(run)


def training(tf, kind="TrainingHelper", *arguments, **settings):
    inputs = numbers("inputs", [B, T, D])
    inputs = inputs.transpose(1, 0, 2) if settings.get("time_major") else inputs
    make = getattr(tf.contrib.seq2seq, kind)
    return make(tf.constant(inputs), [4, 2, 3], *arguments, **settings)


def greedy(tf):
    return tf.contrib.seq2seq.GreedyEmbeddingHelper(table(tf), START, END)


def greedy_by_function(tf):
    def embed(ids):
        return tf.gather(table(tf), ids)

    return tf.contrib.seq2seq.GreedyEmbeddingHelper(embed, tf.constant(START), tf.constant(END))


def sampled(tf):
    return tf.contrib.seq2seq.SampleEmbeddingHelper(table(tf), START, END, 0.7, seed=4)


def scheduled(tf):
    kind = "ScheduledEmbeddingTrainingHelper"
    return training(tf, kind, table(tf), 0.6, seed=5, scheduling_seed=6)


def scheduled_outputs(tf, **settings):
    return training(tf, "ScheduledOutputTrainingHelper", 0.5, seed=7, **settings)


def inference(tf):
    return tf.contrib.seq2seq.InferenceHelper(
        sample_fn=lambda outputs: outputs[:, :D],
        sample_shape=[D],
        sample_dtype=tf.float32,
        start_inputs=numbers("start", [B, D]),
        end_fn=lambda ids: ids[:, 0] > 0.3,
        next_inputs_fn=lambda ids: 2 * ids,
    )


def custom(tf):
    inputs = tf.constant(numbers("inputs", [B, D]))

    def next_inputs(time, outputs, state, sample_ids):
        return tf.fill([B], time >= 2), inputs + outputs[:, :D], state

    return tf.contrib.seq2seq.CustomHelper(
        lambda: (tf.fill([B], False), inputs),
        lambda time, outputs, state: tf.nn.top_k(outputs, 2)[1],
        next_inputs,
        sample_ids_shape=[2],
    )


decodes("training", training)
decodes("training_imputed", training, impute=True)
decodes("training_without_a_layer", training, layer=False, swap_memory=True)
decodes("training_three_steps", training, maximum_iterations=3)
decodes("training_in_a_scope", training, scope="mine")
decodes(
    "training_time_major",
    lambda tf: training(tf, time_major=True),
    output_time_major=True,
    impute=True,
)
decodes("greedy", greedy, maximum_iterations=9)
decodes("greedy_imputed", greedy_by_function, maximum_iterations=9, impute=True)
decodes("sampled", sampled, maximum_iterations=9)
decodes("scheduled", scheduled)
decodes("scheduled_imputed", scheduled, impute=True)
decodes("scheduled_outputs", scheduled_outputs, layer=False)
decodes(
    "scheduled_outputs_by_function",
    lambda tf: scheduled_outputs(tf, next_inputs_fn=lambda outputs: 2 * outputs[:, :D]),
)
decodes(
    "scheduled_outputs_and_more",
    lambda tf: scheduled_outputs(tf, auxiliary_inputs=numbers("more", [B, T, 2])),
    layer=False,
)


def trained(tf, kind):
    """A helper whose inputs are looked up in a table that is trained as well, by word numbers."""
    words = np.array([[1, 4, 2, 6], [3, 5, 0, 0], [2, 1, 6, 0]])
    words = tf.placeholder_with_default(words.astype(np.int32), [None, None])
    trained = tf.get_variable("table", [C, D])
    inputs, lengths = tf.nn.embedding_lookup(trained, words), [4, 2, 3]
    seq2seq = tf.contrib.seq2seq
    if kind == "classes":
        return seq2seq.ScheduledEmbeddingTrainingHelper(
            inputs, lengths, trained, 0.5, seed=5, scheduling_seed=6
        )
    feed = tf.layers.Dense(D, name="feed")
    return seq2seq.ScheduledOutputTrainingHelper(
        inputs, lengths, 0.5, seed=7, next_inputs_fn=feed
    )


decodes("scheduled_trained_table", lambda tf: trained(tf, "classes"))
decodes("scheduled_outputs_trained_table", lambda tf: trained(tf, "outputs"))
decodes("inference", inference, maximum_iterations=6)
decodes("custom", custom)


def beams(tf, width=3, attention=0, make=None, scale=6.0, **settings):
    """All that a beam search gives."""
    seq2seq = tf.contrib.seq2seq
    dynamic = {"output_time_major": settings.pop("output_time_major", False)}
    dynamic["maximum_iterations"] = settings.pop("steps", 6)
    known = settings.pop("known", False)
    cell, state = tf.nn.rnn_cell.GRUCell(U), seq2seq.tile_batch(start_state(tf), width)
    if attention:
        memory = tf.constant(numbers("memory", [B, S, D]))
        if not known:
            memory = tf.placeholder_with_default(memory, [None, None, D])
        memory, lengths = seq2seq.tile_batch((memory, tf.constant([4, 2, 3])), width)
        mechanisms = [seq2seq.LuongAttention(U, memory, lengths)]
        mechanisms += [seq2seq.BahdanauAttention(4, memory, lengths)] * (attention - 1)
        mechanisms = mechanisms[0] if attention == 1 else mechanisms
        cell = seq2seq.AttentionWrapper(cell, mechanisms, alignment_history=True)
        state = cell.zero_state(B * width, tf.float32).clone(cell_state=state)
    if make:
        cell, state = make(tf, cell, state, width)
    layer = tf.layers.Dense(C, name="project") if settings.pop("output_layer", True) else None
    embedding = settings.pop("embedding", table(tf, scale))
    decoder = seq2seq.BeamSearchDecoder(
        cell, embedding, START, END, state, width, layer, **settings
    )
    outputs, state, ends = seq2seq.dynamic_decode(decoder, **dynamic)
    given = {
        "ids": outputs.predicted_ids,
        "steps": list(outputs.beam_search_decoder_output),
        "ends": ends,
        "log_probs": state.log_probs,
        "lengths": state.lengths,
        "finished": state.finished,
    }
    if attention and not make:
        histories = state.cell_state.alignment_history
        histories = histories if attention > 1 else [histories]
        given["cell"] = [state.cell_state.cell_state, state.cell_state.attention]
        arrays = [isinstance(history, tf.TensorArray) for history in histories]
        given["are arrays"] = tf.constant(arrays)
        given["histories"] = [x.stack() if a else x for x, a in zip(histories, arrays)]
        if settings.get("coverage_penalty_weight"):
            given["probs"] = state.accumulated_attention_probs
    return given


def searches(program_name, **settings):
    """Make a program of `beams`."""

    def run(tf):
        return beams(tf, **settings)

    run.__name__ = program_name
    program(run)


searches("beam_search")
searches("beam_search_of_one", width=1)
searches("beam_search_of_more_than_classes", width=9, steps=4)
searches("beam_search_long", steps=25, scale=2.0)
searches("beam_search_length_penalty", length_penalty_weight=1.3, steps=12, scale=2.0)
searches("beam_search_negative_length_penalty", length_penalty_weight=-0.7, steps=12)
searches("beam_search_time_major", output_time_major=True)
searches("beam_search_without_a_layer", output_layer=False)
searches("beam_search_attention", attention=1)
searches("beam_search_two_mechanisms", attention=2, length_penalty_weight=0.5)
searches("beam_search_coverage", attention=1, coverage_penalty_weight=0.8, steps=9, scale=2.0)
searches(
    "beam_search_both_penalties",
    attention=2,
    coverage_penalty_weight=0.3,
    length_penalty_weight=0.9,
    steps=9,
    scale=2.0,
)
searches("beam_search_known_sizes", attention=1, known=True)
searches("beam_search_arrays_as_they_are", attention=1, reorder_tensor_arrays=False)


@program
def beam_search_ties(tf):
    """Logits that are all alike: the order of equal scores."""
    layer = tf.zeros([C, D])
    return beams(tf, embedding=lambda ids: 0 * tf.gather(layer, ids), output_layer=False)


@program
def beam_search_of_whole_numbers(tf):
    """Scores that are often equal, over several steps."""

    class Echo(tf.nn.rnn_cell.RNNCell):
        state_size, output_size = U, D

        def call(self, inputs, state):
            return tf.round(inputs), state

    return beams(
        tf, output_layer=False, make=lambda tf, cell, state, width: (Echo(), state), scale=2.0
    )


@program
def beam_search_in_a_stack(tf):
    """An attention wrapper under another cell, whose state is a tuple."""

    def stack(tf, cell, state, width):
        cells = [cell, tf.nn.rnn_cell.BasicLSTMCell(3)]
        top = cells[1].zero_state(B * width, tf.float32)
        return tf.nn.rnn_cell.MultiRNNCell(cells), (state, top)

    return beams(tf, attention=1, make=stack, coverage_penalty_weight=0.5)


@program
def trees(tf):
    gather_tree = tf.contrib.seq2seq.gather_tree
    ids = tf.constant([[[1, 2, 3]], [[4, 5, 6]], [[7, 8, 9]], [[-1, -1, -1]]])
    parents = tf.constant([[[0, 0, 0]], [[0, 1, 1]], [[2, 1, 2]], [[-1, -1, -1]]])
    more = tf.constant(abs(numbers("ids", [6, B, 4], 7)).astype("int32"))
    more_parents = tf.constant(abs(numbers("parents", [6, B, 4], 4)).astype("int32"))
    return {
        "one": gather_tree(ids, parents, [3], 10),
        "longer than given": gather_tree(ids[:3], parents[:3], [5], 10),
        "ended": gather_tree(more, more_parents, [6, 4, 2], 3),
        "empty": gather_tree(more, more_parents, [0, 1, 6], 99),
    }


def loss_of(tf, **settings):
    logits = tf.constant(numbers("logits", [B, T, C], 3))
    targets = tf.constant(abs(numbers("targets", [B, T], C)).astype("int32"))
    weights = tf.constant(abs(numbers("weights", [B, T])) * [[1, 1, 1, 0], [1, 0, 0, 0], [0] * 4])
    weights = tf.cast(weights, tf.float32)
    value = tf.contrib.seq2seq.sequence_loss(logits, targets, weights, **settings)
    return {"loss": value, "gradients": tf.gradients(value, logits)}


@program
def sequence_loss(tf):
    """Every way to reduce it."""
    values = {}
    for flags in range(16):
        steps, rows, sum_steps, sum_rows = (bool(flags & bit) for bit in (1, 2, 4, 8))
        if (steps and sum_steps) or (rows and sum_rows):
            continue
        given = loss_of(
            tf,
            average_across_timesteps=steps,
            average_across_batch=rows,
            sum_over_timesteps=sum_steps,
            sum_over_batch=sum_rows,
        )
        values.update({name + " " + str(flags): value for name, value in given.items()})
    return values


@program
def sequence_loss_of_ones_own(tf):
    def distance(labels, logits):
        return tf.reduce_sum(tf.square(logits - tf.one_hot(labels, C)), 1)

    return loss_of(tf, softmax_loss_function=distance, average_across_batch=False)
