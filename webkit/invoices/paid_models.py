"""Which invoices money can be put on, and which say that they were paid."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from webkit.core.kernel.db import session
from webkit.core.kernel.tenancy import mine, prepared
from webkit.invoices.models import OWED, SETTLED, Invoice, InvoiceState


@prepared
def _client_of() -> sa.Executable:
    return sa.select(Invoice.client_id).where(mine(Invoice), Invoice.id == sa.bindparam("of_id"))


def client_of(invoice_id: UUID) -> UUID | None:
    """Whose invoice it is; None for an unknown one."""
    found = _client_of(of_id=invoice_id)
    return found[0][0] if found else None


def rows(ids: Collection[UUID]) -> list[Invoice]:
    """These invoices, as many as are looked at together."""
    return list(session().scalars(sa.select(Invoice).where(Invoice.id.in_(ids)))) if ids else []


def payable(client_id: UUID, states: Collection[InvoiceState]) -> list[Invoice]:
    """A client's invoices in these states, of which no payment is on its way."""
    here = (Invoice.client_id == client_id, Invoice.state.in_(states), Invoice.pending_at.is_(None))
    return list(session().scalars(sa.select(Invoice).where(*here).order_by(Invoice.id)))


def all_payable(states: Collection[InvoiceState], limit: int) -> list[Invoice]:
    """Those of every client, the first due first."""
    here = (Invoice.state.in_(states), Invoice.pending_at.is_(None))
    return list(session().scalars(sa.select(Invoice).where(*here).order_by(Invoice.due_date, Invoice.id).limit(limit)))


def paid_page(after: UUID | None, limit: int) -> list[Invoice]:
    """Invoices of which something came, in the order of their ids."""
    came = sa.or_(sa.and_(Invoice.state.in_(OWED), Invoice.received_minor != 0), Invoice.state.in_(SETTLED))
    query = sa.select(Invoice).where(came).order_by(Invoice.id).limit(limit)
    return list(session().scalars(query.where(Invoice.id > after) if after else query))
