"""What reports are added up from: entries of every invoice, how far the chain of events was read, codes of accounts.

Entries follow from what is stored elsewhere and can be made again at any time. No foreign key leads to what they are
of: nothing is kept from being deleted because it was counted.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import insert_missing, session
from webkit.core.kernel.events import Event, EventHead
from webkit.core.kernel.tables import Base, Json, Scoped, enum_column
from webkit.core.kernel.tenancy import agency_id, mine, prepared
from webkit.reports.entries import ASKED, CAME, Entry, Kind, Share

MOST_NAMED = 500
"""So many things are told apart by their descriptions; the rest is one."""
WEEK = timedelta(days=7)


_SUMMED = ("currency", "client_id", "part", "category", "percent", "net", "tax", "gross", "base")


class ReportEntry(Scoped, Base):
    """One part of one event of an invoice, signed; `waited` are the days from its issue until all of it was paid."""

    __tablename__ = "report_entries"
    __table_args__ = (
        sa.PrimaryKeyConstraint("agency_id", "invoice_id", "place"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]),
        # Whole, so that sums are read from it alone.
        sa.Index(
            "ix_report_entries_sums",
            *(
                "agency_id",
                "kind",
                "day",
                "currency",
                "client_id",
                "part",
                "category",
                "percent",
                "net",
                "tax",
                "gross",
            ),
        ),
        sa.Index("ix_report_entries_journal", "agency_id", "day", "invoice_id", "place"),
    )

    invoice_id: Mapped[UUID]
    place: Mapped[int]
    kind: Mapped[Kind] = enum_column(Kind)
    step: Mapped[int]
    day: Mapped[date]
    document_id: Mapped[UUID]
    number: Mapped[str] = mapped_column(sa.String(64))
    client_id: Mapped[UUID]
    currency: Mapped[str] = mapped_column(sa.String(3))
    part: Mapped[str] = mapped_column(sa.String(16))
    category: Mapped[str] = mapped_column(sa.String(4))
    percent: Mapped[str] = mapped_column(sa.String(16))
    net: Mapped[int] = mapped_column(sa.BigInteger)
    tax: Mapped[int] = mapped_column(sa.BigInteger)
    gross: Mapped[int] = mapped_column(sa.BigInteger)
    waited: Mapped[int | None]
    base: Mapped[int | None] = mapped_column(sa.BigInteger)
    imported: Mapped[bool] = mapped_column(default=False)


class ReportShare(Scoped, Base):
    """What was sold on an invoice or taken back by its credit notes, by the description of the line, without tax."""

    __tablename__ = "report_shares"
    __table_args__ = (
        sa.PrimaryKeyConstraint("agency_id", "invoice_id", "place"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]),
        sa.Index("ix_report_shares_sums", "agency_id", "day", "currency", "description", "net"),
    )

    invoice_id: Mapped[UUID]
    place: Mapped[int]
    day: Mapped[date]
    currency: Mapped[str] = mapped_column(sa.String(3))
    description: Mapped[str] = mapped_column(sa.String(200))
    net: Mapped[int] = mapped_column(sa.BigInteger)
    imported: Mapped[bool] = mapped_column(default=False)


class ReportPosition(Scoped, Base):
    """How far an agency's entries go: up to the event `seq`; while `filling` invoices up to the id `after` as well.

    Entries are made again when the agency's days or its currency change, or the way they are made (`version`).
    """

    __tablename__ = "report_positions"
    __table_args__ = (sa.PrimaryKeyConstraint("agency_id"), sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]))

    seq: Mapped[int] = mapped_column(sa.BigInteger)
    version: Mapped[int]
    timezone: Mapped[str] = mapped_column(sa.String(64))
    currency: Mapped[str] = mapped_column(sa.String(3))
    filling: Mapped[bool]
    imported_only: Mapped[bool] = mapped_column(default=False)
    after: Mapped[UUID | None]
    asked_at: Mapped[datetime | None]


class ReportAccounts(Scoped, Base):
    """The codes under which the agency's accountant knows the accounts of the journal."""

    __tablename__ = "report_accounts"
    __table_args__ = (sa.PrimaryKeyConstraint("agency_id"), sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]))

    codes: Mapped[dict[str, str]] = mapped_column(Json)


# --- following ------------------------------------------------------------------------------------------------------


class Standing(NamedTuple):
    """How far the entries go, and the chain."""

    seq: int
    version: int
    timezone: str
    currency: str
    filling: bool
    asked_at: datetime | None
    head: int


@prepared
def _standing() -> sa.Executable:
    columns = [getattr(ReportPosition, name) for name in Standing._fields[:-1]]
    head = sa.select(EventHead.seq).where(mine(EventHead)).scalar_subquery()
    return sa.select(*columns, sa.func.coalesce(head, 0)).where(mine(ReportPosition))


def standing() -> Standing | None:
    """None before the first report."""
    found = _standing()
    return Standing(*found[0]) if found else None


def locked_position(timezone: str, currency: str, version: int) -> ReportPosition:
    """The row, which nobody else moves until this write ends; a new one begins with everything that is there."""
    fresh = {"seq": 0, "version": 0, "timezone": "", "currency": "", "filling": True, "imported_only": False}
    insert_missing(ReportPosition, agency_id=agency_id(), **fresh)
    query = sa.select(ReportPosition).with_for_update().execution_options(populate_existing=True)
    row = session().scalars(query).one()
    if (row.version, row.timezone, row.currency) != (version, timezone, currency):
        row.version, row.timezone, row.currency = version, timezone, currency
        row.seq, row.filling, row.after, row.imported_only = _head(), True, None, False
        forget()
    return row


def refill_imported(row: ReportPosition) -> None:
    """What was imported is looked at again from the beginning."""
    if not row.filling:
        row.imported_only, row.filling = True, True
    row.after = None
    forget(imported=True)


def note_asked(moment: datetime) -> None:
    """Somebody has asked for the rest to be done."""
    session().execute(sa.update(ReportPosition).values(asked_at=moment))


def start_over() -> None:
    """The next reader begins with everything that is there."""
    session().execute(sa.update(ReportPosition).values(version=0))


def _head() -> int:
    return session().scalar(sa.select(EventHead.seq)) or 0


@prepared
def _events() -> sa.Executable:
    query = sa.select(Event.seq, Event.kind, Event.text).where(mine(Event), Event.seq > sa.bindparam("seq"))
    return query.order_by(Event.seq).limit(sa.bindparam("limit"))


def told_since(seq: int, limit: int) -> list[tuple[int, str, list[str]]]:
    """The next events: number, kind, and what they are about."""
    return [(row[0], row[1], json.loads(row[2])["about"]) for row in _events(seq=seq, limit=limit)]


def forget(ids: Collection[UUID] | None = None, *, imported: bool = False) -> None:
    """Drop the entries of these invoices, of all imported ones, or of all."""
    for table in (ReportEntry, ReportShare):
        gone = sa.delete(table)
        if ids is not None:
            gone = gone.where(table.invoice_id.in_(ids))
        if imported:
            gone = gone.where(table.imported)
        session().execute(gone, execution_options={"synchronize_session": False})


class Kept(NamedTuple):
    """What an invoice adds."""

    invoice_id: UUID
    client_id: UUID
    imported: bool
    entries: list[Entry]
    shares: list[Share]


_ENTRY = tuple(Entry.__slots__)
_SHARE = ("day", "currency", "description", "net")


def keep(found: Iterable[Kept]) -> None:
    """Add what invoices add; what they added before was forgotten."""
    rows: dict[type[Base], list[dict[str, Any]]] = {ReportEntry: [], ReportShare: []}
    for each in found:
        here = {"agency_id": agency_id(), "invoice_id": each.invoice_id, "imported": each.imported}
        of_client = {**here, "client_id": each.client_id}
        for place, entry in enumerate(each.entries):
            rows[ReportEntry].append({**of_client, "place": place, **{name: getattr(entry, name) for name in _ENTRY}})
        for place, share in enumerate(each.shares):
            rows[ReportShare].append({**here, "place": place, **{name: getattr(share, name) for name in _SHARE}})
    for table, added in rows.items():
        if added:
            session().connection().execute(sa.insert(table.__table__), added)  # type: ignore[arg-type]


# --- sums -----------------------------------------------------------------------------------------------------------

E = ReportEntry
_SUMS = (sa.func.sum(E.net), sa.func.sum(E.tax), sa.func.sum(E.gross))


def _between(table: type[ReportEntry] | type[ReportShare]) -> sa.ColumnElement[bool]:
    return sa.and_(mine(table), table.day >= sa.bindparam("since"), table.day <= sa.bindparam("until"))


def _of_kinds() -> sa.ColumnElement[bool]:
    return E.kind.in_(sa.bindparam("kinds", expanding=True))


class DaySum(NamedTuple):
    """What was asked for, or came, on a day in one currency."""

    currency: str
    day: date
    kind: Kind
    net: int
    tax: int
    gross: int


@prepared
def _days() -> sa.Executable:
    query = sa.select(E.currency, E.day, E.kind, *_SUMS).where(_between(E), _of_kinds())
    return query.group_by(E.currency, E.day, E.kind).order_by(E.currency, E.day)


def days(since: date, until: date) -> list[DaySum]:
    """Sums by day and kind, in the order of days."""
    found = _days(since=since, until=until, kinds=[*ASKED, *CAME])
    return [DaySum(row[0], row[1], row[2], *map(int, row[3:])) for row in found]


class Worth(NamedTuple):
    """What entries of a kind are worth in the agency's currency at booked rates, and how much has no rate."""

    currency: str
    kind: Kind
    base: int
    without: int


@prepared
def _worths() -> sa.Executable:
    unknown = sa.func.sum(sa.case((E.base.is_(None), E.gross), else_=0))
    query = sa.select(E.currency, E.kind, sa.func.coalesce(sa.func.sum(E.base), 0), unknown)
    return query.where(_between(E), _of_kinds()).group_by(E.currency, E.kind)


def worths(since: date, until: date) -> list[Worth]:
    """By currency and kind."""
    found = _worths(since=since, until=until, kinds=[*ASKED, *CAME])
    return [Worth(row[0], row[1], int(row[2]), int(row[3])) for row in found]


class ClientSum(NamedTuple):
    """What a client was asked for and what came of it, in one currency."""

    currency: str
    client_id: UUID
    net: int
    asked: int
    came: int


@prepared
def _clients() -> sa.Executable:
    asked, came = E.kind.in_(ASKED), E.kind.in_(CAME)
    sums = (sa.case((asked, E.net), else_=0), sa.case((asked, E.gross), else_=0), sa.case((came, E.gross), else_=0))
    query = sa.select(E.currency, E.client_id, *map(sa.func.sum, sums)).where(_between(E), _of_kinds())
    return query.group_by(E.currency, E.client_id)


def clients(since: date, until: date) -> list[ClientSum]:
    """Sums of each client with any."""
    found = _clients(since=since, until=until, kinds=[*ASKED, *CAME])
    return [ClientSum(row[0], row[1], *map(int, row[2:])) for row in found]


@prepared
def _shares() -> sa.Executable:
    net = sa.func.sum(ReportShare.net)
    by = (ReportShare.currency, ReportShare.description)
    sums = sa.select(*by, net.label("net")).where(_between(ReportShare)).group_by(*by).subquery()
    rank = sa.func.row_number().over(partition_by=sums.c.currency, order_by=(sums.c.net.desc(), sums.c.description))
    placed = sa.select(sums, rank.label("rank")).subquery()
    query = sa.select(placed.c.currency, placed.c.description, placed.c.net).where(placed.c.rank <= MOST_NAMED)
    return query.order_by(placed.c.currency, placed.c.rank)


def sold(since: date, until: date) -> list[tuple[str, str, int]]:
    """(currency, description, sum without tax), in each currency the most first and only so many."""
    return [(row[0], row[1], int(row[2])) for row in _shares(since=since, until=until)]


class RateSum(NamedTuple):
    """What was asked for, or came, at one rate."""

    currency: str
    kind: Kind
    part: str
    category: str
    percent: str
    net: int
    tax: int
    gross: int


@prepared
def _rates() -> sa.Executable:
    by = (E.currency, E.kind, E.part, E.category, E.percent)
    return sa.select(*by, *_SUMS).where(_between(E), _of_kinds()).group_by(*by)


def rates(since: date, until: date, kinds: Sequence[Kind]) -> list[RateSum]:
    """Sums by rate and kind."""
    found = _rates(since=since, until=until, kinds=list(kinds))
    return [RateSum(*row[:5], *map(int, row[5:])) for row in found]


@prepared
def _waited() -> sa.Executable:
    query = sa.select(E.waited, sa.func.count()).where(_between(E), _of_kinds(), E.waited.is_not(None))
    return query.group_by(E.waited).order_by(E.waited)


def waited(since: date, until: date) -> list[tuple[int, int]]:
    """(days from issue to paid, how many invoices), of what was paid in these days."""
    return [(row[0], row[1]) for row in _waited(since=since, until=until, kinds=[Kind.PAYMENT, Kind.ELSEWHERE])]


class Posted(NamedTuple):
    """An entry as the journal needs it."""

    day: date
    kind: Kind
    step: int
    invoice_id: UUID
    number: str
    client_id: UUID
    currency: str
    part: str
    category: str
    percent: str
    net: int
    tax: int
    gross: int
    base: int | None


@prepared
def _posted() -> sa.Executable:
    columns = [getattr(E, name) for name in Posted._fields]
    return sa.select(*columns).where(_between(E), _of_kinds()).order_by(E.day, E.invoice_id, E.place)


def posted(since: date, until: date, kinds: Sequence[Kind]) -> list[Posted]:
    """The entries of these days in their order."""
    return [Posted(*row) for row in _posted(since=since, until=until, kinds=list(kinds))]


@prepared
def _numbers() -> sa.Executable:
    wanted = E.invoice_id.in_(sa.bindparam("ids", expanding=True))
    return sa.select(E.invoice_id, E.number).where(mine(E), wanted, E.place == 0)


def numbers(invoice_ids: Collection[UUID]) -> dict[UUID, str]:
    """The numbers of these invoices."""
    return {row[0]: row[1] for row in _numbers(ids=list(invoice_ids))} if invoice_ids else {}


@prepared
def _span() -> sa.Executable:
    return sa.select(sa.func.count(), sa.func.min(E.day), sa.func.max(E.day)).where(_between(E), _of_kinds())


def span(since: date, until: date, kinds: Sequence[Kind]) -> tuple[int, date | None, date | None]:
    """How many entries these days have, and which are the first and the last of them."""
    row = _span(since=since, until=until, kinds=list(kinds))[0]
    return int(row[0]), row[1], row[2]


# --- accounts -------------------------------------------------------------------------------------------------------


def codes() -> dict[str, str]:
    """The codes that were set."""
    row = session().scalars(sa.select(ReportAccounts)).one_or_none()
    return dict(row.codes) if row else {}


def set_codes(given: dict[str, str]) -> None:
    """Keep the codes."""
    insert_missing(ReportAccounts, agency_id=agency_id(), codes=given)
    session().execute(sa.update(ReportAccounts).values(codes=given))


# --- for the doctor -------------------------------------------------------------------------------------------------


@prepared
def _whole(here_only: bool) -> sa.Executable:
    query = sa.select(E.currency, *_SUMS).where(mine(E), E.kind == sa.bindparam("kind"))
    return (query.where(E.imported.is_(False)) if here_only else query).group_by(E.currency)


def whole(kind: Kind, *, here_only: bool = False) -> dict[str, tuple[int, int, int]]:
    """Net, tax and gross of everything of a kind, by currency; with `here_only` of what was issued here."""
    return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in _whole(here_only, kind=kind)}
