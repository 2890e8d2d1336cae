"""The benchmarks: all contestants compute the same, and none of them can stop the others."""

from __future__ import annotations

import contextlib
import json
import queue
import sys
import time

import numpy as np
import pytest

from benchmarks import cases, record
from benchmarks.__main__ import main
from benchmarks.contestants import PLACES, products
from benchmarks.rounds import LIMIT, Effort, Gone, Process, job, started, take_turns
from benchmarks.suites import MANY, SIZES, forms
from unrolled import reference, timings
from unrolled.timings import Case, Row

SMALL = {kind: Case(kind, layers=2, U=3, B=4, T=5, D=2) for kind in ("basic", "gru")}

# Processes that hold one framework each, and the forms that are compared in them.
PROCESSES = {
    "tensorflow": [("tensorflow_dynamic", {"session": True}), ("tensorflow_static", {})],
    "unrolled": [
        ("static_rnn", {}),
        ("dynamic_rnn", {}),
        ("dynamic_rnn", {"unroll": 1}),
        ("dynamic_rnn", {"recompute_every": 2}),
        *(
            (name, how)
            for name in ("static_rnn", "dynamic_rnn", "tensorflow_static", "tensorflow_dynamic")
            for how in ({"session": True}, {"steps_in_a_call": 2}, {"jit_compile": True})
        ),
        ("dynamic_rnn", {"fused_adam": False}),
    ],
    "keras": [
        ("keras", {}),
        ("keras", {"unroll": True, "tf_function": True}),
        ("keras", {"unroll": True, "tf_function": True, "steps_in_a_call": 2}),
        ("keras", {"tf_function": True, "fused_adam": False}),
    ],
    "pytorch": [("pytorch", {}), ("pytorch", {"fused_adam": False})],
    "jax": [("jax", {}), ("jax", {"unroll": 2}), ("jax", {"steps_in_a_call": 2})],
}


@pytest.fixture(scope="module")
def processes():
    """All of them at once, so that they import their frameworks side by side."""
    found = {name: Process() for name in PROCESSES}
    yield found
    for process in found.values():
        process.stop()


def losses(process, contestant, kind, mode, options):
    """The losses of the first four steps."""
    question = {"contestant": contestant, "case": SMALL[kind], "mode": mode, "options": options}
    answer = process.ask("start", job=0, **question)
    if answer.get("error", "").endswith("is not installed"):
        pytest.skip(answer["error"])
    assert "error" not in answer, answer
    return [answer["loss"], *process.ask("losses", job=0, steps=3)["losses"]]


FORMS = [
    (name, contestant, options)
    for name, forms_of_it in PROCESSES.items()
    for contestant, options in forms_of_it
]


@pytest.fixture(scope="module")
def expected(processes):
    """What TensorFlow's own `dynamic_rnn` computes in a session."""
    return {
        (kind, mode): losses(
            processes["tensorflow"], "tensorflow_dynamic", kind, mode, {"session": True}
        )
        for kind in SMALL
        for mode in ("train", "infer")
    }


@pytest.mark.one_in(24)
@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize(("process", "contestant", "options"), FORMS)
def test_all_contestants_compute_the_same(processes, expected, process, contestant, options, kind):
    if (contestant, kind) == ("pytorch", "gru"):
        pytest.skip("PyTorch's GRU resets after the product: another arithmetic")
    for mode in ("train", "infer"):
        steps = options.get("steps_in_a_call", 1) if mode == "train" else 1
        wanted = expected[kind, mode][::steps]  # a call tells the loss of its first step
        found = losses(processes[process], contestant, kind, mode, options)
        assert found[: len(wanted)] == pytest.approx(wanted, rel=2e-6)


def test_the_losses_are_those_of_training(expected):
    for kind in SMALL:
        train, infer = expected[kind, "train"], expected[kind, "infer"]
        assert train == sorted(train, reverse=True) and train[0] - train[3] > 1e-3
        assert infer == [infer[0]] * 4 and infer[0] == pytest.approx(train[0], rel=1e-6)


def test_the_first_loss_is_that_of_numpy(expected):
    case = SMALL["basic"]
    start, (x, y) = cases.weights(case), cases.data(case)
    for layer in start.layers:
        x = reference.forward(x, layer["kernel"], layer["bias"])[:, 1:]
    loss = cases.loss_of(x[:, -1] @ start.kernel + start.bias, y)
    assert expected["basic", "train"][0] == pytest.approx(loss, rel=1e-6)


def test_pytorch_says_that_its_gru_is_another():
    notes = [
        each.row.note
        for name, case in cases.CASES.items()
        for each in forms(name, case)
        if each.row.contestant == "pytorch" and not each.blank and case.kind == "gru"
    ]
    assert notes and all("resets after" in note for note in notes)


# -- taking turns ---------------------------------------------------------------------------------

# A worker that answers as it is told, and takes no framework to start.
FAKE = """
import json, sys
for line in sys.stdin:
    question = json.loads(line)
    job, do = question.get("job"), question["do"]
    with open(sys.argv[1], "a") as file:
        print(do, question.get("contestant"), job, file=file)
    options = question.get("options", {})
    if options.get("dies"): sys.exit(3)
    if options.get("hangs"):
        with open(sys.argv[1], "a") as file: print("hangs", file=file)
        sys.stdin.read()  # for as long as there is somebody who might ask
    if options.get("raises"): answer = {"error": "ValueError: no"}
    else:
        answer = {"traced": 0.4, "seconds": 0.5, "loss": 2.0}
        answer["milliseconds"] = 4.0 + job if do == "burst" else 0
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture
def fake(tmp_path):
    """How to run the worker above, and the file that it writes its questions to."""
    script, log = tmp_path / "fake.py", tmp_path / "log"
    script.write_text(FAKE.replace("4.0 + job", "4.0 + (job or 0)"))
    log.touch()
    return {"command": (sys.executable, str(script), str(log))}, log


def jobs_of(*options):
    return [job("n", "train", "static_rnn", SMALL["basic"], each) for each in options]


def test_bursts_come_in_turns_and_processes_are_fresh(fake):
    how, log = fake
    jobs = [job("n", "train", name, SMALL["basic"]) for name in ("static_rnn", "dynamic_rnn")]
    take_turns(jobs, Effort(repeats=2, rounds=3, seconds=0.01), **how)
    done = [line.split()[0] + line.split()[2] for line in log.read_text().splitlines()]
    assert done.count("wakeNone") == 4
    done = [word for word in done if word != "wakeNone"]
    orders = set()
    for words in (done[:8], done[8:]):
        assert words[:2] == ["start0", "start1"]
        turns = [tuple(words[i : i + 2]) for i in range(2, 8, 2)]
        assert all(sorted(turn) == ["burst0", "burst1"] for turn in turns)
        orders.update(turns)
    assert len(orders) == 2  # the order is drawn anew for each round
    assert [each.row.rounds for each in jobs] == [[4.0] * 6, [5.0] * 6]
    assert jobs[0].row.seconds_to_trace == [0.4, 0.4] and jobs[0].row.first_loss == 2.0
    assert jobs[0].row.seconds_to_first == [0.5, 0.5]


@pytest.mark.parametrize(
    ("option", "note"),
    [
        ("dies", "its process ended with status 3"),
        ("hangs", "no answer within 3 seconds"),
        ("raises", "ValueError: no"),
    ],
)
def test_one_that_fails_stays_blank_and_stops_nobody(fake, option, note, monkeypatch):
    how, log = fake
    limit = 3

    class Answers(queue.Queue):
        """Time passes only while a worker hangs: `limit` seconds for each time that one does."""

        passed = 0

        def get(self, timeout):
            end = time.monotonic() + LIMIT
            while time.monotonic() < end:
                with contextlib.suppress(queue.Empty):
                    return super().get(timeout=0.01)
                if Answers.passed < limit * log.read_text().split().count("hangs"):
                    Answers.passed += 1
                    raise queue.Empty
            raise AssertionError("no answer, and nobody hangs")

    monkeypatch.setattr(queue, "Queue", Answers)
    jobs = jobs_of({}, {option: True}, {"last": True})
    take_turns(jobs, Effort(2, 2, 0.01), **how, limit=limit)
    assert Answers.passed == (limit if option == "hangs" else 0)
    assert [len(each.row.measured) for each in jobs] == [4, 0, 4]
    assert jobs[1].row.note == note and jobs[1].row.rounds == []
    assert jobs[0].row.note == jobs[2].row.note == ""


def test_one_that_starts_slowly_is_not_repeated(fake):
    how, _ = fake
    jobs = jobs_of({}, {"slow": True})
    jobs[1].once = True
    take_turns(jobs, Effort(2, 2, 0.01), **how)
    assert [each.row.rounds for each in jobs] == [[4.0] * 4, [5.0, 5.0, None, None]]


def test_a_missing_framework_is_a_blank_and_not_a_failure(monkeypatch):
    jobs = [job("n", "train", "jax", SMALL["basic"])]
    blocked = "import sys; sys.modules['jax'] = None; from benchmarks.worker import main; main()"
    take_turns(jobs, Effort(1, 1, 0.01), command=(sys.executable, "-c", blocked))
    assert jobs[0].row.note == "jax is not installed" and jobs[0].row.rounds == []


def test_no_process_is_left(fake):
    how, _ = fake
    with pytest.raises(KeyboardInterrupt), started(jobs_of({}), **how) as contestants:
        process = next(iter(contestants._processes.values()))
        raise KeyboardInterrupt
    with pytest.raises(Gone, match="ended with status -9"):
        process.ask("wake")


# -- the record -----------------------------------------------------------------------------------


@pytest.mark.thorough
def test_a_quick_run_of_one_part_leaves_the_others(tmp_path, capsys):
    path = tmp_path / "timings.json"
    path.write_text(
        json.dumps({"steps": record.part([Row("n", "train", "jax")], Effort(1, 1, 1), True)})
    )
    main(["--quick", "--only", "operations", "--into", str(path)])
    measured = timings.load(path)
    assert [row.contestant for row in measured.steps.rows] == ["jax"]
    rows = {row.name: row for row in measured.operations.rows}
    assert {"matmul", "tf.function", "while_loop", "numpy.matmul"} <= set(rows)
    assert all(row.median > 0 and row.unit == "us" and not row.note for row in rows.values())
    assert measured.operations.settings["quick"] is True and not measured.curves.rows
    printed = capsys.readouterr().out
    assert all(f"    {name} " in printed for name in rows)
    assert [entry.name for entry in tmp_path.iterdir()] == ["timings.json"]


def test_the_record_comes_back_as_it_was(tmp_path):
    rows = [
        Row("a", "train", "jax", "unroll=2", "ms", SMALL["gru"], [1.5, None], [0.1], [0.2], 2.0),
        Row("b", "forward", "keras", peak_megabytes=[1.0], note="why"),
    ]
    path = tmp_path / "timings.json"
    record.write("memory", record.part(rows, Effort(1, 2, 3), False), path)
    part = timings.load(path).memory
    assert part.rows == rows
    assert part.versions["numpy"] == np.__version__ and "tensorflow" in part.versions
    assert part.machine["cores"] >= 1 and str(part.machine["cores"]) in str(part)


def test_the_record_names_no_machine():
    import getpass
    import platform

    text = json.dumps(record.part([], Effort(1, 1, 1), False))
    assert platform.node() not in text and getpass.getuser() not in text and "/" not in text


def test_ratios_are_taken_within_rounds():
    slow, fast = (
        Row("n", "train", "a", rounds=[2, 20, None, 6]),
        Row("n", "train", "b", rounds=[1, 10, 5, 2]),
    )
    assert slow.ratio_to(fast) == 2 and slow.ratios_to(fast) == [2, 2, 3]
    assert slow.median == 6 and fast.quartiles == (1.75, 6.25)
    blank = Row("n", "train", "c")
    assert (blank.median, blank.quartiles, blank.trace, blank.first, blank.peak) == (None,) * 5
    assert blank.ratio_to(slow) is None


def test_where_the_quartiles_lie_on_both_sides_of_1_nobody_is_faster():
    other = Row("n", "train", "b", rounds=[1.0] * 5)
    for rounds, verdict in (
        ([0.7, 0.8, 0.9, 0.95, 2.0], "less"),
        ([0.8, 0.9, 0.95, 1.01, 1.1], "undecided"),
        ([0.9, 1.1, 1.2, 1.3, 1.4], "more"),
    ):
        row = Row("n", "train", "a", rounds=rounds)
        beside = row.beside(other)
        assert beside == (row.ratio_to(other), *row.quartiles) and beside.verdict == verdict
    assert other.beside(None) is None and other.beside(Row("n", "train", "c")) is None


def test_a_form_is_one_row_in_each_way_of_calling_it():
    rows = [
        Row("n", "train", "static_rnn", rounds=[3.0]),
        Row("n", "train", "static_rnn", "steps_in_a_call=20", rounds=[2.0]),
        Row("n", "train", "static_rnn", "session=True", note="why not"),
        Row("n", "infer", "static_rnn", rounds=[0.5]),
    ]
    part = timings.Part("", {}, {}, {}, rows)
    assert part.called("n", "train", "static_rnn") is rows[0]
    assert part.called("n", "train", "static_rnn", "many steps") is rows[1]
    assert part.called("n", "train", "static_rnn", "session") is None
    assert part.called("n", "train", "PyTorch", "many steps") is None


def test_every_form_that_is_set_side_by_side_is_measured():
    measured = {
        (each.row.contestant, each.row.variant) for each in forms("mnist1", cases.CASES["mnist1"])
    }
    for contestant, *variants in timings.FORMS.values():
        assert {(contestant, variant) for variant in variants if variant is not None} <= measured
    assert f"steps_in_a_call={MANY}" == timings.MANY


@pytest.mark.parametrize(
    ("case", "million"),
    [(cases.CASES["mnist1"], 16.4), (Case("basic", layers=2, U=40, B=50, T=7, D=30), 5.72)],
)
def test_the_products_are_those_that_a_gradient_needs(monkeypatch, case, million):
    """No gradient for the bottom layer's x, and none for the state before step 0."""
    count, matmul = [], np.matmul

    def counted(a, b, out):
        count.append(a.size * b.shape[1])
        return matmul(a, b, out=out)

    monkeypatch.setattr(products.np, "matmul", counted)
    for how in ({}, {"batched_weight_gradient": True}):
        count.clear()
        products.in_turn(case, "train", **how).step()
        assert sum(count) / 1e6 == pytest.approx(million, rel=2e-3)
    count.clear()
    products.lifted(case, "train").step()
    assert sum(count) / 1e6 == pytest.approx(million, rel=2e-3)


def test_the_table_shows_the_products_and_the_blanks():
    rows = [
        Row("n", "train", "products", "", case=SMALL["gru"], rounds=[1.0]),
        Row("n", "train", "products", "x=1", case=SMALL["gru"], rounds=[2.0]),
        Row("n", "train", "keras", "", case=SMALL["gru"], rounds=[3.0], seconds_to_first=[1.0]),
        Row("n", "train", "jax", case=SMALL["gru"], note="jax is not installed"),
    ]
    head, *lines = record.table(rows).splitlines()
    assert head.strip() == "train, kind gru, layers 2, U 3, B 4, T 5, D 2"
    ratios = [line.split(" x products")[0].split()[-1] for line in lines[:3]]
    assert ratios == ["1.00", "2.00", "3.00"]
    assert lines[3].split() == "jax - jax is not installed".split()


# -- what the book shows --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def committed():
    return timings.load()


@pytest.mark.parametrize("part", timings.PARTS)
def test_the_book_shows_a_whole_measurement(committed, part):
    measured = getattr(committed, part)
    assert measured.rows, f"timings.json has no {part}: run `make benchmarks`"
    assert not measured.settings["quick"], "timings.json is that of a trial: run `make benchmarks`"
    assert {row.contestant for row in measured.rows} <= set(PLACES)


def test_the_book_shows_every_form(committed):
    wanted = [
        (name, each.row.mode, each.row.contestant, each.row.variant)
        for name, case in cases.CASES.items()
        for each in forms(name, case)
    ]
    assert {(name, mode) for name, mode, *_ in wanted} == {
        (name, mode) for name in cases.CASES for mode in ("train", "infer")
    }
    rows = committed.steps.rows
    assert [(row.name, row.mode, row.contestant, row.variant) for row in rows] == wanted
    assert all(row.measured or row.note for row in rows)
    for row in rows:
        if row.first_loss is not None and not row.note:
            other = committed.steps.row(
                name=row.name,
                mode=row.mode,
                contestant="tensorflow_dynamic",
                variant="session=True",
            )
            assert row.first_loss == pytest.approx(other.first_loss, rel=1e-4)


@pytest.mark.thorough
def test_curves_grow_with_their_size(committed):
    for letter, sizes in SIZES.items():
        found, times, _ = committed.curves.curve(letter, "products")
        assert found == sizes
        assert times[-1] > times[0] > 0
