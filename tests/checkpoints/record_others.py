"""Write with TensorFlow 1.15 what is no checkpoint of a Saver, and its own renaming of names."""

import json
import os
import shutil
import sys
import tempfile

import tensorflow as tf

FOLDER = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(FOLDER, "written_by_1.15")
sys.path.insert(0, FOLDER)
import old_programs as programs  # noqa: E402


def main():
    results = {"keras": keras(), "frozen": frozen(), "saved_model": saved_model()}
    write_json(os.path.join(OUT, "others.json"), results)
    write_json(os.path.join(FOLDER, "checkpoint_convert.json"), renamed_by_tensorflow())


def keras():
    """Models of Keras 2: weights, and all of it; and an LSTM with the gates of that time."""
    with tf.Graph().as_default(), tf.Session().as_default():
        tf.set_random_seed(3)
        layers = tf.keras.layers
        many = {"return_sequences": True, "bias_initializer": "glorot_uniform"}
        model = tf.keras.Sequential(
            [
                layers.LSTM(
                    4, input_shape=(programs.T, programs.D), recurrent_activation="sigmoid", **many
                ),
                layers.GRU(3, recurrent_activation="sigmoid", **many),
                layers.Bidirectional(layers.SimpleRNN(2, return_sequences=True)),
            ]
        )
        model.save_weights(os.path.join(OUT, "keras_weights.h5"))
        model.save(os.path.join(OUT, "keras_model.h5"))
        default = tf.keras.Sequential([layers.LSTM(2, input_shape=(programs.T, programs.D))])
        default.save_weights(os.path.join(OUT, "keras_default_lstm.h5"))
        return {
            "model": model.predict(programs.X).tolist(),
            "default_lstm": default.predict(programs.X).tolist(),
        }


def frozen():
    """The program `lstm` with its variables as constants."""
    with tf.Graph().as_default(), tf.Session() as session:
        tensors = restored(session, "lstm")
        graph = tf.graph_util.convert_variables_to_constants(
            session, session.graph_def, [tensor.op.name for tensor in tensors]
        )
        with open(os.path.join(OUT, "lstm_frozen.pb"), "wb") as file:
            file.write(graph.SerializeToString())
        return session.run(tensors[0]).tolist()


def saved_model():
    """The program `gru` as a SavedModel."""
    folder = os.path.join(OUT, "gru_saved_model")
    shutil.rmtree(folder, ignore_errors=True)
    with tf.Graph().as_default(), tf.Session() as session:
        tensors = restored(session, "gru")
        builder = tf.saved_model.builder.SavedModelBuilder(folder)
        builder.add_meta_graph_and_variables(session, ["serve"], strip_default_attrs=True)
        builder.save()
        return session.run(tensors[0]).tolist()


def restored(session, name):
    tensors = programs.flat(programs.PROGRAMS[name](tf))
    tf.train.Saver().restore(session, os.path.join(OUT, name + ".ckpt"))
    return tensors


def renamed_by_tensorflow():
    """{checkpoint: {old name: new name}} by TensorFlow's own script."""
    from tensorflow.contrib.rnn.python.tools import checkpoint_convert

    found = {}
    folder = tempfile.mkdtemp()
    for release in ("0.12", "1.0"):
        for name in sorted(programs.PROGRAMS):
            path = os.path.join(FOLDER, "written_by_" + release, name + ".ckpt")
            if os.path.exists(path) or os.path.exists(path + ".index"):
                target = os.path.join(folder, "converted")
                _, renamed = checkpoint_convert.convert_names(path, target)
                if renamed:
                    found[release + "/" + name] = renamed
    shutil.rmtree(folder)
    return found


def write_json(path, content):
    text = json.dumps(content, indent=1, sort_keys=True, separators=(",", ": "))
    with open(path, "wb") as file:
        file.write(text.encode("utf-8") + b"\n")


if __name__ == "__main__":
    tf.logging.set_verbosity(tf.logging.ERROR)
    main()
