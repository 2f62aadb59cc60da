"""On which days a plan falls due. Pure: days and a zone go in, periods come out.

What runs and what is shown ahead ask the same functions, with another clock.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass

MOST_EVERY = 52
LAST_DAY = date(2199, 12, 31)
"""No plan reaches further."""


class Unit(StrEnum):
    """What a rhythm counts in."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Every so many weeks, months, quarters or years from `start` on, at that hour on the clocks of a place.

    `day` is the day of the month that is wished for, 0 that of the start. Where a month is shorter its last day is
    meant, and the next one has the wished day again: nothing drifts.
    """

    start: date
    unit: Unit = Unit.MONTH
    every: int = 1
    day: int = 0
    hour: int = 9

    def __post_init__(self) -> None:
        if not 1 <= self.every <= MOST_EVERY:
            raise DomainError(_("Between 1 and %(most)d, please.", most=MOST_EVERY), "every")
        if not 0 <= self.day <= 31:
            raise DomainError(_("A day of the month is between 1 and 31."), "day")
        if not 0 <= self.hour <= 23:
            raise DomainError(_("An hour is between 0 and 23."), "hour")
        if not date(2000, 1, 1) <= self.start <= LAST_DAY:
            raise DomainError(_("This day is too far away."), "start")

    def on(self, place: int) -> date:
        """The day of the period at that place; the first has place 0. The one before has place -1."""
        if self.unit is Unit.WEEK:
            return self.start + timedelta(weeks=self.every * place)
        return _in_month(self._first_month() + MONTHS[self.unit] * self.every * place, self.day or self.start.day)

    def _first_month(self) -> int:
        """The month of the first period, counted from year 0: the wished day is not before the start."""
        month = self.start.year * 12 + self.start.month - 1
        return month if _in_month(month, self.day or self.start.day) >= self.start else month + 1


def _in_month(month: int, day: int) -> date:
    year, of_year = divmod(month, 12)
    return date(year, of_year + 1, min(day, calendar.monthrange(year, of_year + 1)[1]))


def in_months(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a month that has none."""
    return _in_month(day.year * 12 + day.month - 1 + months, day.day)


def moment(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """When the clocks of a place show that hour. One that is left out is the moment after it; of one that comes twice
    it is the first."""
    return datetime.combine(day, time(hour), zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """A period of a plan: due `on` a day, that is `at` a moment; it bills `since` to `until`, both included."""

    place: int
    on: date
    at: datetime
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Course:
    """A rhythm and where it ends: after the day `until`, or after so many `times`. Billed `arrears` are the days that
    are over, otherwise those ahead."""

    rhythm: Rhythm
    arrears: bool = False
    until: date | None = None
    times: int | None = None

    def period(self, place: int, zone: ZoneInfo) -> Period | None:
        """The period at a place; None where the course has ended."""
        if self.times is not None and place >= self.times:
            return None
        on = self.rhythm.on(place)
        if on > (self.until or LAST_DAY):
            return None
        first, after = (self.rhythm.on(place - 1), on) if self.arrears else (on, self.rhythm.on(place + 1))
        return Period(place, on, moment(on, self.rhythm.hour, zone), first, after - timedelta(days=1))

    def periods(self, zone: ZoneInfo, place: int = 0) -> Iterator[Period]:
        """All periods from a place on, in order."""
        while (found := self.period(place, zone)) is not None:
            yield found
            place += 1

    def until_moment(self, zone: ZoneInfo, place: int, end: datetime) -> Iterator[Period]:
        """Those that fall due until a moment."""
        for found in self.periods(zone, place):
            if found.at > end:
                return
            yield found
