"""How many invoices one agency can issue at once: every one takes the series' counter and the chain's head."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from functools import partial

import psycopg

from benchmarks import data, writers
from benchmarks.installation import Installation
from benchmarks.parts import environment
from benchmarks.report import Row
from benchmarks.world import World
from benchmarks.writers import WARM, WRITERS, Issued
from webkit.core.kernel import schema

DRAFTS, ROUNDS = 240, 5
CUT_PART = 0.05


def measure(world: World) -> Iterator[Row]:
    count = max(8, world.some(DRAFTS)) + WRITERS * WARM
    results: dict[str, list[Issued]] = {"ours": [], "floor": []}
    for turn in range(world.some(ROUNDS)):
        results["ours"].append(_ours(world, count))
        results["floor"].append(_floor(world, count, turn))
    ours = max(results["ours"], key=lambda issued: issued.rate)
    floor = max(results["floor"], key=lambda issued: issued.rate)
    yield Row("issue", ours.rate, "invoices/s", 0.25, floor.rate)
    yield Row("issue.p99", ours.times[int(len(ours.times) * 0.99)], "ms", 5, ours.times[len(ours.times) // 2])
    yield from with_cuts(world, count)


def _ours(world: World, count: int) -> Issued:
    house = world.house
    drafts = [str(draft) for draft in _drafts(house, count)]
    return writers.run("ours", {**house.environment, "WEB_THREADS": "4", "LOG_LEVEL": "ERROR"}, drafts, house.log)


def _floor(world: World, count: int, turn: int) -> Issued:
    drafts = [str(1 + turn * count + number) for number in range(count)]
    return writers.run("floor", environment(FLOOR_DATABASE=world.floor_url), drafts, world.folder / "floors.log")


def _drafts(house: Installation, count: int) -> list[object]:
    with house.app.app_context():
        return [*data.drafts(house.owner, house.agency, count)]


def with_cuts(world: World, count: int) -> Iterator[Row]:
    """Once more, while the database keeps losing connections: no gap, no number twice, order as in the chain."""
    house = world.house
    drafts = [str(draft) for draft in _drafts(house, count)]
    first = _last_number(house)
    cutter = _Cutter(house.owner, int(count * CUT_PART) or 1)
    variables = {**house.environment, "WEB_THREADS": "4", "LOG_LEVEL": "ERROR"}
    issued = writers.run("ours", variables, drafts, house.log, meanwhile=cutter.start)
    cutter.stop()
    yield Row("issue.cut", cutter.cuts, "cut")
    yield Row("issue.cut.p99", issued.times[int(len(issued.times) * 0.99)], "ms")
    yield Row("issue.cut.wrong", _wrong(house, first, count), "numbers", 0)


class _Cutter:
    """Ends connections of the application, one every so often."""

    def __init__(self, owner: str, most: int) -> None:
        self._line = psycopg.connect(owner.replace("+psycopg", ""), autocommit=True)
        self._most, self._over = most, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.cuts = 0
        self.start = partial(threading.Thread.start, self._thread)

    def _run(self) -> None:
        while self.cuts < self._most and not self._over.wait(random.uniform(0.02, 0.2)):
            found = self._line.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s AND state <> 'idle' LIMIT 1",
                (schema.APP,),
            )
            self.cuts += len(found.fetchall())

    def stop(self) -> None:
        self._over.set()
        self._thread.join()
        self._line.close()


def _last_number(house: Installation) -> int:
    with psycopg.connect(house.owner.replace("+psycopg", "")) as line:
        row = line.execute("SELECT max(value) FROM counters WHERE series = 'invoice'").fetchone()
    return int(row[0]) if row else 0


def _wrong(house: Installation, first: int, count: int) -> int:
    """How many numbers are missing, given twice, or out of the chain's order."""
    with psycopg.connect(house.owner.replace("+psycopg", "")) as line:
        rows = line.execute("SELECT text FROM events WHERE kind = 'invoice.issued' ORDER BY seq").fetchall()
    numbers = [int(json.loads(text)["facts"]["number"].rpartition("-")[2]) for (text,) in rows[-count:]]
    return sum(number != first + position for position, number in enumerate(numbers, start=1))
