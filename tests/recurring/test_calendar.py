"""Rhythms: month ends, leap years, clocks that are changed, and where a course ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.recurring import oracle
from webkit.core.kernel.errors import DomainError
from webkit.recurring.calendar import Course, Rhythm, Unit, moment

ZONES = (
    "UTC", "Europe/Rome", "Europe/Dublin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe",
    "Pacific/Apia", "Asia/Kathmandu", "Africa/Casablanca", "Asia/Beirut", "America/St_Johns", "Pacific/Chatham",
)  # fmt: skip
starts = st.dates(date(2019, 1, 1), date(2032, 12, 31))
rhythms = st.builds(Rhythm, starts, st.sampled_from(Unit), st.integers(1, 14), st.integers(0, 31), st.integers(0, 23))
zones = st.sampled_from(ZONES).map(ZoneInfo)


def _first(rhythm: Rhythm, count: int) -> list[str]:
    return [rhythm.on(place).isoformat() for place in range(count)]


def test_a_short_month_moves_no_later_one() -> None:
    assert _first(Rhythm(date(2027, 12, 31)), 5) == [
        "2027-12-31",
        "2028-01-31",
        "2028-02-29",
        "2028-03-31",
        "2028-04-30",
    ]
    assert _first(Rhythm(date(2027, 1, 30)), 3) == ["2027-01-30", "2027-02-28", "2027-03-30"]


def test_the_wished_day_may_be_another_one_than_the_start() -> None:
    assert _first(Rhythm(date(2026, 2, 28), day=31), 3) == ["2026-02-28", "2026-03-31", "2026-04-30"]
    assert _first(Rhythm(date(2026, 3, 20), day=15), 2) == ["2026-04-15", "2026-05-15"]
    assert _first(Rhythm(date(2026, 12, 20), day=15), 2) == ["2027-01-15", "2027-02-15"]


def test_a_leap_day_comes_back() -> None:
    years = Rhythm(date(2024, 2, 29), Unit.YEAR)
    assert _first(years, 5) == ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]


def test_quarters_and_weeks() -> None:
    assert _first(Rhythm(date(2026, 11, 30), Unit.QUARTER), 3) == ["2026-11-30", "2027-02-28", "2027-05-30"]
    assert _first(Rhythm(date(2026, 12, 28), Unit.WEEK, 2), 3) == ["2026-12-28", "2027-01-11", "2027-01-25"]


def test_an_hour_that_clocks_leave_out_is_the_moment_after_it() -> None:
    rome = ZoneInfo("Europe/Rome")
    assert moment(date(2027, 3, 28), 2, rome) == datetime(2027, 3, 28, 1, tzinfo=UTC)  # 3 o'clock there
    assert moment(date(2027, 10, 31), 2, rome) == datetime(2027, 10, 31, 0, tzinfo=UTC)  # the first of both
    assert moment(date(2027, 3, 27), 9, rome).hour == 8
    assert moment(date(2027, 3, 29), 9, rome).hour == 7


def test_what_a_period_bills() -> None:
    zone = ZoneInfo("UTC")
    ahead, over = (Course(Rhythm(date(2027, 1, 31)), arrears).period(1, zone) for arrears in (False, True))
    assert ahead is not None and over is not None
    assert (ahead.on, ahead.since, ahead.until) == (date(2027, 2, 28), date(2027, 2, 28), date(2027, 3, 30))
    assert (over.on, over.since, over.until) == (date(2027, 2, 28), date(2027, 1, 31), date(2027, 2, 27))


def test_a_course_ends() -> None:
    zone, rhythm = ZoneInfo("UTC"), Rhythm(date(2027, 1, 31))
    assert len(list(Course(rhythm, times=7).periods(zone))) == 7
    assert [each.on.month for each in Course(rhythm, until=date(2027, 3, 31)).periods(zone)] == [1, 2, 3]
    assert [each.on.month for each in Course(rhythm, until=date(2027, 3, 30)).periods(zone)] == [1, 2]
    assert list(Course(rhythm, times=3).periods(zone, 3)) == []
    last = list(Course(Rhythm(date(2100, 1, 31), Unit.YEAR, 52)).periods(zone))[-1]
    assert last.on == date(2152, 1, 31)


@pytest.mark.parametrize(
    "values", [{"every": 0}, {"every": 53}, {"day": 32}, {"hour": 24}, {"start": date(2200, 1, 1)}]
)
def test_what_is_no_rhythm_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(DomainError) as refused:
        Rhythm(**{"start": date(2027, 1, 1), **values})  # type: ignore[arg-type]
    assert refused.value.field == next(iter(values))


@given(rhythms)
def test_days_are_those_somebody_finds_who_looks_at_each(rhythm: Rhythm) -> None:
    ours = [rhythm.on(place) for place in range(12)]
    walked = oracle.days(rhythm.start, rhythm.unit, rhythm.every, rhythm.day, ours[3])
    assert list(walked) == ours[:4]
    assert all(before < after for before, after in pairwise(ours))


@given(st.dates(date(2010, 1, 1), date(2040, 12, 31)), st.integers(0, 23), zones)
def test_moments_are_those_the_clocks_show(day: date, hour: int, zone: ZoneInfo) -> None:
    found = moment(day, hour, zone)
    if (zone.key, day) == ("Pacific/Apia", date(2011, 12, 30)):
        assert found.astimezone(zone).date() == day + timedelta(days=1)  # that day never was
        return
    assert found.astimezone(zone).date() == day
    assert found - oracle.strikes(day, hour, zone) < timedelta(hours=1)
    assert found.astimezone(zone).hour >= hour


@given(rhythms, st.booleans(), zones)
def test_periods_cover_every_day_once(rhythm: Rhythm, arrears: bool, zone: ZoneInfo) -> None:
    found = list(islice(Course(rhythm, arrears).periods(zone), 8))
    for before, after in pairwise(found):
        assert before.until + timedelta(days=1) == after.since
        assert before.at < after.at
    assert [each.place for each in found] == list(range(len(found)))


@given(rhythms, zones, st.integers(0, 5))
def test_begun_anew_at_any_period_it_goes_on_the_same(rhythm: Rhythm, zone: ZoneInfo, place: int) -> None:
    """Saving a plan begins its rhythm anew at the next day."""
    anew = Rhythm(rhythm.on(place), rhythm.unit, rhythm.every, rhythm.day or rhythm.start.day, rhythm.hour)
    assert [anew.on(n) for n in range(6)] == [rhythm.on(place + n) for n in range(6)]
