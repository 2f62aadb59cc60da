"""The pure rules of reminders: windows, steps, interest; and what lies ahead is what comes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recurring.test_calendar import ZONES, zones
from webkit.recurring import steps
from webkit.recurring.steps import Charges, Reminder, Step, Window

DUE = date(2027, 3, 15)

offsets = st.lists(st.integers(-60, 365), min_size=1, max_size=6, unique=True)
windows = st.builds(
    lambda since, hours, weekends: Window(since, min(24, since + hours), weekends),
    st.integers(0, 23), st.integers(1, 23), st.booleans(),
)  # fmt: skip
moments = st.integers(0, 15 * 366 * 24 * 60).map(
    lambda each: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=each)
)


@given(moments, windows, zones)
def test_a_window_opens_when_it_is_open(moment: datetime, window: Window, zone: ZoneInfo) -> None:
    opens = window.opens(moment, zone)
    assert opens >= moment
    local = opens.astimezone(zone)
    assert window.weekends or local.weekday() < 5
    assert local.hour >= window.since
    assert opens - moment < timedelta(days=4)


@given(
    st.lists(st.dates(date(2022, 1, 1), date(2030, 1, 1)), min_size=1, max_size=3),
    offsets,
    windows,
    st.sampled_from(ZONES),
    st.lists(st.integers(1, 90 * 24), min_size=1, max_size=40),
)
def test_whatever_the_clock_does_each_step_comes_once_and_none_too_early(
    dues: list[date], days: list[int], window: Window, zone: str, jumps: list[int]
) -> None:
    place = ZoneInfo(zone)
    planned = steps.schedule(dues, [Step(each, date.min) for each in days], window, place)
    now = datetime.combine(min(dues), datetime.min.time(), UTC) - timedelta(days=70)
    done: set[tuple[date, int]] = set()
    taken: list[Reminder] = []
    for jump in jumps:
        now += timedelta(hours=jump)
        found = steps.due_now(planned, done, now, place)
        if found is not None and window.is_open(now, place):
            assert found.key not in done
            assert found.at <= now
            assert all(each.at <= found.at for each in planned if each.at <= now)
            done.add(found.key)
            taken.append(found)
    assert [each.at for each in taken] == sorted(each.at for each in taken)


@settings(max_examples=20)
@given(offsets, windows, st.sampled_from(ZONES))
def test_what_lies_ahead_is_what_comes_when_every_hour_is_looked_at(days: list[int], window: Window, zone: str) -> None:
    place = ZoneInfo(zone)
    planned = steps.schedule([DUE], [Step(each % 50 - 10, date.min) for each in days], window, place)
    begin = datetime(2027, 3, 3, tzinfo=UTC)
    told = [(at_, each.key) for at_, each in steps.ahead(planned, (), window, begin, place)]
    done: set[tuple[date, int]] = set()
    lived = []
    for hour, part in product(range(24 * 60), (0, 15, 30, 45)):
        now = begin + timedelta(hours=hour, minutes=part)
        found = steps.due_now(planned, done, now, place) if window.is_open(now, place) else None
        if found is not None:
            done.add(found.key)
            lived.append((now, found.key))
    assert told == lived


@given(st.integers(0, 10**12), st.decimals(0, 50, places=2), st.integers(0, 4000), st.integers(0, 4000))
def test_interest_of_two_spans_is_that_of_both_to_the_cent(
    amount: int, percent: Decimal, first: int, more: int
) -> None:
    since, turn, end = DUE, DUE + timedelta(days=first), DUE + timedelta(days=first + more)
    apart = steps.interest(amount, percent, since, turn) + steps.interest(amount, percent, turn, end)
    assert abs(apart - steps.interest(amount, percent, since, end)) <= 1
    assert steps.interest(amount, percent, end, since) == 0 or first + more == 0


def test_a_fee_is_fixed_once_and_bears_interest_from_where_it_was_left() -> None:
    charges, parts = Charges(4000, Decimal(10)), [(36500, DUE), (36500, DUE + timedelta(days=30))]
    first = steps.fee(parts, charges, (), DUE + timedelta(days=10), DUE + timedelta(days=10))
    assert (first.fixed, first.interest, first.days, first.total) == (4000, 100, 10, 4100)
    second = steps.fee(parts, charges, (first.until,), DUE + timedelta(days=40), DUE + timedelta(days=40))
    assert (second.fixed, second.interest, second.days) == (0, 300 + 100, 30)
    assert steps.fee(parts, charges, (), DUE, DUE).total == 0
    assert steps.fee(parts, Charges(), (), DUE, DUE + timedelta(days=40)).total == 0
    assert steps.fee(parts, charges, (first.until,), first.until, DUE + timedelta(days=11)).total == 0


def test_no_reminder_comes_before_the_invoice() -> None:
    found = steps.schedule([DUE], [Step(-3, date.min), Step(3, date.min)], Window(), ZoneInfo("UTC"), DUE)
    assert [each.days for each in found] == [3]


def test_a_step_that_would_come_after_the_weekend_it_announces_is_left_out() -> None:
    sunday = date(2027, 3, 14)
    assert steps.schedule([sunday], [Step(-1, date.min)], Window(), ZoneInfo("UTC")) == []
    both = Window(weekends=True)
    assert len(steps.schedule([sunday], [Step(-1, date.min)], both, ZoneInfo("UTC"))) == 1
