"""The calendar told another way: somebody walks through the days, looks at every clock, and writes down what is due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
MONTHS = {"month": 1, "quarter": 3, "year": 12}


def days(start: date, unit: str, every: int, wished: int, end: date) -> Iterator[date]:
    """Every day on which something is due until `end`, found by looking at each."""
    first, day = None, start
    while day <= end:
        if unit == "week":
            if (day - start).days % (7 * every) == 0:
                yield day
        elif _is_day(day, wished or start.day):
            month = day.year * 12 + day.month
            first = month if first is None else first
            if (month - first) % (MONTHS[unit] * every) == 0:
                yield day
        day += DAY


def _is_day(day: date, wished: int) -> bool:
    """Whether it is the wished day of its month, or the last one of a month that has none."""
    last = (day + DAY).month != day.month
    return day.day == wished or (last and day.day < wished)


def strikes(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """The first moment of that day at which its clocks show that hour or a later one: minute by minute."""
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
    while True:
        local = now.astimezone(zone)
        if local.date() > day or (local.date() == day and local.hour >= hour):
            return now
        now += timedelta(hours=1) if (day - local.date()).days > 1 else MINUTE * 15
