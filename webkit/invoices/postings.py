"""A client's account: what every issued invoice asked for, and everything that was done about it.

All of it is read from what is stored: together the postings of an invoice are what is still owed of it, less than
nothing where there is something to give back. That the agency stopped waiting for some of it is its own affair: the
client owes that all the same, and is not told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from webkit.agencies import service as agencies
from webkit.core.kernel import events, links
from webkit.core.values import dataclass
from webkit.invoices import posting_models, write_off_models
from webkit.invoices.models import OWED, SETTLED, InvoiceOrigin, InvoiceState
from webkit.invoices.paying import LINK
from webkit.invoices.posting_models import Posted
from webkit.ledger import service as ledger
from webkit.payments import service as payments
from webkit.payments.service import Movement


class PostingKind(StrEnum):
    """What was posted; on one day in this order."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    TAKEN_BACK = "taken_back"
    WRITE_OFF = "write_off"


ORDER = list(PostingKind)
RAISES = {PostingKind.INVOICE, PostingKind.REFUND, PostingKind.CHARGEBACK}
"""After these the client owes more."""


@dataclass(frozen=True, slots=True)
class Posting:
    """`amount` is what the client owes more (minor units), below nothing when it is less; `number` is that of the
    credit note or the invoice. What a person recorded may be for several of them, or for none."""

    day: date
    kind: PostingKind
    number: str
    title: str
    currency: str
    amount: int
    invoice_id: UUID | None


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An invoice that waits for money: `due` is left, the next of it by `due_date`; `url` is the client's page."""

    id: UUID
    number: str
    title: str
    currency: str
    due: int
    due_date: date | None
    late: bool
    pending: bool
    url: str


def account(client_id: UUID, *, written_off: bool) -> tuple[list[Posting], list[OpenInvoice]]:
    """Everything on a client's account in the order of days, and the invoices to be paid, the first due first.

    With `written_off` as the agency sees it, who no longer waits for some; without as the client does, who owes them.
    """
    rows = posting_models.posted(client_id)
    return _postings(client_id, rows, written_off=written_off), _open(rows, written_off=not written_off)


def _postings(client_id: UUID, rows: Sequence[Posted], *, written_off: bool) -> list[Posting]:
    zone = ZoneInfo(agencies.here().timezone)
    invoices = {row.id: row for row in rows}
    credited: dict[UUID, int] = defaultdict(int)
    found: list[Posting] = []
    for invoice_id, number, reason, minor, day in posting_models.posted_credits(client_id):
        credited[invoice_id] += minor
        currency = invoices[invoice_id].currency
        found.append(Posting(day, PostingKind.CREDIT_NOTE, number, reason, currency, -minor, invoice_id))
    came: dict[UUID, int] = defaultdict(int)
    for movement in payments.movements(events.ref("invoice", each) for each in invoices):
        row = invoices[UUID(movement.reference.partition(":")[2])]
        if movement.currency == row.currency:
            found.append(_moved(row, movement, zone))
            came[row.id] += movement.amount_minor if movement.kind == "payment" else 0
    found += _recorded(client_id)
    for entry in ledger.on_invoices([row.id for row in invoices.values() if row.origin == InvoiceOrigin.IMPORTED]):
        if entry.invoice_id is not None and entry.source.startswith("receipt:"):
            came[entry.invoice_id] += entry.settled_minor
    for row in invoices.values():
        found += _of_invoice(row, credited[row.id], came[row.id], zone)
    if written_off:
        found += _written_off(invoices, zone)
    return sorted(found, key=lambda each: (each.day, ORDER.index(each.kind), each.number))


def _moved(row: Posted, movement: Movement, zone: ZoneInfo) -> Posting:
    kind = PostingKind(movement.kind)
    amount = movement.amount_minor if kind in RAISES else -movement.amount_minor
    return _posting(row, _day(movement.at, zone), kind, amount)


def _recorded(client_id: UUID) -> Iterator[Posting]:
    """What people recorded, each record once in every currency; what only moved between invoices and credit is none."""
    sums: dict[tuple[date, str, str, bool], int] = defaultdict(int)
    for each in ledger.of_client(client_id):
        record = each.cause or each.source
        if record.startswith("receipt:") and each.account in ("invoice", "credit"):
            sums[each.day, record, each.currency, each.kind == "taken_back"] += each.amount_minor
    for (day, _record, currency, mistaken), came in sums.items():
        if came:
            kind = PostingKind.PAYMENT if came > 0 else PostingKind.REFUND
            yield Posting(day, PostingKind.TAKEN_BACK if mistaken else kind, "", "", currency, -came, None)


def _of_invoice(row: Posted, credited: int, came: int, zone: ZoneInfo) -> Iterator[Posting]:
    """The invoice itself, and what happened to it before it came here."""
    issued = row.issue_date or date.min
    yield _posting(row, issued, PostingKind.INVOICE, row.total_minor)
    if row.origin == InvoiceOrigin.IMPORTED:
        if (elsewhere := row.credited_minor - credited) > 0:
            yield _posting(row, issued, PostingKind.CREDIT_NOTE, -elsewhere)
        paid = row.total_minor - row.credited_minor - came if row.state in SETTLED else 0
        if paid > 0:  # a day that was not told is that of the invoice
            day = _day(row.paid_at, zone) if row.paid_at else issued
            yield _posting(row, day, PostingKind.PAYMENT, -paid)


def _written_off(rows: Mapping[UUID, Posted], zone: ZoneInfo) -> Iterator[Posting]:
    """What was not waited for any more, and what was again."""
    steps = write_off_models.steps(rows)
    for row in rows.values():
        now = [(row.written_off_at, _left(row))] if row.state == InvoiceState.WRITTEN_OFF and row.written_off_at else []
        for at, minor in steps[row.id] or now:
            if minor:
                yield _posting(row, _day(at, zone), PostingKind.WRITE_OFF, -minor)


def _posting(row: Posted, day: date, kind: PostingKind, amount: int) -> Posting:
    return Posting(day, kind, row.number or "", row.title, row.currency, amount, row.id)


def _left(row: Posted) -> int:
    return row.total_minor - row.credited_minor - row.received_minor if row.state in OWED else 0


def _day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _open(posted: Sequence[Posted], *, written_off: bool) -> list[OpenInvoice]:
    states = OWED if written_off else (InvoiceState.ISSUED,)
    rows = [row for row in posted if row.state in states and _left(row) > 0]
    tokens, today = links.tokens(LINK, [row.id for row in rows]), agencies.today()
    found = [
        OpenInvoice(
            id=row.id,
            number=row.number or "",
            title=row.title,
            currency=row.currency,
            due=_left(row),
            due_date=row.due_date,
            late=row.due_date is not None and row.due_date < today and row.pending_at is None,
            pending=row.pending_at is not None,
            url=links.url(LINK, tokens[row.id]) if row.id in tokens else "",
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: (each.due_date or date.max, each.number))
