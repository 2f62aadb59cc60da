"""Invoices and their lines of state."""

from __future__ import annotations

import enum
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock, search, tallies
from webkit.core.kernel.attachments import Attached
from webkit.core.kernel.db import asked_once, session
from webkit.core.kernel.tables import Authored, Json, Owned, enum_column, owned_args, owned_fk
from webkit.core.kernel.tenancy import mine, prepared
from webkit.invoices import write_off_models
from webkit.invoices.terms import Instalment, still_open


class InvoiceState(enum.StrEnum):
    """What was paid may be disputed, given back, or taken back by the client's bank: then it is paid no more."""

    DRAFT = "draft"
    ISSUED = "issued"
    PAID = "paid"
    DISPUTED = "disputed"
    REFUNDED = "refunded"
    CHARGED_BACK = "charged_back"
    CREDITED = "credited"
    WRITTEN_OFF = "written_off"


class InvoiceKind(enum.StrEnum):
    """A deposit is a part of what was agreed, the final invoice all of it less the deposits; a milestone is one of the
    parts it was divided into beforehand."""

    STANDARD = "standard"
    DEPOSIT = "deposit"
    FINAL = "final"
    MILESTONE = "milestone"


class InvoiceOrigin(enum.StrEnum):
    """Where an invoice was issued: here, or in a system the agency has left. Those have no frozen document."""

    HERE = "here"
    IMPORTED = "imported"


SETTLED = (InvoiceState.PAID, InvoiceState.DISPUTED, InvoiceState.REFUNDED, InvoiceState.CHARGED_BACK)
"""Money came for it once. Which of these it is follows from its payments, and may change either way."""

OWED = (InvoiceState.ISSUED, InvoiceState.WRITTEN_OFF)
"""Not all of it has come. What was written off is no longer waited for, and still owed."""

MOST_TEMPLATES = 100
KIND, DUE, RECEIVED = "invoice", "invoice.due", "invoice.received"
"""How the kept sums name invoices by their state, unpaid ones by the day they are due, and what came of those that were
paid by the quarter of an hour: every month of every time zone begins with one."""

TRANSITIONS: dict[InvoiceState, frozenset[InvoiceState]] = {
    InvoiceState.ISSUED: frozenset({InvoiceState.DRAFT, InvoiceState.WRITTEN_OFF, InvoiceState.PAID}),
    InvoiceState.PAID: frozenset(OWED),
    InvoiceState.CREDITED: frozenset(OWED),
    InvoiceState.WRITTEN_OFF: frozenset({InvoiceState.ISSUED}),
}
"""From which states each state is reached. An issued invoice never becomes a draft again."""


def _once(source: str) -> sa.Index:
    """What was agreed is billed once in each way, each milestone once, and again when all of it was credited."""
    billed = "stands" if source == "milestone_id" else "kind <> 'milestone' AND stands"
    which = sa.text(f"{source} IS NOT NULL AND {billed}")
    columns = ("agency_id", source, "kind")
    return sa.Index(f"uq_invoices_{source}_kind", *columns, unique=True, sqlite_where=which, postgresql_where=which)


def _billing(source: str) -> sa.Index:
    """What bills something agreed, whatever became of it. Most invoices come from nowhere."""
    which = sa.text(f"{source} IS NOT NULL")
    return sa.Index(f"ix_invoices_{source}", "agency_id", source, "id", sqlite_where=which, postgresql_where=which)


class Invoice(Authored, Owned):
    """Totals are the kernel's stored result; number, dates and snapshot are given at issue and never change."""

    __tablename__ = "invoices"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        owned_fk("contract_id", "contracts"),
        owned_fk("quotation_id", "quotations"),
        owned_fk("proposal_id", "proposals"),
        owned_fk("milestone_id", "milestones"),
        sa.UniqueConstraint("agency_id", "number"),
        _once("milestone_id"),
        _once("contract_id"),
        _once("quotation_id"),
        _once("proposal_id"),
        *(_billing(f"{source}_id") for source in ("contract", "quotation", "proposal")),
        # Each order of the list, and that of a client's.
        sa.Index("ix_invoices_client", "agency_id", "client_id", "id"),
        sa.Index("ix_invoices_issued", "agency_id", "issue_date", "id"),
        sa.Index("ix_invoices_due", "agency_id", "due_date", "id"),
        sa.Index("ix_invoices_amount", "agency_id", "currency", "total_minor", "id"),
        sa.Index("ix_invoices_agency_id_state_id", "agency_id", "state", "id"),
        sa.Index("ix_invoices_agency_id_state_due_date", "agency_id", "state", "due_date"),
    )

    client_id: Mapped[UUID]
    contract_id: Mapped[UUID | None]
    quotation_id: Mapped[UUID | None]
    proposal_id: Mapped[UUID | None]
    milestone_id: Mapped[UUID | None]
    kind: Mapped[InvoiceKind] = enum_column(InvoiceKind, default=InvoiceKind.STANDARD)
    title: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[InvoiceState] = enum_column(InvoiceState, default=InvoiceState.DRAFT)
    revision: Mapped[int] = mapped_column(default=1)
    number: Mapped[str | None] = mapped_column(sa.String(64))
    currency: Mapped[str] = mapped_column(sa.String(3))
    locale: Mapped[str] = mapped_column(sa.String(16))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    figures: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")
    """What was decided about the whole besides its lines: discount, charge, how prices are written, duties."""
    priced: Mapped[dict[str, Any]] = mapped_column(Json)
    net_minor: Mapped[int] = mapped_column(sa.BigInteger)
    tax_minor: Mapped[int] = mapped_column(sa.BigInteger)
    total_minor: Mapped[int] = mapped_column(sa.BigInteger)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    memo: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    """For the agency alone."""
    files: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    """What goes with it, as `Attached.to_dict()` says each."""
    series: Mapped[str] = mapped_column(sa.String(10), default="", server_default="")
    payment_days: Mapped[int]
    terms: Mapped[dict[str, Any] | None] = mapped_column(Json)
    issue_date: Mapped[date | None]
    due_date: Mapped[date | None]
    """When the next of what is open is due: it moves on with each instalment that comes."""
    schedule: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    """Its instalments as they were issued; without any all of it is due on one day."""
    frozen_id: Mapped[UUID | None]
    issued_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    payment_id: Mapped[UUID | None]
    pending_at: Mapped[datetime | None]
    returned_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    credited_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """What credit notes took off before it was paid: the rest is owed."""
    stands: Mapped[bool] = mapped_column(default=True, server_default="1")
    """Not all of it was credited, paid or not: it bills what was agreed."""
    received_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """What came of it before it was paid."""
    written_off_at: Mapped[datetime | None]
    write_off_reason: Mapped[str] = mapped_column(sa.String(500), default="", server_default="")
    origin: Mapped[InvoiceOrigin] = enum_column(InvoiceOrigin, default=InvoiceOrigin.HERE, server_default="here")
    view_count: Mapped[int] = mapped_column(default=0)
    last_viewed_at: Mapped[datetime | None]

    @property
    def due_minor(self) -> int:
        """What is to be paid in all."""
        return self.total_minor - self.credited_minor

    @property
    def attached(self) -> tuple[Attached, ...]:
        """The files that go with it."""
        return tuple(Attached.from_dict(file) for file in self.files or ())

    @property
    def instalments(self) -> tuple[Instalment, ...]:
        """What is open of each instalment, the next one first."""
        return instalments(self)


class InvoiceTemplate(Owned):
    """What invoices can begin with: `content` is what the editor keeps of a draft."""

    __tablename__ = "invoice_templates"
    __table_args__ = owned_args(sa.UniqueConstraint("agency_id", "name"))

    name: Mapped[str] = mapped_column(sa.String(100))
    content: Mapped[dict[str, Any]] = mapped_column(Json)


def templates() -> list[InvoiceTemplate]:
    """All of them, by name."""
    return list(session().scalars(sa.select(InvoiceTemplate).order_by(InvoiceTemplate.name).limit(MOST_TEMPLATES)))


def template(template_id: UUID) -> InvoiceTemplate | None:
    return session().get(InvoiceTemplate, template_id)


def recent_lines(client_id: UUID, currency: str, limit: int) -> list[list[dict[str, Any]]]:
    """The lines of a client's latest invoices in a currency, newest first."""
    query = sa.select(Invoice.lines).where(Invoice.client_id == client_id, Invoice.currency == currency)
    return list(session().scalars(query.order_by(Invoice.id.desc()).limit(limit)))


def add(row: Owned) -> UUID:
    session().add(row)
    session().flush()
    if isinstance(row, Invoice):
        search.changed(KIND, row.id)
    return row.id


def take_off(invoice_id: UUID, minor: int) -> bool:
    """Owe that much less for an unpaid invoice, and nothing any more when that was all that was left of it; True when
    what had come of it before pays it now."""
    invoice = locked(invoice_id)
    if invoice is None or invoice.state not in OWED:
        return False
    total, received, credited = invoice.total_minor, invoice.received_minor, invoice.credited_minor + minor
    if credited + received < total:
        _change(invoice_id, credited_minor=credited, due_date=next_day(invoice, received, credited))
    elif received:
        return move(invoice_id, InvoiceState.PAID, credited_minor=total - received, paid_at=clock.now())
    else:
        move(invoice_id, InvoiceState.CREDITED, credited_minor=total)
    return False


def receive(invoice_id: UUID, minor: int) -> bool:
    """So much has come of an invoice in all, and not everything; False when it stands like that already.

    Money for what was written off says that it is waited for again.
    """
    invoice = locked(invoice_id)
    if invoice is None or invoice.state not in OWED or invoice.received_minor == minor:
        return False
    day = next_day(invoice, minor, invoice.credited_minor)
    back = {"state": InvoiceState.ISSUED, "written_off_at": None} if minor > invoice.received_minor else {}
    return _change(invoice_id, received_minor=minor, due_date=day, **back)


def next_day(invoice: Invoice, received: int, credited: int) -> date | None:
    left = still_open(_schedule(invoice), received, credited)
    return left[0].due if left else invoice.due_date


def add_imported(rows: Sequence[Invoice]) -> None:
    """Add invoices that were issued elsewhere, and what they add to the kept sums."""
    session().add_all(rows)
    session().flush()
    for row in rows:
        search.changed(KIND, row.id)
        tallies.replace({}, counted(_standing(row)))


def remove_imported(row: Invoice) -> None:
    """Take it out again, as if it had never come."""
    tallies.replace(counted(_standing(row)), {})
    delete(row)


def imported(ids: Collection[UUID]) -> list[Invoice]:
    """Of these invoices those that were issued elsewhere; nobody else changes them until this write ends."""
    here = sa.and_(Invoice.id.in_(ids), Invoice.origin == InvoiceOrigin.IMPORTED)
    return list(session().scalars(sa.select(Invoice).where(here).order_by(Invoice.id).with_for_update()))


def numbered(numbers: Collection[str]) -> list[Invoice]:
    """The invoices with these numbers."""
    return list(session().scalars(sa.select(Invoice).where(Invoice.number.in_(numbers))))


def imported_numbers(since: date, until: date) -> list[str]:
    """Numbers of invoices issued elsewhere in a period, both days included."""
    here = (Invoice.origin == InvoiceOrigin.IMPORTED, Invoice.issue_date >= since, Invoice.issue_date <= until)
    return [number for number in session().scalars(sa.select(Invoice.number).where(*here)) if number]


@asked_once
def get(invoice_id: UUID) -> Invoice | None:
    """One invoice, read once for a page."""
    return session().get(Invoice, invoice_id)


def locked(invoice_id: UUID) -> Invoice | None:
    """The invoice as it is now, which nobody else changes until this write ends."""
    query = sa.select(Invoice).where(Invoice.id == invoice_id).with_for_update()
    return session().scalars(query.execution_options(populate_existing=True)).one_or_none()


def delete(row: Invoice | InvoiceTemplate) -> None:
    session().delete(row)
    if isinstance(row, Invoice):
        search.changed(KIND, row.id)


def _late(today: sa.BindParameter[date]) -> sa.ColumnElement[bool]:
    """Issued, something of it due before today, and no money on its way."""
    return sa.and_(Invoice.state == InvoiceState.ISSUED, Invoice.due_date < today, Invoice.pending_at.is_(None))


LATE = _late(sa.bindparam("today", type_=sa.Date()))
ON_ITS_WAY = sa.and_(Invoice.state == InvoiceState.ISSUED, Invoice.pending_at.is_not(None))
PART_PAID = sa.and_(Invoice.state == InvoiceState.ISSUED, Invoice.received_minor > 0)
OUTSTANDING = sa.case(
    (Invoice.state == InvoiceState.ISSUED, Invoice.total_minor - Invoice.credited_minor - Invoice.received_minor),
    else_=0,
)
"""What is still to come of an invoice."""


class Listed(NamedTuple):
    """What lists show of an invoice: without its lines, which are long."""

    id: UUID
    client_id: UUID
    title: str
    state: InvoiceState
    number: str | None
    currency: str
    total_minor: int
    credited_minor: int
    returned_minor: int
    received_minor: int
    due_date: date | None
    pending_at: datetime | None
    issued_at: datetime | None
    created_at: datetime
    issue_date: date | None
    net_minor: int
    tax_minor: int


def page(*, limit: int, before: UUID | None, state: InvoiceState | None, late_on: date | None) -> list[Listed]:
    """Newest first. With `late_on` only what is issued and was due before that day."""
    which = {"before": before, "late_on": late_on, "state": None if late_on else state}
    given = {name: value for name, value in which.items() if value is not None}
    return [Listed(*row) for row in _listed(*given, limit=limit, **given)]


def of_client(client_id: UUID) -> list[Listed]:
    """The latest hundred, newest first."""
    return [Listed(*row) for row in _listed("client_id", limit=100, client_id=client_id)]


@prepared
def _listed(*given: str) -> sa.Executable:
    wanted = {
        "before": Invoice.id < sa.bindparam("before"),
        "late_on": _late(sa.bindparam("late_on")),
        "state": Invoice.state == sa.bindparam("state"),
        "client_id": Invoice.client_id == sa.bindparam("client_id"),
    }
    query = sa.select(*(getattr(Invoice, name) for name in Listed._fields))
    found = query.where(mine(Invoice), *(wanted[name] for name in given))
    return found.order_by(Invoice.id.desc()).limit(sa.bindparam("limit"))


def searched(ids: Sequence[UUID]) -> Sequence[Any]:
    """(id, client_id, number, title) of these invoices, as they are in this write."""
    columns = (Invoice.id, Invoice.client_id, Invoice.number, Invoice.title)
    return session().execute(sa.select(*columns).where(Invoice.id.in_(ids))).all()


def of_contract(contract_id: UUID) -> list[Invoice]:
    return of_source("contract", contract_id)


def of_source(kind: str, source_id: UUID) -> list[Invoice]:
    """What bills a contract, a quotation or a proposal, oldest first."""
    column = getattr(Invoice, f"{kind}_id")
    return list(session().scalars(sa.select(Invoice).where(column == source_id).order_by(Invoice.id)))


def save(invoice_id: UUID, revision: int, **values: Any) -> bool:
    """Change a draft that nobody else has changed since `revision`."""
    changed = session().scalars(
        sa.update(Invoice)
        .where(Invoice.id == invoice_id, Invoice.state == InvoiceState.DRAFT, Invoice.revision == revision)
        .values(revision=revision + 1, **values)
        .returning(Invoice.id)
    )
    search.changed(KIND, invoice_id)
    return changed.one_or_none() is not None


def move(invoice_id: UUID, to: InvoiceState, *, since: InvoiceState | None = None, **values: Any) -> bool:
    """One conditional transition, from that one state if it is given; False when somebody was faster."""
    return _change(
        invoice_id, Invoice.state.in_(TRANSITIONS[to] & {since} if since else TRANSITIONS[to]), state=to, **values
    )


def follow(invoice_id: UUID, state: InvoiceState, returned_minor: int) -> bool:
    """What the payments have made of an invoice that was paid; False when it stands like that already."""
    news = sa.or_(Invoice.state != state, Invoice.returned_minor != returned_minor)
    return _change(invoice_id, Invoice.state.in_(SETTLED), news, state=state, returned_minor=returned_minor)


def set_pending(invoice_id: UUID, at: datetime | None) -> None:
    _change(invoice_id, pending_at=at)


class Standing(NamedTuple):
    """What the kept sums follow of an invoice."""

    state: InvoiceState
    currency: str
    total_minor: int
    credited_minor: int
    returned_minor: int
    received_minor: int
    due_date: date | None
    pending_at: datetime | None
    paid_at: datetime | None
    written_off_at: datetime | None
    schedule: list[dict[str, Any]] | None

    @property
    def amount(self) -> int:
        """What is still to come; of an invoice that was paid, what has come and stayed."""
        gone = self.received_minor if self.state in OWED else self.returned_minor
        return self.total_minor - self.credited_minor - gone


def _standing(row: Invoice) -> Standing:
    return Standing(*(getattr(row, name) for name in Standing._fields))


def _change(invoice_id: UUID, *conditions: sa.ColumnElement[bool], **values: Any) -> bool:
    """Change an invoice that meets the conditions right now, and the kept sums with it; False when it does not."""
    here = (Invoice.id == invoice_id, *conditions)
    return tallies.change(Invoice, here, values, Standing, counted, told=partial(_written_off, invoice_id))


def _written_off(invoice_id: UUID, before: Standing, after: Standing) -> None:
    was, now = (each.amount if each.state == InvoiceState.WRITTEN_OFF else 0 for each in (before, after))
    write_off_models.step(invoice_id, was, before.written_off_at, now)


def counted(of: Standing) -> tallies.Counted:
    """What an invoice adds to the kept sums: drafts nothing, unpaid ones also, part by part, at the days they are due.

    There an invoice counts once, where the first of it is open.
    """
    if of.state == InvoiceState.DRAFT:
        return {}
    adds = {(KIND, of.currency, of.state.value): (1, of.amount)}
    if of.state == InvoiceState.ISSUED and of.due_date and of.pending_at is None:
        for place, part in enumerate(instalments(of)):
            at = (DUE, of.currency, part.due.isoformat())
            count, sum_ = adds.get(at, (0, 0))
            adds[at] = (count + (place == 0), sum_ + part.amount)
    if of.paid_at and of.state in (InvoiceState.PAID, InvoiceState.REFUNDED):
        adds[RECEIVED, of.currency, quarter(of.paid_at).isoformat()] = (1, of.amount)
    return adds


def quarter(moment: datetime) -> datetime:
    """The quarter of an hour it lies in, in UTC."""
    utc = moment.astimezone(UTC)
    return utc.replace(minute=utc.minute // 15 * 15, second=0, microsecond=0, tzinfo=None)


def instalments(of: Invoice | Standing) -> tuple[Instalment, ...]:
    """What is open of each instalment, the next one first."""
    return still_open(_schedule(of), of.received_minor, of.credited_minor)


def _schedule(of: Invoice | Standing) -> tuple[Instalment, ...]:
    """The instalments as issued; one of everything without any."""
    if of.schedule:
        return tuple(Instalment.from_dict(part) for part in of.schedule)
    return (Instalment(of.total_minor, of.due_date),) if of.due_date else ()


def count_view(invoice_id: UUID, at: datetime) -> None:
    session().execute(
        sa.update(Invoice).where(Invoice.id == invoice_id).values(view_count=Invoice.view_count + 1, last_viewed_at=at)
    )


def late(today: date) -> list[tuple[str, int, int]]:
    """Per currency: how many invoices are overdue, and what of them is, in minor units."""
    return [found[1:] for found in tallies.before(today, DUE)]
