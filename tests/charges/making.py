"""Clients who leave cards, invoices that are charged to them, and what the vendor tells of it."""

from __future__ import annotations

from contextvars import Context
from uuid import UUID

from flask import Flask

from tests.payments import stripe
from webkit.charges import charging, service
from webkit.charges.charging import ChargeShown
from webkit.core.kernel import clock, db, outbox, tenancy
from webkit.payments import jobs as payment_jobs
from webkit.payments.service import Consent, methods
from webkit.sdk.testing.doubles.stripe import GOOD_CARD, StripeDouble

HERE = "https://agency.example/m/token"
ACTOR = "user:test"
TOTAL = 12_200


def begin(client_id: UUID) -> str:
    """The client agrees and is led to the vendor; the id of the page there."""
    url = methods.begin(client_id, Consent("I agree.", "en"), return_url=f"{HERE}?back=1", cancel_url=HERE)
    db.release()
    return url.rpartition("/")[2]


def left(double: StripeDouble, client_id: UUID, number: str = GOOD_CARD) -> UUID:
    """A method that a client has left."""
    double.leave_method(begin(client_id), number)
    methods.refresh(client_id)
    db.release()
    return methods.of_client(client_id)[0].id


def vendor_id(method_id: UUID) -> str:
    from webkit.payments import method_models

    db.release()
    row = method_models.method(method_id)
    assert row is not None
    return row.vendor_id


def charge(invoice_id: UUID, method_id: UUID, attempt: int = 1) -> UUID:
    """Press Charge."""
    db.release()
    charge_id = charging.ask(invoice_id, method_id, attempt, ACTOR)
    db.release()
    return charge_id


def one(charge_id: UUID) -> ChargeShown:
    db.release()
    return charging.get(charge_id)


def words(invoice_id: UUID) -> list[str]:
    """How the charges of an invoice stand, oldest first."""
    db.release()
    return [each.word.value for each in service.of_invoice(invoice_id)]


def deliver(app: Flask, double: StripeDouble) -> None:
    """All webhooks so far, in order."""
    for event in stripe.subscribed(double):
        assert Context().run(stripe.post, app, event).status_code == 200


def pull() -> None:
    db.release()
    with tenancy.platform("test"), db.writing():
        outbox.add(payment_jobs.PULL)


def today() -> str:
    return clock.now().date().isoformat()
