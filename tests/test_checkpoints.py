"""Real files of old releases of TensorFlow and Keras, read and renamed."""

import json
import os
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import unrolled as u
from unrolled import convert
from unrolled.internal.checkpoint_renames import matched, modern, renamed

keras = pytest.importorskip("keras")
FOLDER = Path(__file__).with_name("checkpoints")
WRITTEN = {
    path.parent.name.removeprefix("written_by_"): json.loads(path.read_text())
    for path in sorted(FOLDER.glob("written_by_*/results.json"))
}
OTHERS = json.loads((FOLDER / "written_by_1.15" / "others.json").read_text())

sys.path.insert(0, str(FOLDER))
from old_programs import LENGTHS, D, T, U, X  # noqa: E402

sys.path.remove(str(FOLDER))


def path_of(release, name, ending=".ckpt"):
    return str(FOLDER / f"written_by_{release}" / f"{name}{ending}")


def copy(folder, release, name):
    """A copy to damage: its path."""
    for file in FOLDER.glob(f"written_by_{release}/{name}.ckpt*"):
        shutil.copy(file, folder)
    return folder / f"{name}.ckpt"


def run(cell):
    if isinstance(cell, tuple):
        return u.bidirectional_dynamic_rnn(*cell, X, LENGTHS, dtype=tf.float32)
    return u.dynamic_rnn(cell, X, dtype=tf.float32)


def assert_as_then(result, release, name):
    values = WRITTEN[release][name]["values"]
    for now, then in zip(tf.nest.flatten(result), values, strict=True):
        np.testing.assert_allclose(np.ravel(now), then, rtol=2e-5, atol=2e-6)


BY_DEFAULTS = "basic_rnn gru bidirectional stack named_by_scope shards gru_block".split()
WITH_GRAPHS = "basic_lstm lstm joined_state lstm_block_peepholes".split()


class TestFromCheckpoint:
    @pytest.mark.parametrize("name", BY_DEFAULTS)
    @pytest.mark.parametrize("release", WRITTEN)
    def test_cells_with_the_defaults(self, release, name):
        assert_as_then(run(convert.from_checkpoint(path_of(release, name))), release, name)

    @pytest.mark.parametrize("name", WITH_GRAPHS)
    @pytest.mark.parametrize("release", ["0.12", "1.15"])
    def test_what_the_graph_beside_it_shows(self, release, name):
        cell = convert.from_checkpoint(path_of(release, name))
        assert_as_then(run(cell), release, name)

    def test_each_option_of_the_graph(self):
        cell = convert.from_checkpoint(path_of("0.12", "lstm"))
        assert (cell.forget_bias, cell.cell_clip, cell.proj_clip) == (0.3, 0.5, None)
        assert (cell.num_units, cell.num_proj, cell.use_peepholes) == (U, 2, True)
        cell = convert.from_checkpoint(path_of("1.15", "joined_state"))
        assert cell.activation is tf.nn.relu
        assert not cell.state_is_tuple
        assert convert.from_checkpoint(path_of("1.15", "dropout")).forget_bias == 0.4
        cell = convert.from_checkpoint(path_of("1.15", "lstm_fused"))
        assert (cell.forget_bias, cell.cell_clip) == (0.6, 0.8)

    def test_steps_that_a_program_made_by_hand(self):
        [path, *_] = [path_of("0.12", "by_hand")]
        cell = convert.from_checkpoint(path)
        assert [layer.forget_bias for layer in cell.cells] == [0.0, 0.0]
        _, states = run(cell)
        then = [np.reshape(v, [2, -1]) for v in WRITTEN["0.12"]["by_hand"]["values"][1:]]
        for now, before in zip(tf.nest.flatten(states), then, strict=True):
            np.testing.assert_allclose(now, before, rtol=2e-5, atol=2e-6)

    def test_one_cell_in_several_layers(self):
        cell = convert.from_checkpoint(path_of("1.15", "shared"))
        assert cell.cells[0] is cell.cells[1]
        assert_as_then(run(cell), "1.15", "shared")

    def test_cells_with_names_of_their_own(self):
        pair = convert.from_checkpoint(path_of("1.15", "named_pair"))
        assert_as_then(run(pair), "1.15", "named_pair")

    def test_named_cells_without_a_graph(self, tmp_path):
        path = copy(tmp_path, "1.15", "named_pair")
        path.with_suffix(".ckpt.meta").unlink()
        pair = tuple(u.LSTMCell(U, forget_bias=0.2) for _ in range(2))
        with pytest.raises(ValueError, match="it holds .*lstm_bw/bias"):
            convert.from_checkpoint(path)
        assert convert.from_checkpoint(path, "bidirectional_rnn", pair)[0] is pair[0]
        assert_as_then(run(pair), "1.15", "named_pair")

    def test_a_residual_wrapper_is_told(self):
        with pytest.warns(UserWarning, match="_cell' is in a ResidualWrapper") as told:
            convert.from_checkpoint(path_of("1.15", "residual"))
        assert len(told) == 2
        assert all(Path(one.filename).name == Path(__file__).name for one in told)

    @pytest.mark.parametrize("release", ["0.12", "1.0", "1.2", "1.15"])
    @pytest.mark.parametrize(
        "name, wanted",
        [
            ("embedded", {"EmbeddingWrapper": 1}),
            ("projections", {"InputProjectionWrapper": 2, "OutputProjectionWrapper": 2}),
            ("attention_cell", {"AttentionCellWrapper": 8}),
        ],
    )
    def test_wrappers_with_weights_are_named(self, release, name, wanted):
        path = path_of(release, name)
        with pytest.warns(UserWarning, match="another function: do with them what") as warned:
            convert.from_checkpoint(path)
        [message] = [str(one.message) for one in warned]
        listed = [one.split(": ") for one in message.split("(")[1].split(")")[0].split("; ")]
        assert {kind: len(names.split(", ")) for kind, names in listed} == wanted
        held = {one for one, _ in tf.train.list_variables(path)}
        assert held > {one for _, names in listed for one in names.split(", ")}

    @pytest.mark.parametrize(
        "cell, words",
        [
            (
                lambda: u.BasicLSTMCell(U, forget_bias=1.0),
                "'RNN/BasicLSTMCell' had forget_bias=0.0, but the BasicLSTMCell .*forget_bias=1.0",
            ),
            (
                lambda: u.LSTMCell(U, forget_bias=0.0, activation=tf.nn.relu, cell_clip=2.0),
                "had activation=tanh, but the LSTMCell given as cell has activation=relu; outputs",
            ),
        ],
    )
    def test_a_cell_that_says_otherwise_is_warned_of(self, cell, words):
        with pytest.warns(UserWarning) as told:
            convert.from_checkpoint(path_of("0.12", "basic_lstm"), cell=cell())
        assert re.search(words, str(told[0].message))

    def test_a_cell_that_says_the_same_is_not(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            convert.from_checkpoint(
                path_of("0.12", "basic_lstm"),
                cell=u.DropoutWrapper(u.BasicLSTMCell(U, forget_bias=0.0)),
            )

    @pytest.mark.parametrize("graph", [True, False])
    def test_the_lstm_of_cudnn_adds_no_forget_bias(self, tmp_path, graph):
        path = copy(tmp_path, "1.15", "cudnn_lstm")
        if not graph:
            path.with_suffix(".ckpt.meta").unlink()
        cell = convert.from_checkpoint(path)
        assert cell.cells[0].forget_bias == 0.0
        assert_as_then(run(cell), "1.15", "cudnn_lstm")
        with pytest.warns(UserWarning, match="had forget_bias=0.0"):
            convert.from_checkpoint(path, cell=u.MultiRNNCell([u.BasicLSTMCell(U)]))

    def test_the_gru_of_cudnn_is_a_keras_cell(self, tmp_path):
        path = path_of("1.15", "cudnn_gru")
        stack = convert.from_checkpoint(path)
        assert_as_then(run(stack), "1.15", "cudnn_gru")
        inside = "cudnn_gru/rnn/multi_rnn_cell/cell_0/cudnn_compatible_gru_cell"
        cell = convert.from_checkpoint(path, inside)
        assert isinstance(cell, keras.layers.GRUCell)
        assert_as_then(run(cell), "1.15", "cudnn_gru")
        with pytest.raises(ValueError, match="the GRU of cuDNN, .* made for it; leave cell out"):
            convert.from_checkpoint(path, cell=u.MultiRNNCell([u.GRUCell(U)]))
        for one in (cell, stack):
            with pytest.raises(
                TypeError, match=r"GRUCell of Keras's own is .*layers.RNN\(cell\) as"
            ):
                convert.to_keras(one)
        part = save(tmp_path / "c", {f"{inside}/gates/kernel": np.zeros([7, 8], np.float32)})
        with pytest.raises(
            ValueError, match="must hold all variables of a CudnnCompat.* gates/bias"
        ):
            convert.from_checkpoint(part)

    @pytest.mark.parametrize("release", ["0.12", "1.15"])
    def test_a_cell_of_another_equation(self, release):
        words = (
            "holds the variables of a LayerNormBasicLSTMCell, whose equation no .* on unrolled.tf1"
        )
        with pytest.raises(ValueError, match=words):
            convert.from_checkpoint(path_of(release, "layer_norm"))

    def test_two_networks(self):
        path = path_of("0.12", "two_networks")
        words = "name one with scope, 'decoder/RNN/GRUCell', 'encoder/RNN/GRUCell', or a longer"
        with pytest.raises(ValueError, match=words):
            convert.from_checkpoint(path)
        encoder, decoder = (
            convert.from_checkpoint(path, scope) for scope in ("encoder", "decoder/RNN")
        )
        _, state = run(encoder)
        outputs, _ = u.dynamic_rnn(decoder, X, initial_state=state)
        assert_as_then(outputs, "0.12", "two_networks")

    @pytest.mark.parametrize("ending", ["", ".index", ".meta", ".data-00000-of-00001"])
    def test_the_path_of_any_of_its_files(self, ending):
        path = path_of("1.15", "basic_lstm") + ending
        assert_as_then(run(convert.from_checkpoint(path)), "1.15", "basic_lstm")

    def test_a_directory_that_names_no_newest(self, tmp_path):
        with pytest.raises(tf.errors.NotFoundError, match="newest checkpoint; nor has it any"):
            convert.from_checkpoint(tmp_path)
        copy(tmp_path, "1.15", "gru")
        with pytest.raises(tf.errors.NotFoundError, match="; give one of .*gru.ckpt"):
            convert.from_checkpoint(tmp_path)

    def test_a_dense_layer_in_four_parts_is_no_cell(self, tmp_path):
        tf1 = tf.compat.v1
        with tf.Graph().as_default(), tf1.Session() as session:
            kernel = tf1.get_variable("dense/kernel", [3, 8], use_resource=False)
            bias = tf1.get_variable("dense/bias", [8], use_resource=False)
            tf.split(tf.nn.bias_add(tf.matmul(X[0], kernel), bias), 4, axis=1)
            session.run(tf1.global_variables_initializer())
            path = tf1.train.Saver().save(session, str(tmp_path / "c"))
        with pytest.raises(ValueError, match="holds no variables of an RNN cell; it holds dense/b"):
            convert.from_checkpoint(path)

    def test_a_saved_model(self):
        cell = convert.from_checkpoint(path_of("1.15", "gru_saved_model", ""))
        np.testing.assert_allclose(run(cell)[0], OTHERS["saved_model"], rtol=2e-5, atol=2e-6)

    def test_a_frozen_graph(self):
        cell = convert.from_checkpoint(path_of("1.15", "lstm_frozen", ".pb"))
        assert (cell.forget_bias, cell.cell_clip) == (0.3, 0.5)
        np.testing.assert_allclose(run(cell)[0], OTHERS["frozen"], rtol=2e-5, atol=2e-6)


class TestDamage:
    def test_a_file_that_is_cut_off(self, tmp_path):
        path = copy(tmp_path, "1.15", "basic_lstm")
        data = path.with_suffix(".ckpt.data-00000-of-00001")
        data.write_bytes(data.read_bytes()[:100])
        with pytest.raises(ValueError, match="basic_lstm.ckpt' is damaged or no checkpoint: "):
            convert.from_checkpoint(path)

    def test_a_wrong_checksum(self, tmp_path):
        path = copy(tmp_path, "1.15", "basic_lstm")
        data = path.with_suffix(".ckpt.data-00000-of-00001")
        data.write_bytes(bytes(byte ^ 1 for byte in data.read_bytes()))
        with pytest.raises(ValueError, match="is damaged or no checkpoint: "):
            convert.from_checkpoint(path)

    @pytest.mark.parametrize("ending", [".index", ".meta"])
    def test_noise_in_the_other_files(self, tmp_path, ending):
        path = copy(tmp_path, "1.15", "basic_lstm")
        path.with_suffix(f".ckpt{ending}").write_bytes(b"noise" * 50)
        with pytest.raises(ValueError, match="is damaged or no checkpoint: "):
            convert.from_checkpoint(path)

    def test_noise_in_the_first_format(self, tmp_path):
        path = copy(tmp_path, "0.12", "gru")
        path.write_bytes(b"noise" * 500)
        with pytest.raises(ValueError, match="is damaged or no checkpoint: "):
            convert.from_checkpoint(path)

    def test_a_missing_shard(self, tmp_path):
        part = np.zeros([2, 8], np.float32)
        values = {"RNN/LSTMCell/W_0": part, "RNN/LSTMCell/W_2": part, "RNN/LSTMCell/B": part[0]}
        path = save(tmp_path / "c", values)
        words = "W_0, RNN/LSTMCell/W_2, which are shards of one variable, .* but not all of them"
        with pytest.raises(ValueError, match=words):
            convert.from_checkpoint(path)

    def test_one_variable_under_two_names(self, tmp_path):
        values = {
            f"rnn/basic_rnn_cell/{name}": np.zeros([3, 2], np.float32)
            for name in ("kernel", "weights", "bias")
        }
        words = "basic_rnn_cell/kernel, rnn/basic_rnn_cell/weights, which are names of one variable"
        path = save(tmp_path / "c", values)
        with pytest.raises(ValueError, match=words):
            convert.from_checkpoint(path)
        with pytest.raises(ValueError, match=words):
            convert.rename_checkpoint(path, tmp_path / "renamed")

    def test_a_file_of_keras(self):
        with pytest.raises(ValueError, match="is a file of Keras, .* its layers to from_keras"):
            convert.from_checkpoint(path_of("1.15", "keras_weights", ".h5"))


def save(path, values):
    tf1 = tf.compat.v1
    with tf.Graph().as_default(), tf1.Session() as session:
        variables = {name: tf.Variable(value) for name, value in values.items()}
        session.run(tf1.global_variables_initializer())
        return tf1.train.Saver(variables).save(session, str(path))


# Names that no table can tell: what was the program's own, and where a wrapper's scope goes.
OPEN = ("by_hand", "projections", "embedded", "translator")


def held(path):
    return dict(tf.train.list_variables(path))


class TestRenameCheckpoint:
    @pytest.mark.parametrize("release", ["0.12", "1.0", "1.2"])
    def test_all_names_are_those_of_1_15(self, release):
        for name, then in WRITTEN[release].items():
            if name not in (*OPEN, "shards", "partitioned"):  # recorded part by part
                assert set(renamed(then["variables"])) == set(WRITTEN["1.15"][name]["variables"])

    @pytest.mark.parametrize("release", ["0.12", "1.0", "1.2"])
    def test_all_names_of_a_program_are_found(self, release):
        for name, then in WRITTEN[release].items():
            wanted = [n for n in WRITTEN["1.15"][name]["variables"] if "/part_" not in n]
            match = matched(wanted, then["variables"])
            assert (match.ambiguous, match.missing) == ({}, []) or name in ("shards", "partitioned")

    def test_they_are_what_tensorflows_own_script_gives(self):
        theirs = json.loads((FOLDER / "checkpoint_convert.json").read_text())
        assert len(theirs) > 10
        for name, names in theirs.items():
            for old, new in names.items():
                # One cell got another scope after 1.2, whose names the script writes.
                assert modern(old) == new or name == "1.0/lstm_fused"

    def test_a_whole_checkpoint(self, tmp_path):
        source, target = path_of("0.12", "stack"), str(tmp_path / "renamed.ckpt")
        told = convert.rename_checkpoint(source, target)
        old = "RNN/MultiRNNCell/Cell0/BasicLSTMCell/Linear/Matrix"
        new = "rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel"
        for slot in ("", "/Adam", "/Adam_1", "/ExponentialMovingAverage"):
            assert told[old + slot] == new + slot
            np.testing.assert_array_equal(
                tf.train.load_variable(target, new + slot),
                tf.train.load_variable(source, old + slot),
            )
        assert set(held(target)) == set(WRITTEN["1.15"]["stack"]["variables"])
        assert "global_step" not in told and held(target)["global_step"] == []
        assert_as_then(run(convert.from_checkpoint(target)), "0.12", "stack")

    def test_of_the_first_format(self, tmp_path):
        convert.rename_checkpoint(path_of("0.12", "gru"), tmp_path / "c")
        assert (tmp_path / "c.index").exists()
        assert_as_then(run(convert.from_checkpoint(tmp_path / "c")), "0.12", "gru")

    def test_shards_are_joined(self, tmp_path):
        told = convert.rename_checkpoint(path_of("0.12", "shards"), tmp_path / "c")
        assert told["RNN/LSTMCell/W_1/Adam"] == "rnn/lstm_cell/kernel/Adam"
        shapes = held(tmp_path / "c")
        assert shapes["rnn/lstm_cell/kernel"] == shapes["rnn/lstm_cell/kernel/Adam"] == [6, 20]
        assert shapes["rnn/lstm_cell/projection/kernel"] == [5, 3]

    @pytest.mark.parametrize("name", OPEN)
    def test_the_names_of_a_program(self, tmp_path, name):
        names = WRITTEN["1.15"][name]["variables"]
        convert.rename_checkpoint(path_of("0.12", name), tmp_path / "c", names)
        assert set(held(tmp_path / "c")) == set(names)

    def test_a_few_names(self, tmp_path):
        name = "mine/gru_cell/gates/kernel"
        source = save(
            tmp_path / "a", {"mine/GRUCell/Gates/Linear/Matrix": [1.0], "x/weights": [2.0]}
        )
        assert convert.rename_checkpoint(source, tmp_path / "b", [name]) == {
            "mine/GRUCell/Gates/Linear/Matrix": name
        }
        assert set(held(tmp_path / "b")) == {name, "x/weights"}

    def test_names_that_are_in_doubt_or_missing(self, tmp_path):
        source = save(tmp_path / "a", {"Net/weights": [1.0], "NET/weights": [2.0]})
        with pytest.raises(
            ValueError, match="'net/kernel' of names may be each of NET/weights, Net"
        ):
            convert.rename_checkpoint(source, tmp_path / "b", ["net/kernel"])
        with pytest.raises(ValueError, match="a' has no y, under older names neither; give as"):
            convert.rename_checkpoint(source, tmp_path / "b", ["y"])

    def test_nothing_is_renamed_in_a_new_one(self, tmp_path):
        assert convert.rename_checkpoint(path_of("1.15", "stack"), tmp_path / "c") == {}
        assert held(tmp_path / "c") == held(path_of("1.15", "stack"))

    def test_other_layers_keep_their_names(self):
        for name in ("fully_connected/weights", "softmax/weights", "weights", "conv1/biases/Adam"):
            assert modern(name) == name

    def test_what_is_refused(self, tmp_path):
        path = copy(tmp_path, "1.15", "basic_lstm")
        with pytest.raises(ValueError, match="target must be another path than source; got"):
            convert.rename_checkpoint(f"{path}.index", path)
        with pytest.raises(ValueError, match="source must be a checkpoint of TensorFlow 1's Saver"):
            convert.rename_checkpoint(path_of("1.15", "lstm_frozen", ".pb"), tmp_path / "c")
        with pytest.raises(TypeError, match="names must be a list of names, or None; got 'x'"):
            convert.rename_checkpoint(path, tmp_path / "c", "x")
        with pytest.raises(tf.errors.NotFoundError):
            convert.rename_checkpoint(tmp_path / "nothing", tmp_path / "c")


class TestOldKeras:
    def model(self):
        layers = keras.layers
        return keras.Sequential(
            [
                keras.Input([T, D]),
                layers.LSTM(4, return_sequences=True),
                layers.GRU(3, reset_after=False, return_sequences=True),
                layers.Bidirectional(layers.SimpleRNN(2, return_sequences=True)),
            ]
        )

    @pytest.mark.parametrize("file", ["keras_weights", "keras_model"])
    def test_weights_come_by_way_of_todays_layers(self, file):
        model = self.model()
        model.load_weights(path_of("1.15", file, ".h5"))
        stack, pair = convert.from_keras(model.layers[:2]), convert.from_keras(model.layers[2])
        below, _ = u.dynamic_rnn(stack, X, dtype=tf.float32)
        outputs, _ = u.bidirectional_dynamic_rnn(*pair, below, dtype=tf.float32)
        then = OTHERS["keras"]["model"]
        np.testing.assert_allclose(tf.concat(outputs, 2), then, rtol=2e-5, atol=2e-6)

    def test_the_hard_sigmoid_of_then_is_another(self):
        def outputs(activation):
            model = keras.Sequential(
                [keras.Input([T, D]), keras.layers.LSTM(2, recurrent_activation=activation)]
            )
            model.load_weights(path_of("1.15", "keras_default_lstm", ".h5"))
            return model(X)

        then = OTHERS["keras"]["default_lstm"]
        now = outputs(lambda x: keras.ops.clip(0.2 * x + 0.5, 0, 1))
        np.testing.assert_allclose(now, then, rtol=2e-5, atol=2e-6)
        assert np.abs(outputs("hard_sigmoid") - then).max() > 1e-3


@pytest.mark.parametrize("lstm", [u.BasicLSTMCell, u.LSTMCell])
def test_from_keras_to_the_old_programs_cell(tmp_path, lstm):
    layer = keras.layers.LSTM(U)
    layer.build([None, None, D])
    cell = convert.from_keras(layer, lstm=lstm)
    assert type(cell) is lstm
    path = convert.to_checkpoint(cell, tmp_path / "c")
    scope = {u.BasicLSTMCell: "basic_lstm_cell", u.LSTMCell: "lstm_cell"}[lstm]
    assert set(held(path)) == {f"rnn/{scope}/kernel", f"rnn/{scope}/bias"}
    [stacked] = convert.from_keras([layer], lstm=lstm).cells
    assert type(stacked) is lstm


def test_to_checkpoint_under_a_cells_own_name(tmp_path):
    pair = u.LSTMCell(U, name="lstm_fw"), u.LSTMCell(U, name="lstm_bw")
    for cell in pair:
        cell.build(D)
    path = convert.to_checkpoint(pair, tmp_path / "c")
    names = {name for name in WRITTEN["1.15"]["named_pair"]["variables"] if "rnn" in name}
    assert set(held(path)) == {name for name in names if "Adam" not in name}


def test_another_class_for_an_lstm():
    with pytest.raises(TypeError, match="lstm must be BasicLSTMCell or LSTMCell, the class; got"):
        convert.from_keras(keras.layers.LSTM(2), lstm=u.GRUCell)


class TestExample:
    @pytest.fixture
    def folder(self, tmp_path):
        paths = convert.write_example(tmp_path / "new")
        assert all(path.is_file() for path in paths)
        return tmp_path / "new"

    @pytest.mark.parametrize("release", ["", "1.0"])
    def test_the_cells_predict_what_the_program_did(self, folder, release):
        stack = convert.from_checkpoint(folder / release / "wave.ckpt-300")
        reader = tf.train.load_checkpoint(str(folder / release / "wave.ckpt-300"))
        dense = [reader.get_tensor(f"dense/{name}") for name in ("kernel", "bias")]
        with np.load(folder / "waves.npz") as waves:
            outputs, _ = u.dynamic_rnn(stack, waves["x_test"], dtype=tf.float32)
        with np.load(folder / release / "results.npz") as then:
            assert np.abs(outputs @ dense[0] + dense[1] - then["guess"]).max() < 1e-5
            assert len(then["losses"]) == 300

    def test_nothing_is_overwritten(self, folder):
        mine = folder / "results.npz"
        mine.write_text("mine", encoding="utf-8")
        with pytest.raises(FileExistsError, match="folder must not hold .* yet"):
            convert.write_example(folder)
        assert mine.read_text(encoding="utf-8") == "mine"

    def test_the_cells_of_keras_2_run_it_with_two_lines_changed(self, folder):
        """What the chapter says of TensorFlow's own cells, for those who install tf_keras."""
        pytest.importorskip("tf_keras")
        program = (folder / "old_program.py").read_text(encoding="utf-8")
        for old, new in (
            (
                "import tensorflow as tf\n",
                "import tensorflow.compat.v1 as tf; tf.disable_v2_behavior()\n",
            ),
            (
                "from tensorflow.contrib import rnn\n",
                "rnn = tf.nn.rnn_cell; print(rnn.BasicLSTMCell.__module__)\n",
            ),
        ):
            assert program.count(old) == 1
            program = program.replace(old, new)
        (folder / "changed.py").write_text(program, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "changed.py", "--restore=./wave.ckpt-300", "--results=now.npz"],
            cwd=folder,
            env=os.environ | {"TF_USE_LEGACY_KERAS": "1"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("tf_keras")
        with np.load(folder / "now.npz") as now, np.load(folder / "results.npz") as then:
            assert np.abs(now["guess"] - then["guess"]).max() < 1e-5

    def test_the_chapter_shows_its_program(self, folder):
        chapter = Path(__file__).parents[1] / "chapters" / "19_moving_an_old_program.ipynb"
        cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
        program = (folder / "old_program.py").read_text(encoding="utf-8")
        assert any(f"```python\n{program}```" in "".join(cell["source"]) for cell in cells)
