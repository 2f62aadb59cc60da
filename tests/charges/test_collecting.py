"""Invoices that are charged by themselves: at their moments, again, given up; what the preview said is what happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.charges import making
from tests.charges.making import left, words
from tests.factories import documents
from tests.recurring import making as plans
from webkit.charges import charging, collecting, jobs, schedule
from webkit.charges.schedule import Schedule
from webkit.core.kernel import db
from webkit.invoices import service as invoices
from webkit.invoices.models import InvoiceState
from webkit.payments.service import methods
from webkit.recurring import forecast, models
from webkit.sdk.testing.doubles.stripe import AUTHENTICATED_CARD, StripeDouble

Jobs = Callable[[], Any]
START = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
DUE = date(2026, 12, 7)


def day(n: int) -> datetime:
    """At noon, so many days after the day to pay by."""
    return datetime(DUE.year, DUE.month, DUE.day, 12, tzinfo=UTC) + timedelta(days=n)


def state(invoice_id: UUID) -> str:
    db.release()
    found = collecting.of_invoice(invoice_id)
    return found.state.value if found else ""


@pytest.fixture
def live(
    app: Flask, double: StripeDouble, run_jobs: Jobs, set_clock: Callable[[datetime], None]
) -> Callable[[datetime], None]:
    """Move the clock on and do what is due."""

    def move(at: datetime) -> None:
        set_clock(at)
        for _ in range(2):
            db.release()
            jobs.run(None)  # type: ignore[arg-type]
            run_jobs()
        plans.run()
        run_jobs()
        db.release()

    set_clock(START)
    return move


@pytest.fixture
def collected(live: Any, client_id: UUID, double: StripeDouble) -> UUID:
    """An invoice of 122.00, issued today, that is charged by itself on the day to pay by."""
    left(double, client_id)
    invoice_id = documents.issued("100", client_id=client_id)
    collecting.collect(invoice_id)
    db.release()
    return invoice_id


def test_it_is_announced_and_charged_on_its_day(
    live: Any, collected: UUID, double: StripeDouble, outbox_mails: Any
) -> None:
    live(START)
    assert sum("will be charged on" in mail.entry.subject for mail in outbox_mails()) == 1
    live(day(-1))
    assert words(collected) == []
    live(day(0))
    assert words(collected) == ["paid"] and state(collected) == "done"
    assert invoices.get(collected).state is InvoiceState.PAID
    live(day(30))
    assert words(collected) == ["paid"]


def test_it_is_tried_again_and_given_up(
    live: Any, collected: UUID, client_id: UUID, double: StripeDouble, outbox_mails: Any
) -> None:
    plans.remind()
    method = methods.of_client(client_id)[0].id
    double.bank_says(making.vendor_id(method), "insufficient_funds")
    live(day(0))
    live(day(2))
    assert words(collected) == ["declined"] and state(collected) == "waiting"
    live(day(3))
    live(day(5))
    assert words(collected) == ["declined"] * 2
    assert not any("Reminder" in mail.entry.subject for mail in outbox_mails())
    live(day(7))
    assert words(collected) == ["declined"] * 3 and state(collected) == "given_up"
    assert sum("could not be charged by itself" in mail.entry.subject for mail in outbox_mails()) == 1
    live(day(8))
    assert sum("Reminder" in mail.entry.subject for mail in outbox_mails()) == 1
    live(day(60))
    assert words(collected) == ["declined"] * 3


def test_what_was_missed_is_tried_once(live: Any, collected: UUID, client_id: UUID, double: StripeDouble) -> None:
    double.bank_says(making.vendor_id(methods.of_client(client_id)[0].id), "insufficient_funds")
    live(day(4))
    assert words(collected) == ["declined"]
    live(day(7))
    assert words(collected) == ["declined"] * 2 and state(collected) == "given_up"


def test_a_card_that_is_blocked_is_left_alone_until_there_is_another(
    live: Any, collected: UUID, client_id: UUID, double: StripeDouble, outbox_mails: Any
) -> None:
    double.bank_says(making.vendor_id(methods.of_client(client_id)[0].id), "stolen_card")
    live(day(0))
    live(day(3))
    assert words(collected) == ["declined"]
    assert sum("we need a payment method" in mail.entry.subject for mail in outbox_mails()) == 1
    left(double, client_id)
    live(day(4))
    assert words(collected) == ["declined", "paid"] and state(collected) == "done"


def test_paid_another_way_it_stops(live: Any, collected: UUID, double: StripeDouble) -> None:
    page = invoices.pay(collected, "token").rpartition("/")[2]
    db.release()
    double.pay(page)
    making.pull()
    live(day(-2))
    assert state(collected) == "done"
    live(day(0))
    assert words(collected) == []


def test_a_charge_that_nobody_confirms_makes_room_for_the_next(
    live: Any, client_id: UUID, double: StripeDouble
) -> None:
    left(double, client_id, AUTHENTICATED_CARD)
    invoice_id = documents.issued("100", client_id=client_id)
    collecting.collect(invoice_id)
    live(day(0))
    assert words(invoice_id) == ["action"]
    live(day(3))
    live(day(3) + timedelta(minutes=15))
    assert words(invoice_id) == ["declined", "action"]
    assert [each.reason for each in charging.of_invoice(invoice_id)] == ["unconfirmed", ""]
    for n in (7, 8, 10, 11):
        live(day(n))
        live(day(n) + timedelta(minutes=15))
    assert words(invoice_id) == ["declined"] * 3 and state(invoice_id) == "given_up"


def test_stopped_by_a_person(live: Any, collected: UUID) -> None:
    collecting.stop(collected, "user:a")
    live(day(0))
    assert words(collected) == [] and state(collected) == "stopped"
    db.release()
    collecting.collect(collected)
    assert state(collected) == "waiting"


def test_a_plan_charges_what_the_preview_said(live: Any, client_id: UUID, double: StripeDouble) -> None:
    plans.remind(steps=plans.STEPS)
    plan_id = plans.plan(date(2026, 11, 24), client_id=client_id, issues=True, charges=True, payment_days=7, times=2)
    db.release()
    left(double, client_id)
    method = methods.of_client(client_id)[0].id
    double.bank_says(making.vendor_id(method), "insufficient_funds")
    said = [(each.kind.value, each.on) for each in forecast.twelve_months(plan_id).ahead if each.kind != "fee"]
    at = START
    while at < START + timedelta(days=120):
        live(at)
        at += timedelta(hours=12)
    db.release()
    happened = []
    for period in models.periods(plan_id, 10):
        assert period.invoice_id is not None
        invoice = invoices.get(period.invoice_id)
        assert invoice.issue_date is not None
        happened.append(("issue", invoice.issue_date))
        happened += [("charge", each.at.date()) for each in charging.of_invoice(invoice.id)]
        assert state(invoice.id) == "given_up"
    assert sorted(happened) == sorted(each for each in said if each[0] != "remind")


def test_a_plan_edited_while_a_try_is_waited_for_keeps_its_days(
    live: Any, client_id: UUID, double: StripeDouble
) -> None:
    from webkit.recurring import planning

    left(double, client_id)
    plan_id = plans.plan(date(2026, 11, 23), client_id=client_id, issues=True, charges=True, payment_days=7)
    live(START + timedelta(hours=1))
    (period,) = models.periods(plan_id, 10)
    assert period.invoice_id is not None and state(period.invoice_id) == "waiting"
    plan = planning.get(plan_id)
    changed = plans.plan_input(client_id, date(2026, 12, 23), "200", issues=True, charges=False, payment_days=30)
    planning.save(plan_id, plan.revision, changed, "user:a")
    live(START + timedelta(days=8))
    assert words(period.invoice_id) == ["paid"]
    assert invoices.get(period.invoice_id).state is InvoiceState.PAID


ZONES = ["Europe/Rome", "Pacific/Apia", "America/St_Johns", "Asia/Kathmandu", "UTC"]


@given(
    told=st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    waits=st.lists(st.integers(0, 90), max_size=4),
    lead=st.integers(0, 60),
    after=st.lists(st.integers(1, 60), max_size=5, unique=True),
    hour=st.integers(0, 23),
    zone=st.sampled_from(ZONES),
    gap=st.integers(0, 200),
)
def test_no_try_comes_before_its_day_and_each_comes_once(
    told: date, waits: list[int], lead: int, after: list[int], hour: int, zone: str, gap: int
) -> None:
    home = ZoneInfo(zone)
    dues = sorted(told + timedelta(days=n) for n in waits)
    planned = schedule.tries(told, dues, Schedule(lead, tuple(after), hour), home)
    assert list(planned) == sorted(set(planned)) and planned
    first = planned[0].astimezone(home).date()
    assert first >= told + timedelta(days=lead) and first >= (dues or [told])[0]
    now = planned[0] + timedelta(days=gap)
    # Whoever looks late makes one try now; what follows is what lies ahead.
    left_over = schedule.ahead(planned, planned[0], now)
    assert left_over[0] == now and left_over[1:] == [each for each in planned if each > now]
    assert schedule.following(planned, now) == (left_over[1] if len(left_over) > 1 else None)
