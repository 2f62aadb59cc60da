"""Invoices as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import models
from webkit.invoices.models import Invoice, InvoiceKind, InvoiceState
from webkit.pricing import Priced


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice as a line of a list; `word` is its state as people say it; of `total` are `due` what was not
    credited, both in minor units."""

    id: UUID
    client_id: UUID
    title: str
    number: str
    word: str
    currency: str
    total: int
    due: int
    due_date: date | None
    at: datetime


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An invoice as staff see it. `late` is a fact of the clock, not of a page view."""

    id: UUID
    client_id: UUID
    contract_id: UUID | None
    quotation_id: UUID | None
    kind: InvoiceKind
    title: str
    state: InvoiceState
    revision: int
    number: str
    currency: str
    locale: str
    lines: list[dict[str, Any]]
    priced: Priced
    note: str
    payment_days: int
    issue_date: date | None
    due_date: date | None
    frozen_id: UUID | None
    created_at: datetime
    issued_at: datetime | None
    paid_at: datetime | None
    pending_at: datetime | None
    returned: int
    credited: int
    view_count: int
    late: bool

    @property
    def total(self) -> int:
        """What was asked for when it was issued, in minor units."""
        return self.priced.totals.payable

    @property
    def due(self) -> int:
        """What is to be paid: the total less what was credited before it was paid."""
        return self.total - self.credited

    @property
    def word(self) -> str:
        """The state as people say it."""
        return word(self.state, late=self.late, pending=self.pending_at is not None, returned=self.returned)


def word(state: InvoiceState, *, late: bool, pending: bool, returned: int) -> str:
    """An issued invoice whose day has passed is overdue, unless money is on its way."""
    if state == InvoiceState.ISSUED and pending:
        return "pending"
    if state == InvoiceState.PAID and returned:
        return "part_refunded"
    return "overdue" if late else state.value


def one(invoice_id: UUID) -> Invoice:
    """One invoice of the agency. Raises NotFound."""
    return found(models.get(invoice_id))


def found(invoice: Invoice | None) -> Invoice:
    """The same for a row that was asked for already."""
    if invoice is None:
        raise NotFound(_("There is no such invoice."))
    return invoice


def is_late(invoice: Invoice | models.Listed, today: date) -> bool:
    """Whether it is owed and its day has passed."""
    past = invoice.due_date is not None and invoice.due_date < today
    return invoice.state == InvoiceState.ISSUED and past and invoice.pending_at is None


def row(invoice: models.Listed, today: date) -> InvoiceRow:
    """A stored row as a line of a list."""
    pending, returned = invoice.pending_at is not None, invoice.returned_minor
    return InvoiceRow(
        id=invoice.id,
        client_id=invoice.client_id,
        title=invoice.title,
        number=invoice.number or "",
        word=word(invoice.state, late=is_late(invoice, today), pending=pending, returned=returned),
        currency=invoice.currency,
        total=invoice.total_minor,
        due=invoice.total_minor - invoice.credited_minor,
        due_date=invoice.due_date,
        at=invoice.issued_at or invoice.created_at,
    )


def view(invoice: Invoice, today: date) -> InvoiceView:
    """A stored invoice as staff see it."""
    return InvoiceView(
        id=invoice.id,
        client_id=invoice.client_id,
        contract_id=invoice.contract_id,
        quotation_id=invoice.quotation_id,
        kind=invoice.kind,
        title=invoice.title,
        state=invoice.state,
        revision=invoice.revision,
        number=invoice.number or "",
        currency=invoice.currency,
        locale=invoice.locale,
        lines=invoice.lines,
        priced=Priced.from_dict(invoice.priced),
        note=invoice.note,
        payment_days=invoice.payment_days,
        issue_date=invoice.issue_date,
        due_date=invoice.due_date,
        frozen_id=invoice.frozen_id,
        created_at=invoice.created_at,
        issued_at=invoice.issued_at,
        paid_at=invoice.paid_at,
        pending_at=invoice.pending_at,
        returned=invoice.returned_minor,
        credited=invoice.credited_minor,
        view_count=invoice.view_count,
        late=is_late(invoice, today),
    )
