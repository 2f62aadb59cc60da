"""Numbers: without gaps, without twins, in the order of the commits."""

from __future__ import annotations

import random
import threading
from contextvars import Context
from datetime import date

import pytest
from flask import Flask

from webkit.core.kernel import clock, counters, db, tenancy
from webkit.core.kernel.directory import AgencyView

DAY = date(2026, 11, 20)


@db.writes
def _take(series: str = "invoice", pattern: str = "INV-{year}-{n:04}", on: date = DAY) -> str:
    return counters.take(series, pattern, on)


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
        counters.take("invoice", "INV-{year}-{n:04}", DAY)
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


@pytest.mark.parametrize("pattern", ["INV", "{year}", "{n}-{month}", "{n", "{n:x}"])
def test_patterns_that_cannot_count_are_refused(agency: AgencyView, pattern: str) -> None:
    assert counters.check_pattern(pattern)
    with pytest.raises(ValueError, match=r"running number|only knows"), db.writing():
        counters.take("x", pattern, DAY)


def test_whoever_waited_past_midnight_gets_the_new_day(agency: AgencyView, monkeypatch: pytest.MonkeyPatch) -> None:
    """The date is read when the counter is ours: dates follow numbers."""
    days = iter([date(2026, 12, 31), date(2027, 1, 1)])
    monkeypatch.setattr(clock, "today", lambda _timezone: next(days))
    with db.writing():
        assert counters.take_today("invoice", "INV-{year}-{n:04}", "UTC") == ("INV-2027-0001", date(2027, 1, 1))
