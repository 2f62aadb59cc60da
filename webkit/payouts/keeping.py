"""Keeps what a vendor says of a payout, finds the payments in it again, and books it.

A payment may be heard of after the payout that it is in: then the payout is booked anew, and in the end it is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from webkit.agencies import service as agencies
from webkit.core.capabilities.payments import Payout as Told
from webkit.core.capabilities.payments import PayoutLine as ToldLine
from webkit.core.capabilities.payments import PayoutLineKind, PayoutState
from webkit.core.kernel import clock, locks, vendors
from webkit.core.kernel.db import writes
from webkit.invoices import service as invoices
from webkit.ledger import service as ledger
from webkit.ledger.events import RateGiven
from webkit.ledger.service import Moved, PaidOut
from webkit.payments import service as payments
from webkit.payments.events import PaymentSucceeded
from webkit.payments.service import Known
from webkit.payouts import models
from webkit.payouts.models import Payout, PayoutLine

LOCK = "payouts"
"""Held while a payout is booked and while a payment looks for payouts that it is in: neither misses the other."""
AT_ONCE = 100
OURS = (PayoutLineKind.PAYMENT, PayoutLineKind.REFUND, PayoutLineKind.DISPUTE)


@writes
def keep(account_id: UUID, provider: str, told: Told, asked_at: datetime) -> None:
    """Keep an answer of the vendor, unless a later one is there."""
    locks.hold(LOCK)
    row = models.known(account_id, told.id)
    if row is not None and row.asked_at > asked_at:
        return
    day = _day(told, known=row is not None)
    if row is None:
        row = Payout(account_id=account_id, vendor_id=told.id, made_at=told.at)
    row.state, row.amount_minor, row.currency = told.state, told.amount_minor, told.currency
    row.arrives_on, row.asked_at = told.arrives_on, asked_at
    row.fee_minor = sum(line.fee_minor for line in told.lines)
    row.missing_minor = told.amount_minor - sum(line.net_minor for line in told.lines)
    payout_id = models.add(row)
    models.replace(payout_id, [_line(payout_id, line) for line in told.lines])
    _recognise(row, models.all_lines(payout_id), provider, day)


def _day(told: Told, *, known: bool) -> date:
    """When what is told now was so: the day it was made or arrived, or today for what became of it later."""
    today = agencies.today()
    if told.state is PayoutState.PAID:
        return min(told.arrives_on, today)
    return today if known else _local(told.at)


def _local(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(agencies.here().timezone)).date()


@writes
def on_paid(event: PaymentSucceeded) -> None:
    """A payment came: payouts that were heard of before it are booked with it."""
    _with_payment(event.payment_id)


def _with_payment(payment_id: UUID) -> None:
    account_id, name = payments.vendor_name(payment_id)
    if account_id is None or not name:
        return
    locks.hold(LOCK)
    for payout_id in models.with_payment(account_id, name):
        _again(payout_id, agencies.today())


@writes
def on_rate(given: RateGiven) -> None:
    """What a payout was worth is known; or a payment, and so what changing it into another currency gained or lost."""
    kind, _colon, identity = given.source.partition(":")
    if kind == "payout":
        locks.hold(LOCK)
        _again(UUID(identity), agencies.today())
    elif kind == "payment":
        _with_payment(UUID(identity))


def _again(payout_id: UUID, day: date) -> None:
    if (row := models.held(payout_id)) is not None:
        _recognise(row, models.all_lines(payout_id), vendors.provider_of(row.account_id), day)


def _recognise(row: Payout, lines: Sequence[PayoutLine], provider: str, day: date) -> None:
    """Say which payments the lines are about, and book what that makes of the payout."""
    known = _known(row.account_id, lines)
    numbers = invoices.numbers({id for each in known.values() if (id := invoice_of(each.reference)) is not None})
    for line in lines:
        found = known.get(line.payment_vendor_id)
        line.reference = found.reference if found else ""
        invoice_id = invoice_of(line.reference)
        line.label = numbers.get(invoice_id, "")[:64] if invoice_id else ""
    row.strange = sum(line.kind in OURS and line.payment_vendor_id not in known for line in lines)
    ledger.pay_out(_paid_out(row, lines, known, provider), day, clock.now())


def _known(account_id: UUID, lines: Sequence[PayoutLine]) -> dict[str, Known]:
    return payments.by_names(account_id, sorted({line.payment_vendor_id for line in lines if line.payment_vendor_id}))


def _paid_out(row: Payout, lines: Sequence[PayoutLine], known: Mapping[str, Known], provider: str) -> PaidOut:
    """The payout as the ledger books it: fees of what is none of ours are part of that."""
    moved, fee, platform, elsewhere = list[Moved](), 0, 0, 0
    for line in lines:
        payment = known.get(line.payment_vendor_id)
        ours = line.kind in OURS and payment is not None and payment.arrived and invoice_of(payment.reference)
        if payment is not None and ours:
            moved.append(_moved(line, payment, row.currency))
        if ours or line.kind == PayoutLineKind.FEE:
            fee, platform = fee + line.fee_minor, platform + line.platform_minor
        elif line.kind != PayoutLineKind.RETURNED:
            elsewhere += line.amount_minor - line.fee_minor
    return PaidOut(
        row.id, provider, row.state, row.currency, row.amount_minor, fee, platform, elsewhere, tuple(moved)
    )  # fmt: skip


def _moved(line: PayoutLine, payment: Known, currency: str) -> Moved:
    if line.changed_currency == payment.currency != currency:
        return Moved(payment.id, line.amount_minor, line.changed_minor, payment.currency)
    return Moved(payment.id, line.amount_minor, line.amount_minor, currency)


def _line(payout_id: UUID, line: ToldLine) -> PayoutLine:
    return PayoutLine(
        payout_id=payout_id, vendor_id=line.id, kind=line.kind, amount_minor=line.amount_minor,
        fee_minor=line.fee_minor, payment_vendor_id=line.payment_id, platform_minor=line.platform_minor,
        changed_minor=line.changed_minor, changed_currency=line.changed_currency,
    )  # fmt: skip


def invoice_of(reference: str) -> UUID | None:
    """The invoice that a document is, if it is one."""
    kind, _colon, identity = reference.partition(":")
    return UUID(identity) if kind == "invoice" else None


def book_all() -> int:
    """Book every payout that the ledger has otherwise, also of before it had any; returns how many."""
    wanted = [payout_id for payout_id, _what in unlike_ledger()]
    for payout_id in wanted:
        _book(payout_id)
    return len(wanted)


@writes
def _book(payout_id: UUID) -> None:
    locks.hold(LOCK)
    if (row := models.held(payout_id)) is not None:
        arrived = row.state == PayoutState.PAID
        _again(payout_id, min(row.arrives_on, agencies.today()) if arrived else _local(row.made_at))


def unlike_ledger() -> Iterator[tuple[UUID, str]]:
    """Payouts of which something else is booked than they come to, and what that is about."""
    after: UUID | None = None
    while found := models.ids(after, AT_ONCE):
        for payout_id in found:
            row, lines = models.held(payout_id), models.all_lines(payout_id)
            if row is not None:
                provider = vendors.provider_of(row.account_id)
                told = _paid_out(row, lines, _known(row.account_id, lines), provider)
                if not ledger.is_paid_out(told):
                    yield payout_id, row.vendor_id
        after = found[-1]
