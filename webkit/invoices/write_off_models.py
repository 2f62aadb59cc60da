"""What was written off, step by step: nothing of it is changed later, so what was told of past days stays as it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock
from webkit.core.kernel.db import session
from webkit.core.kernel.schema import APPEND_ONLY
from webkit.core.kernel.tables import Owned, owned_args, owned_fk
from webkit.core.kernel.tenancy import mine, prepared


class WriteOffStep(Owned):
    """So much of an invoice was written off, or below nothing taken back: it is waited for again, came or was credited.

    The steps of an invoice come to what of it is written off now.
    """

    __tablename__ = "invoice_write_offs"
    __table_args__ = owned_args(
        owned_fk("invoice_id", "invoices"),
        sa.Index("ix_invoice_write_offs_invoice", "agency_id", "invoice_id", "id"),
        APPEND_ONLY,
    )

    invoice_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    at: Mapped[datetime]


def step(invoice_id: UUID, before: int, since: datetime | None, after: int) -> None:
    """So much is written off now that it was not before. What was written off before there were steps, `since` then,
    gets its first one."""
    if before == after:
        return
    rows = []
    if before and since is not None and not steps([invoice_id])[invoice_id]:
        rows.append(WriteOffStep(invoice_id=invoice_id, amount_minor=before, at=since))
    rows.append(WriteOffStep(invoice_id=invoice_id, amount_minor=after - before, at=clock.now()))
    session().add_all(rows)
    session().flush()


@prepared
def _steps() -> sa.Executable:
    wanted = WriteOffStep.invoice_id.in_(sa.bindparam("ids", expanding=True))
    query = sa.select(WriteOffStep.invoice_id, WriteOffStep.at, WriteOffStep.amount_minor)
    return query.where(mine(WriteOffStep), wanted).order_by(WriteOffStep.id)


def steps(ids: Collection[UUID]) -> dict[UUID, list[tuple[datetime, int]]]:
    """When how much of these invoices was written off or taken back, oldest first."""
    found: dict[UUID, list[tuple[datetime, int]]] = defaultdict(list)
    for invoice_id, at, minor in _steps(ids=list(ids)) if ids else ():
        found[invoice_id].append((at, minor))
    return found
