"""Money goes back with a credit note: once, never more than is credited or was paid, and the note stands anyway."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask

from plugins.payments_local import courier
from plugins.payments_local.ledger import Ledger
from tests.client import Browser
from tests.factories import documents
from tests.factories.documents import ACTOR
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import db, events, links, runtime
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.invoices import crediting, returning, service
from webkit.invoices.crediting import CreditInput, Extent
from webkit.invoices.returning import RefundInput
from webkit.payments import service as payments

ALL = CreditInput(Extent.ALL, "Cancelled")


def _part(minor: int) -> CreditInput:
    return CreditInput(Extent.AMOUNT, "Agreed by phone", minor)


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local vendor is asked here; it tells nobody by itself."""
    monkeypatch.setattr(courier, "start", lambda _ledger, _checkout: None)


@pytest.fixture
def invoice(app: Flask, agency: AgencyView) -> UUID:
    """An invoice of 122.00 EUR, paid at the local checkout."""
    invoice_id = documents.issued("100")
    checkout = service.pay(invoice_id, links.token_for("i", invoice_id) or "").rpartition("/")[2]
    Ledger(runtime.of(app).settings.data / "payments_local").pay(checkout)
    payments.refresh(events.ref("invoice", invoice_id))
    db.release()
    return invoice_id


def _payment(invoice_id: UUID) -> payments.PaymentView:
    (payment,) = payments.of(events.ref("invoice", invoice_id))
    return payment


@pytest.mark.parametrize(
    ("given", "amount", "back", "word"),
    [(ALL, None, 12200, "refunded"), (_part(2200), None, 2200, "part_refunded"), (ALL, 1000, 1000, "part_refunded")],
)
def test_the_money_goes_back_with_the_note(
    invoice: UUID, run_jobs: Callable[[], int], given: CreditInput, amount: int | None, back: int, word: str
) -> None:
    wanted = RefundInput(_payment(invoice).id, amount)
    for _ in range(2):
        crediting.issue(invoice, given, ACTOR, "one form", wanted)
    run_jobs()
    db.release()
    (note,) = crediting.correction(invoice).notes
    (refund,) = note.refunds
    assert (refund.amount_minor, refund.word, refund.note) == (back, "refund_done", f"For credit note {note.number}")
    assert (service.get(invoice).word, service.get(invoice).returned) == (word, back)
    assert note.left == note.total - back
    assert [row.cause for row in _payment(invoice).reversals] == [f"credit_note:{note.id}"]


@pytest.mark.parametrize(
    ("given", "amount", "why"),
    [(ALL, 12201, "leaves €122.00"), (_part(2200), 2201, "leaves €22.00"), (ALL, 0, "At most"), (ALL, -1, "At most")],
)
def test_more_than_is_credited_or_was_paid_is_refused(invoice: UUID, given: CreditInput, amount: int, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        crediting.issue(invoice, given, ACTOR, refund=RefundInput(_payment(invoice).id, amount))
    db.release()
    assert crediting.correction(invoice).notes == ()


def test_what_was_given_back_before_is_not_given_twice(invoice: UUID, run_jobs: Callable[[], int]) -> None:
    payment = _payment(invoice)
    payments.ask_refund(events.ref("invoice", invoice), payment.id, 12000, ACTOR)
    run_jobs()
    with pytest.raises(Invalid, match=r"At most €2\.00"):
        crediting.issue(invoice, ALL, ACTOR, refund=RefundInput(payment.id, 12200))
    crediting.issue(invoice, ALL, ACTOR, refund=RefundInput(payment.id))
    run_jobs()
    db.release()
    assert _payment(invoice).returned_minor == 12200
    with pytest.raises(Conflict, match="Nothing of this payment"):
        payments.ask_refund(events.ref("invoice", invoice), payment.id, 1, ACTOR)


def test_a_refund_that_fails_leaves_the_note_and_says_so(
    app: Flask,
    owner: Browser,
    invoice: UUID,
    run_jobs: Callable[[], int],
    outbox_mails: Callable[[], list[OutboxMessage]],
) -> None:
    payment = _payment(invoice)
    ledger = Ledger(runtime.of(app).settings.data / "payments_local")
    ledger.refund(payment.vendor_id, "elsewhere", 12200, "EUR")  # given back at the vendor, and we do not know yet
    crediting.issue(invoice, ALL, ACTOR, refund=RefundInput(payment.id))
    run_jobs()
    db.release()
    (note,) = crediting.correction(invoice).notes
    assert [refund.word for refund in note.refunds] == ["refund_failed"] and note.left == 12200
    page = owner.get(f"/northwind/invoices/{invoice}").text
    assert "could not be given back" in page and "The credit note stands" in page
    assert f"/northwind/invoices/credits/{note.id}/refund/{payment.id}" in page
    assert any("could not be given back" in mail.text or "refund" in mail.text.lower() for mail in outbox_mails())


def test_nothing_goes_back_of_what_was_never_paid(agency: AgencyView, invoice: UUID) -> None:
    other = documents.issued("100", client_id=documents.client("B", "b@b.example"))
    with pytest.raises(Invalid, match="nothing to give back"):
        crediting.issue(other, ALL, ACTOR, refund=RefundInput(_payment(invoice).id))


def test_one_form_credits_and_gives_back(owner: Browser, invoice: UUID, run_jobs: Callable[[], int]) -> None:
    page = f"/northwind/invoices/{invoice}/credit"
    shown = owner.get(page).text
    assert "Give the money back" in shown and "at most €122.00" in shown
    payment = _payment(invoice)
    form = {"extent": "amount", "amount": "22", "reason": "Agreed", "give_back": "1", "payment_id": str(payment.id)}
    refused = owner.post(page, data=form | {"return_amount": "22.01"})
    assert refused.status_code == 422 and "leaves €22.00 to give back" in refused.text
    assert 'value="22.01"' in refused.text and "checked" in refused.text
    assert owner.post(page, data=form | {"return_amount": "much"}).status_code == 422
    assert owner.post(page, data=form | {"payment_id": ""}).status_code == 422
    for _ in range(2):
        assert owner.post(page, data=form | {"return_amount": "10", "once": "k"}).status_code == 303
    run_jobs()
    db.release()
    (note,) = crediting.correction(invoice).notes
    shown = owner.get(f"/northwind/invoices/{invoice}").text
    assert f"For credit note {note.number}" in shown and shown.count("given back") >= 2
    more = f"/northwind/invoices/credits/{note.id}/refund/{payment.id}"
    assert 'value="12.00"' in owner.get(more).text
    assert owner.post(more, data={"amount": "12.01"}).status_code == 422
    assert owner.post(more, data={"amount": "12", "once": "m"}).status_code == 303
    assert owner.get(more).status_code == 409
    run_jobs()
    assert payments.of(events.ref("invoice", invoice))[0].returned_minor == 2200


def test_who_may_give_back(member: Browser, stranger: Browser, anonymous: Browser, invoice: UUID) -> None:
    credit_id = crediting.issue(invoice, ALL, ACTOR)
    path = f"/northwind/invoices/credits/{credit_id}/refund/{_payment(invoice).id}"
    assert [who.post(path, data={"amount": "1"}).status_code for who in (member, stranger)] == [403, 404]
    assert "/sign-in" in anonymous.post(path, data={"amount": "1"}).location
    assert returning.givable(invoice)[0].refundable_minor == 12200
