"""What was written off is told step by step, and what was paid elsewhere goes back as the client's credit."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import documents
from tests.factories.documents import ACTOR
from webkit.agencies import service as agencies
from webkit.core.kernel import clock, db
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import crediting, postings, write_off_models, writing_off
from webkit.invoices import service as invoices
from webkit.invoices.crediting import CreditInput, Extent
from webkit.invoices.service import ImportedInvoice, ImportedLine
from webkit.ledger import service as ledger
from webkit.ledger.service import Method
from webkit.receipts import service as receipts
from webkit.receipts.service import RecordInput
from webkit.reports import following, models
from webkit.reports.entries import Kind


def _steps(invoice: UUID) -> list[int]:
    db.release()
    return [minor for _at, minor in write_off_models.steps([invoice])[invoice]]


def _on(day: datetime) -> list[int]:
    """What reports say was written off until a day."""
    while not following.is_up():
        following.catch_up()
    until = day.astimezone(ZoneInfo(agencies.profile().timezone)).date()
    return [each.gross for each in models.posted(until - timedelta(days=9), until, [Kind.WRITE_OFF])]


def test_a_past_report_stays_when_it_is_waited_for_again(agency: AgencyView, monkeypatch: pytest.MonkeyPatch) -> None:
    first = clock.now()
    invoice = documents.issued("100")
    client = invoices.get(invoice).client_id
    writing_off.write_off(invoice, "Bankrupt", ACTOR)
    assert _on(first) == [-12_200]
    later = first + timedelta(days=20)
    monkeypatch.setattr(clock, "_frozen", later)
    db.release()
    writing_off.reopen(invoice, ACTOR)
    assert (_on(first), _on(later), _steps(invoice)) == ([-12_200], [12_200], [12_200, -12_200])
    writing_off.write_off(invoice, "Bankrupt indeed", ACTOR)
    paid = RecordInput(client, Method.BANK, agencies.today(), "EUR", 2_200, parts={invoice: 2_200})
    receipts.record(paid, ACTOR)
    assert _steps(invoice) == [12_200, -12_200, 12_200, -12_200], "money came: it is waited for again"
    writing_off.write_off(invoice, "The rest", ACTOR)
    crediting.issue(invoice, CreditInput(Extent.AMOUNT, "A discount", 1_000), ACTOR)
    assert _steps(invoice)[4:] == [10_000, -1_000]
    assert _on(first) == [-12_200]
    found = [each.amount for each in postings.account(client, written_off=True)[0] if each.kind == "write_off"]
    assert sorted(found) == [-12_200, -12_200, -10_000, 1_000, 12_200, 12_200]


def test_what_was_written_off_before_there_were_steps_has_its_day(agency: AgencyView) -> None:
    invoice = documents.issued("100")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(write_off_models, "step", lambda *_given: None)
        writing_off.write_off(invoice, "Bankrupt", ACTOR)
    db.release()
    assert [minor for _at, minor in invoices.books([invoice])[0].written_off] == [12_200]
    writing_off.reopen(invoice, ACTOR)
    assert _steps(invoice) == [12_200, -12_200]


@pytest.mark.parametrize(
    ("extent", "amount", "credit"),
    [(Extent.ALL, 0, 40_000), (Extent.AMOUNT, 100_000, 18_000), (Extent.AMOUNT, 82_000, 0), (Extent.AMOUNT, 9_000, 0)],
)
def test_what_was_paid_elsewhere_is_the_clients_credit(
    app: Flask, agency: AgencyView, owner: Browser, extent: Extent, amount: int, credit: int
) -> None:
    """Of 1,220.00 the client had paid 400.00 before the invoice was brought in."""
    client, today = documents.client(), agencies.today()
    line = ImportedLine("Work", Decimal(1), Decimal(1000), Decimal(22), 100_000, 22_000)
    given = ImportedInvoice(client, "X-1", "Work", "EUR", "en-GB", today, today, (line,), paid=40_000)
    (invoice,) = invoices.add_imported([given])
    crediting.issue(invoice, CreditInput(extent, "Cancelled", amount), ACTOR)
    db.release()
    correction = crediting.correction(invoice)
    assert (correction.to_return, correction.elsewhere) == (credit, credit)
    assert ledger.credit(client) == ({"EUR": credit} if credit else {})
    db.release()
    page = owner.get(f"/northwind/invoices/{invoice}").text
    assert ("Of it paid elsewhere" in page) == bool(credit)
    if extent is Extent.AMOUNT and credit:
        crediting.issue(invoice, CreditInput(Extent.ALL, "The rest, too"), ACTOR)
        db.release()
        assert ledger.credit(client) == {"EUR": 40_000}
