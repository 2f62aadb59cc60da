"""Everything that is compared takes turns, round by round, and the best rounds of each count.

So a busy moment of the machine spoils a round, not the comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from benchmarks.load import Load, Order, Result

K = TypeVar("K")


def take_turns(rounds: int, contestants: Mapping[K, Callable[[], float]], *, most: bool = False) -> dict[K, float]:
    """The best of several rounds of each: the least, or the most where that is better."""
    results: dict[K, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, measure in contestants.items():
            results[name].append(measure())
    return {name: (max if most else min)(values) for name, values in results.items()}


def ask_in_turns(load: Load, orders: Mapping[K, Order], rounds: int) -> dict[K, Result]:
    """The best third of each order's rounds, put together; a short one before warms everything up."""
    for order in orders.values():
        load.run(replace(order, clients=8, count=16, seconds=4))
    results: dict[K, list[Result]] = {name: [] for name in orders}
    for _ in range(rounds):
        for name, order in orders.items():
            results[name].append(load.run(order))
    return {
        name: _together(sorted(found, key=lambda r: r.median)[: max(1, rounds // 3)]) for name, found in results.items()
    }


def rate_in_turns(load: Load, orders: Mapping[K, Order], rounds: int) -> dict[K, Result]:
    """The round with the best rate of each order: kept connections may all land on one worker."""
    results: dict[K, list[Result]] = {name: [] for name in orders}
    for _ in range(rounds):
        for name, order in orders.items():
            results[name].append(load.run(order))
    return {name: max(found, key=lambda result: result.rate) for name, found in results.items()}


def _together(results: list[Result]) -> Result:
    return Result(
        times=sorted(time for result in results for time in result.times),
        seconds=sum(result.seconds for result in results),
        failed=sum(result.failed for result in results),
        errors=[error for result in results for error in result.errors],
    )
