"""A row of the result, the table people read and the file programs read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LATEST = Path(__file__).parent / "results" / "latest.json"
HEADS = ("figure", "value", "unit", "floor", "ratio", "limit", "")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. With a floor the limit is one of the ratio, else of the value; without a limit it only informs.

    A unit that ends in "/s" is a rate: more is better, and the limit is the least that will do.
    """

    name: str
    value: float
    unit: str
    limit: float | None = None
    floor: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.floor if self.floor else None

    @property
    def is_rate(self) -> bool:
        return self.unit.endswith("/s")

    @property
    def ok(self) -> bool | None:
        """Whether the limit is kept; None where there is none."""
        if self.limit is None:
            return None
        measured = self.value if self.ratio is None else self.ratio
        return measured >= self.limit if self.is_rate else measured <= self.limit

    def to_dict(self) -> dict[str, str | float | None]:
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit,
            "floor": None if self.floor is None else round(self.floor, 4),
            "ratio": None if self.ratio is None else round(self.ratio, 4),
            "limit": self.limit,
        }


def table(rows: Sequence[Row], head: bool = True) -> str:
    """Rows under each other, with a mark where a limit is broken."""
    cells = [_cells(row) for row in rows]
    lines = [_line(HEADS), "-" * len(_line(HEADS))] if head else []
    return "\n".join([*lines, *(_line(line) for line in cells)])


def _cells(row: Row) -> tuple[str, ...]:
    sign = "≥" if row.is_rate else "≤"
    times = "×" if row.floor is not None else ""
    limit = "" if row.limit is None else f"{sign} {row.limit:g}{times}"
    mark = {True: "ok", False: "OVER" if not row.is_rate else "UNDER", None: ""}[row.ok]
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}×"
    return row.name, _number(row.value), row.unit, _number(row.floor), ratio, limit, mark


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"


def _line(cells: Sequence[str]) -> str:
    name, value, unit, floor, ratio, limit, mark = cells
    return f"{name:<34} {value:>8} {unit:<10} {floor:>8} {ratio:>8} {limit:>9}  {mark}".rstrip()


def save(rows: Sequence[Row], path: Path = LATEST) -> None:
    """Replace what is known of the figures that were measured; others stay from an earlier run."""
    known = {row["name"]: row for row in json.loads(path.read_text())} if path.exists() else {}
    known |= {row.name: row.to_dict() for row in rows}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(list(known.values()), indent=1, ensure_ascii=False) + "\n")
