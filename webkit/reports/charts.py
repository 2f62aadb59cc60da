"""Charts as drawings made here: no script, every figure of them stands in the table beside them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 96, 8, 12, 28
LINES = 4
ROW = 28
TEXT = 208
MOST_LABELS = 12


class Bar(NamedTuple):
    """A rectangle; `tone` is its series and `text` what it says when it is pointed at."""

    x: int
    y: int
    width: int
    height: int
    tone: int
    text: str


class Mark(NamedTuple):
    """A text at a place; lines of the grid have one each."""

    x: int
    y: int
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A finished drawing: a title and a sentence for those who do not see it, bars, and what stands beside them."""

    title: str
    text: str
    height: int
    bars: tuple[Bar, ...]
    grid: tuple[Mark, ...]
    labels: tuple[Mark, ...]
    values: tuple[Mark, ...]
    legend: tuple[str, ...]
    upright: bool
    width: int = WIDTH


class Series(NamedTuple):
    """One figure for each place."""

    name: str
    values: Sequence[int]


def upright(
    title: str, text: str, places: Sequence[tuple[str, str]], series: Sequence[Series], say: Callable[[int], str]
) -> Chart | None:
    """Bars beside each other, for what goes on in time; each place has a label and a short one. None where there is
    nothing to see."""
    every = [value for each in series for value in each.values]
    if not any(every):
        return None
    top, bottom = _round_up(max(0, *every)), -_round_up(max(0, *(-value for value in every)))
    room, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at(value: int) -> int:
        return TOP + high * (top - value) // (top - bottom)

    step = room / len(places)
    wide = max(1, int(step * 0.72 / len(series)))
    bars = []
    for tone, each in enumerate(series):
        for place, value in enumerate(each.values):
            x = LEFT + int(step * (place + 0.14)) + tone * wide
            y, foot = sorted((at(value), at(0)))
            if value:
                said = f"{places[place][0]}, {each.name}: {say(value)}"
                bars.append(Bar(x, y, max(1, wide - 1), max(1, foot - y), tone, said))
    grid = tuple(Mark(LEFT, at(value), say(value)) for value in _steps(bottom, top))
    every_nth = -(-len(places) // MOST_LABELS)
    shown = [(n, short) for n, (_label, short) in enumerate(places) if n % every_nth == 0]
    labels = tuple(Mark(LEFT + int(step * (n + 0.5)), HEIGHT - 8, label) for n, label in shown)
    return Chart(title, text, HEIGHT, tuple(bars), grid, labels, (), tuple(each.name for each in series), True)


def lying(title: str, text: str, rows: Sequence[tuple[str, int]], say: Callable[[int], str]) -> Chart | None:
    """Bars below each other, for what is compared. None where there is nothing to see."""
    most = max((value for _label, value in rows), default=0)
    if most <= 0:
        return None
    room = WIDTH - TEXT - 152
    bars, labels, values = [], [], []
    for n, (label, value) in enumerate(rows):
        y, long = TOP + n * ROW, max(0, value) * room // most
        labels.append(Mark(TEXT - 12, y + 14, _short(label)))
        values.append(Mark(TEXT + long + 8, y + 14, say(value)))
        if value > 0:
            bars.append(Bar(TEXT, y, max(1, long), ROW - 9, 0, f"{label}: {say(value)}"))
    height = TOP + len(rows) * ROW
    return Chart(title, text, height, tuple(bars), (), tuple(labels), tuple(values), (), False)


def _short(label: str) -> str:
    return label if len(label) <= 28 else f"{label[:27]}…"


def _round_up(value: int) -> int:
    """The next figure people like at the end of a scale."""
    if value <= 0:
        return 0
    size: int = 10 ** max(0, len(str(value)) - 1)
    return next(size * step // 4 for step in (4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40) if size * step // 4 >= value)


def _steps(bottom: int, top: int) -> list[int]:
    if bottom == 0:
        return [top * n // LINES for n in range(LINES + 1)]
    return [bottom, 0, top] if top else [bottom, 0]
