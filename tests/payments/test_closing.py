"""Payment pages that are open for an old amount are closed; money that comes nevertheless is taken for what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import documents
from tests.factories.documents import ACTOR
from tests.payments import stripe
from tests.payments.test_stripe import deliver, kinds, start, states, token
from webkit.core.capabilities.payments import PAYMENTS, CheckoutState
from webkit.core.kernel import db, events, runtime
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict
from webkit.invoices import crediting
from webkit.invoices import service as invoices
from webkit.invoices.crediting import CreditInput, Extent
from webkit.invoices.models import InvoiceState
from webkit.payments import asking, models, service
from webkit.payments.models import PaymentState
from webkit.sdk.testing.doubles.stripe import StripeDouble

PART, ALL = CreditInput(Extent.AMOUNT, "Agreed", 2200), CreditInput(Extent.ALL, "Cancelled")


@pytest.fixture(scope="module")
def served() -> Iterator[StripeDouble]:
    with StripeDouble(pauses=(0.05, 0.1)) as double:
        yield double


@pytest.fixture
def double(served: StripeDouble, app: Flask) -> Iterator[StripeDouble]:
    served.forget()
    with stripe.chosen(app, served):
        yield served
    served.calm()


@pytest.fixture
def invoice(agency: AgencyView, double: StripeDouble) -> UUID:
    """An issued invoice of 122.00 EUR."""
    return documents.issued("100")


@pytest.mark.parametrize("given", [PART, ALL])
def test_a_credit_note_closes_what_is_open(
    double: StripeDouble, invoice: UUID, run_jobs: Callable[[], int], given: CreditInput
) -> None:
    checkout = start(invoice)
    crediting.issue(invoice, given, ACTOR)
    run_jobs()
    assert double.session(checkout)["status"] == "expired"
    assert states(invoice) == [PaymentState.EXPIRED]
    assert kinds(invoice).count("payment.closed") == 1


def test_the_webhook_of_the_closed_page_changes_nothing(
    app: Flask, double: StripeDouble, invoice: UUID, run_jobs: Callable[[], int]
) -> None:
    start(invoice)
    crediting.issue(invoice, PART, ACTOR)
    run_jobs()
    deliver(app, double)
    run_jobs()
    assert kinds(invoice).count("payment.closed") == 1
    assert double.session(start(invoice))["amount_total"] == 10000


def test_who_was_faster_is_told_truthfully(
    app: Flask, double: StripeDouble, invoice: UUID, run_jobs: Callable[[], int], outbox_mails: Any
) -> None:
    """Paid in the moment between the credit note and the job."""
    double.pay(start(invoice))
    crediting.issue(invoice, PART, ACTOR)
    run_jobs()
    db.release()
    assert states(invoice) == [PaymentState.SUCCEEDED]
    assert (invoices.get(invoice).state, kinds(invoice).count("invoice.overpaid")) == (InvoiceState.PAID, 1)
    deliver(app, double)
    run_jobs()
    assert kinds(invoice).count("invoice.overpaid") == kinds(invoice).count("invoice.paid") == 1
    assert any("than was due" in mail.entry.subject for mail in outbox_mails())


def test_an_old_page_of_an_old_amount_pays_the_rest_and_more(
    app: Flask, double: StripeDouble, invoice: UUID, run_jobs: Callable[[], int]
) -> None:
    """Two credit notes: what the first page asked for is neither the total nor what is owed."""
    crediting.issue(invoice, PART, ACTOR)
    checkout = start(invoice)
    crediting.issue(invoice, PART, ACTOR)
    double.pay(checkout)
    deliver(app, double)
    run_jobs()
    db.release()
    assert invoices.get(invoice).state == InvoiceState.PAID
    more = next(e for e in events.timeline(f"invoice:{invoice}", limit=100) if e.kind == "invoice.overpaid")
    assert more.facts["amount_minor"] == 2200


def test_a_vendor_that_does_not_answer_is_asked_again(
    double: StripeDouble, invoice: UUID, run_jobs: Callable[[], int]
) -> None:
    checkout = start(invoice)
    crediting.issue(invoice, ALL, ACTOR)
    double.trouble(status=503)
    run_jobs()
    assert states(invoice) == [PaymentState.OPEN]
    asking.close(f"invoice:{invoice}", None)
    assert double.session(checkout)["status"] == "expired" and states(invoice) == [PaymentState.EXPIRED]


def test_what_was_paid_otherwise_closes_the_other_page(
    app: Flask, double: StripeDouble, invoice: UUID, run_jobs: Callable[[], int]
) -> None:
    """Opened for another amount before: two pages, one payment."""
    old = start(invoice)
    crediting.issue(invoice, PART, ACTOR)  # its job is late
    new = start(invoice)
    double.pay(new)
    deliver(app, double)
    run_jobs()
    assert double.session(old)["status"] == "expired"
    assert sorted(states(invoice)) == [PaymentState.EXPIRED, PaymentState.SUCCEEDED]


def test_credited_while_the_vendor_was_opening_the_page(
    double: StripeDouble, invoice: UUID, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = service._opened

    def late(*given: Any) -> None:
        crediting.issue(invoice, PART, ACTOR)
        run_jobs()
        real(*given)

    monkeypatch.setattr(service, "_opened", late)
    with pytest.raises(Conflict, match="has just changed"):
        start(invoice)
    monkeypatch.undo()
    run_jobs()
    assert [row["status"] for row in double.all("checkout.session")] == ["expired"]
    assert double.session(start(invoice))["amount_total"] == 10000


def test_a_vendor_that_cannot_close_is_left_alone(
    agency: AgencyView, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ClosesCheckouts", StripeDouble)  # nothing that the chosen provider is
    invoice = documents.issued("100")
    invoices.pay(invoice, token(invoice))
    crediting.issue(invoice, PART, ACTOR)
    run_jobs()
    db.release()
    (payment,) = models.of_reference(f"invoice:{invoice}")
    assert (payment.state, payment.withdrawn_at is not None) == (PaymentState.OPEN, True)
    assert invoices.pay(invoice, token(invoice)) != payment.checkout_url


def test_the_local_page_says_that_it_is_over(
    agency: AgencyView, app: Flask, anonymous: Browser, run_jobs: Callable[[], int]
) -> None:
    invoice = documents.issued("100")
    url = invoices.pay(invoice, token(invoice))
    crediting.issue(invoice, ALL, ACTOR)
    run_jobs()
    local = url.partition("/x/")[2]
    assert "This checkout has expired" in anonymous.get(f"/x/{local}").text
    assert anonymous.post(f"/x/{local}/pay").status_code == 409
    assert runtime.of(app).registry.get(PAYMENTS).get_checkout(url.rpartition("/")[2]).state is CheckoutState.EXPIRED
