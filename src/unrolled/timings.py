"""What `make benchmarks` measured: reads `timings.json`, in the folder of this file.

    timings = load()
    ours = timings.steps.best("mnist1", "train", "static_rnn")
    theirs = timings.steps.best("mnist1", "train", "tensorflow_static")
    ours.median, ours.quartiles                    # milliseconds a step
    ours.ratio_to(theirs)                          # the median of the ratios of the rounds
    timings.steps.date, timings.steps.machine, timings.steps.versions

Contestants run in turns, and a row holds the medians of its bursts, one for each round. A machine
may be twice as slow in one minute as in the next; the bursts of one round ran in the same minute,
so a ratio is taken within the rounds. A contestant that could not run has no rounds, and a `note`
with the reason. This module needs neither NumPy nor TensorFlow.
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


class Case(NamedTuple):
    """The sizes of a network: B rows in the batch, T steps, D inputs, U units in each layer."""

    kind: str  # "basic" or "gru"
    layers: int
    U: int
    B: int
    T: int
    D: int


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

    def best(self, name: str, mode: str, contestant: str, without: str = "") -> Row | None:
        """The fastest form of a contestant with TensorFlow's default settings; None if none ran.

        Args:
          name, mode, contestant: of the rows.
          without: an option; forms whose variant has it do not count (default: all forms count).
        """
        excluded = ["onednn", without] if without else ["onednn"]
        ran = [
            row
            for row in self.select(name=name, mode=mode, contestant=contestant)
            if row.measured and not any(option in row.variant for option in excluded)
        ]
        return min(ran, key=_time, default=None)

    def curve(self, letter: str, contestant: str) -> tuple[list[int], list[float], list[float]]:
        """Sizes, milliseconds for a step, and seconds to the first result, against T, B or U.

        For a contestant with several forms, the fastest at each size.

        Args:
          letter: "T", "B" or "U".
          contestant: of the rows.
        """
        fastest: dict[int, Row] = {}
        for row in self.select(name=letter, contestant=contestant):
            size = getattr(row.case, letter)
            if row.measured and _time(row) < _time(fastest.get(size)):
                fastest[size] = row
        sizes = sorted(fastest)
        return (
            sizes,
            [_time(fastest[size]) for size in sizes],
            [fastest[size].first or math.nan for size in sizes],
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


def _time(row: Row | None) -> float:
    """The median, infinite if there is none."""
    return math.inf if row is None or row.median is None else row.median


def _quartiles(values: list[float]) -> tuple[float, float]:
    if len(values) == 1:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high
