"""What a report is: tables with their charts, the same on the page, on paper and in a sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from webkit.core.kernel.sheets import Amount, Cell, Column
from webkit.core.values import dataclass
from webkit.reports.charts import Chart

NAMED = 25
"""So many rows of a long table stand on a page; sheets have all of them."""


@dataclass(frozen=True, slots=True)
class Section:
    """One table. `foot` are its sums, `refs` the clients its rows are about, `note` a sentence below it."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    foot: tuple[Cell, ...] | None = None
    chart: Chart | None = None
    refs: tuple[UUID | None, ...] = ()
    note: str = ""

    @property
    def sheet(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows of its sheet: those of the table and its sums."""
        return (*self.rows, *((self.foot,) if self.foot else ()))


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure above the tables."""

    label: str
    value: Cell
    text: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report; `teaches` says what would stand here where nothing does yet."""

    name: str
    title: str
    lede: str
    figures: tuple[tuple[Figure, ...], ...]
    sections: tuple[Section, ...]
    teaches: str = ""

    @property
    def empty(self) -> bool:
        """There is nothing to show."""
        return not any(section.rows for section in self.sections)

    def section(self, key: str) -> Section | None:
        """One of its tables."""
        return next((section for section in self.sections if section.key == key), None)


def amounts(currency: str, *minors: int) -> tuple[Amount, ...]:
    """Cells of money in one currency."""
    return tuple(Amount(minor, currency) for minor in minors)


def line(label: str, currency: str, minors: Iterable[int]) -> tuple[Cell, ...]:
    """A row of one name and its amounts."""
    return (label, *amounts(currency, *minors))


def figure(label: str, currency: str, minor: int, text: str = "", tone: str = "") -> Figure:
    """A figure that is money."""
    return Figure(label, Amount(minor, currency), text, tone)


def summed(rows: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The sums of columns."""
    return tuple(map(sum, zip(*rows, strict=True)))
