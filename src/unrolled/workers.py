"""Several processes train one network together: each on its rows, with one gradient for all.

    python -m unrolled.workers --workers 2

starts two processes on this machine, joins them by the environment variable TF_CONFIG, and ends
them all when one fails. Where TF_CONFIG is set already, the same command is one worker of the
cluster that it describes. That is how several machines are used, and nothing else is different:

    TF_CONFIG='{"cluster": {"worker": ["first:2222", "second:2222"]},
                "task": {"type": "worker", "index": 0}}' python -m unrolled.workers

The network is that of MNIST row by row, three LSTM layers. The letters: B rows in the whole batch,
b in the part of one worker, T steps, D inputs, C classes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unrolled import mnist
from unrolled.internal import launcher

if __name__ == "__main__" and "TF_CONFIG" in os.environ:
    import unrolled.quiet  # noqa: F401  # a worker; its output is for readers
if __name__ != "__main__" or "TF_CONFIG" in os.environ:  # the launcher does not wait for it
    import tensorflow as tf

    from unrolled.cells import BasicLSTMCell
    from unrolled.models import SequenceClassifier
    from unrolled.wrappers import MultiRNNCell

LAYERS, CLASSES = 3, 10
SEED = 1  # of the first weights


def network(units: int) -> SequenceClassifier:
    """The network with its first weights, the same at each call.

    Args:
      units: U of each of its three layers.

    Returns:
      A model whose variables are there: images [B, 28, 28] -> logits [B, 10].
    """
    tf.random.set_seed(SEED)
    cells = [BasicLSTMCell(units) for _ in range(LAYERS)]
    model = SequenceClassifier(MultiRNNCell(cells), CLASSES)
    model(tf.zeros([1, 28, 28]))
    return model


def step(model: Any, images: Any, labels: Any, rows: int) -> list[Any]:
    """One step of a worker with its part of a batch of `rows` in all."""
    cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits
    with tf.GradientTape() as tape:
        logits = model(images)  # [b, T, D] -> [b, C], its own rows
        losses = cross_entropy(labels, logits)  # [b]
        loss = tf.reduce_sum(losses) / rows  # its share of the mean over B
    gradient = tape.gradient(loss, model.trainable_variables)
    worker = tf.distribute.get_replica_context()
    # Sent: shares in the shapes of the weights. Received: the sums of all.
    return worker.all_reduce("SUM", [loss, *gradient])


def update(model: Any, gradient: Sequence[Any], rate: float) -> None:
    """Gradient descent: equal weights and an equal gradient stay equal."""
    for variable, slope in zip(model.trainable_variables, gradient):
        variable.assign_sub(rate * slope)


def part(rows: int, count: int, index: int, first: int | None = None) -> slice:
    """The rows of a batch that belong to one worker, none left out.

    Args:
      rows: B, the size of the whole batch.
      count: how many workers there are.
      index: of this worker, from 0.
      first: how many rows worker 0 has; the others share the rest (default: all parts are as equal
        as can be).
    """
    if first is None:
        return slice(rows * index // count, rows * (index + 1) // count)
    if index == 0:
        return slice(0, first)
    rest = part(rows - first, count - 1, index - 1)
    return slice(first + rest.start, first + rest.stop)


MEASURED = ("losses", "seconds", "processor", "exchange")


class Result(NamedTuple):
    """What one worker wrote into the folder of `--into`.

    Attributes:
      weights: of the network after the last step, in the order of `trainable_variables`.
      gradient: that of the first step of this run, as all workers received it.
      losses: [steps], of the whole batch.
      seconds: [steps], the first of which traces the graph.
      processor: [steps], seconds that this worker's process computed in a step, on any core;
        waiting does not count.
      exchange: [rounds], seconds of an exchange alone, without anything to compute.
      rows: b, how many rows of each batch were this worker's.
    """

    weights: list[NDArray[np.float32]]
    gradient: list[NDArray[np.float32]]
    losses: NDArray[np.float32]
    seconds: NDArray[np.float64]
    processor: NDArray[np.float64]
    exchange: NDArray[np.float64]
    rows: int


def results(folder: str | os.PathLike[str]) -> list[Result]:
    """Reads what the workers of a run wrote, in the order of the workers.

    Args:
      folder: the one that was given to `--into`.

    Raises:
      FileNotFoundError: no worker wrote there.
    """
    paths = sorted(Path(folder).glob("worker_*.npz"), key=lambda path: int(path.stem[7:]))
    if not paths:
        raise FileNotFoundError(
            f"folder must hold the results of a run, worker_0.npz and so on; got {str(folder)!r}, "
            "which holds none: give the folder that --into was given."
        )
    found = []
    for path in paths:
        with np.load(path) as held:
            lists: dict[str, Any] = {
                kind: [held[f"{kind}_{i}"] for i in range(int(held[f"{kind}_count"]))]
                for kind in ("weights", "gradient")
            }
            measured: dict[str, Any] = {name: held[name] for name in MEASURED}
            found.append(Result(rows=int(held["rows"]), **lists, **measured))
    return found


# One worker ------------------------------------------------------------------------------------


def work(asked: argparse.Namespace, count: int, index: int) -> None:
    """Trains as worker `index` of `count`; all of them come here with the same arguments."""
    tf.config.threading.set_intra_op_parallelism_threads(1)  # sums in one order, so that a run
    tf.config.threading.set_inter_op_parallelism_threads(1)  # gives the same bits each time
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    with strategy.scope():
        model = network(asked.units)
    done = tf.Variable(0, dtype=tf.int64)  # steps
    manager = None
    if asked.backup:
        checkpoint = tf.train.Checkpoint(model=model, done=done)
        manager = tf.train.CheckpointManager(checkpoint, asked.backup, max_to_keep=2)
        restore(checkpoint, manager.latest_checkpoint)
    if int(done) and index == 0:
        say(f"goes on from the checkpoint of step {int(done)}")

    @tf.function(autograph=False)
    def run(images: Any, labels: Any) -> tuple[Any, Any]:
        loss, *gradient = strategy.run(step, (model, images, labels, asked.batch))
        update(model, gradient, asked.rate)
        return loss, gradient

    @tf.function(autograph=False)
    def exchange() -> Any:
        def nothing_but_talk() -> Any:
            zeros = [tf.zeros(v.shape, v.dtype) for v in model.trainable_variables]
            return tf.distribute.get_replica_context().all_reduce("SUM", zeros)

        return strategy.run(nothing_but_talk)

    train = mnist.load().train
    mine = part(asked.batch, count, index, asked.first)
    losses, seconds, processor = [], [], []
    first_gradient: list[Any] = []
    while int(done) < asked.steps:
        if asked.kill_at == int(done) + 1 and index == count - 1:
            time.sleep(2)  # meanwhile the others begin this step, and wait for this worker
            os.kill(os.getpid(), signal.SIGKILL)
        batch = np.arange(asked.batch) + int(done) * asked.batch  # [B], which follows from the step
        rows = batch[mine] % len(train.labels)  # [b]
        start, busy = time.perf_counter(), time.process_time()
        loss, gradient = run(tf.constant(train.images[rows]), tf.constant(train.labels[rows]))
        losses.append(float(loss))
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - busy)
        first_gradient = first_gradient or [slope.numpy() for slope in gradient]
        done.assign_add(1)
        say(f"step {int(done)}: loss ≈ {losses[-1]:.4f}")
        if manager and index == 0 and int(done) % asked.every == 0:
            manager.save(int(done))
    weights = [variable.numpy() for variable in model.trainable_variables]
    if asked.into:
        exchanges = []
        for _ in range(1 + asked.steps):
            start = time.perf_counter()
            exchange()
            exchanges.append(time.perf_counter() - start)
        result = Result(
            weights,
            first_gradient,
            np.array(losses, np.float32),
            np.array(seconds),
            np.array(processor),
            np.array(exchanges[1:]),  # the first one traces
            mine.stop - mine.start,
        )
        write(result, Path(asked.into) / f"worker_{index}.npz")
    say(launcher.HOLDS + hashlib.sha256(b"".join(w.tobytes() for w in weights)).hexdigest())


def restore(checkpoint: Any, path: str | None) -> None:
    """Reads the newest checkpoint, if there is one, or ends with a sentence."""
    if path is None:
        return
    try:
        checkpoint.restore(path).assert_consumed()
    except (ValueError, AssertionError, tf.errors.OpError):
        raise SystemExit(
            "--backup must name a folder whose checkpoints are of this network; got one with "
            f"weights of another, {path!r}: give the --units of that run, or another folder."
        ) from None


def write(result: Result, path: Path) -> None:
    """One file, as a whole or not at all."""
    arrays: dict[str, Any] = {name: getattr(result, name) for name in (*MEASURED, "rows")}
    for kind in ("weights", "gradient"):
        values = getattr(result, kind)
        arrays |= {f"{kind}_count": len(values)}
        arrays |= {f"{kind}_{i}": value for i, value in enumerate(values)}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with open(partial, "wb") as file:
        np.savez(file, **arrays)
    os.replace(partial, path)


def say(line: str) -> None:
    print(line, flush=True)


# The command line ------------------------------------------------------------------------------


class Parser(argparse.ArgumentParser):
    """Says what is wrong with an argument in one line."""

    def error(self, message: str) -> Any:
        self.exit(2, f"{self.prog}: {message}\n")


def whole(text: str) -> int:
    """A whole number of at least 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1; got {text!r}")
    return number


def positive(text: str) -> float:
    """A finite number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number above 0; got {text!r}")
    return number


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The arguments, checked; ends the program with one line where they are wrong."""
    parser = Parser(
        prog="python -m unrolled.workers",
        description="Train one network in several processes that share each batch.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--workers", type=whole, help="how many processes, on this machine (default: 2)")
    add("--steps", type=whole, default=8, help="of training (default: 8)")
    add("--batch", type=whole, default=256, help="B, rows of all workers together (default: 256)")
    add("--first", type=whole, help="how many of them worker 0 has (default: an equal part)")
    add("--units", type=whole, default=64, help="U of each of the three layers (default: 64)")
    add("--rate", type=positive, default=0.5, help="the learning rate (default: 0.5)")
    add("--into", help="a folder for what the workers found (default: none)")
    add("--backup", help="a folder for checkpoints, to go on from (default: none)")
    add("--every", type=whole, default=2, help="steps from checkpoint to checkpoint (default: 2)")
    add("--kill-at", type=whole, help="kill the last worker before this step (default: never)")
    add(
        "--wait",
        type=positive,
        default=600.0,
        help="seconds that all workers may be silent before they are ended (default: 600)",
    )
    add("--watched", action="store_true", help=argparse.SUPPRESS)  # ends with its launcher
    asked = parser.parse_args(arguments)
    if asked.workers and "TF_CONFIG" in os.environ and not asked.watched:
        parser.error(
            f"--workers starts processes on this machine; got {asked.workers} where TF_CONFIG "
            "makes this process a worker itself: leave out one of the two"
        )
    for name in ("into", "backup"):
        path = getattr(asked, name)
        if path is not None and (not path or (os.path.exists(path) and not os.path.isdir(path))):
            parser.error(f"argument --{name}: must name a folder; got {path!r}")
    count = len(launcher.cluster()[0]) if "TF_CONFIG" in os.environ else asked.workers or 2
    if asked.batch < count:
        parser.error(
            f"argument --batch: must be at least {count}, a row for each worker; got {asked.batch}"
        )
    if asked.first and not 0 < count - 1 <= asked.batch - asked.first:
        parser.error(
            f"argument --first: must leave a row for each other worker; got {asked.first} of "
            f"{asked.batch} rows, and workers: {count}"
        )
    return asked


def main(arguments: Sequence[str] | None = None) -> None:
    """Starts the workers, or is one of them where TF_CONFIG is set.

    Args:
      arguments: of the command line (default: those that Python was started with).

    Raises:
      SystemExit: an argument is wrong (2), a worker failed (1) or Ctrl-C was pressed (130); the
        message is one sentence, with the last lines of that worker.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    asked = parsed(arguments)
    if "TF_CONFIG" not in os.environ:
        try:
            mnist.fetch()  # once, before several processes look for it
        except mnist.MNISTUnavailable as error:
            raise SystemExit(str(error)) from None
        for path in Path(asked.into or "").glob("worker_*.npz") if asked.into else ():
            path.unlink()  # of an earlier run, perhaps with more workers
        command = [sys.executable, "-m", "unrolled.workers", *arguments]
        launcher.launch(command, asked.workers or 2, asked.wait)
        return
    if asked.watched:
        launcher.end_with_standard_input()
    addresses, index = launcher.cluster()
    try:
        work(asked, len(addresses), index)
    except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError) as error:
        say(f"{launcher.GOES}: {launcher.first_line(error)}")
        os._exit(launcher.LOST)  # a broken exchange would hold up an orderly end


if __name__ == "__main__":
    main()
