"""Invoices and their lines of state."""

from __future__ import annotations

import enum
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Json, Owned, enum_column, owned_args, owned_fk


class InvoiceState(enum.StrEnum):
    """What was paid may be disputed, given back, or taken back by the client's bank: then it is paid no more."""

    DRAFT = "draft"
    ISSUED = "issued"
    PAID = "paid"
    DISPUTED = "disputed"
    REFUNDED = "refunded"
    CHARGED_BACK = "charged_back"


class InvoiceKind(enum.StrEnum):
    STANDARD = "standard"
    DEPOSIT = "deposit"


SETTLED = (InvoiceState.PAID, InvoiceState.DISPUTED, InvoiceState.REFUNDED, InvoiceState.CHARGED_BACK)
"""Money came for it once. Which of these it is follows from its payments, and may change either way."""

TRANSITIONS: dict[InvoiceState, frozenset[InvoiceState]] = {
    InvoiceState.ISSUED: frozenset({InvoiceState.DRAFT}),
    InvoiceState.PAID: frozenset({InvoiceState.ISSUED}),
}
"""From which states each state is reached. An issued invoice never becomes a draft again."""


class Invoice(Owned):
    """Totals are the kernel's stored result; number, dates and snapshot are given at issue and never change."""

    __tablename__ = "invoices"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        owned_fk("contract_id", "contracts"),
        sa.UniqueConstraint("agency_id", "number"),
        sa.UniqueConstraint("agency_id", "contract_id", "kind"),
        sa.Index("ix_invoices_agency_id_client_id", "agency_id", "client_id"),
        sa.Index("ix_invoices_agency_id_state_id", "agency_id", "state", "id"),
    )

    client_id: Mapped[UUID]
    contract_id: Mapped[UUID | None]
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
    view_count: Mapped[int] = mapped_column(default=0)
    last_viewed_at: Mapped[datetime | None]


def add(invoice: Invoice) -> UUID:
    session().add(invoice)
    session().flush()
    return invoice.id


def get(invoice_id: UUID) -> Invoice | None:
    return session().get(Invoice, invoice_id)


def locked(invoice_id: UUID) -> Invoice | None:
    """The invoice as it is now, which nobody else changes until this write ends."""
    query = sa.select(Invoice).where(Invoice.id == invoice_id).with_for_update()
    return session().scalars(query.execution_options(populate_existing=True)).one_or_none()


def delete(invoice: Invoice) -> None:
    session().delete(invoice)


def late(today: date) -> sa.ColumnElement[bool]:
    """Issued, due before today, and no money on its way."""
    return sa.and_(Invoice.state == InvoiceState.ISSUED, Invoice.due_date < today, Invoice.pending_at.is_(None))


def page(*, limit: int, before: UUID | None, state: InvoiceState | None, late_on: date | None) -> list[Invoice]:
    """Newest first. With `late_on` only what is issued and was due before that day."""
    query = sa.select(Invoice).order_by(Invoice.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Invoice.id < before)
    if late_on is not None:
        query = query.where(late(late_on))
    elif state is not None:
        query = query.where(Invoice.state == state)
    return list(session().scalars(query))


def of_client(client_id: UUID) -> list[Invoice]:
    query = sa.select(Invoice).where(Invoice.client_id == client_id).order_by(Invoice.id.desc()).limit(100)
    return list(session().scalars(query))


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


def move(invoice_id: UUID, to: InvoiceState, **values: Any) -> bool:
    """One conditional transition; False when somebody was faster."""
    changed = session().scalars(
        sa.update(Invoice)
        .where(Invoice.id == invoice_id, Invoice.state.in_(TRANSITIONS[to]))
        .values(state=to, **values)
        .returning(Invoice.id)
    )
    return changed.one_or_none() is not None


def follow(invoice_id: UUID, state: InvoiceState, returned_minor: int) -> bool:
    """What the payments have made of an invoice that was paid; False when it stands like that already."""
    changed = session().scalars(
        sa.update(Invoice)
        .where(Invoice.id == invoice_id, Invoice.state.in_(SETTLED))
        .where(sa.or_(Invoice.state != state, Invoice.returned_minor != returned_minor))
        .values(state=state, returned_minor=returned_minor)
        .returning(Invoice.id)
    )
    return changed.one_or_none() is not None


def set_pending(invoice_id: UUID, at: datetime | None) -> None:
    session().execute(sa.update(Invoice).where(Invoice.id == invoice_id).values(pending_at=at))


def set_frozen(invoice_id: UUID, frozen_id: UUID) -> None:
    session().execute(sa.update(Invoice).where(Invoice.id == invoice_id).values(frozen_id=frozen_id))


def count_view(invoice_id: UUID, at: datetime) -> None:
    session().execute(
        sa.update(Invoice).where(Invoice.id == invoice_id).values(view_count=Invoice.view_count + 1, last_viewed_at=at)
    )


def sums(today: date) -> list[tuple[str, InvoiceState, bool, int, int, int]]:
    """Per currency, state and lateness: how many invoices, their total, and what of it went back, in minor units."""
    is_late = sa.case((late(today), 1), else_=0)
    total, returned = sa.func.sum(Invoice.total_minor), sa.func.sum(Invoice.returned_minor)
    query = (
        sa.select(Invoice.currency, Invoice.state, is_late, sa.func.count(), total, returned)
        .where(Invoice.state != InvoiceState.DRAFT)
        .group_by(Invoice.currency, Invoice.state, is_late)
    )
    return [(row[0], row[1], bool(row[2]), row[3], int(row[4]), int(row[5])) for row in session().execute(query)]


def received_since(moment: datetime) -> list[tuple[str, int]]:
    """Per currency what was paid since a moment and has not gone back, in minor units."""
    query = (
        sa.select(Invoice.currency, sa.func.sum(Invoice.total_minor - Invoice.returned_minor))
        .where(Invoice.state.in_((InvoiceState.PAID, InvoiceState.REFUNDED)), Invoice.paid_at >= moment)
        .group_by(Invoice.currency)
    )
    return [(row[0], int(row[1])) for row in session().execute(query)]
