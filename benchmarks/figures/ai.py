"""Texts through job and stream beside a direct call of the same double, and what each token costs in CPU.

On SQLite, so that all the work is in processes of ours. The vendor's double writes 50 tokens a second.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from subprocess import Popen
from threading import Thread
from uuid import UUID

from benchmarks.installation import SLUG, Installation
from benchmarks.load import Order
from benchmarks.parts import environment, process, python, server, wait, webkit
from benchmarks.report import Row
from benchmarks.rounds import take_turns
from benchmarks.watching import Watched, all_at_once, cpu, delays, median, watch
from benchmarks.world import World
from webkit.ai_runs import service
from webkit.ai_runs.views import RunRequest
from webkit.core.kernel import tenancy
from webkit.core.kernel.db import db
from webkit.sdk.testing.doubles.anthropic import KEY, Behaviour, Mode, Remote

MANY = 50
SENTENCE = "A " + "word " * 12 + "word. "
TEXT = (SENTENCE * 5 + "\n\n") * 6
WORDS = TEXT.count("word")
ASKED = {
    "model": "claude-haiku-5-5", "max_tokens": 4096, "stream": True, "system": "You write letters.",
    "messages": [{"role": "user", "content": "Write."}],
}  # fmt: skip
HEADERS = {
    "Authorization": f"Bearer {KEY}", "X-Api-Key": KEY, "Anthropic-Version": "2023-06-01",
    "Content-Type": "application/json",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Everything that takes part: ours, the relay beside it, the vendor; and the sessions of the processes."""

    installed: Installation
    vendor: Remote
    web: int
    relay: int
    ours: tuple[int, ...]
    theirs: tuple[int, ...]


def measure(world: World) -> Iterator[Row]:
    """First words alone and among fifty, CPU for each word, the list meanwhile."""
    with ExitStack() as stack:
        place = stack.enter_context(_place(world))
        _ours(place, 2)
        _relayed(place, 2)
        rounds = world.some(5)
        alone = take_turns(
            rounds, {"ours": lambda: median(_ours(place, 1)), "direct": lambda: median(_direct(place, 1))}
        )
        yield Row("ai.first", alone["ours"] - alone["direct"], "ms more", 60)
        many = take_turns(
            world.some(3), {"ours": lambda: median(_ours(place, MANY)), "direct": lambda: median(_direct(place, MANY))}
        )
        yield Row("ai.first.50", many["ours"] - many["direct"], "ms more", 150)
        costs = take_turns(world.some(3), {"ours": partial(_cost, place), "relay": partial(_relay_cost, place)})
        yield Row("ai.cpu", costs["ours"], "µs/token", 3, costs["relay"])
        yield from _meanwhile(world, place)


def _meanwhile(world: World, place: Place) -> Iterator[Row]:
    """The list of invoices, while nobody writes and while fifty texts are being written."""
    order = Order(place.web, [[place.installed.get("/invoices/")]], count=60, seconds=3)
    idle = min(world.load.run(order).median for _ in range(3))
    with ExitStack() as stack:
        stack.enter_context(_in_background(place))
        time.sleep(0.5)
        busy = world.load.run(order).median
    yield Row("ai.list_meanwhile", busy, "ms", 5, idle)


@contextmanager
def _place(world: World) -> Iterator[Place]:
    installed = world.small_house
    log = installed.folder / "ai.log"
    with ExitStack() as stack:
        double = process(
            *python("webkit.sdk.testing.doubles.anthropic"), env=environment(), log=world.folder / "vendor"
        )
        vendor = _vendor(stack.enter_context(double), world)
        claude = {"AI_PROVIDER": "claude", "ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": vendor.url}
        env = {**installed.environment, **claude, "WEBKIT_AI_RUNS_PER_DAY": "100000"}
        before = _sessions()
        web = stack.enter_context(server("webkit.house:create", env, log))
        stack.enter_context(process(*webkit("worker", "ai"), env=env, log=log))
        ours = _sessions() - before
        relay_env = environment(RELAY=vendor.url, RELAY_KEY=KEY)
        relay = stack.enter_context(server("benchmarks.floors.relay:create", relay_env, world.folder / "relay.log"))
        theirs = _sessions() - before - ours
        store = _store()
        yield Place(installed, vendor, web, relay, (*ours, *store), tuple(theirs))


def _vendor(started: Popen[bytes], world: World) -> Remote:
    log = world.folder / "vendor"
    wait(lambda: b"http://" in log.read_bytes(), started, log)
    vendor = Remote(next(line for line in log.read_text().splitlines() if line.startswith("http://")))
    vendor.usually(Behaviour(Mode.SLOW, first=0.1, pause=0.02, text=TEXT))
    return vendor


def _ours(place: Place, count: int) -> list[float]:
    began = time.perf_counter()
    return delays(began, _watch_runs(place, _start(place, count)))


def _watch_runs(place: Place, runs: Sequence[UUID]) -> list[Watched]:
    headers = {"Cookie": place.installed.cookie}
    paths = [f"/{SLUG}/ai-runs/{run}/stream" for run in runs]
    return all_at_once([partial(watch, place.web, path, headers) for path in paths])


def _start(place: Place, count: int) -> list[UUID]:
    """Ask for texts as a page does; returns when the transaction was committed."""
    installed = place.installed
    name = f"letter:{time.monotonic_ns()}"
    asked = [RunRequest(name, f"section {n}", "You write letters.", "Write.") for n in range(count)]
    settings = installed.settings.model_copy(update={"ai_runs_per_day": 100_000})
    installed.app.extensions["webkit"].settings = settings
    with installed.app.app_context():
        with tenancy.tenant(installed.agency.id):
            runs = service.start(asked)
        db.engine.dispose()
    return runs


def _direct(place: Place, count: int) -> list[float]:
    port = int(place.vendor.url.rpartition(":")[2])
    began = time.perf_counter()
    ask = partial(watch, port, "/v1/messages", HEADERS, "POST", json.dumps(ASKED))
    return delays(began, all_at_once([ask] * count))


def _relayed(place: Place, count: int) -> list[Watched]:
    return all_at_once([partial(watch, place.relay, "/relay", {})] * count)


def _cost(place: Place) -> float:
    before = cpu(place.ours)
    _ours(place, MANY)
    return (cpu(place.ours) - before) / (MANY * WORDS) * 1e6


def _relay_cost(place: Place) -> float:
    before = cpu(place.theirs)
    _relayed(place, MANY)
    return (cpu(place.theirs) - before) / (MANY * WORDS) * 1e6


@contextmanager
def _in_background(place: Place) -> Iterator[None]:
    watching = Thread(target=_watch_runs, args=(place, _start(place, MANY)))
    watching.start()
    yield
    watching.join()


def _sessions() -> set[int]:
    """The processes that we have started: each leads a session."""
    own = os.getpid()
    return {pid for pid, parent, _command in _processes() if parent == own}


def _store() -> set[int]:
    return {pid for pid, parent, command in _processes() if parent == os.getpid() and "valkey" in command}


def _processes() -> Iterator[tuple[int, int, str]]:
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit():
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                yield int(entry.name), parent, (entry / "cmdline").read_text()
