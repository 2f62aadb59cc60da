"""Webhooks are lost, doubled, shuffled, both sides are out, workers die: the ledger becomes the vendor's all the same.

The oracle reads the vendor's books alone. One pull after the last fault, every invoice, every payment and every place
of money is what they say to the cent, and nothing was done twice. `WEBKIT_EVENTS` says how many events there are.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextvars import Context
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.factories import documents
from tests.payments import stripe
from webkit.agencies import service as agencies
from webkit.core.kernel import clock, db, events, jobs, outbox, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import service as invoices
from webkit.invoices.service import ImportedInvoice, ImportedLine
from webkit.ledger import service as ledger
from webkit.payments import jobs as payment_jobs
from webkit.payments import service as payments
from webkit.payments.models import ARRIVED
from webkit.sdk.testing.doubles.stripe import StripeDouble

LOST, DOUBLED, KILLED = 0.2, 0.1, 0.03
TOTAL = 12_200
AT_ONCE = 40
LEASE = timedelta(minutes=11)


class Killed(BaseException):
    """A worker's process ends: nothing of its write is there, and its job waits until its lease has run out."""


@pytest.fixture
def double(app: Flask) -> Iterator[StripeDouble]:
    with StripeDouble() as served, stripe.chosen(app, served):
        yield served


class World:
    """An agency whose clients pay, and everything that may go wrong on the way."""

    def __init__(self, app: Flask, double: StripeDouble, set_clock: Callable[[datetime], None], seed: int) -> None:
        self.app, self.double, self.set_clock = app, double, set_clock
        self.dice = random.Random(seed)
        self.client = documents.client()
        self.invoices: list[UUID] = []
        self.told = self.deaths = 0
        self.deadly = True

    def more(self) -> list[UUID]:
        """Some invoices of 122.00 that wait for money."""
        db.release()
        today, first = agencies.today(), len(self.invoices)
        line = ImportedLine("Work", Decimal(1), Decimal(100), Decimal(22), 10_000, 2_200)
        made = invoices.add_imported(
            [
                ImportedInvoice(self.client, f"X-{first + n}", "Work", "EUR", "en-GB", today, today, (line,))
                for n in range(AT_ONCE)
            ]
        )
        self.invoices += made
        return made

    def live(self, invoice_id: UUID) -> None:
        """What one payer and their bank do; some pay twice, from two pages."""
        here = "https://agency.example/"
        open_page = partial(
            payments.start, currency="EUR", description="Work", customer_email="", return_url=here, cancel_url=here
        )
        reference = f"invoice:{invoice_id}"
        pages = [open_page(reference, TOTAL).rpartition("/")[2]]
        if self.dice.random() < 0.1:
            pages.append(open_page(reference, TOTAL // 2).rpartition("/")[2])
        db.release()
        for page in pages:
            self._pay(page)

    def _pay(self, page: str) -> None:
        dice, double = self.dice, self.double
        for _ in range(dice.randrange(2)):
            double.decline(page)
        if dice.random() < 0.1:
            double.expire(page)
            return
        if dice.random() < 0.3:
            intent, ok = double.debit(page)["payment_intent"], dice.random() < 0.7
            if dice.random() < 0.2:
                return
            double.settle(intent, ok)
            if not ok:
                return
        else:
            intent = double.pay(page)["payment_intent"]
        for _ in range(dice.randrange(3)):
            refund = double.refund(intent, dice.choice([1_000, 2_200]))
            if refund["status"] == "pending" and dice.random() < 0.7:
                double.settle_refund(refund["id"], dice.random() < 0.6)
            elif dice.random() < 0.3:
                double.settle_refund(refund["id"], ok=False)
        if dice.random() < 0.4:
            dispute = double.dispute(intent)
            if dice.random() < 0.7:
                double.close_dispute(dispute["id"], dice.random() < 0.5)

    def deliver(self, *, out: bool = False) -> None:
        """What the vendor tells of what has just happened, as it arrives here; nothing of it while we are out."""
        new = stripe.subscribed(self.double)[self.told :]
        self.told += len(new)
        kept = [] if out else [event for event in new if self.dice.random() >= LOST]
        kept += [event for event in kept if self.dice.random() < DOUBLED]
        self.dice.shuffle(kept)
        for event in kept:
            Context().run(stripe.post, self.app, event)
            if self.dice.random() < 0.1:
                self.work()

    def work(self) -> None:
        """Workers do what is due, and die now and then."""
        db.release()
        try:
            Context().run(self._work)
        except Killed:
            self.deaths += 1

    def _work(self) -> None:
        with self.app.app_context():
            jobs.run_waiting()

    def pull(self) -> None:
        """The periodic pull is due."""
        db.release()
        with tenancy.platform("test"), db.writing():
            outbox.add(payment_jobs.PULL)
        self.work()

    def wait(self) -> None:
        """Time passes until the leases of the dead have run out."""
        self.double.advance(int(LEASE.total_seconds()))
        self.set_clock(clock.now() + LEASE)

    def die(self, record: Callable[..., Any]) -> Callable[..., Any]:
        """Writing the history is the last thing that happens before a commit: there a worker may die."""

        def recorded(*args: Any, **kwargs: Any) -> Any:
            if self.deadly and self.dice.random() < KILLED:
                raise Killed
            return record(*args, **kwargs)

        return recorded


def _storm(app: Flask, agency: AgencyView, double: StripeDouble, monkeypatch: pytest.MonkeyPatch, wanted: int) -> None:
    seed = int(os.environ.get("WEBKIT_SEED", "0")) or random.randrange(2**31)
    print(f"WEBKIT_SEED={seed}")
    world = World(app, double, lambda moment: monkeypatch.setattr(clock, "_frozen", moment), seed)
    monkeypatch.setattr("webkit.payments.ledger.events.record", world.die(events.record))
    outages, step = (wanted // 4, wanted * 5 // 8), 0
    while world.told < wanted:
        out = any(at <= world.told < at + wanted // 16 for at in outages)
        for invoice_id in world.more():
            world.live(invoice_id)
        if out:
            double.trouble(on="GET /v1/events", status=500)
            double.trouble(on="GET /v1/checkout/sessions", status=503)
        world.deliver(out=out)
        world.work()
        step += 1
        if step % 3 == 0 or out:
            world.pull()
        double.calm()
        world.wait()
    world.deadly = False
    world.wait()
    world.pull()
    world.work()
    assert world.deaths, "somebody died"
    _is_the_vendors(world)


def _is_the_vendors(world: World) -> None:
    """Compare with the vendor's books; and nothing twice."""
    db.release()
    truth, over = _truth(world.double), 0
    for invoice_id in world.invoices:
        reference = f"invoice:{invoice_id}"
        found = {each.vendor_id: each for each in payments.of(reference) if each.state in ARRIVED}
        ours = {intent: books for intent, books in truth.items() if books["reference"] == reference}
        assert {intent: each.returned_minor for intent, each in found.items()} == {
            intent: books["returned"] for intent, books in ours.items()
        }
        kept = sum(books["amount"] - books["returned"] for books in ours.values())
        assert ledger.settled(invoice_id) == min(TOTAL, kept), invoice_id
        over += max(0, kept - TOTAL)
        story = Counter(
            (e.kind, e.facts["payment"]) for e in events.timeline(reference, limit=200) if "payment" in e.facts
        )
        assert max((n for (kind, _p), n in story.items() if kind == "payment.received"), default=1) == 1
        assert Counter(kind for kind, _p in story)["invoice.paid"] <= 1
        db.release()
    there = sum(books["amount"] - books["returned"] - books["held"] for books in truth.values())
    assert ledger.places() == {("stripe", "EUR"): there}
    assert ledger.credit(world.client).get("EUR", 0) == over
    assert not list(invoices.unlike_ledger())
    db.release()
    with tenancy.platform("test"):
        assert ledger.balanced() == []


def _truth(double: StripeDouble) -> dict[str, dict[str, Any]]:
    """What the vendor's books say of each payment that came: nothing of it was asked of us."""
    found: dict[str, dict[str, Any]] = {}
    for session in double.all("checkout.session"):
        if session["payment_status"] == "paid":
            values = {"amount": session["amount_total"], "returned": 0, "held": 0}
            found[session["payment_intent"]] = {"reference": session["client_reference_id"], **values}
    for refund in double.all("refund"):
        if refund["status"] == "succeeded":
            found[refund["payment_intent"]]["returned"] += refund["amount"]
    for dispute in double.all("dispute"):
        books = found[dispute["payment_intent"]]
        if dispute["status"] == "lost":
            books["returned"] += dispute["amount"]
        elif dispute["status"] == "needs_response":
            books["held"] = books["amount"] - books["returned"]
    return found


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_ledger_becomes_the_vendors(
    app: Flask, agency: AgencyView, double: StripeDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    _storm(app, agency, double, monkeypatch, int(os.environ.get("WEBKIT_EVENTS", "10000")))


@pytest.mark.soak
@pytest.mark.timeout(6 * 3600)
def test_the_ledger_becomes_the_vendors_after_many(
    app: Flask, agency: AgencyView, double: StripeDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    _storm(app, agency, double, monkeypatch, int(os.environ.get("WEBKIT_EVENTS", "100000")))
