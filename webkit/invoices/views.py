"""Invoices as people read them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.invoices import models, read_models
from webkit.invoices.models import OWED, SETTLED, Invoice, InvoiceKind, InvoiceOrigin, InvoiceState
from webkit.invoices.terms import Instalment, Terms, due_on, open_of
from webkit.invoices.waiting_models import Waiting
from webkit.pricing import Priced

R = TypeVar("R", Invoice, Waiting)
Row = Any
"""The columns of an invoice, or the invoice: who only looks at it does not wait for the mapper."""


class InvoiceRow(NamedTuple):
    """An invoice as a line of a list; `word` is its state as people say it; of `total` are `due` what was not
    credited and, while it is owed, has not come; in minor units. `open` is nothing once it is not owed any more.
    `due_date` is that of the next instalment."""

    id: UUID
    client_id: UUID
    title: str
    number: str
    word: str
    currency: str
    total: int
    due: int
    open: int
    due_date: date | None
    at: datetime


@dataclass(frozen=True, slots=True)
class InstalmentView:
    """An instalment as issued, and how it stands: `open` of it is still to be paid, when it is `late` as overdue."""

    amount: int
    due: date
    title: str
    open: int
    late: bool

    @property
    def word(self) -> str:
        """Its state as the state component knows it."""
        if not self.open:
            return "paid"
        return "overdue" if self.late else "part_paid" if self.open < self.amount else "due"


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An invoice as staff see it. `late` is a fact of the clock, not of a page view."""

    id: UUID
    client_id: UUID
    contract_id: UUID | None
    quotation_id: UUID | None
    proposal_id: UUID | None
    milestone_id: UUID | None
    kind: InvoiceKind
    title: str
    state: InvoiceState
    revision: int
    number: str
    currency: str
    locale: str
    lines: list[dict[str, Any]]
    figures: dict[str, Any]
    priced: Priced
    note: str
    memo: str
    series: str
    payment_days: int
    terms: Terms
    arranged: bool
    issue_date: date | None
    due_date: date | None
    parts: tuple[InstalmentView, ...]
    instalments: tuple[Instalment, ...]
    frozen_id: UUID | None
    created_at: datetime
    issued_at: datetime | None
    paid_at: datetime | None
    pending_at: datetime | None
    returned: int
    credited: int
    stands: bool
    received: int
    written_off_at: datetime | None
    write_off_reason: str
    view_count: int
    late: bool
    late_minor: int
    imported: bool

    @property
    def total(self) -> int:
        """What was asked for when it was issued, in minor units."""
        return self.priced.totals.payable

    @property
    def due(self) -> int:
        """What is to be paid: the total less what was credited before it was paid and, while it is owed, has come."""
        return self.total - self.credited - (self.received if self.state in OWED else 0)

    @property
    def open(self) -> int:
        """What is still owed of it; nothing of a draft, and nothing once it was paid."""
        return self.due if self.state in OWED else 0

    @property
    def paid(self) -> int:
        """What has come of it, whatever went back since."""
        return self.due if self.state in SETTLED else self.received

    @property
    def due_now(self) -> int:
        """What is asked for next: everything late together, else the next instalment."""
        return max(self.late_minor, self.instalments[0].amount) if self.instalments else self.due

    @property
    def asked(self) -> frozenset[int]:
        """The amounts somebody may pay now: what is due next, or all of it."""
        return frozenset({self.due_now, self.due}) if self.state in OWED else frozenset()

    @property
    def word(self) -> str:
        """The state as people say it."""
        pending, returned, received = self.pending_at is not None, self.returned, self.received
        return word(self.state, late=self.late, pending=pending, returned=returned, received=received)


def word(state: InvoiceState, *, late: bool, pending: bool, returned: int, received: int) -> str:
    """An issued invoice whose day has passed is overdue, unless money is on its way."""
    if state == InvoiceState.ISSUED and pending:
        return "pending"
    if state == InvoiceState.PAID and returned:
        return "part_refunded"
    if state == InvoiceState.ISSUED and received and not late:
        return "part_paid"
    return "overdue" if late else state.value


def one(invoice_id: UUID) -> Invoice:
    """One invoice of the agency. Raises NotFound."""
    return found(models.get(invoice_id))


def read(invoice_id: UUID) -> Row:
    """The columns of one, for who changes nothing. Raises NotFound."""
    return found(read_models.read(invoice_id))


def found(invoice: R | None) -> R:
    """The same for a row that was asked for already."""
    if invoice is None:
        raise NotFound(_("There is no such invoice."))
    return invoice


def terms_of(invoice: Invoice | Waiting) -> Terms:
    """When it is to be paid; what nobody decided about are its days to pay."""
    return Terms.from_dict(invoice.terms) if invoice.terms else Terms.net(invoice.payment_days)


def is_late(invoice: Invoice | models.Listed, today: date) -> bool:
    """Whether it is owed and its day has passed."""
    past = invoice.due_date is not None and invoice.due_date < today
    return invoice.state == InvoiceState.ISSUED and past and invoice.pending_at is None


def row(invoice: models.Listed, today: date) -> InvoiceRow:
    """A stored row as a line of a list."""
    pending, returned, received = invoice.pending_at is not None, invoice.returned_minor, invoice.received_minor
    late = is_late(invoice, today)
    left = invoice.total_minor - invoice.credited_minor - (received if invoice.state in OWED else 0)
    return InvoiceRow(
        id=invoice.id,
        client_id=invoice.client_id,
        title=invoice.title,
        number=invoice.number or "",
        word=word(invoice.state, late=late, pending=pending, returned=returned, received=received),
        currency=invoice.currency,
        total=invoice.total_minor,
        due=left,
        open=left if invoice.state in OWED else 0,
        due_date=invoice.due_date,
        at=invoice.issued_at or invoice.created_at,
    )


def _parts(invoice: Row, today: date) -> tuple[InstalmentView, ...]:
    """The instalments of an issued invoice that has several."""
    schedule = [Instalment.from_dict(part) for part in invoice.schedule or ()]
    owed = invoice.state in OWED
    left = open_of(schedule, invoice.received_minor, invoice.credited_minor) if owed else [0] * len(schedule)
    return tuple(
        InstalmentView(part.amount, part.due, part.title, open_, part.due < today and open_ > 0)
        for part, open_ in zip(schedule, left, strict=True)
    )


def view(invoice: Row, today: date) -> InvoiceView:
    """A stored invoice as staff see it."""
    left = models.instalments(invoice) if invoice.state in OWED else ()
    return InvoiceView(
        id=invoice.id,
        client_id=invoice.client_id,
        contract_id=invoice.contract_id,
        quotation_id=invoice.quotation_id,
        proposal_id=invoice.proposal_id,
        milestone_id=invoice.milestone_id,
        kind=invoice.kind,
        title=invoice.title,
        state=invoice.state,
        revision=invoice.revision,
        number=invoice.number or "",
        currency=invoice.currency,
        locale=invoice.locale,
        lines=invoice.lines,
        figures=invoice.figures,
        priced=Priced.from_dict(invoice.priced),
        note=invoice.note,
        memo=invoice.memo,
        series=invoice.series,
        payment_days=invoice.payment_days,
        terms=terms_of(invoice),
        arranged=invoice.terms is not None,
        issue_date=invoice.issue_date,
        due_date=invoice.due_date,
        parts=_parts(invoice, today),
        instalments=left,
        frozen_id=invoice.frozen_id,
        created_at=invoice.created_at,
        issued_at=invoice.issued_at,
        paid_at=invoice.paid_at,
        pending_at=invoice.pending_at,
        returned=invoice.returned_minor,
        credited=invoice.credited_minor,
        stands=invoice.stands,
        received=invoice.received_minor,
        written_off_at=invoice.written_off_at,
        write_off_reason=invoice.write_off_reason,
        view_count=invoice.view_count,
        late=is_late(invoice, today),
        late_minor=due_on(left, today),
        imported=invoice.origin == InvoiceOrigin.IMPORTED,
    )
