"""What books are kept from: issued invoices and credit notes, many at once, and what is open of whom."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from webkit.core.kernel import tallies
from webkit.core.kernel.tenancy import mine, prepared
from webkit.invoices.credit_models import CreditNote
from webkit.invoices.models import DUE, Invoice, InvoiceOrigin, InvoiceState

FIRST = UUID(int=0)


class Booked(NamedTuple):
    """What books need of an invoice that was issued."""

    id: UUID
    client_id: UUID
    number: str | None
    title: str
    state: InvoiceState
    origin: InvoiceOrigin
    currency: str
    priced: dict[str, Any]
    total_minor: int
    credited_minor: int
    received_minor: int
    issue_date: date | None
    paid_at: datetime | None
    written_off_at: datetime | None


class BookedCredit(NamedTuple):
    """What books need of a credit note."""

    id: UUID
    invoice_id: UUID
    number: str | None
    priced: dict[str, Any]
    issue_date: date | None


@prepared
def _numbers() -> sa.Executable:
    wanted = Invoice.id.in_(sa.bindparam("ids", expanding=True))
    return sa.select(Invoice.id, Invoice.number).where(mine(Invoice), wanted)


def numbers(ids: Collection[UUID]) -> dict[UUID, str]:
    """The numbers of those of these invoices that have one."""
    return {row[0]: row[1] for row in _numbers(ids=list(ids)) if row[1]} if ids else {}


@prepared
def _ids(imported: bool) -> sa.Executable:
    query = sa.select(Invoice.id).where(mine(Invoice), Invoice.state != InvoiceState.DRAFT)
    if imported:
        query = query.where(Invoice.origin == InvoiceOrigin.IMPORTED)
    return query.where(Invoice.id > sa.bindparam("after")).order_by(Invoice.id).limit(sa.bindparam("limit"))


def ids(after: UUID | None, limit: int, *, imported: bool = False) -> list[UUID]:
    """Invoices that were issued, in the order of their ids; only those of another system if that is asked."""
    return [row[0] for row in _ids(imported, after=after or FIRST, limit=limit)]


@prepared
def _invoices() -> sa.Executable:
    query = sa.select(*(getattr(Invoice, name) for name in Booked._fields))
    wanted = Invoice.id.in_(sa.bindparam("ids", expanding=True))
    return query.where(mine(Invoice), wanted, Invoice.state != InvoiceState.DRAFT)


@prepared
def _credits() -> sa.Executable:
    query = sa.select(*(getattr(CreditNote, name) for name in BookedCredit._fields))
    wanted = CreditNote.invoice_id.in_(sa.bindparam("ids", expanding=True))
    return query.where(mine(CreditNote), wanted, CreditNote.number.is_not(None)).order_by(CreditNote.id)


def booked(wanted: Collection[UUID]) -> list[Booked]:
    """Of these invoices those that were issued."""
    return [Booked(*row) for row in _invoices(ids=list(wanted))]


def booked_credits(wanted: Collection[UUID]) -> list[BookedCredit]:
    """The credit notes of these invoices, oldest first."""
    return [BookedCredit(*row) for row in _credits(ids=list(wanted))]


@prepared
def _whole() -> sa.Executable:
    sums = (sa.func.sum(column) for column in (Invoice.net_minor, Invoice.tax_minor, Invoice.total_minor))
    query = sa.select(Invoice.currency, *sums).where(mine(Invoice), Invoice.state != InvoiceState.DRAFT)
    return query.group_by(Invoice.currency)


@prepared
def _whole_credits() -> sa.Executable:
    sums = (sa.func.sum(column) for column in (CreditNote.net_minor, CreditNote.tax_minor, CreditNote.total_minor))
    here = sa.and_(Invoice.agency_id == CreditNote.agency_id, Invoice.id == CreditNote.invoice_id)
    query = sa.select(CreditNote.currency, *sums).join(Invoice, here)
    own = (Invoice.origin == InvoiceOrigin.HERE, CreditNote.number.is_not(None))
    return query.where(mine(CreditNote), mine(Invoice), *own).group_by(CreditNote.currency)


def whole() -> dict[str, tuple[int, int, int]]:
    """Net, tax and total of everything that was issued, by currency."""
    return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in _whole()}


def whole_credits() -> dict[str, tuple[int, int, int]]:
    """The same of credit notes for invoices that were issued here."""
    return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in _whole_credits()}


class Due(NamedTuple):
    """What is open of a client's invoices that are due between two of the days that were asked about."""

    client_id: UUID
    currency: str
    place: int
    invoices: int
    amount: int


_OPEN = Invoice.total_minor - Invoice.credited_minor - Invoice.received_minor
# Said in so many words, as in the indexes that hold only these.
_ISSUED = Invoice.state == sa.literal_column("'issued'")
_WHOLE, _PARTED = sa.text("state = 'issued' AND schedule IS NULL"), sa.text("state = 'issued' AND schedule IS NOT NULL")
sa.Index(
    "ix_invoices_open",
    *(Invoice.agency_id, Invoice.currency, Invoice.client_id, Invoice.due_date, Invoice.pending_at),
    *(Invoice.total_minor, Invoice.credited_minor, Invoice.received_minor),
    sqlite_where=_WHOLE,
    postgresql_where=_WHOLE,
)
sa.Index("ix_invoices_parted", Invoice.agency_id, sqlite_where=_PARTED, postgresql_where=_PARTED)
_WAITS = (_ISSUED, Invoice.schedule.is_(None))


@prepared
def _due(edges: int) -> sa.Executable:
    """Due after so many of the days; -1: money is on its way."""
    late = sum((sa.case((Invoice.due_date < sa.bindparam(f"day{n}"), 1), else_=0) for n in range(edges)), sa.literal(0))
    place = sa.case((Invoice.pending_at.is_not(None), -1), else_=late).label("place")
    query = sa.select(Invoice.client_id, Invoice.currency, place, sa.func.count(), sa.func.sum(_OPEN))
    return query.where(mine(Invoice), *_WAITS).group_by(Invoice.client_id, Invoice.currency, sa.literal_column("place"))


class Parted(NamedTuple):
    """An open invoice that is paid in instalments."""

    client_id: UUID
    currency: str
    schedule: list[dict[str, Any]]
    credited_minor: int
    received_minor: int
    pending_at: datetime | None


@prepared
def _parted() -> sa.Executable:
    query = sa.select(*(getattr(Invoice, name) for name in Parted._fields))
    return query.where(mine(Invoice), _ISSUED, Invoice.schedule.is_not(None))


def due(days: Collection[date]) -> list[Due]:
    """What is open without instalments, by how many of these days lie behind the day it is due."""
    values = {f"day{n}": day for n, day in enumerate(days)}
    return [Due(row[0], row[1], int(row[2]), int(row[3]), int(row[4])) for row in _due(len(values), **values)]


def due_days() -> list[tuple[str, date, int, int]]:
    """Currency, day, how many invoices and what of them is due then, without what is on its way: from the kept sums."""
    return [(row[0], date.fromisoformat(row[1]), row[2], row[3]) for row in tallies.of(DUE)]


def parted() -> list[Parted]:
    """What is open and paid in instalments."""
    return [Parted(*row) for row in _parted()]
