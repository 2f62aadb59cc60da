"""How an invoice follows the money that people recorded for it: the ledger says what is paid, the invoice says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from uuid import UUID

from webkit.core.kernel import events, money, signals
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.invoices import models, paid_models, paying, returning
from webkit.invoices.events import InvoiceReopened
from webkit.invoices.models import OWED, Invoice, InvoiceOrigin, InvoiceState
from webkit.invoices.views import InvoiceView, found
from webkit.ledger import service as ledger
from webkit.ledger.service import PaidPart
from webkit.payments import service as payments
from webkit.payments.service import PaymentView

PAYABLE = (*OWED, InvoiceState.CHARGED_BACK)
"""What money can be put on: also what the bank took back, when the client pays it otherwise."""

AT_ONCE, MOST_OPEN = 500, 2_000


@dataclass(frozen=True, slots=True)
class Payable:
    """An invoice that money can be put on: `open_minor` of it are still to come."""

    id: UUID
    client_id: UUID
    number: str
    title: str
    currency: str
    total_minor: int
    open_minor: int
    due_date: date | None


@writes
def payable(invoice_id: UUID) -> Payable:
    """An invoice on which money is about to be put; nobody else changes it until this write ends. Raises NotFound, and
    Conflict for one that nothing is waited for."""
    invoice = found(models.locked(invoice_id))
    number = invoice.number or ""
    if invoice.state not in PAYABLE:
        raise Conflict(_("Nothing is to be paid of %(number)s any more.", number=number or invoice.title))
    if invoice.pending_at is not None:
        raise Conflict(_("A payment of %(number)s is on its way. Wait until it has arrived or failed.", number=number))
    return _payable(invoice, ledger.settled(invoice_id))


def payables(client_id: UUID) -> list[Payable]:
    """The invoices of a client that money can be put on, the first due first."""
    rows = paid_models.payable(client_id, PAYABLE)
    paid = ledger.settled_of(row.id for row in rows)
    views = [_payable(row, paid.get(row.id, 0)) for row in rows]
    return sorted(
        (each for each in views if each.open_minor > 0), key=lambda each: (each.due_date or date.max, each.id)
    )


def all_payable() -> list[Payable]:
    """The same of all clients, as many as are looked at together."""
    rows = paid_models.all_payable(PAYABLE, MOST_OPEN)
    paid = ledger.settled_of(row.id for row in rows)
    return [each for each in (_payable(row, paid.get(row.id, 0)) for row in rows) if each.open_minor > 0]


def _payable(invoice: Invoice, paid: int) -> Payable:
    return Payable(
        id=invoice.id,
        client_id=invoice.client_id,
        number=invoice.number or "",
        title=invoice.title,
        currency=invoice.currency,
        total_minor=invoice.total_minor,
        open_minor=invoice.due_minor - paid,
        due_date=invoice.due_date,
    )


def recorded(invoice: InvoiceView, paid: Sequence[PaymentView]) -> list[PaidPart]:
    """What pays an invoice besides its own payments through payment services; nobody is asked where nothing came."""
    if not invoice.received and invoice.state not in models.SETTLED:
        return []
    own = {f"payment:{each.id}" for each in paid}
    return [each for each in ledger.paid_by(invoice.id) if each.source not in own]


@writes
def settle(invoice_id: UUID, at: datetime, actor: str) -> None:
    """Follow what the ledger says is paid of an invoice: paid, paid in part, or paid no more. Done again it does
    nothing. Inside the write that booked it."""
    invoice = found(models.locked(invoice_id))
    kept, due = ledger.settled(invoice_id), invoice.due_minor
    if kept < due:  # what came through a payment service on top of it was for this invoice
        kept = ledger.follow(paying.claim(invoice), None, at).paid
    if invoice.state in OWED:
        if 0 < due <= kept:
            paying.pay(invoice, at, _facts(invoice, actor, due))
        else:
            _part(invoice, kept, actor)
    elif invoice.state in models.SETTLED:
        standing = payments.standing(events.ref("invoice", invoice_id), invoice.currency)
        if kept < due and invoice.state == InvoiceState.PAID and not standing.returned:
            _reopen(invoice, kept, actor)
        else:
            paying.follow(invoice, kept, standing.disputed, charged_back=standing.charged_back)
    paying.withdraw(invoice_id)


def _part(invoice: Invoice, kept: int, actor: str) -> None:
    gained = kept - invoice.received_minor
    facts = _facts(invoice, actor, gained) | {"open": _money(invoice, invoice.due_minor - kept)}
    about = (events.ref("client", invoice.client_id),)
    if models.receive(invoice.id, kept):
        kind = "invoice.part_paid" if gained > 0 else "invoice.unpaid"
        events.record(kind, events.ref("invoice", invoice.id), facts, about=about)


def _reopen(invoice: Invoice, kept: int, actor: str) -> None:
    """What was recorded as paid was not: it is waited for again, but for what credit notes say is not owed."""
    missing = invoice.due_minor - kept
    off = min(missing, returning.to_return(invoice))
    facts = _facts(invoice, actor, kept) | {"open": _money(invoice, missing - off)}
    subject, about = events.ref("invoice", invoice.id), (events.ref("client", invoice.client_id),)
    values = {"received_minor": kept, "due_date": models.next_day(invoice, kept, invoice.credited_minor)}
    gone = {"paid_at": None, "payment_id": None, "returned_minor": 0}
    if not models.move(invoice.id, InvoiceState.ISSUED, since=InvoiceState.PAID, **values, **gone):
        return
    if off:
        models.take_off(invoice.id, off)
    if off < missing:
        events.record("invoice.unpaid", subject, facts, about=about)
        signals.publish(InvoiceReopened(invoice.id))


def _facts(invoice: Invoice, actor: str, minor: int) -> dict[str, str | int]:
    return {
        "actor": actor,
        "number": invoice.number or "",
        "amount_minor": minor,
        "currency": invoice.currency,
        "amount": _money(invoice, minor),
    }


def _money(invoice: Invoice, minor: int) -> str:
    return money.format_money(minor, invoice.currency, invoice.locale)


def unlike_ledger() -> Iterator[tuple[UUID, int, int]]:
    """Invoices of which something else is paid than the ledger says: which, what they say, what it says.

    What was paid elsewhere before it was brought along is in no ledger.
    """
    after: UUID | None = None
    while rows := paid_models.paid_page(after, AT_ONCE):
        after = rows[-1].id
        yield from _unlike(rows)


def follow_all() -> int:
    """Book what payment services told of before there was a ledger; returns of how many invoices."""
    wanted = [invoice_id for invoice_id, _said, _booked in unlike_ledger()]
    for invoice_id in wanted:
        _follow(invoice_id)
    return len(wanted)


@writes
def _follow(invoice_id: UUID) -> None:
    invoice = found(paying.held(invoice_id))
    ledger.follow(paying.claim(invoice), None, invoice.paid_at or invoice.issued_at or invoice.created_at)


def _unlike(rows: Sequence[Invoice]) -> list[tuple[UUID, int, int]]:
    booked = ledger.settled_of(row.id for row in rows)
    said = [(row, _said(row)) for row in rows if row.origin == InvoiceOrigin.HERE]
    return [(row.id, minor, booked.get(row.id, 0)) for row, minor in said if booked.get(row.id, 0) != minor]


def _said(invoice: Invoice) -> int:
    """What of an invoice has come and stayed, as its row says."""
    if invoice.state in OWED:
        return invoice.received_minor
    if invoice.state in models.SETTLED:
        return invoice.due_minor - invoice.returned_minor
    return 0
