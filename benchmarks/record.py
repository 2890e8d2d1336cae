"""What was measured, where and with what: printed as tables, and written to one file."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.rounds import Effort
from unrolled.internal.machine import cores, machine, versions
from unrolled.internal.whole_files import write_text
from unrolled.timings import Case, Row

PACKAGES = ("unrolled", "tensorflow", "keras", "numpy", "torch", "jax", "jaxlib")


def part(rows: Sequence[Row], effort: Effort, quick: bool) -> dict[str, Any]:
    """What the file says of one part."""
    return {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": versions(PACKAGES),
        "settings": {
            "quick": quick,
            **effort._asdict(),
            "order": "drawn anew for each round",
            "threads": cores(),
            "oneDNN": "as TensorFlow comes, unless a row says onednn=False",
        },
        "rows": [_plain(row) for row in rows],
    }


def _plain(row: Row) -> dict[str, Any]:
    """A row without what is empty."""
    plain = {name: value for name, value in asdict(row).items() if value not in (None, "", [])}
    if isinstance(row.case, Case):
        plain["case"] = row.case._asdict()
    return plain


def write(name: str, measured: dict[str, Any], path: Path) -> None:
    """Put one part into the file in place of what it held, and leave the others as they are."""
    parts = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    parts[name] = measured
    write_text(text_of(parts), path)


def text_of(parts: dict[str, Any]) -> str:
    """JSON with one row a line."""
    texts = []
    for name, measured in parts.items():
        entries = [
            f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in measured.items() if k != "rows"
        ]
        rows = ",\n".join(f"   {json.dumps(row)}" for row in measured["rows"])
        texts.append(
            f" {json.dumps(name)}: {{\n"
            + ",\n".join([*entries, f'  "rows": [\n{rows}\n  ]'])
            + "\n }"
        )
    return "{\n" + ",\n".join(texts) + "\n}\n"


def table(rows: Sequence[Row]) -> str:
    """The rows, each network's times also as a multiple of NumPy's products."""
    lines = []
    previous: tuple[Any, ...] = ()
    for row in rows:
        group = (row.mode, row.case)
        if group != previous and row.case:
            sizes = ", ".join(f"{name} {size}" for name, size in row.case._asdict().items())
            lines.append(f"  {row.mode}, {sizes}")
        previous = group
        lines.append(f"    {_line(row, _products(row, rows))}")
    return "\n".join(lines)


def _products(row: Row, rows: Sequence[Row]) -> Row | None:
    """The products of the same network, each by itself."""
    for other in rows:
        same = (other.name, other.mode, other.case) == (row.name, row.mode, row.case)
        if same and (other.contestant, other.variant) == ("products", "") and other.measured:
            return other
    return None


def _line(row: Row, products: Row | None) -> str:
    name = row.name if row.unit == "us" else row.contestant
    text = f"{name:22} {row.variant:30}"
    if row.median is None or row.quartiles is None:
        return f"{text} {'-':>9}     {row.note}"
    low, high = row.quartiles
    text += f" {row.median:9.3f} {row.unit}  ({low:.3f} to {high:.3f})"
    ratio = row.ratio_to(products) if products else None
    text += f"  {ratio:5.2f} x products" if ratio else ""
    text += f"  {row.first:6.2f} s to the first" if row.first and row.unit == "ms" else ""
    text += f"  {row.peak:8.1f} MB at the highest" if row.peak is not None else ""
    return f"{text}  {row.note}".rstrip()
