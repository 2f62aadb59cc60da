"""What was told ahead is what came: plans run for years on a clock that is moved, in one zone after another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, available_timezones

import pytest

from tests.factories import documents
from tests.recurring.making import at, live_in, plan, remind, run
from webkit.agencies import service as agencies
from webkit.core.kernel import db
from webkit.core.kernel.directory import AgencyView
from webkit.recurring import forecast, models
from webkit.recurring.calendar import Unit
from webkit.recurring.dunning import StepInput
from webkit.recurring.forecast import Kind
from webkit.recurring.models import FeeMode, Outcome

BEGIN = datetime(2027, 1, 1, 11, tzinfo=UTC)
ZONES = (
    "Europe/Rome", "America/New_York", "America/St_Johns", "Australia/Lord_Howe",
    "Pacific/Apia", "Asia/Kathmandu", "Africa/Casablanca", "America/Santiago",
)  # fmt: skip
STEPS = (StepInput(-3), StepInput(5, fee=True), StepInput(40, fee=True))
Happening = tuple[datetime, Kind, date, int]


def _wander(count: int) -> list[str]:
    """Zones all over the earth, the same ones each time."""
    known = sorted(each for each in available_timezones() if "/" in each and not each.startswith("Etc/"))
    return known[:: max(1, len(known) // count)][:count]


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
def test_five_years_are_as_told(agency: AgencyView, zone: str) -> None:
    _live(zone, 5, months=2)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("zone", _wander(int(os.environ.get("WEBKIT_ZONES", "40"))))
def test_fifty_years_are_as_told(agency: AgencyView, zone: str) -> None:
    _live(zone, int(os.environ.get("WEBKIT_YEARS", "50")))


def _live(zone: str, years: int, months: int = 1) -> None:
    live_in(zone)
    with at(BEGIN):
        client = documents.client()
        rate = agencies.profile().tax_rate
        fees = {"fee_mode": FeeMode.PROPOSE, "fee_minor": 4000, "fee_currency": "EUR"}
        remind(steps=STEPS, weekends=False, fee_percent=Decimal("10.15"), fee_rate=rate, **fees)
        plan(date(2027, 2, 28), client_id=client, every=months, day=31, hour=2, arrears=True)
        plan(date(2027, 2, 3), client_id=client, unit=Unit.WEEK, every=23, hour=23)
        plan(date(2028, 2, 29), client_id=client, unit=Unit.YEAR, hour=0, issues=True)
        told = [(each.at, each.kind, each.on, each.amount) for each in forecast.look_ahead(12 * years).ahead]
        db.release()
    for number, moment in enumerate(sorted({moment for moment, *_rest in told})):
        if number % 6 == 0:
            with at(moment - timedelta(seconds=1)):
                run()
        with at(moment):
            run()
    assert sorted(_lived(agencies.here().timezone)) == sorted(told)
    assert len(told) > 9 * years


def _lived(zone: str) -> Iterator[Happening]:
    """What is kept of it: periods that were billed, reminders, fees."""
    db.release()
    place = ZoneInfo(zone)
    for each in models.plans(limit=10):
        for row in models.periods(each.id, 10_000):
            kind = Kind.ISSUE if row.outcome is Outcome.ISSUED else Kind.DRAFT
            yield row.created_at, kind, row.created_at.astimezone(place).date(), row.total_minor
            if kind is Kind.ISSUE and row.invoice_id:
                for sent in models.sent(row.invoice_id):
                    yield sent.created_at, Kind.REMIND, sent.created_at.astimezone(place).date(), row.total_minor
                for fee in models.fees(row.invoice_id):
                    yield fee.created_at, Kind.FEE, fee.until, fee.fixed_minor + fee.interest_minor
