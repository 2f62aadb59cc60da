"""Lists and the first page of the day beside the floors: page one, a page far behind, a search."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from benchmarks.figures.invoices import first_client
from benchmarks.installation import SLUG, Installation
from benchmarks.load import Ask, Order
from benchmarks.report import Row
from benchmarks.rounds import ask_in_turns, rate_in_turns
from benchmarks.world import World

LISTS = {"invoices": "/invoices/", "clients": "/clients"}
SEARCHES = {"clients.search": "/clients?q=copper+moto", "invoices.search": "/invoices/?q=website"}
FLOORS = ("f0", "f1", "f1c", "f2")
ROUNDS = 10
FAR = 20
NEXT = re.compile(rf'href="(?:/{SLUG})?([^"]*\?[^"]*(?:before|after)=[^"]+)"')


def measure(world: World) -> Iterator[Row]:
    """Each list has its own rows; the floors' show how fast the machine is today."""
    pages = {name: world.house.get(path) for name, path in LISTS.items()}
    asked = {name: (world.floors.port, world.floors.get(f"/{name}")) for name in FLOORS}
    asked |= {name: (world.web, page) for name, page in pages.items()}
    asked |= {f"{name}.later": (world.web, far_page(world.house, page)) for name, page in pages.items()}
    asked |= {name: (world.web, world.house.get(path)) for name, path in SEARCHES.items()}
    asked |= {"client": (world.web, of_client(world.house)), "today": (world.web, world.house.get("/"))}
    orders = {name: Order(port, [[ask]], count=20) for name, (port, ask) in asked.items()}
    best = ask_in_turns(world.load, orders, world.some(ROUNDS))
    for name in FLOORS:
        yield Row(f"floor.{name}", best[name].median, "ms")
    for name in LISTS:
        first = best[name]
        yield Row(f"list.{name}", first.median, "ms", 2, best["f2"].median)
        yield Row(f"list.{name}.raw", first.median, "ms", 6, best["f1"].median)
        yield Row(f"list.{name}.p95", first.p95, "ms", 2, first.median)
        yield Row(f"list.{name}.later", best[f"{name}.later"].median, "ms", 1.2, first.median)
    for name in SEARCHES:
        yield Row(f"list.{name}", best[name].median, "ms", 2, best[name.partition(".")[0]].median)
    yield Row("list.invoices.client", best["client"].median, "ms", 1.2, best["invoices"].median)
    yield Row("dashboard", best["today"].median, "ms", 5, best["f2"].median)
    yield from crowded(world, pages)
    yield from on_sqlite(world)


def crowded(world: World, pages: dict[str, Ask]) -> Iterator[Row]:
    """Eight clients at once."""
    orders = {"f2": Order(world.floors.port, [[world.floors.get("/f2")]], clients=8, count=160)}
    orders |= {name: Order(world.web, [[page]], clients=8, count=160) for name, page in pages.items()}
    best = rate_in_turns(world.load, orders, world.some(4))
    for name in pages:
        yield Row(f"list.{name}.8-clients", best[name].rate, "pages/s", 0.45, best["f2"].rate)


def on_sqlite(world: World) -> Iterator[Row]:
    """The same first pages on the embedded database, beside F2 on one."""
    orders = {"f2": Order(world.small_floors.port, [[world.small_floors.get("/f2")]], count=20)}
    orders |= {name: Order(world.small_web, [[world.small_house.get(path)]], count=20) for name, path in LISTS.items()}
    best = ask_in_turns(world.load, orders, world.some(5))
    for name in LISTS:
        yield Row(f"list.{name}.sqlite", best[name].median, "ms", 2, best["f2"].median)


def of_client(house: Installation) -> Ask:
    """The invoices of one client."""
    return house.get(f"/invoices/?client={first_client(house)}")


def far_page(house: Installation, page: Ask) -> Ask:
    """The page one comes to by following the link to the next one again and again."""
    for _ in range(FAR):
        links = NEXT.findall(house.read(page))
        if not links:
            break
        page = house.get(html.unescape(links[-1]))
    return page
