"""Credit notes as they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Json, Owned, owned_args, owned_fk
from webkit.core.kernel.tenancy import prepared, stored


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


def credit_note(credit_id: UUID) -> CreditNote | None:
    return session().get(CreditNote, credit_id)


def credit_notes(invoice_id: UUID) -> list[CreditNote]:
    """Those of an invoice, oldest first."""
    query = sa.select(CreditNote).where(CreditNote.invoice_id == invoice_id).order_by(CreditNote.id)
    return list(session().scalars(query))


@prepared
def _stored_notes() -> sa.Executable:
    return stored(CreditNote).where(CreditNote.invoice_id == sa.bindparam("invoice_id")).order_by(CreditNote.id)


def read_credit_notes(invoice_id: UUID) -> Sequence[Any]:
    """The columns of these, for who changes nothing."""
    return _stored_notes(invoice_id=invoice_id)


def credit_notes_of_client(client_id: UUID) -> list[CreditNote]:
    """The latest hundred, newest first."""
    query = sa.select(CreditNote).where(CreditNote.client_id == client_id).order_by(CreditNote.id.desc()).limit(100)
    return list(session().scalars(query))
