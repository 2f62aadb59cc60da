"""A year of work: clients and invoices, written straight into the tables by the role that owns them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from webkit.agencies import service as agencies
from webkit.clients.models import Client, ClientWord, folded, words
from webkit.core.kernel import clock, tenancy
from webkit.core.kernel.counters import Counter
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.tables import Base
from webkit.core.kernel.tallies import Tally
from webkit.invoices import service as invoices
from webkit.invoices.models import DUE, KIND, Invoice, InvoiceState
from webkit.invoices.service import LineInput

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


def fill(owner: str, agency: AgencyView, sizes: Sizes) -> None:
    """Fill an agency with the same work every time. Call in the application's context."""
    dice = random.Random(7)
    invoice = _maker(agency, dice)
    clients = [_client(agency, number, dice) for number in range(sizes.clients)]
    ids = [client["id"] for client in clients]
    with _as_owner(owner) as connection:
        _insert(connection, Client, clients)
        _insert(connection, ClientWord, [row for client in clients for row in _words(client)])
        for start in range(0, sizes.invoices, CHUNK):
            numbers = range(start, min(start + CHUNK, sizes.invoices))
            _insert(connection, Invoice, [invoice(dice.choice(ids), dice.choice(STATES), n) for n in numbers])
        year = str(clock.today(agency.timezone).year)
        _insert(connection, Tally, list(_tallies(connection)))
        counter = {"agency_id": agency.id, "series": "invoice", "period": year, "value": sizes.invoices}
        _insert(connection, Counter, [counter])


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
    ):
        group = (Invoice.agency_id, Invoice.currency, place)
        sums = sa.select(*group, sa.func.count(), sa.func.sum(Invoice.total_minor)).where(which).group_by(*group)
        for agency, currency, where, count, total in connection.execute(sums):
            kept = {"agency_id": agency, "kind": kind, "currency": currency, "place": str(where)}
            yield {**kept, "count": count, "total_minor": int(total)}


@contextmanager
def _as_owner(url: str) -> Iterator[Connection]:
    """A transaction; afterwards the database knows how its tables look now."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        yield connection
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _insert(connection: Connection, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(model.__table__), rows)  # type: ignore[arg-type]
