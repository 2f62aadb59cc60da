"""Two people do the same to one invoice at the same moment: the second sees what the first has done."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from plugins.payments_local import courier
from plugins.payments_local.ledger import Ledger
from tests.factories import documents
from tests.factories.documents import ACTOR
from tests.threads import at_once
from webkit.core.kernel import db, events, links, references, runtime, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.invoices import crediting, mails, models, pro_formas, reminding, returning, service
from webkit.invoices.crediting import CreditInput, Extent
from webkit.invoices.models import InvoiceState
from webkit.invoices.service import ImportedInvoice, ImportedLine
from webkit.messaging import service as messaging
from webkit.payments import service as payments

PAUSE = 0.3
"""So long somebody hesitates between looking and writing: enough for the other to come in between."""
Together = Callable[..., list[Any]]


@pytest.fixture
def together(app: Flask, agency: AgencyView) -> Together:
    """Run calls at the same time, each inside the agency."""

    def inside(call: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> Any:
            with tenancy.tenant(agency.id):
                return call()

        return run

    def run(*calls: Callable[[], Any]) -> list[Any]:
        db.release()
        answers = at_once(app, *map(inside, calls))
        db.release()
        return answers

    return run


def _hesitate(monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> None:
    real = getattr(where, name)

    def slow(*given: Any, **more: Any) -> Any:
        time.sleep(PAUSE)
        return real(*given, **more)

    monkeypatch.setattr(where, name, slow)


def _kinds(answers: list[Any]) -> list[type]:
    return sorted((type(answer) for answer in answers), key=lambda kind: kind.__name__)


def test_two_payments_give_back_no_more_than_the_note(
    app: Flask, agency: AgencyView, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "start", lambda _ledger, _checkout: None)
    invoice_id = documents.issued("100")
    subject, token = events.ref("invoice", invoice_id), links.token_for("i", invoice_id) or ""
    ledger = Ledger(runtime.of(app).settings.data / "payments_local")
    checkout = service.pay(invoice_id, token).rpartition("/")[2]
    crediting.issue(invoice_id, CreditInput(Extent.AMOUNT, "Agreed", 2200), ACTOR)
    for each in (checkout, service.pay(invoice_id, token).rpartition("/")[2]):
        ledger.pay(each)
    payments.refresh(subject)
    note = crediting.issue(invoice_id, CreditInput(Extent.AMOUNT, "Agreed again", 2200), ACTOR)
    first, second = (payment.id for payment in payments.of(subject) if payment.refundable_minor)
    _hesitate(monkeypatch, payments, "ask_refund")
    answers = together(
        lambda: returning.give_back_for(note, first, "22.00", ACTOR),
        lambda: returning.give_back_for(note, second, "22.00", ACTOR),
    )
    assert _kinds(answers) == [Invalid, type(None)]
    asked = [reversal for payment in payments.of(subject) for reversal in payment.reversals]
    assert [(each.cause, each.amount_minor) for each in asked] == [(f"credit_note:{note}", 2200)]


def test_one_reminder_goes_out(agency: AgencyView, together: Together, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice_id = documents.issued("100")
    _hesitate(monkeypatch, mails, "send_reminder")
    answers = together(*[lambda: reminding.remind(invoice_id, ACTOR)] * 2)
    assert _kinds(answers) == [Conflict, type(None)]
    sent = [mail for mail in messaging.mails(events.ref("invoice", invoice_id)) if mail.template == reminding.TEMPLATE]
    assert len(sent) == 1


def test_a_pro_forma_and_its_draft_ask_for_the_same(
    agency: AgencyView, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = documents.draft("100")
    changed = documents.invoice_input(service.get(draft).client_id, "99")
    _hesitate(monkeypatch, models, "save")

    def announce() -> UUID:
        time.sleep(PAUSE / 3)
        return pro_formas.send(draft, ACTOR)

    together(lambda: service.save_draft(draft, 1, changed), announce)
    (sent,) = pro_formas.of_invoice(draft)
    assert sent.total == service.get(draft).total


def test_an_invoice_that_waits_for_its_pro_forma_asks_for_the_same(
    agency: AgencyView, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it was told of pro-formas is from before the wait."""
    draft = documents.draft("100")
    _hesitate(monkeypatch, mails, "send_pro_forma")

    def issue() -> None:
        time.sleep(PAUSE / 3)
        service.issue(draft, ACTOR)

    together(lambda: pro_formas.send(draft, ACTOR), issue)
    (sent,) = pro_formas.of_invoice(draft)
    invoice = service.get(draft)
    assert (invoice.state, invoice.total) == (InvoiceState.ISSUED, sent.total)


def test_what_a_pro_forma_announced_is_what_is_issued(agency: AgencyView) -> None:
    draft = documents.draft("100")
    pro_formas.send(draft, ACTOR)
    with db.writing():
        row = models.locked(draft)
        assert row is not None
        row.total_minor += 1
    db.release()
    with pytest.raises(Conflict, match="Withdraw it"):
        service.issue(draft, ACTOR)
    db.release()
    assert service.get(draft).state == InvoiceState.DRAFT


def test_what_was_just_paid_is_not_taken_back(
    agency: AgencyView, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = date(2025, 3, 1)
    line = ImportedLine("Work", Decimal(1), Decimal(100), Decimal(22), 10000, 2200)
    old = ImportedInvoice(documents.client(), "OLD-1", "Website", "EUR", "en", day, day, (line,))
    (invoice_id,) = service.add_imported([old])
    _hesitate(monkeypatch, references, "referred")

    def settle() -> bool:
        time.sleep(PAUSE / 3)
        service.mark_paid(invoice_id, day, ACTOR)
        return True

    removed, paid = together(lambda: service.remove_imported([invoice_id]), settle)
    with suppress(NotFound):
        assert (service.get(invoice_id).state, removed, paid) == (InvoiceState.PAID, set(), True)
        return
    assert removed == {invoice_id} and isinstance(paid, NotFound)
    assert not events.timeline(events.ref("invoice", invoice_id))
