"""Years of work: clients, invoices and their events, written straight into the tables by the role that owns them."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from webkit.agencies import service as agencies
from webkit.clients.models import Client, ClientWord, folded, words
from webkit.core.kernel import clock, search, tenancy
from webkit.core.kernel.counters import Counter
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.events import GENESIS, Event, EventHead
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.search import SearchWord
from webkit.core.kernel.tables import Base, Json
from webkit.core.kernel.tallies import Tally
from webkit.invoices import service as invoices
from webkit.invoices.models import DUE, KIND, RECEIVED, Invoice, InvoiceState
from webkit.invoices.service import LineInput
from webkit.reports.following import VERSION
from webkit.reports.models import ReportEntry, ReportPosition, ReportShare

FIRST = ("North", "River", "Copper", "Quiet", "Amber", "Stone", "Silver", "Green", "Harbour", "Bright", "Old", "Winter")
SECOND = ("Bakery", "Dental", "Legal", "Cycles", "Coffee", "Interiors", "Gardens", "Clinic", "Books", "Motors", "Yoga")
KINDS = ("Studio", "Group", "Partners", "House", "Works", "Company", "Collective")
WORK = ("Website design", "Monthly care", "Brand refresh", "Online shop", "Search advice", "Photography", "Copywriting")
STATES = (*[InvoiceState.PAID] * 15, *[InvoiceState.ISSUED] * 4, InvoiceState.DRAFT)
LINES, VARIANTS, CHUNK = 3, 40, 2_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much there is of what."""

    clients: int = 1_000
    invoices: int = 10_000
    grown: int = 100_000

    def growth(self) -> Sizes:
        """The same clients after many more years."""
        return replace(self, invoices=self.grown)


def fill(owner: str, agency: AgencyView, sizes: Sizes) -> None:
    """Fill an agency with the same work every time. Call in the application's context."""
    dice = random.Random(7)
    invoice = _maker(agency, dice)
    clients = [_client(agency, number, dice) for number in range(sizes.clients)]
    ids = [client["id"] for client in clients]
    with _as_owner(owner) as connection:
        _insert(connection, Client, clients)
        _insert(connection, ClientWord, [row for client in clients for row in _words(client)])
        found_by = _Found(clients)
        with _bare(connection, Invoice.__tablename__), _bare(connection, SearchWord.__tablename__):
            for start in range(0, sizes.invoices, CHUNK):
                numbers = range(start, min(start + CHUNK, sizes.invoices))
                made = [invoice(dice.choice(ids), dice.choice(STATES), n) for n in numbers]
                _insert(connection, Invoice, made)
                _insert(connection, SearchWord, [word for each in made for word in found_by.words(each)])
        _report(connection, agency)
        year = str(clock.today(agency.timezone).year)
        _insert(connection, Tally, list(_tallies(connection)))
        counter = {"agency_id": agency.id, "series": "invoice", "period": year, "value": sizes.invoices}
        _insert(connection, Counter, [counter])
        if connection.dialect.name == "postgresql":
            _chain(connection, agency.id)
        _followed(connection, agency)


def drafts(owner: str, agency: AgencyView, count: int) -> list[UUID]:
    """That many drafts, ready to be issued. Call in the application's context."""
    dice = random.Random(count)
    invoice = _maker(agency, dice)
    with _as_owner(owner) as connection:
        clients = list(connection.scalars(sa.select(Client.id).limit(100)))
        made = [invoice(dice.choice(clients), InvoiceState.DRAFT, 0) for _ in range(count)]
        _insert(connection, Invoice, made)
    return [row["id"] for row in made]


def _client(agency: AgencyView, number: int, dice: random.Random) -> dict[str, Any]:
    name = f"{dice.choice(FIRST)} {dice.choice(SECOND)} {dice.choice(KINDS)} {number}"
    return {
        "id": uuid7(),
        "agency_id": agency.id,
        "name": name,
        "sort_name": folded(name),
        "contact_name": f"Kim {dice.choice(SECOND)}",
        "email": f"kim{number}@client.example",
        "street": f"{number} High Street",
        "postcode": "20121",
        "city": "Milano",
        "country": "IT",
    }


def _words(client: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for word in sorted(words(client["name"], client["contact_name"], client["email"])):
        yield {"agency_id": client["agency_id"], "client_id": client["id"], "word": word}


class _Found:
    """What invoices are found by."""

    def __init__(self, clients: Sequence[dict[str, Any]]) -> None:
        self._names = {client["id"]: client["name"] for client in clients}
        self._words = functools.cache(search.words)

    def words(self, invoice: dict[str, Any]) -> Iterator[dict[str, Any]]:
        texts = (invoice["title"], self._names[invoice["client_id"]])
        known: set[str] = set().union(*map(self._words, texts), search.words(invoice["number"] or ""))
        for word in known:
            yield {"agency_id": invoice["agency_id"], "kind": KIND, "document_id": invoice["id"], "word": word}


Maker = Callable[[UUID, InvoiceState, int], dict[str, Any]]


def _maker(agency: AgencyView, dice: random.Random) -> Maker:
    """Makes rows of invoices out of some that were computed as a draft's are."""
    with tenancy.tenant(agency.id):
        profile = agencies.profile()
        variants = [_variant(profile, dice) for _ in range(VARIANTS)]
    today = clock.today(agency.timezone)

    def make(client: UUID, state: InvoiceState, number: int) -> dict[str, Any]:
        row = {"id": uuid7(), "agency_id": agency.id, "client_id": client, "state": state, **dice.choice(variants)}
        return {**row, **_dates(state, number, today - timedelta(days=dice.randrange(400)))}

    return make


def _variant(profile: agencies.AgencyProfile, dice: random.Random) -> dict[str, Any]:
    lines = tuple(
        LineInput(dice.choice(WORK), Decimal(dice.randint(1, 9)), Decimal(dice.randint(50, 900))) for _ in range(LINES)
    )
    priced = invoices.price(lines, profile)
    return {
        "title": lines[0].description,
        "currency": profile.currency,
        "locale": profile.locale,
        "lines": [
            {"description": line.description, "quantity": str(line.quantity), "price": str(line.price), "rate": ""}
            for line in lines
        ],
        "priced": priced.to_dict(),
        "net_minor": priced.totals.net,
        "tax_minor": priced.totals.tax,
        "total_minor": priced.totals.payable,
        "payment_days": 14,
    }


def _dates(state: InvoiceState, number: int, issued: date) -> dict[str, Any]:
    if state == InvoiceState.DRAFT:
        return dict.fromkeys(("number", "issue_date", "due_date", "issued_at", "paid_at"))
    return {
        "number": f"INV-{issued.year}-{number:04}",
        "issue_date": issued,
        "due_date": issued + timedelta(days=14),
        "issued_at": clock.now(),
        "paid_at": datetime.combine(issued + timedelta(days=9), time(), UTC) if state == InvoiceState.PAID else None,
    }


def _tallies(connection: Connection) -> Iterator[dict[str, Any]]:
    """What the platform would have kept while it issued all this."""
    for kind, place, which in (
        (KIND, Invoice.state, Invoice.state != InvoiceState.DRAFT),
        (DUE, Invoice.due_date, Invoice.state == InvoiceState.ISSUED),
        (RECEIVED, Invoice.paid_at, Invoice.state == InvoiceState.PAID),
    ):
        group = (Invoice.agency_id, Invoice.currency, place)
        sums = sa.select(*group, sa.func.count(), sa.func.sum(Invoice.total_minor)).where(which).group_by(*group)
        for agency, currency, where, count, total in connection.execute(sums):
            kept = {"agency_id": agency, "kind": kind, "currency": currency, "place": _place(where)}
            yield {**kept, "count": count, "total_minor": int(total)}


def _place(where: object) -> str:
    return where.replace(tzinfo=None).isoformat() if isinstance(where, datetime) else str(where)


def _report(connection: Connection, agency: AgencyView) -> None:
    """What reports have followed by now: an entry for each invoice, one for what was paid of it, one for each line."""
    rate, percent = ("S", "22")
    asked = {"kind": "invoice", "step": 0, "place": 0, "waited": None}
    came = {"kind": "payment", "step": 1, "place": 1, "waited": 9}
    columns = (Invoice.id, Invoice.client_id, Invoice.number, Invoice.currency, Invoice.issue_date, Invoice.paid_at)
    sums = (Invoice.net_minor, Invoice.tax_minor, Invoice.total_minor)
    query = sa.select(*columns, *sums, Invoice.priced).where(
        Invoice.agency_id == agency.id, Invoice.number.is_not(None)
    )
    with _bare(connection, ReportEntry.__tablename__), _bare(connection, ReportShare.__tablename__):
        after = UUID(int=0)
        while rows := connection.execute(query.where(Invoice.id > after).order_by(Invoice.id).limit(CHUNK)).all():
            entries, shares, after = [], [], rows[-1][0]
            for identity, client, number, currency, issued, paid_at, net, tax, total, priced in rows:
                here = {"agency_id": agency.id, "invoice_id": identity, "imported": False}
                figures = {"net": net, "tax": tax, "gross": total, "base": total, "part": "sale"}
                of = {"client_id": client, "document_id": identity, "number": number, "currency": currency}
                shared = {**here, **of, **figures, "category": rate, "percent": percent}
                entries.append({**shared, **asked, "day": issued})
                if paid_at:
                    entries.append({**shared, **came, "day": paid_at.date()})
                for place, line in enumerate(priced["lines"]):
                    share = {"place": place, "day": issued, "currency": currency, "net": line["net"]}
                    shares.append({**here, **share, "description": line["description"]})
            _insert(connection, ReportEntry, entries)
            _insert(connection, ReportShare, shares)


def _followed(connection: Connection, agency: AgencyView) -> None:
    """Reports have followed the whole chain."""
    seq = connection.scalar(sa.select(EventHead.seq).where(EventHead.agency_id == agency.id)) or 0
    known = {"timezone": agency.timezone, "currency": agency.currency, "version": VERSION, "filling": False}
    connection.execute(sa.delete(ReportPosition).where(ReportPosition.agency_id == agency.id))
    row = {"agency_id": agency.id, "seq": seq, "imported_only": False, **known}
    connection.execute(sa.insert(ReportPosition).values(row))


@contextmanager
def _as_owner(url: str) -> Iterator[Connection]:
    """A transaction; afterwards the database knows how its tables look now."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # what is written here points where it should
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        yield connection
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")  # as its autovacuum does; SQLite was told what to expect


@contextmanager
def _bare(connection: Connection, table: str) -> Iterator[None]:
    """A table without the indexes nobody points to; making them once at the end takes a fraction of the time."""
    if connection.dialect.name != "postgresql":
        yield
        return
    names = "SELECT conname FROM pg_constraint WHERE conindid <> 0"
    plain = f"SELECT indexname, indexdef FROM pg_indexes WHERE tablename = '{table}' AND indexname NOT IN ({names})"
    indexes = connection.exec_driver_sql(plain).all()
    for name, _definition in indexes:
        connection.exec_driver_sql(f"DROP INDEX {name}")
    yield
    connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '256MB'")
    for _name, definition in indexes:
        connection.exec_driver_sql(definition)


def _insert(connection: Connection, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """All rows of a kind have the same columns; what they leave out is what the model says."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, model, rows)
    else:
        connection.execute(sa.insert(model.__table__), rows)  # type: ignore[arg-type]


def _copy(connection: Connection, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """COPY takes a tenth of the time of INSERT."""
    table: Any = model.__table__
    columns = [_Column(column, connection) for column in table.columns]
    columns = [column for column in columns if column.name in rows[0] or column.default is not None]
    names = ", ".join(column.name for column in columns)
    raw: Any = connection.connection.driver_connection
    with raw.cursor() as cursor, cursor.copy(f"COPY {model.__tablename__} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([column.of(row) for column in columns])


class _Column:
    """How values of a column are written."""

    def __init__(self, column: sa.Column[Any], connection: Connection) -> None:
        self.name, self.default = column.name, column.default
        dialect = connection.dialect
        self._bind = column.type.dialect_impl(dialect).bind_processor(dialect)
        self._written: dict[int, Any] = {}
        self._keep = isinstance(column.type, Json)

    def of(self, row: dict[str, Any]) -> Any:
        value = row[self.name] if self.name in row else self._default()
        if self._keep and value is not None:  # the same few for all rows
            if id(value) not in self._written:
                self._written[id(value)] = self._bind(value) if self._bind else value
            return self._written[id(value)]
        return self._bind(value) if self._bind else value

    def _default(self) -> Any:
        default: Any = self.default
        return default.arg(None) if default.is_callable else default.arg


CHAIN = """
INSERT INTO events (agency_id, seq, kind, at, subject, text, prev_hash, hash)
SELECT agency_id, :seq + row_number() OVER (ORDER BY id), 'invoice.issued', issued_at, 'invoice:' || id,
  json_build_object('about', json_build_array('client:' || client_id, 'invoice:' || id), 'at', issued_at,
    'facts', json_build_object('actor', 'system', 'amount', total_minor::text, 'number', number),
    'kind', 'invoice.issued', 'subject', 'invoice:' || id)::text, repeat('0', 64), repeat('0', 64)
FROM invoices WHERE agency_id = :agency AND number IS NOT NULL
"""
SUBJECTS = """
INSERT INTO event_subjects (agency_id, subject, seq)
SELECT agency_id, unnest(ARRAY[subject, text::json->'about'->>0]), seq FROM events WHERE agency_id = :agency
AND seq > :seq
"""


def _chain(connection: Connection, agency: UUID) -> None:
    """As many events as there would be. Their hashes prove nothing; what comes behind them is chained as ever."""
    seq = connection.scalar(sa.select(EventHead.seq).where(EventHead.agency_id == agency)) or 0
    for statement in (CHAIN, SUBJECTS):
        connection.execute(sa.text(statement), {"agency": agency, "seq": seq})
    last = sa.select(sa.func.coalesce(sa.func.max(Event.seq), 0)).where(Event.agency_id == agency)
    connection.execute(sa.delete(EventHead).where(EventHead.agency_id == agency))
    head = {"agency_id": agency, "seq": connection.scalar(last), "hash": GENESIS}
    connection.execute(sa.insert(EventHead).values(head))
