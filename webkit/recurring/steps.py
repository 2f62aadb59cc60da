"""When a client is reminded of what is due. Pure: due days, steps and a clock go in, reminders come out.

A step is due or it is not, whatever was missed: after a time without a clock only the latest one counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from webkit.core.values import dataclass
from webkit.pricing.rounding import half_up

EARLIEST, LATEST = -60, 365
MOST_STEPS = 12
SATURDAY = 5
DAYS_OF_A_YEAR = 365


@dataclass(frozen=True, slots=True)
class Window:
    """The hours in which mails may go out on the clocks of whoever gets them, and whether also on weekends."""

    since: int = 9
    until: int = 18
    weekends: bool = False

    def is_open(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether a mail may go out now."""
        local = moment.astimezone(zone)
        return self.since <= local.hour < self.until and (self.weekends or local.weekday() < SATURDAY)

    def opens(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first moment from that one on at which a mail may go out."""
        if self.is_open(moment, zone):
            return moment
        local = moment.astimezone(zone)
        day = local.date() if local.hour < self.since else local.date() + timedelta(days=1)
        return self.opening(day, zone)

    def opening(self, day: date, zone: ZoneInfo) -> datetime:
        """When mails may go out from that day on."""
        while not self.weekends and day.weekday() >= SATURDAY:
            day += timedelta(days=1)
        return datetime.combine(day, time(self.since), zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Step:
    """So many `days` after the day to pay by, before it when less than none; not for days before `since`."""

    days: int
    since: date
    fee: bool = False


@dataclass(frozen=True, slots=True)
class Reminder:
    """A step of something that is `due` on a day, and when it is taken."""

    due: date
    days: int
    at: datetime
    fee: bool = False

    @property
    def key(self) -> tuple[date, int]:
        """What it is known by: it is taken once."""
        return self.due, self.days

    def on(self, zone: ZoneInfo) -> date:
        """The day it is taken, by the clocks of a place."""
        return self.at.astimezone(zone).date()


def schedule(
    dues: Iterable[date], steps: Sequence[Step], window: Window, zone: ZoneInfo, issued: date = date.min
) -> list[Reminder]:
    """Every reminder of what is due on these days, in order: those after the day of issue, whose mail says it all.

    One that would announce a day already over, because its own fell on a weekend, is left out.
    """
    found = []
    for due in set(dues):
        for step in steps:
            day = due + timedelta(days=step.days)
            at = window.opening(day, zone)
            if day > issued and day >= step.since and (step.days >= 0 or at.astimezone(zone).date() <= due):
                found.append(Reminder(due, step.days, at, step.fee))
    return sorted(found, key=lambda each: (each.at, each.due, each.days))


def due_now(
    planned: Sequence[Reminder], done: Collection[tuple[date, int]], now: datetime, zone: ZoneInfo
) -> Reminder | None:
    """The reminder to send now: the latest that is due, unless it was sent or announces a day that is over."""
    passed = [each for each in planned if each.at <= now]
    latest = passed[-1] if passed else None
    if latest is None or latest.key in done:
        return None
    return None if latest.days < 0 and now.astimezone(zone).date() > latest.due else latest


def ahead(
    planned: Sequence[Reminder], done: Collection[tuple[date, int]], window: Window, now: datetime, zone: ZoneInfo
) -> list[tuple[datetime, Reminder]]:
    """What will be sent and when, if nothing is paid: what `due_now` says each time something may be."""
    # On a day whose clocks leave the first hour out, the window may open after it was to close.
    moments = sorted({window.opens(max(now, each.at), zone) for each in planned})
    known, found = set(done), []
    for moment in moments:
        if (reminder := due_now(planned, known, moment, zone)) is not None:
            known.add(reminder.key)
            found.append((moment, reminder))
    return found


@dataclass(frozen=True, slots=True)
class Charges:
    """What is charged for being late: a fixed amount, once, and interest of so many percent a year."""

    fixed: int = 0
    percent: Decimal = Decimal()


@dataclass(frozen=True, slots=True)
class Fee:
    """What may be charged up to a day; `days` of interest of what has been late the longest."""

    until: date
    fixed: int
    interest: int
    days: int

    @property
    def total(self) -> int:
        """In minor units."""
        return self.fixed + self.interest


def fee(parts: Iterable[tuple[int, date]], charges: Charges, charged: Collection[date], step: date, today: date) -> Fee:
    """What may be charged today, for a step of that day, for amounts and the days they were due on, after charges up
    to these days.

    Each amount bears interest from its own day on, or from the last charge. A step charges once, also where its mail
    has to be tried again.
    """
    before = max(charged, default=date.min)
    if before >= step:
        return Fee(today, 0, 0, 0)
    late = [(amount, max(due, before)) for amount, due in parts if due < today]
    bears = sum(interest(amount, charges.percent, since, today) for amount, since in late)
    days = max(((today - since).days for _amount, since in late), default=0)
    return Fee(today, charges.fixed if late and not charged else 0, bears, days)


def interest(amount: int, percent: Decimal, since: date, until: date) -> int:
    """Simple interest in minor units for the days after `since` up to `until`, by the year of 365 days."""
    days = max(0, (until - since).days)
    return half_up(Fraction(percent) * amount * days / (100 * DAYS_OF_A_YEAR))
