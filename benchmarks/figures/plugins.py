"""What plugins cost when nobody uses them, and what the registry costs when somebody does."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.parts import ROOT, environment, python
from benchmarks.report import Row
from benchmarks.rounds import take_turns
from benchmarks.world import World
from webkit.core.providers import ProviderRegistry
from webkit.sdk import EMAIL, Email, Health, HealthReport, ProviderSpec, SendReceipt
from webkit.sdk.testing.email import MESSAGE

CALLS = 20_000
INSTALLED = 1.15
REGISTRY = 0.05


class Silent:
    """A provider that does nothing, so that everything measured is the registry's."""

    def __init__(self, _settings: object) -> None:
        self._receipt = SendReceipt("0")

    def send(self, _message: object) -> SendReceipt:
        return self._receipt

    def health(self) -> HealthReport:
        return HealthReport(Health.OK)


SPEC: ProviderSpec[Email] = ProviderSpec(EMAIL, "silent", "Silent", "benchmarks.figures.plugins:Silent")


def measure(world: World) -> Iterator[Row]:
    yield _start(world)
    yield _call(world)


def _start(world: World) -> Row:
    """Every bundled plugin installed and the defaults chosen, beside none: CPU until the application stands."""
    folder = world.folder / "cold"
    folder.mkdir()
    cost = take_turns(world.some(9), {which: partial(_cold, which, folder) for which in ("none", "all")})
    return Row("plugins.start", cost["all"], "s cpu", INSTALLED, cost["none"])


def _cold(which: str, folder: Path) -> float:
    command = python("benchmarks.floors.cold", which, str(folder))
    done = subprocess.run(command, env=environment(), cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def _call(world: World) -> Row:
    """What asking the registry and calling through it costs more than calling the object, in milliseconds."""
    registry = ProviderRegistry({"EMAIL_PROVIDER": "silent"}, [SPEC])
    bare = Silent(None)
    ways: dict[str, Callable[[], object]] = {
        "bare": lambda: bare.send(MESSAGE),
        "ours": lambda: registry.get(EMAIL).send(MESSAGE),
    }
    calls = CALLS // 20 if world.quick else CALLS
    cost = take_turns(world.some(7), {name: partial(_each, way, calls) for name, way in ways.items()})
    return Row("plugins.registry", cost["ours"] - cost["bare"], "ms cpu", REGISTRY)


def _each(call: Callable[[], object], calls: int) -> float:
    began = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - began) / calls * 1000
