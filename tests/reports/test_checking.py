"""The doctor adds up again what is kept, and says where it differs."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import documents, proposals, quotations
from webkit.core.kernel import db, durations, tally_audit, tenancy
from webkit.core.kernel.db import session, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.tallies import Tally
from webkit.core.problems import Problem
from webkit.operations import doctor
from webkit.reports import charts, following, ranges
from webkit.reports import service as reports
from webkit.reports.charts import Series
from webkit.reports.cli import reports_group
from webkit.reports.models import ReportEntry


@pytest.fixture
def work(agency: AgencyView) -> AgencyView:
    """An agency with documents of every kind that is counted."""
    client = documents.client()
    for price in ("100", "200"):
        documents.issued(price, client_id=client)
    proposals.sent()
    quotations.sent(client_id=client)
    return agency


def _found() -> list[tally_audit.Difference]:
    db.release()
    with tenancy.platform("a test looks from above"):
        return tally_audit.differences()


def _told() -> list[Problem]:
    db.release()
    with tenancy.platform("a test looks from above"):
        return list(doctor._sums())


def test_what_is_kept_is_what_there_is(app: Flask, work: AgencyView) -> None:
    assert _found() == []
    assert list(reports.differences()) == []


def test_a_kept_sum_that_is_wrong_is_told(app: Flask, work: AgencyView) -> None:
    with writing():
        here = (Tally.kind == "invoice", Tally.place == "issued")
        session().execute(sa.update(Tally).where(*here).values(total_minor=Tally.total_minor + 1))
        session().execute(sa.delete(Tally).where(Tally.kind == "quotation.open"))
    found = _found()
    assert (found[0].kind, found[0].place) == ("invoice", "issued")
    assert found[0].kept == (2, found[0].added[1] + 1)
    assert {each.kind for each in found} <= {"invoice", "quotation.open"}
    said = [problem.problem for problem in _told() if problem.where == "sums"]
    assert len(said) == len(found) and "its documents come to" in said[0]


def test_an_entry_that_is_wrong_is_told_and_made_again(app: Flask, work: AgencyView) -> None:
    assert following.catch_up().up
    with writing():
        session().execute(sa.update(ReportEntry).values(net=ReportEntry.net + 1))
    assert len(list(reports.differences())) == 1
    assert [problem.where for problem in _told()] == ["reports"]
    done = app.test_cli_runner().invoke(reports_group, ["again", "--agency", work.slug])
    assert done.exit_code == 0, done.output
    db.release()
    assert list(reports.differences()) == []


def test_what_was_not_followed_yet_is_no_difference(app: Flask, work: AgencyView) -> None:
    assert following.catch_up().up
    documents.issued("1", client_id=documents.client("Molino Verde", "molino@example.com"))
    assert list(reports.differences()) == []


def test_the_middle_is_one_that_there_is() -> None:
    assert durations.median([]) is None
    assert durations.median([(5, 1)]) == 5
    assert durations.median([(9, 2), (1, 2)]) == 1
    assert durations.median([(1, 1), (2, 1), (100, 1)]) == 2
    assert durations.median([(1, 1), (7, 10**6)]) == 7


def test_bars_stay_in_their_drawing_also_below_nothing() -> None:
    places = [("January", "Jan"), ("February", "Feb"), ("March", "Mar")]
    drawn = charts.upright("x", "y", places, [Series("a", [5, -300, 0]), Series("b", [1, 2, 3])], str)
    assert drawn is not None and len(drawn.bars) == 5
    for bar in drawn.bars:
        assert bar.x >= 0 and bar.x + bar.width <= drawn.width
        assert bar.y >= 0 and bar.y + bar.height <= drawn.height
    assert charts.upright("x", "y", places, [Series("a", [0, 0, 0])], str) is None
    assert charts.lying("x", "y", [("a", 0), ("b", -1)], str) is None
    whole = charts.lying("x", "y", [("a" * 60, 7), ("b", -1)], str)
    assert whole is not None and len(whole.bars) == 1 and len(whole.labels[0].text) == 28


def test_years_and_months_and_days_have_no_holes() -> None:
    for since, until in (
        (date(2024, 2, 28), date(2024, 3, 1)),
        (date(2023, 12, 31), date(2025, 1, 1)),
        (date(1999, 5, 5), date(2031, 1, 31)),
    ):
        places = ranges.spans(since, until)
        assert places[0].first <= since and places[-1].last >= until
        assert all((after.first - before.last).days == 1 for before, after in pairwise(places))
    for name in ranges.PRESETS:
        for today in (date(2024, 2, 29), date(2026, 1, 1), date(2026, 12, 31)):
            found = ranges.preset(name, today)
            assert found.since <= found.until and found.name == name
    assert ranges.preset("last_quarter", date(2026, 1, 31)).since == date(2025, 10, 1)
    assert ranges.preset("quarter", date(2026, 5, 31)).until == date(2026, 6, 30)
