"""What `make benchmarks` measured: reads `timings.json`, in the folder of this file.

    timings = load()
    ours = timings.steps.called("mnist1", "train", "static_rnn", "many steps")
    theirs = timings.steps.called("mnist1", "train", "TensorFlow's static_rnn", "many steps")
    ours.median, ours.quartiles                    # milliseconds a step
    beside = ours.beside(theirs)                   # by the ratios of the rounds
    beside.ratio, beside.low, beside.high, beside.verdict
    timings.steps.date, timings.steps.machine, timings.steps.versions

Contestants run in turns, and a row holds the medians of its bursts, one for each round. A machine
may be twice as slow in one minute as in the next; the bursts of one round ran in the same minute,
so a ratio is taken within the rounds. Where the middle half of the ratios lies on both sides of 1,
nobody is faster. A contestant that could not run has no rounds, and a `note` with the reason. This
module needs neither NumPy nor TensorFlow.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

PARTS = ("steps", "curves", "memory", "operations")

WAYS = ("called", "session", "many steps")  # of calling a graph: once for each step, or for many
MANY = "steps_in_a_call=20"


class Form(NamedTuple):
    """One form of a contestant: its name in a record, and its variant in each way of calling it."""

    contestant: str
    called: str | None = ""
    session: str | None = None
    many: str | None = MANY


# The forms that are set side by side. No contestant is shown by the best of several.
FORMS = {
    "static_rnn": Form("static_rnn", session="session=True"),
    "dynamic_rnn": Form("dynamic_rnn", session="session=True"),
    "dynamic_rnn, the loop": Form("dynamic_rnn", "unroll=1", many=f"unroll=1, {MANY}"),
    "TensorFlow's static_rnn": Form("tensorflow_static", session="session=True"),
    "TensorFlow's dynamic_rnn": Form("tensorflow_dynamic", session="session=True"),
    "Keras, written out": Form(
        "keras", "unroll=True, tf_function=True", many=f"unroll=True, tf_function=True, {MANY}"
    ),
    "Keras, the loop": Form("keras", "tf_function=True", many=f"tf_function=True, {MANY}"),
    "JAX": Form("jax"),
    "PyTorch": Form("pytorch", many=None),
}


class Case(NamedTuple):
    """The sizes of a network: B rows in the batch, T steps, D inputs, U units in each layer."""

    kind: str  # "basic" or "gru"
    layers: int
    U: int
    B: int
    T: int
    D: int


class Beside(NamedTuple):
    """A time as a share of another one: the median of the rounds, and their quartiles."""

    ratio: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """Whether it is "less" or "more"; "undecided" with the middle half on both sides of 1."""
        return "less" if self.high < 1 else "more" if self.low > 1 else "undecided"


@dataclass
class Row:
    """One contestant in one form, on one case.

    `unit` is that of the rounds: milliseconds for a step, or microseconds for an operation. `mode`
    is `train` (forward, gradient, Adam), `infer` (forward), `forward` or `gradient` (all outputs,
    and the gradient of their mean square).
    """

    name: str  # of the case: "mnist1"; "T" for a point of the curve against T; an operation
    mode: str
    contestant: str
    variant: str = ""  # such as "unroll=1"; empty for the default settings
    unit: str = "ms"
    case: Case | None = None
    rounds: list[float | None] = field(default_factory=list)
    seconds_to_trace: list[float] = field(default_factory=list)  # until the graph is built
    seconds_to_first: list[float] = field(default_factory=list)  # the same, and the first run
    first_loss: float | None = None  # equal for all contestants that compute the same
    peak_megabytes: list[float] = field(default_factory=list)  # more than before the first run
    note: str = ""

    @property
    def measured(self) -> list[float]:
        """The rounds in which it ran."""
        return [x for x in self.rounds if x is not None]

    @property
    def median(self) -> float | None:
        """The median of the rounds, in `unit`; None if there are none."""
        return statistics.median(self.measured) if self.measured else None

    @property
    def quartiles(self) -> tuple[float, float] | None:
        """The spread: a quarter of the rounds are below the first, a quarter above the second."""
        return _quartiles(self.measured) if self.measured else None

    @property
    def trace(self) -> float | None:
        """Seconds until the graph is traced: the median over the processes."""
        return statistics.median(self.seconds_to_trace) if self.seconds_to_trace else None

    @property
    def first(self) -> float | None:
        """Seconds until the first result, tracing included: the median over the processes."""
        return statistics.median(self.seconds_to_first) if self.seconds_to_first else None

    @property
    def peak(self) -> float | None:
        """The highest memory in megabytes, less that before the first run: the median."""
        return statistics.median(self.peak_megabytes) if self.peak_megabytes else None

    def ratios_to(self, other: Row) -> list[float]:
        """This row's time as a share of the other's, in each round that both ran in."""
        pairs = zip(self.rounds, other.rounds)
        return [a / b for a, b in pairs if a is not None and b is not None]

    def ratio_to(self, other: Row) -> float | None:
        """The median of `ratios_to`; None if there is no round that both ran in."""
        ratios = self.ratios_to(other)
        return statistics.median(ratios) if ratios else None

    def beside(self, other: Row | None) -> Beside | None:
        """This row's time as a share of the other's; None if they have no round in common."""
        ratios = self.ratios_to(other) if other else []
        return Beside(statistics.median(ratios), *_quartiles(ratios)) if ratios else None


@dataclass(frozen=True)
class Part:
    """What one part of the benchmarks measured, and where and when."""

    date: str
    machine: Mapping[str, Any]  # processor, cores, gigabytes, system
    versions: Mapping[str, str]
    settings: Mapping[str, Any]
    rows: list[Row]

    def select(self, **wanted: Any) -> list[Row]:
        """The rows with these attributes: select(name="mnist1", mode="train")."""
        return [row for row in self.rows if all(getattr(row, k) == v for k, v in wanted.items())]

    def row(self, **wanted: Any) -> Row:
        """The one row with these attributes.

        Raises:
          KeyError: there is no such row, or more than one.
        """
        found = self.select(**wanted)
        if len(found) != 1:
            raise KeyError(f"exactly one row must have {wanted}; got {len(found)} rows.")
        return found[0]

    def called(self, name: str, mode: str, form: str, way: str = "called") -> Row | None:
        """The row of one of `FORMS`, called in one of `WAYS`.

        None if it has no such way, as PyTorch has none for many steps, or was not measured in it.
        """
        contestant, *variants = FORMS[form]
        variant = variants[WAYS.index(way)]
        rows = self.select(name=name, mode=mode, contestant=contestant, variant=variant)
        return rows[0] if rows and rows[0].measured else None

    def curve(self, letter: str, contestant: str) -> tuple[list[int], list[float], list[float]]:
        """Sizes, milliseconds for a step, and seconds to the first result, against T, B or U.

        Args:
          letter: "T", "B" or "U".
          contestant: of the rows; its form without options counts.
        """
        rows = self.select(name=letter, contestant=contestant, variant="")
        measured = {getattr(row.case, letter): row for row in rows if row.measured}
        sizes = sorted(measured)
        return (
            sizes,
            [measured[size].median or math.nan for size in sizes],
            [measured[size].first or math.nan for size in sizes],
        )

    def __str__(self) -> str:
        """One line: the machine and the date."""
        machine = self.machine
        return (
            f"{machine['processor']}, {machine['cores']} cores, {machine['gigabytes']} GB, "
            f"{machine['system']}; {self.date}"
        )


class Timings(NamedTuple):
    """All parts; a part that was never run has no rows."""

    steps: Part  # one step of three networks, forward alone and in training
    curves: Part  # the cost of a training step against T, B and U
    memory: Part  # the highest memory of long sequences
    operations: Part  # what single operations of a graph cost


def load(path: str | Path | None = None) -> Timings:
    """Read the timings of a file.

    Args:
      path: of the file (default: `timings.json` of this package).

    Raises:
      FileNotFoundError: there is no such file.
    """
    source = resources.files("unrolled") / "timings.json" if path is None else Path(path)
    parts = json.loads(source.read_text(encoding="utf-8"))
    return Timings(*(_part(parts.get(name, {})) for name in PARTS))


def _part(part: Mapping[str, Any]) -> Part:
    rows = [
        Row(**{**row, "case": Case(**row["case"]) if row.get("case") else None})
        for row in part.get("rows", [])
    ]
    where = {name: part.get(name, {}) for name in ("machine", "versions", "settings")}
    return Part(date=part.get("date", ""), rows=rows, **where)


def _quartiles(values: list[float]) -> tuple[float, float]:
    if len(values) == 1:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high
