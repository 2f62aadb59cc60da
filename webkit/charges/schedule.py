"""When an invoice is charged by itself, and again where that fails. Pure: the forecast asks the same functions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from webkit.core.values import dataclass

USUAL_LEAD, USUAL_AFTER, USUAL_HOUR = 3, (3, 7), 9
MOST_LEAD, MOST_AFTER, MOST_TRIES = 60, 60, 6
WAIT = timedelta(days=3)
"""How long a client may take to confirm the last try, and a try that nobody could make is waited with."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The first try comes on the day to pay by, at least `lead` days after the client was told of it; the others so
    many days `after` the first."""

    lead: int = USUAL_LEAD
    after: tuple[int, ...] = USUAL_AFTER
    hour: int = USUAL_HOUR


def tries(told: date, dues: Collection[date], schedule: Schedule, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The moments of all tries for an invoice that is to be paid by these days, by the agency's clocks."""
    earliest = told + timedelta(days=schedule.lead)
    days = {max(due, earliest) + timedelta(days=n) for due in dues or [told] for n in (0, *schedule.after)}
    return tuple(datetime.combine(day, time(schedule.hour), zone).astimezone(UTC) for day in sorted(days))


def amount(parts: Sequence[tuple[int, date]], on: date) -> int:
    """What is charged on a day of parts that are still open: everything late together, else what is due next."""
    late = sum(minor for minor, day in parts if day < on)
    return max(late, parts[0][0]) if parts else 0


def following(planned: Sequence[datetime], now: datetime) -> datetime | None:
    """The next try after one that is made now: those that were missed meanwhile are made up for by this one."""
    return next((moment for moment in planned if moment > now), None)


def ahead(planned: Sequence[datetime], since: datetime, now: datetime) -> list[datetime]:
    """What is still to come of a plan whose next try is that of `since`: what is overdue happens now, once."""
    left = [moment for moment in planned if moment >= since]
    late = [moment for moment in left if moment <= now]
    return [*([now] if late else []), *(moment for moment in left if moment > now)]


def over(planned: Sequence[datetime]) -> datetime:
    """From when on nothing is tried any more, so that reminders go on."""
    return planned[-1]
