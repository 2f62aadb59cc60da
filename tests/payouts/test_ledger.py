"""Whatever is paid, given back, disputed and paid out, in any order: the ledger has it to the cent."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import documents
from webkit.agencies import service as agencies
from webkit.core.capabilities.payments import Payout, PayoutLine, PayoutLineKind, PayoutState
from webkit.core.kernel import clock, db, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.vendors import ProviderAccount
from webkit.invoices import service as invoices
from webkit.invoices.service import ImportedInvoice, ImportedLine
from webkit.ledger import service as ledger
from webkit.operations import doctor
from webkit.payments import ledger as payments
from webkit.payments import models
from webkit.payments.ledger import News
from webkit.payments.models import Payment, PaymentState, ReversalKind, ReversalState
from webkit.payouts import keeping
from webkit.payouts import service as payouts
from webkit.receipts import service as receipts

Kind = PayoutLineKind
Told = Callable[[], object]
NAMES = count(1)


@db.writes
def account() -> UUID:
    row = ProviderAccount(capability="payments", provider="stripe", sealed="{}")
    db.session().add(row)
    db.session().flush()
    return row.id


@db.writes
def payment(invoice_id: UUID, account_id: UUID, amount: int, currency: str) -> UUID:
    return models.add(
        Payment(
            reference=f"invoice:{invoice_id}", provider="stripe", account_id=account_id, amount_minor=amount,
            currency=currency,
        )
    )  # fmt: skip


@db.writes
def came(payment_id: UUID, name: str, amount: int, currency: str) -> None:
    if (row := models.locked(payment_id)) is not None:
        payments.settle(row, PaymentState.SUCCEEDED, amount, currency, name, clock.now())


@db.writes
def went(payment_id: UUID, account_id: UUID, name: str, news: News) -> None:
    """As a webhook tells it: of a payment that nobody knows yet it is kept for later."""
    row = models.by_vendor_id("stripe", name, account_id)
    if row is None:
        payments.keep_stray("stripe", account_id, f"evt_{next(NAMES)}", name, news)
    else:
        payments.reverse(payment_id, news)


def imported(client: UUID, currency: str, amounts: list[int]) -> list[UUID]:
    today = agencies.today()
    return invoices.add_imported(
        [
            ImportedInvoice(
                client, f"Y-{next(NAMES)}", "Work", currency, "en-GB", today, today,
                (ImportedLine("Work", Decimal(1), Decimal(amount) / 100, Decimal(0), amount, 0),),
            )
            for amount in amounts
        ]
    )  # fmt: skip


class Vendor:
    """The vendor's books, and what it has told of them: every call of `told` is something we hear."""

    def __init__(self, dice: random.Random, account_id: UUID, client: UUID) -> None:
        self.dice, self.account_id = dice, account_id
        self.lines: list[tuple[PayoutLine, bool, str]] = []
        self.out: dict[str, Payout] = {}
        self.paid = self.refunded = 0
        self.told: list[Told] = []
        for currency in ("EUR", "EUR", "USD"):
            amounts = [dice.randint(500, 30_000) for _ in range(2)]
            for invoice_id, amount in zip(imported(client, currency, amounts), amounts, strict=True):
                self.sell(invoice_id, amount, currency)

    def line(self, kind: Kind, name: str, amount: int, fee: int, currency: str, *, share: int = 0) -> None:
        """Into the balance, in euros: dollars are changed."""
        euros = amount if currency == "EUR" else amount * 9 // 10
        changed = (amount, "USD") if currency == "USD" else (0, "")
        made = PayoutLine(f"txn_{next(NAMES)}", kind, name, euros, fee + share, share, *changed)
        self.lines.append((made, bool(name), currency))

    def sell(self, invoice_id: UUID, amount: int, currency: str) -> None:
        dice, name = self.dice, f"pi_{next(NAMES)}"
        payment_id = payment(invoice_id, self.account_id, amount, currency)
        if dice.random() < 0.1:  # sold elsewhere on the same account
            self.line(Kind.PAYMENT, "", 5_000, 100, "EUR")
        self.line(Kind.PAYMENT, name, amount, amount // 50 + 25, currency, share=dice.choice([0, amount // 100]))
        self.told.append(lambda: came(payment_id, name, amount, currency))
        self.count(amount, currency)
        for part in (1, 2):
            if dice.random() < 0.3:
                back, ok = amount // (part + 2), dice.random() < 0.7
                self.back(payment_id, name, ReversalKind.REFUND, back, currency, ok=ok)
        if dice.random() < 0.4:
            self.back(payment_id, name, ReversalKind.DISPUTE, amount // 5, currency, ok=dice.random() < 0.5)
        if dice.random() < 0.3:
            self.line(Kind.FEE, "", 0, 200, "EUR")
        if dice.random() < 0.5:
            self.pay_out()

    def count(self, amount: int, currency: str) -> None:
        if currency == "EUR":
            self.paid += amount

    def back(self, payment_id: UUID, name: str, kind: ReversalKind, amount: int, currency: str, *, ok: bool) -> None:
        """Money goes back to the payer, or comes again."""
        about, part = Kind(str(kind)), f"part_{next(NAMES)}"
        self.line(about, name, -amount, 1_500 if kind is ReversalKind.DISPUTE else 0, currency)
        if not ok:
            self.line(about, name, amount, 0, currency)
        elif currency == "EUR":
            self.refunded += amount
        for state in (ReversalState.PENDING, ReversalState.DONE if ok else ReversalState.FAILED):
            news = News(kind, state, part, amount, currency, clock.now())
            self.told.append(partial(went, payment_id, self.account_id, name, news))

    def pay_out(self) -> None:
        whole = sum(line.net_minor for line, _ours, _currency in self.lines)
        if whole <= 0:
            return
        lines = tuple(line for line, _ours, _currency in self.lines)
        self.lines = []
        made = Payout(f"po_{next(NAMES)}", PayoutState.PENDING, whole, "EUR", agencies.today(), clock.now(), lines)
        self.tell(made)
        if self.dice.random() < 0.8:
            state = self.dice.choice([PayoutState.PAID, PayoutState.PAID, PayoutState.FAILED])
            self.tell(replace(made, state=state))
            if state is PayoutState.FAILED:
                self.line(Kind.RETURNED, "", whole, 0, "EUR")

    def tell(self, made: Payout) -> None:
        self.out[made.id] = made
        at = clock.now() + timedelta(seconds=next(NAMES))
        self.told.append(lambda: keeping.keep(self.account_id, "stripe", made, at))


def hear(vendor: Vendor) -> None:
    """Everything in any order, some of it twice."""
    told = vendor.told + [each for each in vendor.told if vendor.dice.random() < 0.1]
    vendor.dice.shuffle(told)
    for each in told:
        db.release()
        each()
    db.release()


def compare(vendor: Vendor, before: Counter[tuple[str, str]], kept: Counter[tuple[str, str]]) -> None:
    there = Counter(ledger.places())
    there.subtract(before)
    fees = Counter(ledger.fees())
    fees.subtract(kept)
    out = list(vendor.out.values())
    bank = sum(each.amount_minor for each in out if each.state is PayoutState.PAID)
    on_the_way = sum(each.amount_minor for each in out if each.state is PayoutState.PENDING)
    ours = [line for each in out for line in each.lines if line.payment_id or line.kind is Kind.FEE]
    share = sum(line.platform_minor for line in ours)
    left, dollars = 0, 0
    for line, is_ours, currency in vendor.lines:
        dollars += line.changed_minor
        if (is_ours and currency == "EUR") or line.kind is Kind.RETURNED:
            left += line.amount_minor
    assert there["bank", "EUR"] == bank
    assert there["payout", "EUR"] == on_the_way
    assert (fees["platform", "EUR"], fees["stripe", "EUR"]) == (share, sum(line.fee_minor for line in ours) - share)
    assert there["stripe", "EUR"] == left
    assert there["stripe", "USD"] == dollars
    strange = sum(
        line.net_minor for each in out for line in each.lines if line.kind is Kind.PAYMENT and not line.payment_id
    )
    came_changed = sum(line.amount_minor for each in out for line in each.lines if line.changed_currency)
    # Paid is paid out, fees, what was given back and what is still there; and nothing else.
    gone = bank + on_the_way + fees.total() + vendor.refunded - strange - came_changed
    assert vendor.paid == gone + there["stripe", "EUR"]


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_what_is_paid_is_paid_out_kept_given_back_or_still_there(app: Flask, agency: AgencyView, seed: int) -> None:
    db.release()
    dice, account_id = random.Random(seed), account()
    client = documents.client(f"Client {seed}", f"c{next(NAMES)}@client.example")
    before, kept = Counter(ledger.places()), Counter(ledger.fees())
    vendor = Vendor(dice, account_id, client)
    hear(vendor)
    compare(vendor, before, kept)
    assert list(payouts.unlike_ledger()) == []
    db.release()
    with tenancy.platform("test"):
        assert ledger.balanced() == []


def _examined() -> list[str]:
    db.release()
    with tenancy.platform("test"):
        return [problem.problem for problem in doctor._ledger()]


def test_a_payout_that_is_not_booked_is_seen_and_made_good(app: Flask, agency: AgencyView) -> None:
    """As with those of before the ledger knew payouts."""
    account_id, client = account(), documents.client()
    (invoice,) = imported(client, "EUR", [10_000])
    came(payment(invoice, account_id, 10_000, "EUR"), "pi_1", 10_000, "EUR")
    line = PayoutLine("txn_1", Kind.PAYMENT, "pi_1", 10_000, 250, 100)
    made = Payout("po_1", PayoutState.PAID, 9_750, "EUR", agencies.today(), clock.now(), (line,))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("webkit.payouts.keeping.ledger.pay_out", lambda *_given: None)
        keeping.keep(account_id, "stripe", made, clock.now())
    assert ledger.places() == {("stripe", "EUR"): 10_000}
    assert any("payout po_1 is booked otherwise" in each for each in _examined())
    assert (keeping.book_all(), keeping.book_all()) == (1, 0)
    db.release()
    assert ledger.places() == {("bank", "EUR"): 9_750}
    assert ledger.fees() == {("platform", "EUR"): 100, ("stripe", "EUR"): 150}
    assert not _examined()


def test_a_rate_told_later_fixes_what_changing_the_money_gained(app: Flask, agency: AgencyView) -> None:
    """100.00 USD came when nobody knew what they were worth; the vendor changed them, and then somebody knew."""
    account_id, client = account(), documents.client()
    (invoice,) = imported(client, "USD", [10_000])
    paid = payment(invoice, account_id, 10_000, "USD")
    came(paid, "pi_1", 10_000, "USD")
    line = PayoutLine("txn_1", Kind.PAYMENT, "pi_1", 9_200, 200, 0, 10_000, "USD")
    made = Payout("po_1", PayoutState.PAID, 9_000, "EUR", agencies.today(), clock.now(), (line,))
    keeping.keep(account_id, "stripe", made, clock.now())
    db.release()
    receipts.give_rate(f"payment:{paid}", Decimal("0.9"), documents.ACTOR)
    db.release()
    today = agencies.today()
    entries = [each for each in ledger.booked(today, today) if each.place == "stripe" and each.account == "money"]
    assert sum(each.base_minor for each in entries) == 0, "nothing is left there, so it is worth nothing"
    assert [each.amount_minor for each in ledger.movements(today, today) if each.kind in ("gain", "loss")] == [200]
    assert not _examined()
