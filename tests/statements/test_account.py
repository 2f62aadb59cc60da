"""Accounts add up: whatever days are asked for, and whatever happened to the invoices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from plugins.payments_local import courier
from plugins.payments_local.ledger import Ledger
from tests.factories import documents
from tests.factories.documents import ACTOR
from webkit.core.kernel import db, events, links, runtime
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.ids import uuid7
from webkit.invoices import crediting, models, returning, writing_off
from webkit.invoices import service as invoices
from webkit.invoices.crediting import CreditInput, Extent
from webkit.invoices.models import InvoiceState
from webkit.invoices.service import ImportedInvoice, ImportedLine, Posting, PostingKind
from webkit.payments import service as payments
from webkit.statements import service
from webkit.statements.account import accounts

FIRST = date(2026, 1, 1)
POSTINGS = st.lists(
    st.tuples(st.integers(0, 40), st.sampled_from(PostingKind), st.sampled_from(("EUR", "JPY")), st.integers(-500, 500))
)


def _postings(drawn: list[tuple[int, PostingKind, str, int]]) -> list[Posting]:
    rows = [
        Posting(FIRST + timedelta(day), kind, "", "", currency, amount, uuid7())
        for day, kind, currency, amount in drawn
    ]
    return sorted(rows, key=lambda row: row.day)


@given(POSTINGS, st.integers(0, 40), st.integers(0, 40))
def test_every_account_adds_up(drawn: list[tuple[int, PostingKind, str, int]], start: int, length: int) -> None:
    rows, since = _postings(drawn), FIRST + timedelta(start)
    until = since + timedelta(length)
    for account in accounts(rows, since, until):
        mine = [row.amount for row in rows if row.currency == account.currency and row.day <= until]
        assert account.closing == sum(mine) == account.opening + account.asked - account.settled
        assert account.closing == (account.entries[-1].balance if account.entries else account.opening)
    whole = {each.currency: each.closing for each in accounts(rows, None, until)}
    before = {each.currency: each.closing for each in accounts(rows, None, since - timedelta(1))}
    for account in accounts(rows, since, until):
        assert account.opening == before.get(account.currency, 0)
        assert account.closing == whole[account.currency]


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local vendor is asked here; it tells nobody by itself."""
    monkeypatch.setattr(courier, "start", lambda _ledger, _checkout: None)


# --- what happens to invoices ---------------------------------------------------------------------------------------


class Deals:
    """Three invoices of one client, and what may become of them."""

    def __init__(self, app: Flask, run_jobs: Callable[[], int]) -> None:
        self.ledger = Ledger(runtime.of(app).settings.data / "payments_local")
        self.run_jobs, self.client = run_jobs, documents.client()
        self.invoices = [documents.issued(price, client_id=self.client) for price in ("100", "50.50", "0.01")]

    def pay(self, invoice_id: UUID, _dice: Random) -> None:
        if invoices.get(invoice_id).state != InvoiceState.ISSUED:
            return
        checkout = invoices.pay(invoice_id, links.token_for("i", invoice_id) or "").rpartition("/")[2]
        self.ledger.pay(checkout)
        payments.refresh(events.ref("invoice", invoice_id))

    def credit(self, invoice_id: UUID, dice: Random) -> None:
        left = crediting.correction(invoice_id).gross
        if left:
            minor = dice.randint(1, left)
            extent = Extent.ALL if minor == left else Extent.AMOUNT
            crediting.issue(invoice_id, CreditInput(extent, "Agreed", minor), ACTOR)

    def give_back(self, invoice_id: UUID, dice: Random) -> None:
        for note in crediting.correction(invoice_id).notes:
            for payment in returning.givable(invoice_id):
                most = min(note.left, payment.refundable_minor)
                if most and dice.random() < 0.7:
                    amount = f"{dice.randint(1, most) / 100:.2f}"
                    returning.give_back_for(note.id, payment.id, amount, ACTOR)
                    self.run_jobs()
                    return

    def write_off(self, invoice_id: UUID, _dice: Random) -> None:
        if invoices.get(invoice_id).state == InvoiceState.ISSUED:
            writing_off.write_off(invoice_id, "Insolvent", ACTOR)
        elif invoices.get(invoice_id).state == InvoiceState.WRITTEN_OFF:
            writing_off.reopen(invoice_id, ACTOR)

    def due(self, *states: InvoiceState) -> int:
        """What is due of the invoices in these states."""
        return sum(view.due for view in map(invoices.get, self.invoices) if view.state in states)

    def to_return(self) -> int:
        """What is to be given back."""
        return sum(note.left for each in self.invoices for note in crediting.correction(each).notes)


@pytest.mark.parametrize("seed", range(6))
def test_the_balance_is_what_is_due(app: Flask, agency: AgencyView, run_jobs: Callable[[], int], seed: int) -> None:
    dice, deals = Random(seed), Deals(app, run_jobs)
    for _ in range(10):
        dice.choice((deals.pay, deals.credit, deals.give_back, deals.write_off))(dice.choice(deals.invoices), dice)
        db.release()
    for written_off, states in ((False, models.OWED), (True, (InvoiceState.ISSUED,))):
        view, due = service.account(deals.client, None, written_off=written_off), deals.due(*states)
        closing = {each.currency: each.closing for each in view.accounts}
        assert closing == {"EUR": due - deals.to_return()}
        assert sum(each.due for each in view.open) == due


def test_what_was_written_off_is_not_open_for_the_agency_and_owed_by_the_client(agency: AgencyView) -> None:
    client = documents.client()
    invoice_id = documents.issued("100", client_id=client)
    writing_off.write_off(invoice_id, "Insolvent", ACTOR)
    db.release()
    view = service.account(client, None, written_off=True)
    (account,) = view.accounts
    assert [(each.kind, each.amount) for each in account.entries] == [("invoice", 12200), ("write_off", -12200)]
    assert (account.closing, account.written_off, view.open) == (0, True, ())
    told = service.account(client, None)
    (account,) = told.accounts
    assert [(each.kind, each.amount) for each in account.entries] == [("invoice", 12200)]
    assert (account.closing, account.written_off, [each.due for each in told.open]) == (12200, False, [12200])


def test_what_was_settled_elsewhere_is_not_open(agency: AgencyView) -> None:
    client, day = documents.client(), date(2025, 3, 1)
    line = ImportedLine("Work", Decimal(1), Decimal(100), Decimal(22), 10000, 2200)
    old = ImportedInvoice(client, "OLD-open", "Website", "EUR", "en", day, day + timedelta(14), (line,))
    paid = replace(old, number="OLD-paid", state="paid", paid_on=day + timedelta(9))
    unsaid, credited = replace(paid, number="OLD-2", paid_on=None), replace(old, number="OLD-3", state="credited")
    invoices.add_imported([old, paid, unsaid, credited])
    db.release()
    (account,) = service.account(client, None).accounts
    assert (account.closing, len(account.entries)) == (12200, 7)
    assert [each.day.day for each in account.entries if each.kind == PostingKind.PAYMENT] == [1, 10]
    assert [each.number for each in service.account(client, None).open] == ["OLD-open"]


def test_a_payment_belongs_to_the_day_at_the_agencys_place(
    app: Flask, agency: AgencyView, run_jobs: Callable[[], int]
) -> None:
    deals = Deals(app, run_jobs)
    deals.pay(deals.invoices[0], Random(0))
    db.release()
    today = service.today()
    (account,) = service.account(deals.client, today, today).accounts
    assert [each.kind for each in account.entries] == ["invoice"] * 3 + ["payment"]
    (later,) = service.account(deals.client, today + timedelta(1), today + timedelta(9)).accounts
    assert (later.opening, later.entries, later.closing) == (account.closing, (), account.closing)
    assert service.account(deals.client, None, today - timedelta(1)).accounts == ()
    with pytest.raises(DomainError, match="before the first"):
        service.account(deals.client, today, today - timedelta(1))
