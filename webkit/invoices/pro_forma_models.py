"""Pro-formas as they are stored."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Owned, owned_args, owned_fk
from webkit.core.kernel.tenancy import mine, prepared


class ProForma(Owned):
    """What a draft was announced with: a document of its own without a fiscal number. Never changed but withdrawn."""

    __tablename__ = "pro_formas"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        sa.UniqueConstraint("agency_id", "number"),
        sa.Index("ix_pro_formas_agency_id_client_id", "agency_id", "client_id"),
        sa.Index("ix_pro_formas_agency_id_invoice_id", "agency_id", "invoice_id"),
    )

    client_id: Mapped[UUID]
    invoice_id: Mapped[UUID]
    """The draft it became of; that may be deleted once the pro-forma was withdrawn."""
    number: Mapped[str | None] = mapped_column(sa.String(64))
    currency: Mapped[str] = mapped_column(sa.String(3))
    total_minor: Mapped[int] = mapped_column(sa.BigInteger)
    issue_date: Mapped[date | None]
    frozen_id: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]


def pro_forma(pro_forma_id: UUID) -> ProForma | None:
    return session().get(ProForma, pro_forma_id)


def pro_formas(invoice_id: UUID) -> list[ProForma]:
    """Those of a draft, oldest first."""
    return list(session().scalars(sa.select(ProForma).where(ProForma.invoice_id == invoice_id).order_by(ProForma.id)))


def standing_pro_forma(invoice_id: UUID) -> Any:
    """Columns of the one that was not withdrawn; None without any."""
    return next(iter(_standing_pro_forma(invoice_id=invoice_id)), None)


@prepared
def _standing_pro_forma() -> sa.Executable:
    here = (mine(ProForma), ProForma.invoice_id == sa.bindparam("invoice_id"), ProForma.withdrawn_at.is_(None))
    return sa.select(ProForma.id, ProForma.number, ProForma.currency, ProForma.total_minor).where(*here)


def standing_total(invoice: sa.ColumnElement[UUID]) -> sa.ScalarSelect[int]:
    """What the one that was not withdrawn asks for, as a column of a query of drafts."""
    here = (mine(ProForma), ProForma.invoice_id == invoice, ProForma.withdrawn_at.is_(None))
    return sa.select(ProForma.total_minor).where(*here).limit(1).scalar_subquery()
