"""Workers learn what one process learns, and the launcher leaves none of them behind.

That a run goes on to the same bits after a worker was killed is shown, and asserted, in chapter 22.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import scaling
from unrolled import mnist, workers
from unrolled.internal import launcher

SMALL = ["--steps", "5", "--batch", "30", "--units", "5"]
RUN = [sys.executable, "-m", "unrolled.workers"]
PLENTY = 600  # seconds, for a machine that has much else to do


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def until(happens: Any) -> Any:
    """What `happens` returns, once that is something."""
    end = time.monotonic() + PLENTY
    while time.monotonic() < end:
        found = happens()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


# The parts of a batch --------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 7, 8, 256])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_parts_are_the_batch_and_about_equal(rows: int, count: int) -> None:
    parts = [workers.part(rows, count, index) for index in range(count)]
    sizes = [each.stop - each.start for each in parts]
    joined = np.concatenate([np.arange(rows)[each] for each in parts])
    np.testing.assert_array_equal(joined, np.arange(rows))
    assert max(sizes) - min(sizes) <= 1


def test_first_worker_may_have_another_part_than_the_rest() -> None:
    assert [workers.part(256, 2, index, first=200) for index in range(2)] == [
        slice(0, 200),
        slice(200, 256),
    ]
    assert [workers.part(9, 3, index, first=2) for index in range(3)] == [
        slice(0, 2),
        slice(2, 5),
        slice(5, 9),
    ]


def test_shares_of_unequal_parts_add_up_to_the_gradient_of_the_whole() -> None:
    model = workers.network(4)
    rng = np.random.default_rng(0)
    images = tf.constant(rng.random([7, 28, 28]), tf.float32)
    labels = tf.constant(rng.integers(0, 10, 7))
    with tf.GradientTape() as tape:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images))
        loss = tf.reduce_mean(losses)
    whole = [loss, *tape.gradient(loss, model.trainable_variables)]
    parts = [workers.step(model, images[a:b], labels[a:b], 7) for a, b in ((0, 5), (5, 7))]
    for one, other, wanted in zip(*parts, whole):
        np.testing.assert_allclose(one + other, wanted, rtol=1e-4, atol=1e-7)


def test_network_begins_with_the_same_weights_each_time() -> None:
    one, other = (workers.network(4).trainable_variables for _ in range(2))
    for a, b in zip(one, other):
        np.testing.assert_array_equal(a, b)


# Runs ------------------------------------------------------------------------------------------


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RUN, *SMALL, *options], cwd=folder, capture_output=True, text=True, timeout=PLENTY
    )


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> list[workers.Result]:
    """What two workers found, with nothing in their way."""
    folder = tmp_path_factory.mktemp("pair")
    done = run(folder, "--workers", "2", "--into", "two")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 6 and "all hold the same weights" in done.stdout
    return workers.results(folder / "two")


@pytest.mark.thorough  # chapter 22 runs two workers as well
@pytest.mark.real_data
def test_two_workers_learn_what_one_process_learns(pair: list[workers.Result]) -> None:
    model, train = workers.network(5), mnist.load().train
    for number in range(5):
        rows = slice(30 * number, 30 * (number + 1))
        loss, *gradient = workers.step(
            model, tf.constant(train.images[rows]), tf.constant(train.labels[rows]), 30
        )
        for each in pair:
            assert each.losses[number] == pytest.approx(float(loss), abs=1e-5)
        if number == 0:
            for each in pair:
                for a, b in zip(each.gradient, gradient):
                    np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-7)
        workers.update(model, gradient, 0.5)
    for each in pair:
        for a, b in zip(each.weights, model.trainable_variables):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.thorough
@pytest.mark.real_data
def test_workers_hold_the_same_bits(pair: list[workers.Result]) -> None:
    one, other = pair
    for a, b in zip(one.weights + one.gradient, other.weights + other.gradient):
        np.testing.assert_array_equal(a, b)
    assert [each.rows for each in pair] == [15, 15]
    assert len(one.seconds) == len(one.losses) == len(one.exchange) == 5


def test_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    done = tf.Variable(0, dtype=tf.int64)
    saved = tf.train.Checkpoint(model=workers.network(4), done=done)
    path = tf.train.CheckpointManager(saved, tmp_path, max_to_keep=1).save()
    other = tf.train.Checkpoint(model=workers.network(5), done=done)
    with pytest.raises(SystemExit, match="--backup must name .*got one with weights of another"):
        workers.restore(other, path)
    workers.restore(other, None)  # there is none yet


@pytest.mark.thorough
@pytest.mark.real_data
def test_interrupt_ends_all(tmp_path: Path) -> None:
    listens = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    program = f"{listens}runpy.run_module('unrolled.workers', run_name='__main__')"
    process = subprocess.Popen(
        [sys.executable, "-c", program, *SMALL, "--steps", "1000000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    assert process.stdout and process.stdout.readline().startswith("step 1")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PLENTY)
    assert process.returncode == 130
    assert said == "Stopped: all workers are ended.\n"


# The launcher, with programs that are quicker than TensorFlow -----------------------------------

BEGINS = """
import json, os, sys, time
index = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
open(f"{sys.argv[1]}/{index}", "w").write(str(os.getpid()))
while len(os.listdir(sys.argv[1])) < COUNT:
    time.sleep(0.01)
"""


def launch(folder: Path, code: str, count: int = 3, wait: float = PLENTY) -> list[str]:
    """The command of a launch whose processes first write their own numbers to `folder`."""
    program = BEGINS.replace("COUNT", str(count)) + code
    command = [sys.executable, "-c", program, str(folder)]
    launching = f"launcher.launch({command!r}, {count}, {wait})"
    listens = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)"
    launching = f"{listens}\nfrom unrolled.internal import launcher\n{launching}"
    return [sys.executable, "-c", launching]


def pids(folder: Path, count: int = 3) -> list[int]:
    """The numbers of the processes, once all have written theirs."""
    texts = until(
        lambda: (
            [text for path in folder.iterdir() if (text := path.read_text())]
            if len(list(folder.iterdir())) == count
            else []
        )
    )
    return [int(text) for text in until(lambda: texts if len(texts) == count else [])]


def test_failing_worker_ends_all_and_is_named(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(launcher, "GRACE", 0.2)
    code = "if index == 1: sys.exit('the disk is full')\ntime.sleep(3600)"
    program = BEGINS.replace("COUNT", "3") + code
    with pytest.raises(SystemExit) as raised:
        launcher.launch([sys.executable, "-c", program, str(tmp_path)], 3, PLENTY)
    first, *rest = str(raised.value).splitlines()
    assert first == (
        "Worker 1 of 3 ended with status 1; worker 0 was still waiting and was ended; worker 2 was "
        "still waiting and was ended."
    )
    assert rest == ["The last that worker 1 said:", "  the disk is full"]
    assert not any(map(alive, pids(tmp_path)))


def test_silent_workers_are_ended(tmp_path: Path) -> None:
    done = subprocess.run(
        launch(tmp_path, "time.sleep(3600)", wait=0.5), capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("The workers said nothing for 0.5 seconds and were ended")
    assert not any(alive(int(text)) for path in tmp_path.iterdir() if (text := path.read_text()))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_its_launcher(tmp_path: Path, number: signal.Signals) -> None:
    code = (
        "from unrolled.internal import launcher\nlauncher.end_with_standard_input()\n"
        "time.sleep(3600)"
    )
    process = subprocess.Popen(launch(tmp_path, code), stderr=subprocess.DEVNULL)
    started = pids(tmp_path)
    assert all(map(alive, started))
    process.send_signal(number)
    process.wait(PLENTY)
    until(lambda: not any(map(alive, started)))


def test_different_weights_are_an_error(tmp_path: Path) -> None:
    done = subprocess.run(
        launch(tmp_path, "print('weights', index)"), capture_output=True, text=True
    )
    assert done.stderr == "The workers must end with equal weights; got 3 different.\n"


def test_port_that_was_taken_meanwhile_is_another_try(tmp_path: Path, capsys: Any) -> None:
    tried = tmp_path / "tried"
    code = f"""
import os, sys
if not os.path.exists({str(tried)!r}):
    open({str(tried)!r}, "w").close()
    sys.exit({launcher.IN_USE!r})
print("weights equal")
"""
    launcher.launch([sys.executable, "-c", code], 1, PLENTY)
    assert capsys.readouterr().out == "done\n"


@pytest.mark.thorough
def test_tensorflow_says_that_a_port_is_taken(monkeypatch: Any) -> None:
    with socket.socket() as taken:
        taken.bind((launcher.HOST, 0))
        taken.listen()
        address = f"{launcher.HOST}:{taken.getsockname()[1]}"
        config = {"cluster": {"worker": [address] * 2}, "task": {"type": "worker", "index": 0}}
        monkeypatch.setenv("TF_CONFIG", json.dumps(config))
        done = subprocess.run([*RUN, *SMALL], capture_output=True, text=True, timeout=PLENTY)
    assert done.returncode and launcher.IN_USE in done.stderr


def test_free_ports_differ() -> None:
    assert len(set(launcher.free_ports(16))) == 16


# What is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--workers 0", "argument --workers: must be a whole number of at least 1; got '0'"),
        ("--workers two", "argument --workers: must be a whole number of at least 1; got 'two'"),
        ("--rate nan", "argument --rate: must be a number above 0; got 'nan'"),
        ("--wait -1", "argument --wait: must be a number above 0; got '-1'"),
        (
            "--workers 8 --batch 7",
            "argument --batch: must be at least 8, a row for each worker; got 7",
        ),
        (
            "--workers 3 --batch 9 --first 8",
            "argument --first: must leave a row for each other worker; got 8 of 9 rows, and "
            "workers: 3",
        ),
        (
            "--workers 1 --first 9",
            "argument --first: must leave a row for each other worker; got 9 of 256 rows, and "
            "workers: 1",
        ),
        ("--backup pyproject.toml", "argument --backup: must name a folder; got 'pyproject.toml'"),
        ("--into=", "argument --into: must name a folder; got ''"),
        ("--colour red", "unrecognized arguments: --colour red"),
        ("--step 3", "unrecognized arguments: --step 3"),
    ],
)
def test_wrong_argument_is_one_line(
    options: str, expected: str, capsys: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent)
    with pytest.raises(SystemExit) as raised:
        workers.main(options.split())
    assert raised.value.code == 2
    assert capsys.readouterr().err == f"python -m unrolled.workers: {expected}\n"


def test_one_process_cannot_be_launcher_and_worker(capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("TF_CONFIG", "{}")
    with pytest.raises(SystemExit):
        workers.main(["--workers", "2"])
    assert "got 2 where TF_CONFIG makes this process a worker itself" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"cluster": {"worker": ["a:1"]}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "ps", "index": 0}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": "0"}}',
    ],
)
def test_wrong_cluster_is_one_sentence(text: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(SystemExit, match="TF_CONFIG must be .*; got"):
        workers.main([])


def test_folder_without_results(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="give the folder that --into was given"):
        workers.results(tmp_path)


# What was recorded -----------------------------------------------------------------------------


def test_recorded_scaling_is_whole() -> None:
    recorded = json.loads(scaling.SCALING.read_text(encoding="utf-8"))
    assert [(row["batch"], row["workers"]) for row in recorded["rows"]] == [
        (batch, count) for batch in scaling.BATCHES for count in scaling.WORKERS
    ]
    assert recorded["settings"]["rounds"] == scaling.ROUNDS, "run `make scaling` without ARGS"
    for row in recorded["rows"]:
        for name in ("step_ms", "processor_ms", "exchange_ms"):
            assert row[name] == scaling.summary(row[name]["rounds"])
