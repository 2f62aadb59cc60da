"""Installations whose processes are killed at points that a test names."""

from __future__ import annotations

import json
import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TypeVar

from tests.faults.launch import PLAN
from tests.journeys.conftest import another
from tests.journeys.deal import Deal
from tests.journeys.facts import Facts, numbers, quiet
from tests.journeys.stack import Stack

FACTORY = "tests.faults.launch:create"
SEED = int(os.environ.get("WEBKIT_SEED", "20261122"))
AT_ONCE = 5
"""Deals that go on side by side: while one waits for what a kill held up, the others work."""
_serial = count(1)
F = TypeVar("F", bound=Facts)


Kill = tuple[str, str, int]
"""The point, who is killed there, and at its how manieth time."""


class Wounded:
    """An installation whose processes can be killed at a point, once each time."""

    def __init__(self, folder: Path, people: Callable[[Stack], Deal] | None, owner: str, **environment: str) -> None:
        (folder / "data").mkdir()
        self.plan = folder / "plan"
        self.stack = Stack(folder / "data", factory=FACTORY, owner=owner, **{PLAN: str(self.plan)}, **environment)
        self.first = people(self.stack) if people else Deal(self.stack, self.stack.visitor())

    def start(self) -> None:
        self.stack.start()
        for step in self.first.BEFORE:
            step(self.first)

    def arm(self, kills: Iterable[Kill]) -> None:
        """From now on: each of these, once."""
        self._orders = [self._order(*kill) for kill in kills]
        draft = self.plan.with_suffix(".draft")
        draft.write_text(json.dumps(self._orders))
        draft.replace(self.plan)

    def _order(self, point: str, victim: str, nth: int) -> dict[str, str | int]:
        parts = self.stack.parts
        index = f"{parts.index(victim):02}" if victim in parts else victim
        return {"id": f"{next(_serial)}", "point": point, "victim": index, "nth": nth}

    def disarm(self) -> list[str]:
        """No more of it; returns the points at which nobody was killed."""
        self.plan.unlink()
        done = Path(f"{self.plan}.done")
        struck = done.read_text().split() if done.exists() else []
        return [str(order["point"]) for order in self._orders if order["id"] not in struck]

    def sent(self) -> Counter[str]:
        """How often the mail provider was called for each message."""
        calls = Path(f"{self.plan}.sends")
        return Counter(calls.read_text().split()) if calls.exists() else Counter()


@contextmanager
def wounded(people: Callable[[Stack], Deal] | None = None, *, owner: str = "", **environment: str) -> Iterator[Wounded]:
    """One that runs, with its agency; what it logged as errors is shown if the test fails."""
    with tempfile.TemporaryDirectory(prefix="wk-") as folder:
        made = Wounded(Path(folder), people, owner, **environment)
        try:
            made.start()
            yield made
        except BaseException:
            print("\n".join(line[:400] for line in made.stack.lines if '"level": "info"' not in line))
            raise
        finally:
            made.stack.kill()


def survive(hurt: Wounded, kills: Sequence[Kill], deals: int, facts: type[F]) -> list[F]:
    """So many deals, some of them at once, while everybody on the list is killed, each somewhere on the way.

    Afterwards every deal is through, everything happened exactly once, and nobody on the list got away.
    """
    spread = _spread(kills, deals)
    print(f"WEBKIT_SEED={SEED}: {deals} deals, kill " + ", ".join(f"{who} {nth}. {at}" for at, who, nth in spread))
    people = [another(hurt.first) for _ in range(deals)]
    for deal in people:
        deal.client.patient = deal.staff.patient = True
    hurt.arm(spread)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(_close, people))
    found = [facts(deal) for deal in people]
    for each in found:
        each.of_the_deal()
    quiet(hurt.stack)
    numbers(hurt.stack)
    assert hurt.stack.verify()["ok"]
    away = hurt.disarm()
    assert not away, f"nobody was killed at {away}"
    assert serious(people) == {}
    hurt.stack.ready()
    return found


def serious(people: Sequence[Deal]) -> Counter[int]:
    """Answers that say that something went wrong; 503 says that something is away, and to come back soon."""
    codes = Counter(code for deal in people for _method, _path, code in (*deal.client.seen, *deal.staff.seen))
    return Counter({code: times for code, times in codes.items() if code >= 500 and code != 503})


def _spread(kills: Sequence[Kill], deals: int) -> list[Kill]:
    """Every point comes once in every deal at least: whom it hits is mixed anew by every seed."""
    dice = random.Random(SEED)
    return [(point, victim, nth + dice.randrange((deals + 1) // 2)) for point, victim, nth in kills]


def _close(deal: Deal) -> None:
    try:
        deal.close()
    except AssertionError as error:
        raise AssertionError(f"{deal.client_name} (WEBKIT_SEED={SEED}): {error}") from error
