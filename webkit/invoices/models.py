"""Invoices and their lines of state."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import tallies
from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Json, Owned, enum_column, owned_args, owned_fk
from webkit.core.kernel.tenancy import mine, prepared


class InvoiceState(enum.StrEnum):
    """What was paid may be disputed, given back, or taken back by the client's bank: then it is paid no more."""

    DRAFT = "draft"
    ISSUED = "issued"
    PAID = "paid"
    DISPUTED = "disputed"
    REFUNDED = "refunded"
    CHARGED_BACK = "charged_back"
    CREDITED = "credited"


class InvoiceKind(enum.StrEnum):
    STANDARD = "standard"
    DEPOSIT = "deposit"


SETTLED = (InvoiceState.PAID, InvoiceState.DISPUTED, InvoiceState.REFUNDED, InvoiceState.CHARGED_BACK)
"""Money came for it once. Which of these it is follows from its payments, and may change either way."""

KIND, DUE = "invoice", "invoice.due"
"""How the kept sums name invoices by their state, and unpaid ones by the day they are due."""

TRANSITIONS: dict[InvoiceState, frozenset[InvoiceState]] = {
    InvoiceState.ISSUED: frozenset({InvoiceState.DRAFT}),
    InvoiceState.PAID: frozenset({InvoiceState.ISSUED}),
    InvoiceState.CREDITED: frozenset({InvoiceState.ISSUED}),
}
"""From which states each state is reached. An issued invoice never becomes a draft again."""


class Invoice(Owned):
    """Totals are the kernel's stored result; number, dates and snapshot are given at issue and never change."""

    __tablename__ = "invoices"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        owned_fk("contract_id", "contracts"),
        owned_fk("quotation_id", "quotations"),
        sa.UniqueConstraint("agency_id", "number"),
        sa.UniqueConstraint("agency_id", "contract_id", "kind"),
        sa.UniqueConstraint("agency_id", "quotation_id"),
        sa.Index("ix_invoices_agency_id_client_id", "agency_id", "client_id"),
        sa.Index("ix_invoices_agency_id_state_id", "agency_id", "state", "id"),
        sa.Index("ix_invoices_agency_id_state_due_date", "agency_id", "state", "due_date"),
        # Holds all that is asked of it: what came in since a moment.
        sa.Index("ix_invoices_received", "agency_id", "state", "paid_at", "currency", "total_minor"),
    )

    client_id: Mapped[UUID]
    contract_id: Mapped[UUID | None]
    quotation_id: Mapped[UUID | None]
    kind: Mapped[InvoiceKind] = enum_column(InvoiceKind, default=InvoiceKind.STANDARD)
    title: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[InvoiceState] = enum_column(InvoiceState, default=InvoiceState.DRAFT)
    revision: Mapped[int] = mapped_column(default=1)
    number: Mapped[str | None] = mapped_column(sa.String(64))
    currency: Mapped[str] = mapped_column(sa.String(3))
    locale: Mapped[str] = mapped_column(sa.String(16))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    priced: Mapped[dict[str, Any]] = mapped_column(Json)
    net_minor: Mapped[int] = mapped_column(sa.BigInteger)
    tax_minor: Mapped[int] = mapped_column(sa.BigInteger)
    total_minor: Mapped[int] = mapped_column(sa.BigInteger)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    payment_days: Mapped[int]
    issue_date: Mapped[date | None]
    due_date: Mapped[date | None]
    frozen_id: Mapped[UUID | None]
    issued_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    payment_id: Mapped[UUID | None]
    pending_at: Mapped[datetime | None]
    returned_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    credited_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """What credit notes took off before it was paid: the rest is owed."""
    view_count: Mapped[int] = mapped_column(default=0)
    last_viewed_at: Mapped[datetime | None]

    @property
    def due_minor(self) -> int:
        """What is to be paid."""
        return self.total_minor - self.credited_minor


class CreditNote(Owned):
    """What an issued invoice is corrected by: its own number, its own frozen document, figures of its own. Never
    changed. `total_minor` is what the invoice asks for less."""

    __tablename__ = "credit_notes"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        owned_fk("invoice_id", "invoices"),
        sa.UniqueConstraint("agency_id", "number"),
        sa.Index("ix_credit_notes_agency_id_invoice_id", "agency_id", "invoice_id"),
        sa.Index("ix_credit_notes_agency_id_client_id", "agency_id", "client_id"),
    )

    client_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    number: Mapped[str | None] = mapped_column(sa.String(64))
    reason: Mapped[str] = mapped_column(sa.String(500))
    currency: Mapped[str] = mapped_column(sa.String(3))
    locale: Mapped[str] = mapped_column(sa.String(16))
    priced: Mapped[dict[str, Any]] = mapped_column(Json)
    net_minor: Mapped[int] = mapped_column(sa.BigInteger)
    tax_minor: Mapped[int] = mapped_column(sa.BigInteger)
    total_minor: Mapped[int] = mapped_column(sa.BigInteger)
    issue_date: Mapped[date | None]
    frozen_id: Mapped[UUID | None]


def add(row: Invoice | CreditNote) -> UUID:
    session().add(row)
    session().flush()
    return row.id


def credit_note(credit_id: UUID) -> CreditNote | None:
    return session().get(CreditNote, credit_id)


def credit_notes(invoice_id: UUID) -> list[CreditNote]:
    """Those of an invoice, oldest first."""
    query = sa.select(CreditNote).where(CreditNote.invoice_id == invoice_id).order_by(CreditNote.id)
    return list(session().scalars(query))


def credit_notes_of_client(client_id: UUID) -> list[CreditNote]:
    """The latest hundred, newest first."""
    query = sa.select(CreditNote).where(CreditNote.client_id == client_id).order_by(CreditNote.id.desc()).limit(100)
    return list(session().scalars(query))


def take_off(invoice_id: UUID, minor: int) -> None:
    """Owe that much less for an unpaid invoice, and nothing any more when that was all of it."""
    owed = Invoice.total_minor - Invoice.credited_minor
    unpaid = Invoice.state == InvoiceState.ISSUED
    if not _change(invoice_id, unpaid, owed > minor, credited_minor=Invoice.credited_minor + minor):
        move(invoice_id, InvoiceState.CREDITED, owed <= minor, credited_minor=Invoice.total_minor)


def get(invoice_id: UUID) -> Invoice | None:
    return session().get(Invoice, invoice_id)


def locked(invoice_id: UUID) -> Invoice | None:
    """The invoice as it is now, which nobody else changes until this write ends."""
    query = sa.select(Invoice).where(Invoice.id == invoice_id).with_for_update()
    return session().scalars(query.execution_options(populate_existing=True)).one_or_none()


def delete(invoice: Invoice) -> None:
    session().delete(invoice)


def _late(today: sa.BindParameter[date]) -> sa.ColumnElement[bool]:
    """Issued, due before today, and no money on its way."""
    return sa.and_(Invoice.state == InvoiceState.ISSUED, Invoice.due_date < today, Invoice.pending_at.is_(None))


class Listed(NamedTuple):
    """What lists show of an invoice: without its lines, which are long."""

    id: UUID
    client_id: UUID
    title: str
    state: InvoiceState
    number: str | None
    currency: str
    total_minor: int
    credited_minor: int
    returned_minor: int
    due_date: date | None
    pending_at: datetime | None
    issued_at: datetime | None
    created_at: datetime


def page(*, limit: int, before: UUID | None, state: InvoiceState | None, late_on: date | None) -> list[Listed]:
    """Newest first. With `late_on` only what is issued and was due before that day."""
    which = {"before": before, "late_on": late_on, "state": None if late_on else state}
    given = {name: value for name, value in which.items() if value is not None}
    return [Listed(*row) for row in _listed(*given, limit=limit, **given)]


def of_client(client_id: UUID) -> list[Listed]:
    """The latest hundred, newest first."""
    return [Listed(*row) for row in _listed("client_id", limit=100, client_id=client_id)]


@prepared
def _listed(*given: str) -> sa.Executable:
    wanted = {
        "before": Invoice.id < sa.bindparam("before"),
        "late_on": _late(sa.bindparam("late_on")),
        "state": Invoice.state == sa.bindparam("state"),
        "client_id": Invoice.client_id == sa.bindparam("client_id"),
    }
    query = sa.select(*(getattr(Invoice, name) for name in Listed._fields))
    found = query.where(mine(Invoice), *(wanted[name] for name in given))
    return found.order_by(Invoice.id.desc()).limit(sa.bindparam("limit"))


def of_contract(contract_id: UUID) -> list[Invoice]:
    return list(session().scalars(sa.select(Invoice).where(Invoice.contract_id == contract_id).order_by(Invoice.id)))


def save(invoice_id: UUID, revision: int, **values: Any) -> bool:
    """Change a draft that nobody else has changed since `revision`."""
    changed = session().scalars(
        sa.update(Invoice)
        .where(Invoice.id == invoice_id, Invoice.state == InvoiceState.DRAFT, Invoice.revision == revision)
        .values(revision=revision + 1, **values)
        .returning(Invoice.id)
    )
    return changed.one_or_none() is not None


def move(invoice_id: UUID, to: InvoiceState, *conditions: sa.ColumnElement[bool], **values: Any) -> bool:
    """One conditional transition; False when somebody was faster."""
    here = (Invoice.id == invoice_id, Invoice.state.in_(TRANSITIONS[to]), *conditions)
    fresh = TRANSITIONS[to] == {InvoiceState.DRAFT}
    return tallies.change(Invoice, here, {"state": to, **values}, _Standing, _counted, fresh=fresh)


def follow(invoice_id: UUID, state: InvoiceState, returned_minor: int) -> bool:
    """What the payments have made of an invoice that was paid; False when it stands like that already."""
    news = sa.or_(Invoice.state != state, Invoice.returned_minor != returned_minor)
    return _change(invoice_id, Invoice.state.in_(SETTLED), news, state=state, returned_minor=returned_minor)


def set_pending(invoice_id: UUID, at: datetime | None) -> None:
    _change(invoice_id, pending_at=at)


class _Standing(NamedTuple):
    """What the kept sums follow of an invoice."""

    state: InvoiceState
    currency: str
    total_minor: int
    credited_minor: int
    returned_minor: int
    due_date: date | None
    pending_at: datetime | None

    @property
    def asked(self) -> int:
        return self.total_minor - self.credited_minor


def _change(invoice_id: UUID, *conditions: sa.ColumnElement[bool], **values: Any) -> bool:
    """Change an invoice that meets the conditions right now, and the kept sums with it; False when it does not."""
    return tallies.change(Invoice, (Invoice.id == invoice_id, *conditions), values, _Standing, _counted)


def _counted(of: _Standing) -> tallies.Counted:
    """What an invoice adds to the kept sums: drafts nothing, unpaid ones also at the day they are due."""
    if of.state == InvoiceState.DRAFT:
        return {}
    counted = {(KIND, of.currency, of.state.value): (1, of.asked - of.returned_minor)}
    if of.state == InvoiceState.ISSUED and of.due_date and of.pending_at is None:
        counted[DUE, of.currency, of.due_date.isoformat()] = (1, of.asked)
    return counted


def count_view(invoice_id: UUID, at: datetime) -> None:
    session().execute(
        sa.update(Invoice).where(Invoice.id == invoice_id).values(view_count=Invoice.view_count + 1, last_viewed_at=at)
    )


def sums() -> list[tuple[str, InvoiceState, int, int]]:
    """Per currency and state: how many invoices, and their total less what went back, drafts left out."""
    return [(currency, InvoiceState(state), count, total) for currency, state, count, total in tallies.of(KIND)]


def late(today: date) -> list[tuple[str, int, int]]:
    """Per currency: how many invoices are overdue, and their total in minor units."""
    return [found[1:] for found in tallies.before(today, DUE)]


@prepared
def _received() -> sa.Executable:
    came = Invoice.state.in_((InvoiceState.PAID, InvoiceState.REFUNDED))
    query = sa.select(Invoice.currency, sa.func.sum(_KEPT))
    since = Invoice.paid_at >= sa.bindparam("moment")
    return query.where(mine(Invoice), came, since).group_by(Invoice.currency)


_KEPT = Invoice.total_minor - Invoice.credited_minor - Invoice.returned_minor


def received_since(moment: datetime) -> list[tuple[str, int]]:
    """Per currency what was paid since a moment and has not gone back, in minor units."""
    return [(row[0], int(row[1])) for row in _received(moment=moment)]
