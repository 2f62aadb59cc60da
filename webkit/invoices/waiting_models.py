"""A draft as issuing sees it: read by itself and locked, changed once, at the end of the write."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from webkit.core.kernel import search, tallies
from webkit.core.kernel.attachments import Attached
from webkit.core.kernel.tenancy import add_late, mine, prepared
from webkit.invoices.models import KIND, Invoice, InvoiceKind, InvoiceState, Standing, counted
from webkit.invoices.pro_forma_models import standing_total


class Waiting(NamedTuple):
    """What its invoice is made of."""

    id: UUID
    client_id: UUID
    contract_id: UUID | None
    kind: InvoiceKind
    title: str
    state: InvoiceState
    currency: str
    locale: str
    lines: list[dict[str, Any]]
    figures: dict[str, Any]
    priced: dict[str, Any]
    total_minor: int
    note: str
    files: list[dict[str, Any]] | None
    series: str
    payment_days: int
    terms: dict[str, Any] | None
    announced_minor: int | None
    """What its standing pro-forma asks for. A pro-forma sent while the lock was waited for is not in it, yet says what
    the draft says: that cannot change while one stands."""

    @property
    def attached(self) -> tuple[Attached, ...]:
        """The files that go with it."""
        return tuple(Attached.from_dict(file) for file in self.files or ())

    def with_figures(self, columns: dict[str, Any]) -> Waiting:
        """The same with other amounts."""
        return self._replace(priced=columns["priced"], total_minor=columns["total_minor"]) if columns else self


def add(client_name: str, title: str, **columns: Any) -> UUID:
    """Leave a new draft for the end of this write; returns its id."""
    draft_id: UUID = add_late(Invoice, title=title, **columns)["id"]
    search.also(KIND, draft_id, title, client_name)
    return draft_id


@prepared
def _waiting() -> sa.Executable:
    columns = [getattr(Invoice, name) for name in Waiting._fields if name in Invoice.__table__.columns]
    query = sa.select(*columns, standing_total(Invoice.id.expression).label("announced_minor"))
    return query.where(mine(Invoice), Invoice.id == sa.bindparam("invoice")).with_for_update(of=Invoice)


def waiting(invoice_id: UUID) -> Waiting | None:
    """An invoice as it is now, whatever its state, which nobody else changes until this write ends."""
    row = next(iter(_waiting(invoice=invoice_id)), None)
    return None if row is None else Waiting(*row)


def issue(draft: Waiting, *, number: str, **values: Any) -> None:
    """Let a draft that is locked become an invoice when this write ends."""
    search.also(KIND, draft.id, number)
    values |= {"state": InvoiceState.ISSUED, "number": number}
    nothing = dict.fromkeys(("credited_minor", "returned_minor", "received_minor"), 0)
    known = {**nothing, "pending_at": None, "paid_at": None, "written_off_at": None, **draft._asdict(), **values}
    after = Standing(**{name: known[name] for name in Standing._fields})
    tallies.change_alone(Invoice, draft.id, values, {}, counted(after))
