"""Numbers: without gaps, without twins, in the order of the commits."""

from __future__ import annotations

import random
import threading
from contextvars import Context
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from webkit.core.kernel import clock, counters, db, events, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import DomainError

DAY = date(2026, 11, 20)


@db.writes
def _take(series: str = "x", pattern: str = "INV-{year}-{n:04}", on: date = DAY, client: str = "") -> str:
    return counters.take(series, pattern, on, client=client)


def test_numbers_follow_each_other_and_start_again_each_year(agency: AgencyView) -> None:
    assert [_take(), _take(), _take(on=date(2027, 1, 1)), _take()] == [
        "INV-2026-0001",
        "INV-2026-0002",
        "INV-2027-0001",
        "INV-2026-0003",
    ]


def test_a_series_without_a_year_never_starts_again(agency: AgencyView) -> None:
    assert [_take("p", "P{n}"), _take("p", "P{n}", date(2030, 5, 1))] == ["P1", "P2"]


def test_a_failed_write_gives_its_number_back(agency: AgencyView) -> None:
    _take()
    with pytest.raises(RuntimeError), db.writing():
        counters.take("x", "INV-{year}-{n:04}", DAY)
        raise RuntimeError
    assert _take() == "INV-2026-0002"


def test_agencies_count_for_themselves(agency: AgencyView, other_agency: AgencyView) -> None:
    _take()
    with tenancy.tenant(other_agency.id):
        assert _take() == "INV-2026-0001"


def test_no_gap_and_no_twin_under_many_writers(agency: AgencyView, app: Flask) -> None:
    taken: list[str] = []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        with app.app_context(), tenancy.tenant(agency.id):
            for _ in range(15):
                try:
                    with db.writing():
                        number = counters.take("invoice", "{n}", DAY)
                        if chance.random() < 0.3:
                            raise RuntimeError
                    taken.append(number)
                except RuntimeError:
                    continue

    threads = [threading.Thread(target=lambda seed=seed: Context().run(work, seed)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, taken)) == list(range(1, len(taken) + 1))


@pytest.mark.parametrize("pattern", ["INV", "{year}", "{n}{n}", "{n", "{n:x}", "{n}-{day}", "{n}}", ""])
def test_patterns_that_cannot_count_are_refused(agency: AgencyView, pattern: str) -> None:
    assert counters.check_pattern(pattern)
    with pytest.raises(ValueError, match=r"running number|are known"), db.writing():
        counters.take("x", pattern, DAY)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("{month}-{n}", "numbers would repeat"),
        ("{year}{n:04}", "between {n} and other digits"),
        ("2026{n}", "between {n} and other digits"),
        ("{n}7", "between {n} and other digits"),
        ("{n}{client}", "between {n} and other digits"),
        ("INV<{n}>", "letters, digits"),
        ("à-{n}", "letters, digits"),
        ("A" * 27 + "-{n}", "more than 32"),
    ],
)
def test_patterns_that_could_repeat_are_refused_when_they_are_chosen(pattern: str, says: str) -> None:
    assert says in str(counters.check_pattern(pattern))


@pytest.mark.parametrize(
    ("pattern", "numbers"),
    [
        ("INV-{yy}/{month}-{n:03}", ["INV-26/11-001", "INV-26/11-002", "INV-26/12-001"]),
        ("{n}/{year}", ["1/2026", "2/2026", "3/2026"]),
        ("{client}-{n:02}", ["BIRCHCO-01", "BIRCHCO-02", "BIRCHCO-03"]),
        ("A {n}", ["A 1", "A 2", "A 3"]),
    ],
)
def test_what_a_pattern_counts_in(agency: AgencyView, pattern: str, numbers: list[str]) -> None:
    assert counters.check_pattern(pattern) is None
    days = (DAY, DAY, date(2026, 12, 1))
    assert [_take("x", pattern, day, client="Birch & Co.") for day in days] == numbers


def test_clients_count_for_themselves_and_those_with_the_same_letters_together(agency: AgencyView) -> None:
    named = ["Acme", "Birch", "ACME!", "日本", "Ærø"]
    numbers = [_take("x", "{client}-{n}", client=name) for name in named]
    assert numbers == ["ACME-1", "BIRCH-1", "ACME-2", "CLIENT-1", "R-1"]


def test_an_agency_that_moves_here_goes_on_counting(agency: AgencyView) -> None:
    pattern = "INV-{year}-{n:04}"
    with db.writing():
        counters.begin("x", pattern, DAY, 58)
    assert counters.following("x", pattern, DAY) == counters.Following("INV-2026-0058", 58, True)
    with db.writing():
        counters.begin("x", pattern, DAY, 42)
    assert [_take(), _take()] == ["INV-2026-0042", "INV-2026-0043"]
    with pytest.raises(DomainError, match="The next one is 44"), db.writing():
        counters.begin("x", pattern, DAY, 100)
    assert not counters.following("x", pattern, DAY).open
    assert _take(on=date(2027, 1, 1)) == "INV-2027-0001"


@pytest.mark.parametrize("value", [0, -1, 10**10])
def test_an_impossible_start(agency: AgencyView, value: int) -> None:
    with pytest.raises(DomainError, match="lies between"), db.writing():
        counters.begin("invoice", "{n}", DAY, value)


@pytest.mark.parametrize("last_lock", [False, True])
def test_whoever_waited_past_midnight_gets_the_new_day(
    agency: AgencyView, monkeypatch: pytest.MonkeyPatch, last_lock: bool
) -> None:
    """The date is read when the counter is ours: dates follow numbers."""
    days = iter([date(2026, 12, 31), date(2027, 1, 1)])
    monkeypatch.setattr(clock, "today", lambda _timezone: next(days))
    with db.writing():
        taken = counters.take_today("invoice", "INV-{year}-{n:04}", "UTC", last_lock=last_lock)
    assert taken == ("INV-2027-0001", date(2027, 1, 1))


def test_the_head_of_a_chain_may_have_to_be_made_yet(agency: AgencyView) -> None:
    """A number that is taken with the head, and an event, where there was none before."""
    with db.writing() as unit:
        for table in (events.EventDetail, events.EventSubject, events.Event, events.EventHead):
            unit.execute(sa.delete(table).where(table.agency_id == agency.id))
    with db.writing():
        assert counters.take_today("x", "{n}", "UTC", last_lock=True)[0] == "1"
        events.record("client.created", events.ref("client", agency.id), {"actor": "system"})
    assert events.head()[0] == 1
