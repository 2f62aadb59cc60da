"""One invoice: its page, and making and issuing it through the pages."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode
from uuid import UUID

from benchmarks import data
from benchmarks.installation import Installation
from benchmarks.load import Order
from benchmarks.report import Row
from benchmarks.rounds import ask_in_turns
from benchmarks.world import World
from webkit.clients import service as clients
from webkit.core.kernel import tenancy
from webkit.invoices import service as invoices

SHOWN = 20
LINES = (("Website design", "1", "1200"), ("Copywriting", "3", "90"), ("Monthly care", "12", "60"))


def measure(world: World) -> Iterator[Row]:
    yield from one_page(world)
    yield from making(world)


def one_page(world: World) -> Iterator[Row]:
    """An issued invoice with its history, its mail and its payments."""
    shown = issued(world.house, SHOWN)
    ours = [[world.house.get(f"/invoices/{identity}")] for identity in shown]
    floor = [[world.floors.get(f"/f2/{1 + number}")] for number in range(SHOWN)]
    orders = {"floor": Order(world.floors.port, floor), "ours": Order(world.web, ours)}
    best = ask_in_turns(world.load, orders, world.some(10))
    yield Row("invoice.page", best["ours"].median, "ms", 2, best["floor"].median)


def making(world: World) -> Iterator[Row]:
    """A new invoice of three lines that is issued by "Issue and send" in its editor, and as a draft first: two forms.

    The floor inserts the same by plain SQL.
    """
    client = first_client(world.house)
    ours = [world.house.post("/invoices/new", form(client) + "&then=issue")]
    twice = [world.house.post("/invoices/new", form(client)), world.house.post("{location}/issue")]
    floor = world.floors.post("/create", form("1"))
    orders = {
        "floor": Order(world.floors.port, [[floor]], count=20),
        "ours": Order(world.web, [ours], count=20),
        "twice": Order(world.web, [twice], count=20),
    }
    best = ask_in_turns(world.load, orders, world.some(8))
    yield Row("invoice.make", best["ours"].median, "ms", 7, best["floor"].median)
    yield Row("invoice.make.two-forms", best["twice"].median, "ms", None, best["floor"].median)
    crowd = world.load.run(Order(world.web, [ours], clients=8, count=world.some(120), seconds=10))
    yield Row("invoice.make.8-clients", crowd.rate, "invoices/s")
    yield Row("invoice.make.8-clients.errors", crowd.failed, "errors", 0)


def issued(house: Installation, count: int) -> list[UUID]:
    """Invoices that were issued as staff do it."""
    with house.app.app_context():
        made = data.drafts(house.owner, house.agency, count)
        for identity in made:
            with tenancy.tenant(house.agency.id):
                invoices.issue(identity, "system")
    return made


def first_client(house: Installation) -> str:
    with house.app.app_context(), tenancy.tenant(house.agency.id):
        return str(clients.choices()[0][0])


def form(client: str) -> str:
    """What a browser sends for a new invoice."""
    fields = [("client_id", client), ("title", "Website"), ("payment_days", "14"), ("once", "{unique}")]
    for line in LINES:
        fields += zip(("line_description", "line_quantity", "line_price"), line, strict=True)
    return urlencode(fields, safe="{}")
