"""What it costs to know who asks, and what many sign-ins at once do to everybody else."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread
from urllib.parse import urlencode

from benchmarks.bare import INSIDE, OUTSIDE
from benchmarks.installation import Installation
from benchmarks.load import FORM, Ask, Load, Order
from benchmarks.parts import environment, server
from benchmarks.report import Row
from benchmarks.rounds import ask_in_turns
from benchmarks.world import World
from webkit.accounts import service as accounts
from webkit.accounts.service import NewUser
from webkit.core.kernel import db

PASSWORD = "several words in a row"
AT_ONCE = 20
CLOCK = 0.05
"""Milliseconds: a difference between floors that is smaller is noise."""


def measure(world: World) -> Iterator[Row]:
    house = world.house
    variables = {**house.variables, "WEBKIT_TRUSTED_PROXIES": "1"}
    with server("benchmarks.bare:create", environment(**variables), house.log) as web:
        yield from _entrance(world, web)
        yield from _sign_ins(world, web)


def _entrance(world: World, web: int) -> Iterator[Row]:
    """Session, tenancy, permission and limiter together, beside a login and a token of a floor."""
    floors = world.floors
    asked = {name: (floors.port, floors.get(f"/{name}")) for name in ("f1", "f1c")}
    asked |= {"inside": (web, world.house.get(INSIDE)), "outside": (web, Ask(OUTSIDE))}
    orders = {name: Order(port, [[ask]], count=60) for name, (port, ask) in asked.items()}
    best = ask_in_turns(world.load, orders, world.some(10))
    ours, floor = (best[a].median - best[b].median for a, b in (("inside", "outside"), ("f1c", "f1")))
    yield Row("identity.entrance", ours, "ms", 3, max(floor, CLOCK))


def _sign_ins(world: World, web: int) -> Iterator[Row]:
    """Twenty at once, and the list of invoices meanwhile."""
    _make_people(world.house)
    waves = [[[_sign_in(number, wave)] for number in range(AT_ONCE)] for wave in range(4)]
    page = Order(web, [[world.house.get("/invoices/")]], count=20)
    idle = min(world.load.run(page).median for _ in range(3))
    first = world.load.run(Order(web, waves[0], clients=AT_ONCE, count=AT_ONCE, seconds=10))
    yield Row("identity.sign-ins.20", first.seconds, "s", 5)
    other = Load()
    try:
        rest = [flow for wave in waves[1:] for flow in wave]
        crowd = Thread(target=other.run, args=(Order(web, rest, clients=AT_ONCE, count=len(rest), seconds=10),))
        crowd.start()
        busy = world.load.run(page).median
        crowd.join()
    finally:
        other.close()
    yield Row("identity.list_meanwhile", busy, "ms", 2, idle)


def _make_people(house: Installation) -> None:
    def make() -> None:
        with db.unit(db.Scope()):
            for number in range(AT_ONCE):
                accounts.create_user(NewUser(_email(number), "Somebody", PASSWORD))

    house.inside(make)


def _sign_in(number: int, wave: int) -> Ask:
    headers = {"Content-Type": FORM, "Sec-Fetch-Site": "same-origin", "X-Forwarded-For": f"203.0.{wave}.{number}"}
    return Ask("/sign-in", "POST", headers, urlencode({"email": _email(number), "password": PASSWORD}), 303)


def _email(number: int) -> str:
    return f"somebody{number}@northwind.example"
