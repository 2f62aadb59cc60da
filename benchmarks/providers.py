"""What a provider adds to the SDK it wraps: in turns both ask a double of the vendor, in a process of its own."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator, Mapping

from benchmarks.parts import environment, process, python, wait
from benchmarks.report import Row
from benchmarks.rounds import take_turns
from benchmarks.world import World
from webkit.core.capabilities.base import Capability, P, ProviderSpec
from webkit.core.providers import ProviderRegistry

LIMIT = 0.2
CALLS, ROUNDS, WARM = 40, 12, 10


def overhead(world: World, name: str, ours: Callable[[], object], bare: Callable[[], object]) -> Row:
    """Milliseconds for a call through the provider that the SDK alone does not take: best rounds of each."""
    for _ in range(world.some(WARM)):
        ours()
        bare()
    calls = world.some(CALLS)
    best = take_turns(world.some(ROUNDS), {"ours": lambda: _median(ours, calls), "bare": lambda: _median(bare, calls)})
    return Row(f"provider.{name}", best["ours"] - best["bare"], "ms", LIMIT)


@contextlib.contextmanager
def double(world: World, module: str, *arguments: str) -> Iterator[str]:
    """A double of a vendor that prints its address first; yields the address."""
    log = world.folder / f"{module.rpartition('.')[2]}.log"
    with process(*python(module, *arguments), env=environment(), log=log) as started:
        wait(lambda: "\n" in log.read_text(), started, log)
        yield log.read_text().splitlines()[0]


def built(spec: ProviderSpec[P], environ: Mapping[str, str]) -> P:
    """The provider as the platform gets it."""
    capability: Capability[P] = spec.capability
    chosen = {capability.env: spec.name, **environ}
    return ProviderRegistry(chosen, [spec], capabilities=[capability]).get(capability)


def _median(call: Callable[[], object], calls: int) -> float:
    times = []
    for _ in range(calls):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000
