"""A whole deal beside the worst plugin: it goes through, and takes hardly longer than without."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import median

import pytest

from tests.core.installing import Shelf
from tests.extras.test_chaos import PLUGINS
from tests.journeys.conftest import another
from tests.journeys.deal import Deal
from tests.journeys.stack import Stack, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ROUNDS = 5
MOST = 1.25
WAITED_FOR = ("web", "worker-now", "renderer", "scheduler")
"""The parts that do what people wait for; whatever a plugin burns elsewhere is not theirs."""
TICKS = os.sysconf("SC_CLK_TCK")


def running(folder: Path, **environment: str) -> Deal:
    """An installation whose agency is set up."""
    deal = Deal((stack := Stack(folder, **environment).start()), stack.visitor())
    for step in deal.BEFORE:
        step(deal)
    return deal


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Deal, Deal]]:
    """Two installations: one as it comes, one with the worst plugin beside it."""
    with tempfile.TemporaryDirectory(prefix="wk-") as place:
        root = Path(place)
        for name in ("plain", "wild", "site"):
            (root / name).mkdir()
        shelf = Shelf(root / "site")
        for distribution, plugins in PLUGINS.items():
            shelf.install(distribution, plugins)
        path = os.pathsep.join(filter(None, (str(shelf.folder), os.environ.get("PYTHONPATH", ""))))
        deals: list[Deal] = []
        try:
            deals.append(running(root / "plain"))
            deals.append(running(root / "wild", PYTHONPATH=path))
            yield deals[0], deals[1]
        finally:
            for deal in deals:
                deal.stack.kill()


def cpu(stack: Stack) -> float:
    """CPU seconds of everything that people wait for, and of what it has ended since."""
    total = 0
    for process in stack.living():
        number = process.mark.rpartition(".")[2]
        if number.isdigit() and stack.parts[int(number)] in WAITED_FOR:
            with suppress(OSError):
                values = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
                total += sum(map(int, values[11:15]))
    return total / TICKS


def cost(deal: Deal) -> tuple[float, float]:
    """What a deal takes from the first client page to the money: CPU of what people wait for, and how long."""
    before, began = cpu(deal.stack), time.monotonic()
    deal.close()
    return cpu(deal.stack) - before, time.monotonic() - began


def state(deal: Deal) -> dict[str, str]:
    code, said = deal.stack.command("plugin", "list", "--json")
    assert code == 0, said
    (row,) = json.loads(said)
    return dict(row)


def test_the_deal_goes_through_and_hardly_slower(pair: tuple[Deal, Deal]) -> None:
    plain, wild = pair
    calm: list[tuple[float, float]] = []
    busy: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        calm.append(cost(another(plain)))
        wild.stack.command("plugin", "enable", "chaos")
        busy.append(cost(deal := another(wild)))
        for url in (deal.client_page, f"/{deal.agency}/", deal.proposal_page, f"/{deal.agency}/settings"):
            deal.staff.get(url).ok()
    work, wait = (median(each[at] for each in busy) / median(each[at] for each in calm) for at in (0, 1))
    print(f"\nbeside the worst plugin: {work:.2f} times the CPU, {wait:.2f} times as long; {calm} {busy}")
    assert work <= MOST  # how long it takes depends on what else this machine does
    until(lambda: state(wild)["state"] == "quarantined", 90, "for the quarantine")
    assert "failed 5 times within 10 minutes" in state(wild)["reason"]
    assert wild.stack.verify()["ok"]
    assert wild.deaths == 0
