"""One invoice for those who only look at it: its columns, without the mapper."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from webkit.core.kernel.db import asked_once
from webkit.core.kernel.tenancy import prepared, stored
from webkit.invoices.models import Invoice


@asked_once
def read(invoice_id: UUID) -> Any:
    """The columns of an invoice, read once for a page; None when there is no such one."""
    return next(iter(_one(invoice=invoice_id)), None)


@prepared
def _one() -> sa.Executable:
    return stored(Invoice).where(Invoice.id == sa.bindparam("invoice", type_=sa.Uuid()))
