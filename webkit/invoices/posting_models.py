"""What a client's account is made of: every invoice that was issued, and every credit note."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from webkit.core.kernel.db import session
from webkit.invoices.credit_models import CreditNote
from webkit.invoices.models import Invoice, InvoiceOrigin, InvoiceState


class Posted(NamedTuple):
    """What accounts need of an invoice that was issued."""

    id: UUID
    number: str | None
    title: str
    state: InvoiceState
    origin: InvoiceOrigin
    currency: str
    total_minor: int
    credited_minor: int
    received_minor: int
    issue_date: date | None
    due_date: date | None
    pending_at: datetime | None
    paid_at: datetime | None
    written_off_at: datetime | None


def posted(client_id: UUID) -> list[Posted]:
    """Every invoice of a client that was issued, oldest first."""
    query = sa.select(*(getattr(Invoice, name) for name in Posted._fields))
    query = query.where(Invoice.client_id == client_id, Invoice.state != InvoiceState.DRAFT)
    return [Posted(*row) for row in session().execute(query.order_by(Invoice.issue_date, Invoice.id))]


def posted_credits(client_id: UUID) -> list[tuple[UUID, str, str, int, date]]:
    """Every credit note of a client: its invoice, number, reason, amount and day, oldest first."""
    wanted = ("invoice_id", "number", "reason", "total_minor", "issue_date")
    query = sa.select(*(getattr(CreditNote, name) for name in wanted)).where(
        CreditNote.client_id == client_id, CreditNote.number.is_not(None)
    )
    return [tuple(row) for row in session().execute(query.order_by(CreditNote.id))]
