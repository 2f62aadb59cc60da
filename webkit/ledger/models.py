"""Entries of the ledger, the money that people recorded by hand, and the rates that were fixed."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock
from webkit.core.kernel.db import insert_missing, session
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.schema import APPEND_ONLY
from webkit.core.kernel.tables import Owned, Record, enum_column, owned_args, owned_fk
from webkit.core.kernel.tenancy import agency_id, mine, prepared


class Account(enum.StrEnum):
    """Where an amount stands. MONEY is in a place, INVOICE and CREDIT are a client's, a FEE is kept by who is its
    place: the vendor, or the platform. CONVERTED is on its way from one currency into another, ELSEWHERE came for
    nothing that was asked for here. EXCHANGE has no currency but the agency's own."""

    MONEY = "money"
    HELD = "held"
    INVOICE = "invoice"
    CREDIT = "credit"
    FEE = "fee"
    CONVERTED = "converted"
    ELSEWHERE = "elsewhere"
    EXCHANGE = "exchange"


class Kind(enum.StrEnum):
    """Why it was booked."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    CHARGEBACK = "chargeback"
    FEE = "fee"
    PAYOUT = "payout"
    APPLIED = "applied"
    TAKEN_BACK = "taken_back"
    VALUED = "valued"


class Method(enum.StrEnum):
    """How money came that no payment service told of."""

    BANK = "bank"
    CASH = "cash"
    CARD = "card"
    CHEQUE = "cheque"
    OTHER = "other"


class Entry(Owned):
    """One amount of one booking. The entries of a `source` (`payment:<id>`, `receipt:<id>`, …) come to nothing, in its
    own currency and in the agency's: what came in is positive, what it went to is negative.

    `settled_minor` is what it pays of an invoice, in the invoice's currency and positive; `cause` is the receipt that
    made the booking where that is not the source.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        owned_fk("invoice_id", "invoices"),
        sa.Index("ix_ledger_entries_source", "agency_id", "source"),
        sa.Index("ix_ledger_entries_invoice", "agency_id", "invoice_id", "account"),
        sa.Index("ix_ledger_entries_client", "agency_id", "client_id", "account"),
        sa.Index("ix_ledger_entries_cause", "agency_id", "cause"),
        sa.Index("ix_ledger_entries_day", "agency_id", "day", "id"),
        sa.Index("ix_ledger_entries_currency", "agency_id", "currency"),
        APPEND_ONLY,
    )

    source: Mapped[str] = mapped_column(sa.String(64))
    cause: Mapped[str] = mapped_column(sa.String(64), default="")
    account: Mapped[Account] = enum_column(Account)
    kind: Mapped[Kind] = enum_column(Kind)
    place: Mapped[str] = mapped_column(sa.String(32), default="")
    client_id: Mapped[UUID | None]
    invoice_id: Mapped[UUID | None]
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    settled_currency: Mapped[str] = mapped_column(sa.String(3), default="")
    settled_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    base_currency: Mapped[str] = mapped_column(sa.String(3))
    base_minor: Mapped[int] = mapped_column(sa.BigInteger)
    day: Mapped[date]
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(sa.String(64), default="")


class Receipt(Owned):
    """Money of a client that a person recorded: what came, or with an amount below nothing what went back.

    Never changed. A mistaken one has a counter-entry: another that `counters` it.
    """

    __tablename__ = "ledger_receipts"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        owned_fk("counters", "ledger_receipts"),
        sa.UniqueConstraint("agency_id", "counters"),
        sa.Index("ix_ledger_receipts_client", "agency_id", "client_id", "id"),
        sa.Index("ix_ledger_receipts_day", "agency_id", "day", "id"),
        {"info": {"append_only": True, "may_empty": ("reference", "note")}},
    )

    client_id: Mapped[UUID]
    method: Mapped[Method] = enum_column(Method)
    day: Mapped[date]
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    reference: Mapped[str] = mapped_column(sa.String(140), default="")
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    counters: Mapped[UUID | None]
    actor: Mapped[str] = mapped_column(sa.String(64), default="")


class Rate(Owned):
    """What one unit of a source's currency was worth in the agency's, fixed when it was booked and never again.

    Sources are money (`payment:<id>`, `receipt:<id>`) and invoices; each has one.
    """

    __tablename__ = "ledger_rates"
    __table_args__ = owned_args(
        sa.UniqueConstraint("agency_id", "source"),
        sa.Index("ix_ledger_rates_currency", "agency_id", "currency", "base_currency", "day"),
        APPEND_ONLY,
    )

    source: Mapped[str] = mapped_column(sa.String(64))
    currency: Mapped[str] = mapped_column(sa.String(3))
    base_currency: Mapped[str] = mapped_column(sa.String(3))
    rate: Mapped[Decimal]
    day: Mapped[date]


class Slot(NamedTuple):
    """One account of a source: entries that add up."""

    source: str
    account: Account
    place: str
    client_id: UUID | None
    invoice_id: UUID | None


class Value(NamedTuple):
    """What stands there: in the source's currency, as settled of the invoice, in the agency's currency."""

    amount: int = 0
    settled: int = 0
    base: int = 0

    def plus(self, other: Value) -> Value:
        return Value(self.amount + other.amount, self.settled + other.settled, self.base + other.base)

    def minus(self, other: Value) -> Value:
        return Value(self.amount - other.amount, self.settled - other.settled, self.base - other.base)


def add(rows: Sequence[Record]) -> None:
    session().add_all(rows)
    session().flush()


def entries(sources: Collection[str]) -> list[Entry]:
    """Everything booked of these sources, oldest first."""
    return list(session().scalars(sa.select(Entry).where(Entry.source.in_(sources)).order_by(Entry.id)))


_SLOT = (Entry.source, Entry.account, Entry.place, Entry.client_id, Entry.invoice_id)
_VALUE = tuple(sa.func.sum(each) for each in (Entry.amount_minor, Entry.settled_minor, Entry.base_minor))


def _standing(*where: sa.ColumnElement[bool]) -> sa.Executable:
    return sa.select(*_SLOT, *_VALUE).where(mine(Entry), *where).group_by(*_SLOT)


def _slots(rows: Sequence[Any]) -> dict[Slot, Value]:
    """What entries come to, account by account, without those that come to nothing."""
    found = {Slot(*row[:5]): Value(*map(int, row[5:])) for row in rows}
    return {slot: value for slot, value in found.items() if any(value)}


@prepared
def _of_sources() -> sa.Executable:
    return _standing(Entry.source.in_(sa.bindparam("sources", expanding=True)))


def of_sources(sources: Collection[str]) -> dict[Slot, Value]:
    return _slots(_of_sources(sources=list(sources))) if sources else {}


@prepared
def _of_cause() -> sa.Executable:
    return _standing(Entry.cause == sa.bindparam("cause"))


def of_cause(cause: str) -> dict[Slot, Value]:
    """What one receipt or payout booked of other money."""
    return _slots(_of_cause(cause=cause))


@prepared
def _of_invoice() -> sa.Executable:
    return _standing(Entry.invoice_id == sa.bindparam("invoice"), Entry.account == Account.INVOICE)


def of_invoice(invoice_id: UUID) -> dict[Slot, Value]:
    return _slots(_of_invoice(invoice=invoice_id))


def fees() -> dict[tuple[str, str], int]:
    """What each vendor and the platform have kept, by currency."""
    query = sa.select(Entry.place, Entry.currency, sa.func.sum(Entry.amount_minor))
    query = query.where(Entry.account == Account.FEE).group_by(Entry.place, Entry.currency)
    return {(place, currency): int(amount) for place, currency, amount in session().execute(query) if amount}


@prepared
def _settled() -> sa.Executable:
    wanted = (Entry.invoice_id.in_(sa.bindparam("ids", expanding=True)), Entry.account == Account.INVOICE)
    query = sa.select(Entry.invoice_id, sa.func.sum(Entry.settled_minor), sa.func.sum(Entry.base_minor))
    return query.where(mine(Entry), *wanted).group_by(Entry.invoice_id)


def settled(invoice_ids: Iterable[UUID]) -> dict[UUID, tuple[int, int]]:
    """What the ledger says was paid of each invoice: in its currency, and in the agency's."""
    ids = list(invoice_ids)
    return {invoice: (int(amount), -int(base)) for invoice, amount, base in _settled(ids=ids)} if ids else {}


class Lot(NamedTuple):
    """What is left of one source on a client's account."""

    source: str
    client_id: UUID
    currency: str
    amount: int


def lots(*, client_id: UUID | None = None) -> list[Lot]:
    """What clients have too much, the oldest money first; below nothing what they got that was no longer theirs."""
    left = -sa.func.sum(Entry.amount_minor)
    keys = (Entry.source, Entry.client_id, Entry.currency)
    query = sa.select(*keys, left).where(Entry.account == Account.CREDIT, Entry.client_id.is_not(None))
    if client_id is not None:
        query = query.where(Entry.client_id == client_id)
    query = query.group_by(*keys).having(left != 0).order_by(sa.func.min(Entry.created_at), Entry.source)
    rows = session().execute(query)
    return [Lot(source, client, currency, int(amount)) for source, client, currency, amount in rows if client]


def receipt(receipt_id: UUID) -> Receipt | None:
    return session().get(Receipt, receipt_id)


def locked_receipt(receipt_id: UUID) -> Receipt | None:
    query = sa.select(Receipt).where(Receipt.id == receipt_id).with_for_update()
    return session().scalars(query.execution_options(populate_existing=True)).one_or_none()


def receipts(ids: Collection[UUID]) -> list[Receipt]:
    return list(session().scalars(sa.select(Receipt).where(Receipt.id.in_(ids)).order_by(Receipt.id)))


def receipts_page(*, limit: int, before: UUID | None, client_id: UUID | None) -> list[Receipt]:
    """Newest first."""
    query = sa.select(Receipt).order_by(Receipt.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Receipt.id < before)
    if client_id is not None:
        query = query.where(Receipt.client_id == client_id)
    return list(session().scalars(query))


def receipts_of_client(client_id: UUID) -> list[Receipt]:
    """Every one of a client, oldest first."""
    return list(session().scalars(sa.select(Receipt).where(Receipt.client_id == client_id).order_by(Receipt.id)))


def countered(ids: Collection[UUID]) -> set[UUID]:
    """Which of these receipts were taken back."""
    query = sa.select(Receipt.counters).where(Receipt.counters.in_(ids))
    return {found for found in session().scalars(query) if found is not None}


def counter_of(receipt_id: UUID) -> UUID | None:
    """The counter-entry of a receipt."""
    return session().scalars(sa.select(Receipt.id).where(Receipt.counters == receipt_id)).one_or_none()


def places() -> dict[tuple[str, str], int]:
    """What lies in each place, by currency."""
    query = sa.select(Entry.place, Entry.currency, sa.func.sum(Entry.amount_minor))
    query = query.where(Entry.account == Account.MONEY).group_by(Entry.place, Entry.currency)
    return {(place, currency): int(amount) for place, currency, amount in session().execute(query) if amount}


def booked(since: date, until: date) -> list[Entry]:
    """Everything booked on these days, both included, in the order of days."""
    query = sa.select(Entry).where(Entry.day >= since, Entry.day <= until).order_by(Entry.day, Entry.id)
    return list(session().scalars(query))


def booked_columns(names: Sequence[str], since: date, until: date) -> list[Any]:
    """These columns of everything booked on these days, in the order of days, source by source."""
    query = sa.select(*(getattr(Entry, name) for name in names)).where(Entry.day >= since, Entry.day <= until)
    return list(session().execute(query.order_by(Entry.day, Entry.source, Entry.id)))


def booked_span(since: date, until: date) -> tuple[int, date | None, date | None]:
    """How many entries these days have, and which are the first and the last of them."""
    sums = (sa.func.count(), sa.func.min(Entry.day), sa.func.max(Entry.day))
    row = session().execute(sa.select(*sums).where(Entry.day >= since, Entry.day <= until)).one()
    return int(row[0]), row[1], row[2]


def on_invoices(names: Sequence[str], invoice_ids: Collection[UUID]) -> list[Any]:
    """These columns of everything that pays these invoices, oldest first."""
    if not invoice_ids:
        return []
    wanted = (Entry.invoice_id.in_(invoice_ids), Entry.account == Account.INVOICE)
    query = sa.select(*(getattr(Entry, name) for name in names)).where(*wanted)
    return list(session().execute(query.order_by(Entry.at, Entry.id)))


def of_client(client_id: UUID) -> list[Entry]:
    """Every entry on a client's account, in the order of days."""
    query = sa.select(Entry).where(Entry.client_id == client_id).order_by(Entry.day, Entry.id)
    return list(session().scalars(query))


def fix_rate(source: str, currency: str, base_currency: str, rate: Decimal, day: date) -> None:
    """Fix what a source is worth, unless it is fixed."""
    values = {"source": source, "currency": currency, "base_currency": base_currency, "rate": rate, "day": day}
    insert_missing(Rate, id=uuid7(), created_at=clock.now(), agency_id=agency_id(), **values)


def rates(sources: Collection[str], base_currency: str = "") -> dict[str, Decimal]:
    """What was fixed of these; with a currency what was fixed in that one."""
    if not sources:
        return {}
    query = sa.select(Rate.source, Rate.rate).where(Rate.source.in_(sources))
    query = query.where(Rate.base_currency == base_currency) if base_currency else query
    return {row[0]: row[1] for row in session().execute(query)}


class Unvalued(NamedTuple):
    """Money of which nobody has said what it was worth in the agency's currency, and since when it is there."""

    source: str
    currency: str
    client_id: UUID | None
    day: date


def _others(base_currency: str) -> list[str]:
    """The other currencies that anything was booked in. Nearly all of a ledger is in one: an index leaps over it."""
    found: list[str] = []
    last: str | None = ""
    while (last := session().scalar(sa.select(sa.func.min(Entry.currency)).where(Entry.currency > last))) is not None:
        found.append(last)
    return [currency for currency in found if currency != base_currency]


def _without_rate(currencies: Collection[str]) -> tuple[sa.ColumnElement[bool], ...]:
    fixed = sa.exists().where(Rate.agency_id == Entry.agency_id, Rate.source == Entry.source)
    # What was changed into another currency is worth what that is.
    return Entry.currency.in_(currencies), Entry.source.not_like("%/%"), ~fixed


def unvalued(base_currency: str, *, limit: int, source: str = "") -> list[Unvalued]:
    """The oldest first; only this one if it is given."""
    if not (others := _others(base_currency)):
        return []
    keys = (Entry.source, Entry.currency, Entry.client_id)
    first = sa.func.min(Entry.day)
    query = sa.select(*keys, first).where(*_without_rate(others)).group_by(*keys).order_by(first, Entry.source)
    query = query.where(Entry.source == source) if source else query
    return [Unvalued(*row) for row in session().execute(query.limit(limit))]


def valued(invoice_ids: Iterable[UUID], base_currency: str) -> dict[UUID, tuple[int, int]]:
    """Like `settled`, by money alone of which it is known what it was worth."""
    fixed = sa.exists().where(Rate.agency_id == Entry.agency_id, Rate.source == Entry.source)
    known = sa.or_(Entry.currency == base_currency, fixed)
    query = sa.select(Entry.invoice_id, sa.func.sum(Entry.settled_minor), sa.func.sum(Entry.base_minor))
    query = query.where(Entry.invoice_id.in_(list(invoice_ids)), Entry.account == Account.INVOICE, known)
    rows = session().execute(query.group_by(Entry.invoice_id))
    return {invoice: (int(amount), -int(base)) for invoice, amount, base in rows if invoice}


def last_rate(currency: str, base_currency: str, day: date) -> tuple[Decimal, date] | None:
    """The latest rate that was known on a day, and its day."""
    here = (Rate.currency == currency, Rate.base_currency == base_currency, Rate.day <= day)
    query = sa.select(Rate.rate, Rate.day).where(*here).order_by(Rate.day.desc(), Rate.id.desc()).limit(1)
    row = session().execute(query).one_or_none()
    return (row[0], row[1]) if row else None


class Imbalance(NamedTuple):
    """A source whose entries do not come to nothing."""

    agency_id: UUID
    source: str


def imbalances(limit: int = 100) -> list[Imbalance]:
    """Of all agencies; asked by the platform."""
    keys = (Entry.agency_id, Entry.source)
    off = sa.or_(sa.func.sum(Entry.amount_minor) != 0, sa.func.sum(Entry.base_minor) != 0)
    query = sa.select(*keys).group_by(*keys).having(off).limit(limit)
    return [Imbalance(*row) for row in session().execute(query)]
