"""Photograph TensorBoard's own page, as the chapter on MNIST shows it: _static/tensorboard.png.

    python tools/photograph_tensorboard.py [LOGDIR]

LOGDIR holds event files, those that the chapter leaves in chapters/logdir for instance; without it
the chapter's network is trained for two epochs first. TensorBoard runs on this machine alone, on a
free port, and is stopped at the end. It comes with TensorFlow; if `python -m tensorboard.main` is
missing, `pip install tensorboard` brings it.
"""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import browser as chromium
import numpy as np
from notebooks import ROOT
from PIL import Image

PICTURE = ROOT / "_static" / "tensorboard.png"
SIZE = (1000, 760)  # CSS pixels
SECONDS = 120  # that TensorBoard may take to answer


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@contextmanager
def tensorboard(logdir: Path) -> Iterator[str]:
    """The address of a TensorBoard that reads `logdir`, for as long as the block lasts."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--load_fast", "false"]
    with tempfile.TemporaryFile() as log:
        running = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for(f"{address}data/runs", running)
            yield address
        finally:
            running.terminate()
            running.wait()


def wait_for(address: str, running: subprocess.Popen[bytes]) -> None:
    """Until the page lists its runs."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and running.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                if b"train" in answer.read():
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.5)
    raise SystemExit("TensorBoard does not answer: is it installed, and are there runs in LOGDIR?")


def train(logdir: Path) -> None:
    """Two epochs of the chapter's network, in the order of the file, with its two writers."""
    import unrolled.quiet  # noqa: F401, I001
    import tensorflow as tf

    from unrolled import BasicRNNCell, mnist, models, training

    tf.random.set_seed(3)
    data = mnist.load()
    model = models.SequenceClassifier(BasicRNNCell(31), 10, static=True)

    def loss(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        logits = model(images)  # [B, T, D] -> [B, C]
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        return tf.reduce_mean(losses), training.accuracy(logits, labels)

    writers = {run: tf.summary.create_file_writer(str(logdir / run)) for run in ("train", "test")}
    step = 0

    def write(epoch: int, history: training.History) -> None:
        nonlocal step
        shares, _ = training.by_batch(
            lambda images, labels: training.accuracy(model(images), labels), data.test, 128
        )
        start = (epoch - 1) * history.steps_per_epoch
        measured = {"train": history.measure[start:], "test": shares[:78]}
        for run, values in measured.items():
            with writers[run].as_default():
                for value in np.asarray(values):
                    step += 1
                    tf.summary.scalar("accuracy", value, step)

    training.fit(
        model, loss, data.train, epochs=2, batch_size=128, drop_remainder=True, each_epoch=write
    )
    for writer in writers.values():
        writer.close()


def photograph(address: str) -> bytes:
    """The page with its scalars, once their lines are drawn."""
    with chromium.launched() as browser:
        context = chromium.context(
            browser,
            viewport={"width": SIZE[0], "height": SIZE[1]},
            color_scheme="light",
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.goto(f"{address}?darkMode=false#timeseries")
        page.locator("scalar-card path, scalar-card canvas").first.wait_for()
        page.get_by_role("button", name="Settings").first.click()  # closes them
        page.get_by_role("button", name="Toggle full size mode").first.click()
        page.get_by_role("button", name="Deselect fob").first.click()  # a line at the last step
        page.mouse.move(100, SIZE[1] - 50)  # away from the lines, which would name their values
        page.wait_for_timeout(4_000)  # the lines are drawn by a worker that says nothing
        return page.screenshot()


def compressed(picture: bytes) -> bytes:
    """The same picture in 128 colours, which a page of flat colours does not miss."""
    buffer = io.BytesIO()
    opened = Image.open(io.BytesIO(picture)).convert("RGB")
    opened.quantize(128, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def main(arguments: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        logdir = Path(arguments[0]) if arguments else Path(folder)
        if not arguments:
            train(logdir)
        with tensorboard(logdir) as address:
            PICTURE.write_bytes(compressed(photograph(address)))
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes.")


if __name__ == "__main__":
    main(sys.argv[1:])
