"""Whatever is heard in whatever order, doubled or lost: the ledger is the vendor's, and a charge says the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextvars import Context
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.charges import making
from tests.charges.making import charge, left
from tests.factories import documents
from tests.payments import stripe
from webkit.charges import charging
from webkit.core.kernel import clock, db
from webkit.core.kernel.ids import uuid7
from webkit.invoices import service as invoices
from webkit.ledger import service as ledger
from webkit.payments.service import methods
from webkit.sdk.testing.doubles.stripe import AUTHENTICATED_CARD, GOOD_CARD, GOOD_IBAN, StripeDouble

WORDS = ("", "insufficient_funds", "stolen_card", "processing_error")
CARDS = (GOOD_CARD, AUTHENTICATED_CARD, GOOD_IBAN)
Jobs = Callable[[], Any]


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    card=st.sampled_from(CARDS),
    word=st.sampled_from(WORDS),
    ends_well=st.booleans(),
    lost_answer=st.booleans(),
    goes=st.booleans(),
    seed=st.integers(0, 10_000),
)
def test_the_ledger_is_the_vendors(
    app: Flask, double: StripeDouble, agency: Any, run_jobs: Jobs,
    card: str, word: str, ends_well: bool, lost_answer: bool, goes: bool, seed: int,
) -> None:  # fmt: skip
    dice = random.Random(seed)
    db.release()
    client_id = documents.client(f"Client {uuid7()}", f"{uuid7()}@example.org")
    invoice = documents.issued("100", client_id=client_id)
    method = left(double, client_id, card)
    told = len(stripe.subscribed(double))
    if card == GOOD_CARD:
        double.bank_says(making.vendor_id(method), word)
    if lost_answer:
        double.trouble(on="POST /v1/payment_intents", when="after", drop=True)
    charge_id = charge(invoice, method)
    run_jobs()
    if goes:
        methods.remove(method, "client")
    _bank_decides(double, charge_id, ends_well=ends_well)
    news = stripe.subscribed(double)[told:] * 2
    dice.shuffle(news)
    for event in news[: dice.randrange(len(news) + 1)]:
        assert Context().run(stripe.post, app, event).status_code == 200
        run_jobs()
    with clock.frozen(clock.now() + timedelta(hours=1)):  # what was not answered is asked again
        for _ in range(3):
            making.pull()
            run_jobs()
    _is_like_the_vendor(double, invoice, charge_id)


def _bank_decides(double: StripeDouble, charge_id: UUID, *, ends_well: bool) -> None:
    for intent in double.all("payment_intent"):
        if intent["status"] == "processing":
            double.settle(intent["id"], ends_well)
    db.release()
    address = charging.confirm(charge_id, return_url=making.HERE)
    db.release()
    if address:
        double.authenticate(address.rpartition("/")[2], ends_well)


def _is_like_the_vendor(double: StripeDouble, invoice_id: UUID, charge_id: UUID) -> None:
    db.release()
    found = charging.get(charge_id)
    mine = [
        row for row in double.all("payment_intent") if row["metadata"]["webkit_reference"] == f"invoice:{invoice_id}"
    ]
    taken = sum(row["amount_received"] for row in mine)
    assert len(mine) <= 1
    assert ledger.settled(invoice_id) == taken == (making.TOTAL if found.word == "paid" else 0)
    assert (invoices.get(invoice_id).state == "paid") is (found.word == "paid")
    assert all(row["status"] in ("succeeded", "canceled", "requires_payment_method") for row in mine)
    waits = found.word == "action" and mine[0]["status"] == "requires_payment_method"
    assert waits or not found.open  # a bank that asks waits for its customer, whoever heard of it when
