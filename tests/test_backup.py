"""Runs that are interrupted, killed, or short of disk go on where they stopped, to the bit.

`python tests/test_backup.py` is a nursery: it imports TensorFlow once, and for each line that it
reads it forks a child that trains. So a process to be killed costs half a second and not four.
"""

import _thread
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import unrolled.quiet  # noqa: F401  first: keeps native log lines off the screen

import keras  # isort: skip
import numpy as np
import pytest
import tensorflow as tf

import unrolled as u
from unrolled import training
from unrolled.internal import backup as backups
from unrolled.internal.backup import Backup, decode, encode

EXAMPLES, BATCH = 22, 4  # six steps an epoch, the last one smaller
forks = pytest.mark.skipif(sys.platform != "linux", reason="forks a process that has TensorFlow")


# A run ---------------------------------------------------------------------------------------


class Model(tf.Module):
    """Two cells with dropout, the one with a seed and the other without."""

    def __init__(self):
        super().__init__()
        self.cell = u.MultiRNNCell(
            [
                u.DropoutWrapper(u.BasicRNNCell(3), input_keep_prob=0.8, seed=3),
                u.DropoutWrapper(u.BasicRNNCell(2), output_keep_prob=0.7),
            ]
        )
        self.seen = tf.Variable(0, trainable=False)

    def loss(self, x, y):
        self.seen.assign_add(1)
        [output], _ = u.static_rnn(self.cell, [x], dtype=tf.float32)
        return tf.reduce_mean((output - y) ** 2), tf.reduce_max(output)


def data():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(EXAMPLES, *shape)).astype(np.float32) for shape in ([2], [2])]


SCHEDULE = keras.optimizers.schedules.ExponentialDecay(0.02, 50, 0.9)
KINDS = {
    "Adam with a schedule": lambda: {"learning_rate": SCHEDULE, "clip_norm": 0.5},
    "SGD with a plateau": lambda: {
        "optimizer": keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        "callbacks": [
            keras.callbacks.ReduceLROnPlateau("loss", 0.5, patience=2, min_delta=0.01),
            keras.callbacks.EarlyStopping(
                "loss", patience=99, min_delta=0.01, restore_best_weights=True
            ),
        ],
    },
}


def train(kind="Adam with a schedule", folder=None, model=None, **how):
    """A run from the same start, and all that came of it."""
    tf.random.set_seed(1)
    model = Model() if model is None else model
    how = {**KINDS[kind](), "epochs": 6, "batch_size": BATCH, "shuffle_seed": 5, **how}
    rate = how.pop("learning_rate", None)
    how["optimizer"] = how.get("optimizer") or training.Adam(rate)
    how.setdefault("each_epoch", lambda epoch, history: (epoch, {"last": history.loss[-1]}))
    history = training.fit(model, model.loss, data(), backup=folder, **how)
    return result_of(model, how["optimizer"], history)


def result_of(model, optimizer, history):
    generators = [c._generator.state for c in model.cell.cells if c._generator]
    variables = [*model.variables, *(v.value for v in optimizer.variables), *generators]
    return {
        "variables": [v.numpy() for v in variables],
        "loss": history.loss,
        "measure": history.measure,
        "epochs": history.epochs,
        "seconds": len(history.seconds),
    }


@pytest.fixture(scope="module")
def two_epochs(tmp_path_factory):
    """A folder with the first two epochs of a run, from which each test copies."""
    folder = tmp_path_factory.mktemp("two")
    train(folder=folder, epochs=2)
    return folder


@pytest.fixture
def folder(two_epochs, tmp_path):
    return Path(shutil.copytree(two_epochs, tmp_path / "run"))


def same(a, b):
    return encode(a) == encode(b)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What a run gives that nobody stops."""
    return train(folder=tmp_path_factory.mktemp("expected"))


def names(folder):
    return sorted(path.name for path in Path(folder).iterdir())


# Killed --------------------------------------------------------------------------------------


def nursery():
    """Reads tasks from standard input, forks a child for each, and says its number and its end."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            task = json.loads(line)
            permit = Path(task["permit"])

            def each_epoch(epoch, history, permit=permit):
                while int(permit.read_text() or 0) < epoch:  # the test says how far it may run
                    time.sleep(0.002)
                return epoch, {"last": history.loss[-1]}

            how = {"epochs": int(task["epochs"]), "backup_every": 2, "each_epoch": each_epoch}
            result = train(task["kind"], task["folder"], **how)
            Path(task["result"]).write_bytes(encode(result))
            os._exit(0)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


@pytest.fixture(scope="module")
def forked():
    """Starts a child of the nursery for a task."""
    process = subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def start(**task):
        process.stdin.write(json.dumps({k: str(v) for k, v in task.items()}) + "\n")
        process.stdin.flush()
        return int(process.stdout.readline()), lambda: int(process.stdout.readline())

    yield start
    process.stdin.close()
    process.wait()


def newest(folder):
    found = [backups._number(path) for path in folder.iterdir()] if folder.exists() else []
    return max(found, default=0)


@forks
@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.thorough)])
def test_killed_again_and_again(kills, tmp_path, forked):
    """The moment of each kill follows from how far the files say that the run has got."""
    kind = "Adam with a schedule"
    rng = np.random.default_rng(kills)
    permit, folder = tmp_path / "permit", tmp_path / "backups"
    task = {"kind": kind, "permit": permit, "folder": folder, "result": tmp_path / "result"}
    epochs = task["epochs"] = 2 * kills + 3
    for life in range(1, kills + 1):
        permit.write_text(str(2 * life))  # two epochs more, with four backups in each
        target = newest(folder) + rng.integers(0, 7)
        child, ended = forked(**task)
        while newest(folder) < target:
            assert os.path.exists(f"/proc/{child}"), "the run ended by itself"
            time.sleep(0.0005)
        time.sleep(rng.uniform(0, 0.01 if target else 0.5))
        os.kill(child, signal.SIGKILL)
        assert ended() == -signal.SIGKILL
        assert len(names(folder)) <= 4 if folder.exists() else True
    permit.write_text(str(epochs))
    assert forked(**task)[1]() == 0
    never = {**task, "folder": tmp_path / "never", "result": tmp_path / "expected"}
    assert forked(**never)[1]() == 0
    result, expected = (decode((tmp_path / name).read_bytes()) for name in ("result", "expected"))
    for what in expected:
        assert same(result[what], expected[what]), what
    assert len(expected["loss"]) == 6 * epochs


class Crash(BaseException):
    """Ends a run at once, as far as Python goes."""


@pytest.mark.thorough
def test_crashes_while_a_backup_is_written(tmp_path, expected):
    """A file ends anywhere, has not its name yet, or has it and the one before is still there."""
    rng = np.random.default_rng(0)
    calls = [0]

    def crashing(function, before):
        def call(*arguments):
            calls[0] -= 1
            if calls[0] > 0:
                return function(*arguments)
            before(*arguments)
            raise Crash

        return call

    def truncate(descriptor):
        size = os.fstat(descriptor).st_size
        if size:  # no folder
            os.ftruncate(descriptor, int(rng.integers(size)))

    result, crashes = None, 0
    while result is None:
        calls[0] = int(rng.integers(1, 20))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "fsync", crashing(os.fsync, truncate))
            patch.setattr(os, "replace", crashing(os.replace, [print, os.replace][crashes % 2]))
            try:
                result = train(folder=tmp_path / "run", backup_every=4)
            except Crash:
                crashes += 1
    assert crashes > 2
    assert same(result, expected)
    assert len(names(tmp_path / "run")) == 2


# Interrupted ---------------------------------------------------------------------------------


class Interrupt(keras.callbacks.Callback):
    """Ctrl-C, during a step or in a function of the caller's."""

    def __init__(self, moments):
        super().__init__()
        self.moments = lambda: moments  # no list: a backup would put it back

    def at(self, moment):
        if moment in self.moments():
            self.moments().remove(moment)
            _thread.interrupt_main()
            for _ in range(100):  # it takes effect between two lines of Python
                pass

    def on_epoch_begin(self, epoch, logs=None):
        self.at(("epoch", epoch))

    def on_train_batch_begin(self, step, logs=None):
        self.at(("begin", step))

    def on_train_batch_end(self, step, logs=None):
        self.at(("end", step))

    def on_epoch_end(self, epoch, logs=None):
        self.at(("epoch end", epoch))

    def on_train_end(self, logs=None):
        self.at("end")


@pytest.mark.thorough
@pytest.mark.parametrize("kind", KINDS)
def test_interrupts_with_a_backup(kind, tmp_path):
    """In every one of the caller's functions, and then in the same process again."""
    how = KINDS[kind]()
    callbacks = [Interrupt([]), *how.get("callbacks", [])]
    undisturbed = train(kind, tmp_path / "undisturbed", callbacks=callbacks)
    moments = [("begin", 2), ("epoch", 2), ("end", 4), ("epoch end", 3), ("each", 5), "end"]
    interrupt = Interrupt(moments)
    notes, result = [], None

    def each_epoch(epoch, history):
        interrupt.at(("each", epoch))
        return epoch, {"last": history.loss[-1]}

    while result is None:
        callbacks = [interrupt, *KINDS[kind]().get("callbacks", [])]
        try:
            result = train(kind, tmp_path / "run", callbacks=callbacks, each_epoch=each_epoch)
        except KeyboardInterrupt as error:
            notes += error.__notes__
            assert isinstance(error.history, training.History)
    assert moments == []
    assert same(result, undisturbed)
    assert len(notes) == 6
    assert notes[0] == (
        "fit was interrupted after step 2 of epoch 1; the same call goes on from there, by its "
        "backup."
    )


def test_an_interrupt_without_a_backup():
    """What was learnt is kept, and what was measured too."""
    model, seen = Model(), []

    def each_epoch(epoch, history):
        seen.append(model.cell.cells[0].cell.kernel.numpy())
        if epoch == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        train(model=model, each_epoch=each_epoch)
    np.testing.assert_array_equal(model.cell.cells[0].cell.kernel, seen[2])
    assert len(caught.value.history.loss) == 18 and caught.value.history.mean_loss(2) > 0
    assert caught.value.__notes__[0].startswith(
        "fit was interrupted after step 6 of epoch 3: the weights are as these steps left them"
    )
    train(model=model)  # the cell can be run again


def test_an_interrupt_does_not_wait_for_the_end_of_the_epoch():
    """A long epoch is cut into calls of the graph, none of which is interrupted itself."""
    model = tf.Module()
    model.a = tf.Variable(0.0)

    def slow():
        time.sleep(0.02)
        if int(steps) == 30:
            _thread.interrupt_main()

    steps = tf.Variable(0, trainable=False)

    def loss(x):
        steps.assign_add(1)
        with tf.control_dependencies([tf.py_function(slow, [], [])]):
            return tf.reduce_mean((model.a - x) ** 2)

    with pytest.raises(KeyboardInterrupt) as caught:
        training.fit(model, loss, [np.ones(10_000, np.float32)], epochs=1, batch_size=1)
    done = len(caught.value.history.loss)
    assert 30 <= done < 1_000  # the call that it fell into is of no more than that
    assert done == int(steps)


# The folder ----------------------------------------------------------------------------------


def test_a_full_disk(folder, expected, monkeypatch):
    before = {name: (folder / name).read_bytes() for name in names(folder)}

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="backup must be a folder .*No space left on device") as e:
            train(folder=folder, epochs=4)
    assert str(folder) in str(e.value) and str(e.value).count(".") >= 1
    assert {name: (folder / name).read_bytes() for name in names(folder)} == before
    assert same(train(folder=folder), expected)


@pytest.mark.thorough
@forks
def test_a_disk_that_is_really_full(folder, expected):
    """The system itself refuses to write more than a few bytes to a file."""
    import resource

    before = names(folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match="writing failed .*File too large"):
            train(folder=folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(folder) == before
    assert same(train(folder=folder), expected)


def damaged(content, how, rng):
    """The content of a file after an accident."""
    if how == "truncated":
        return content[: rng.integers(len(content))]
    if how == "flipped":
        at = int(rng.integers(len(content)))
        return content[:at] + bytes([content[at] ^ 1 << rng.integers(8)]) + content[at + 1 :]
    return {"empty": b"", "zeros": bytes(len(content)), "longer": content + b"x"}[how]


@pytest.mark.parametrize("how", ["truncated", "flipped", "empty", "zeros", "longer"])
def test_every_damage_is_noticed(how):
    rng = np.random.default_rng(7)
    state = {"a": [1, 2.5, None, (True, "x")], "b": np.arange(6.0), "c": np.float32(0.1)}
    content = encode(state)
    assert same(decode(content), state)
    for _ in range(200):
        with pytest.raises(ValueError):
            decode(damaged(content, how, rng))


@pytest.mark.one_in(2)
@pytest.mark.parametrize("how", ["truncated", "zeros", "missing", "a folder"])
def test_the_backup_before_a_damaged_one(how, folder, expected):
    last = folder / names(folder)[-1]
    content = last.read_bytes()
    last.unlink()
    if how == "a folder":
        last.mkdir()
    elif how != "missing":
        last.write_bytes(damaged(content, how, np.random.default_rng(1)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = train(folder=folder)
    assert same(result, expected)
    words = [str(w.message) for w in caught if "is damaged" in str(w.message)]
    assert len(words) == (how != "missing")
    assert all(last.name in line and w.filename == __file__ for line, w in zip(words, caught))
    assert last.exists() == (how in ("zeros", "a folder"))  # not by its content one of ours


@pytest.mark.parametrize("how", ["truncated", "zeros"])
def test_no_backup_that_can_be_read(how, folder):
    left = names(folder)
    for name in left:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(damaged(content, how, np.random.default_rng(1)))
    with pytest.raises(
        ValueError, match=rf"{left[1]}, {left[0]} cannot: delete what has this name"
    ):
        train(folder=folder)
    assert names(folder) == left


@pytest.mark.thorough
def test_files_of_others_are_left_alone(tmp_path):
    for name in ("notes.txt", "unrolled-backup-old", "unrolled-backup-1", "checkpoint"):
        (tmp_path / name).write_text("mine")
    others = names(tmp_path)
    train(folder=tmp_path, epochs=4)
    assert len(names(tmp_path)) == len(others) + 2
    assert all((tmp_path / name).read_text() == "mine" for name in others)
    (tmp_path / "unrolled-backup-7.part").write_text("mine")
    (tmp_path / "unrolled-backup-8.part").write_bytes(backups.MAGIC)  # of a process that was killed
    train(folder=tmp_path, epochs=5)
    assert (tmp_path / "unrolled-backup-7.part").read_text() == "mine"
    assert not (tmp_path / "unrolled-backup-8.part").exists()
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "unrolled-backup-000001").write_text("mine")
    with pytest.raises(ValueError, match="unrolled-backup-000001 cannot: delete"):
        train(folder=alone)
    assert (alone / "unrolled-backup-000001").read_text() == "mine"


def test_one_process_at_a_time(folder, expected):
    other = Backup(folder)
    other.lock()
    before = names(folder)
    with pytest.raises(OSError, match=f"another process is writing there, {os.getpid()}: wait"):
        train(folder=folder)
    assert names(folder) == before
    other.unlock()
    (folder / backups.LOCK).write_text("1\n")  # nobody holds it
    assert same(train(folder=folder), expected)
    assert len(names(folder)) == 2


def test_the_working_directory_may_change(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    train(folder="run", epochs=2, each_epoch=lambda *_: os.chdir(tmp_path / "elsewhere"))
    assert len(names(tmp_path / "run")) == 2 and names(tmp_path / "elsewhere") == []


@pytest.mark.parametrize("place, error", [("a\0b", ValueError), (b"a", TypeError)])
def test_what_is_no_path(place, error):
    with pytest.raises(error, match="backup must be the path of a folder; got .*a"):
        train(folder=place)


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be(place, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OSError, match="backup must be a folder that can be written; got .*file"):
        train(folder=tmp_path / place)


# The run -------------------------------------------------------------------------------------


class Wider(Model):
    def __init__(self):
        super().__init__()
        layers = [u.DropoutWrapper(u.BasicRNNCell(4), 0.8, seed=3), self.cell.cells[1]]
        self.cell = u.MultiRNNCell(layers)


class Renamed(Model):
    def __init__(self):
        super().__init__()
        top = u.DropoutWrapper(u.BasicRNNCell(2, name="other"), output_keep_prob=0.7)
        self.cell.cells[1] = top


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    "how, words",
    [
        ({"batch_size": 5}, "batch_size is 4 there, 5 here"),
        ({"drop_remainder": True}, "drop_remainder is False there, True here"),
        ({"shuffle_seed": 6}, "shuffle_seed is 5 there, 6 here"),
        ({"shuffle_seed": None}, "shuffle_seed is 5 there, None here"),
        ({"clip_norm": 1.0}, "clip_norm is 0.5 there, 1.0 here"),
        ({"kind": "SGD with a plateau", "clip_norm": 0.5}, "optimizer is Adam there, SGD here"),
        ({"learning_rate": 0.1}, "the optimizer's learning_rate is .*Decay.* there, 0.1"),
        ({"model": Wider}, r"variables\[0\] is .*\(3,\) there, .*\(4,\) here"),
        ({"model": Renamed}, r"variables\[\d\] is .*basic_rnn_cell.* there, other"),
        ({"epochs": 1}, "epochs must be at least 2, .*; got 1"),
        ({"data": 1}, r"data\[0\] is float32 \(22, 2\) .* there, float32 \(22, 2\)"),
        ({"data": 2}, r"data\[0\] is float32 \(22, 2\) .* there, float32 \(21, 2\)"),
    ],
)
def test_another_run_is_refused(how, words, folder, monkeypatch):
    before = {name: (folder / name).read_bytes() for name in names(folder)}
    how = dict(how)
    if "model" in how:
        how["model"] = how["model"]()
    changed = how.pop("data", None)
    x, y = data()
    if changed == 1:
        x[7, 1] += 1e-6
    elif changed == 2:
        x, y = x[1:], y[1:]
    monkeypatch.setattr(sys.modules[__name__], "data", lambda: [x, y])
    with pytest.raises(ValueError, match=rf"^(backup must be .*: |)({words}).*anew\.$"):
        train(folder=folder, **how)
    assert {name: (folder / name).read_bytes() for name in names(folder)} == before


def test_more_epochs_are_the_same_run(folder, expected):
    assert same(train(folder=folder), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_had_ended_returns_at_once(kind, tmp_path):
    calls = []

    def each_epoch(epoch, history):
        calls.append(epoch)
        return float(history.loss[-1])

    first = train(kind, tmp_path, each_epoch=each_epoch)
    written = names(tmp_path)
    assert same(train(kind, tmp_path, each_epoch=each_epoch), first)
    assert calls == list(range(1, 7)) and names(tmp_path) == written


def test_a_run_that_stopped_early_and_was_killed_then(tmp_path):
    """Between the last epoch and the end, where EarlyStopping puts the best weights back."""

    class Fragile(keras.callbacks.EarlyStopping):
        def on_train_end(self, logs=None):
            if fragile:
                raise Crash
            super().on_train_end(logs)

    def run(folder):
        stop = Fragile("loss", min_delta=10, patience=2, restore_best_weights=True)
        return train(folder=folder, callbacks=[stop], epochs=20)

    fragile = True
    with pytest.raises(Crash):
        run(tmp_path / "run")
    fragile = False
    result = run(tmp_path / "run")
    assert result["seconds"] == 3 and same(result, run(tmp_path / "other"))


def test_early_stopping_is_the_end(tmp_path):
    def run():
        stop = keras.callbacks.EarlyStopping("loss", min_delta=10, patience=2)
        return train(folder=tmp_path, callbacks=[stop], epochs=20)

    first = run()
    assert first["seconds"] == 3 and same(run(), first)


def test_an_optimizer_that_went_on_in_this_process(tmp_path):
    """A cell that is run again after an interrupt holds an optimizer whose rate was lowered."""
    optimizer, calls = keras.optimizers.SGD(0.1), []

    def each_epoch(epoch, history):
        calls.append(epoch)
        if len(calls) == 3:
            raise KeyboardInterrupt
        optimizer.learning_rate = float(optimizer.learning_rate) / 2

    how = {"optimizer": optimizer, "each_epoch": each_epoch, "model": Model()}
    with pytest.raises(KeyboardInterrupt):
        train(folder=tmp_path, **how)
    train(folder=tmp_path, **how)
    assert calls == [1, 2, 3, 3, 4, 5, 6]
    assert float(optimizer.learning_rate) == pytest.approx(0.1 / 64)


def test_fewer_epochs_than_were_begun(tmp_path):
    calls = []

    class Third(keras.callbacks.Callback):
        def on_train_batch_end(self, step, logs=None):
            calls.append(step)
            if len(calls) == 14:
                _thread.interrupt_main()

    with pytest.raises(KeyboardInterrupt):
        train(folder=tmp_path, callbacks=[Third()])
    with pytest.raises(ValueError, match="epochs must be at least 3, .* has begun; got 2"):
        train(folder=tmp_path, callbacks=[Third()], epochs=2)


class Notes(keras.callbacks.Callback):
    """Lists that grow, and a count that goes on."""

    def __init__(self, fails=0):
        super().__init__()
        self.losses, self.by_epoch, self.count, self.fails = [], {}, 0, fails

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(logs["loss"])
        self.by_epoch.setdefault("epochs", []).append(epoch)
        self.count += 1
        if self.count == self.fails:
            raise Crash


@pytest.mark.thorough
def test_what_callbacks_write_down(tmp_path):
    def run(folder, fails=0, epochs=4):
        notes, history = Notes(fails), keras.callbacks.History()
        train(folder=folder, callbacks=[notes, history], epochs=epochs)
        return [notes.losses, notes.by_epoch, notes.count, history.history, history.epoch]

    with pytest.raises(Crash):
        run(tmp_path / "run", fails=3)
    first = run(tmp_path / "run")
    assert same(first, run(tmp_path / "other")) and len(first[0]) == 4
    assert same(run(tmp_path / "run"), first)  # it had ended
    with pytest.raises(ValueError, match=r"1 callbacks .*|2 callbacks there, 1 here"):
        train(folder=tmp_path / "run", callbacks=[Notes()])
    with pytest.raises(ValueError, match=r"callbacks\[1\] is History there, Notes here"):
        train(folder=tmp_path / "run", callbacks=[Notes(), Notes()])


def test_a_rate_that_a_callback_changed_before_an_error(tmp_path):
    optimizer, model, notes = keras.optimizers.SGD(0.1), Model(), []

    class Fails(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.optimizer.learning_rate = 0.1 / (epoch + 1)
            if epoch == 3 and not notes:
                notes.append(epoch)
                raise Crash

    def run():
        how = {"optimizer": optimizer, "model": model, "callbacks": [Fails()]}
        return train(folder=tmp_path, **how)

    with pytest.raises(Crash):
        run()
    assert run()["seconds"] == 6


@pytest.mark.one_in(8)
@pytest.mark.parametrize("activation, loss", [("relu", "mse"), ("tanh", "mae")])
def test_another_loss_or_architecture_is_refused(activation, loss, tmp_path):
    def run(activation, loss, epochs):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.layers.Dense(2, activation)])
        return training.fit(model, loss, data(), epochs=epochs, batch_size=4, backup=tmp_path)

    assert run("tanh", "mse", 1).resumed_from is None
    with pytest.raises(ValueError, match="(what a step computes|loss) is .* there, .* here"):
        run(activation, loss, 2)
    assert run("tanh", "mse", 2).resumed_from == 6
    assert run("tanh", "mse", 2).resumed_from == 12


def test_an_interrupt_after_the_last_backup(tmp_path, monkeypatch):
    write, written = Backup.write, []

    def interrupted(self, content):
        write(self, content)
        written.append(0)
        if decode(content)["ended"]:
            _thread.interrupt_main()

    monkeypatch.setattr(Backup, "write", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        train(folder=tmp_path, epochs=1)
    assert caught.value.__notes__ == [
        "fit was interrupted after its end; the same call returns the whole run, by its backup."
    ]
    count = len(written)
    train(folder=tmp_path, epochs=1)
    assert len(written) == count


def test_a_schedule_that_cannot_be_told_apart(tmp_path):
    class Mine(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.1

    with pytest.raises(TypeError, match="learning_rate must be a schedule that has get_config"):
        train(folder=tmp_path, learning_rate=Mine())


@pytest.mark.parametrize("value", [np.zeros(2, "i4,f4"), np.zeros(2, [("a", "f4")])[0]])
def test_what_cannot_be_read_back(value):
    with pytest.raises(TypeError):
        encode({"a": value})


@pytest.mark.parametrize("value", [np.str_("a"), np.str_(""), np.bytes_(b"x"), np.array(["a", ""])])
def test_strings_are_read_back_or_refused(value):
    try:
        content = encode([value])
    except TypeError:
        return
    [back] = decode(content)
    assert type(back) is type(value) and np.array_equal(back, value)


def test_what_each_epoch_returns(tmp_path):
    with pytest.raises(
        TypeError, match="each_epoch must return numbers, .*; got an EagerTensor: ret"
    ):
        train(folder=tmp_path, each_epoch=lambda *_: tf.constant(1.0))


def test_draws_that_are_not_kept(tmp_path):
    model = Model()
    loss = model.loss
    model.loss = lambda x, y: loss(x + tf.random.normal(tf.shape(x)), y)
    with pytest.warns(UserWarning, match="loss draws by RandomStandardNormal, whose stream starts"):
        train(folder=tmp_path, model=model, epochs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(folder=tmp_path / "other", epochs=1)


@pytest.mark.thorough
def test_a_keras_model_and_its_dropout(tmp_path):
    def run(folder, epochs):
        keras.utils.set_random_seed(1)
        layers = [
            keras.layers.Dense(3),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
        ]
        model = keras.Sequential([*layers, keras.layers.Dense(2)])
        x, y = data()
        history = training.fit(
            model, "mse", [x, y], epochs=epochs, batch_size=4, backup=folder, backup_every=2
        )
        return [model.get_weights(), history.loss]

    run(tmp_path / "run", 2)
    assert same(run(tmp_path / "run", 4), run(tmp_path / "other", 4))


def test_by_hand_masks_are_kept(tmp_path):
    """A variational wrapper that is called step by step keeps its mask in another process."""

    def run(folder, epochs, draws):
        tf.random.set_seed(1)
        tf.random.uniform([draws])
        cell = u.DropoutWrapper(u.BasicRNNCell(2), 0.5, variational_recurrent=True)
        cell.build(2)
        for variable in cell.variables:
            variable.assign(tf.ones_like(variable))

        def loss(x, y):
            output, _ = cell(x, cell.zero_state(tf.shape(x)[0], tf.float32))
            return tf.reduce_mean((output - y) ** 2)

        history = training.fit(cell, loss, data(), epochs=epochs, backup=folder)
        return [v.numpy() for v in cell.variables], history.loss

    run(tmp_path / "run", 2, draws=1)
    assert same(run(tmp_path / "run", 4, draws=2), run(tmp_path / "other", 4, draws=1))


@pytest.mark.thorough
def test_backups_are_few_and_plain(tmp_path):
    train(folder=tmp_path, backup_every=1)
    assert len(names(tmp_path)) == 2 == backups.KEPT
    assert b"pickle" not in (tmp_path / names(tmp_path)[0]).read_bytes()
    state, warning = Backup(tmp_path).newest()
    assert warning == "" and state["ended"] and len(state["history"]["loss"]) == 36


if __name__ == "__main__":
    nursery()
