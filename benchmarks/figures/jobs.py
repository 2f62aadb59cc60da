"""From the commit of a job to its start, and how many a worker does, beside RQ as it comes with the same work."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from redis import Redis
from rq import Queue

from benchmarks import house
from benchmarks.floors import plain_job
from benchmarks.installation import Installation
from benchmarks.parts import environment, process, python, webkit
from benchmarks.report import Row
from benchmarks.rounds import take_turns
from benchmarks.world import World
from webkit.core.kernel import outbox, tenancy
from webkit.core.kernel.db import after_commit, writing

PATIENCE = 20
Adder = Callable[[int], float]


def measure(world: World) -> Iterator[Row]:
    """One loop each, taking turns."""
    installed = world.house
    redis = Redis.from_url(world.redis, socket_timeout=PATIENCE + 5)
    ours_log, plain_log = installed.folder / "worker.log", world.folder / "plain.log"
    ours = webkit("worker", "now", factory="benchmarks.house:create")
    plain = python("benchmarks.floors.plain_job", world.redis)
    queue = Queue(plain_job.QUEUE, connection=redis)
    with (
        process(*ours, env=installed.environment, log=ours_log),
        process(*plain, env=environment(REDIS_URL=world.redis), log=plain_log),
    ):
        add: dict[str, Adder] = {"ours": partial(_add, installed), "rq": partial(_enqueue, queue)}
        for one in add.values():
            _starts(redis, one, 5)  # warm
        idle = take_turns(world.some(8), {name: partial(_idle, redis, one) for name, one in add.items()})
        burst = {name: partial(_rate, redis, one, world.some(100)) for name, one in add.items()}
        rates = take_turns(world.some(4), burst, most=True)
    yield Row("job.start", idle["ours"], "ms", 15)
    yield Row("job.start.rq", idle["rq"], "ms")
    yield Row("job.rate", rates["ours"], "jobs/s", 0.8, rates["rq"])


def _add(installed: Installation, count: int) -> float:
    """Ask for jobs as a service does; returns when the transaction was committed."""
    committed: list[float] = []
    with installed.app.app_context(), tenancy.platform("a benchmark's jobs"), writing():
        after_commit(lambda: committed.append(time.time()))
        for _ in range(count):
            outbox.add(house.PROBE)
    return committed[0]


def _enqueue(queue: Queue, count: int) -> float:
    began = time.time()
    for _ in range(count):
        queue.enqueue(plain_job.start, result_ttl=0)
    return began


def _starts(redis: Any, add: Adder, count: int) -> tuple[float, list[float]]:
    """When jobs were added and when each was started."""
    redis.delete(house.STARTED)
    added = add(count)
    started = [redis.blpop(house.STARTED, timeout=PATIENCE) for _ in range(count)]
    if None in started:
        raise RuntimeError("a worker does not start its jobs; see its log")
    return added, sorted(float(entry[1]) for entry in started)


def _idle(redis: Any, add: Adder) -> float:
    """The median of some jobs, one at a time, in ms."""
    times = []
    for _ in range(5):
        added, (started,) = _starts(redis, add, 1)
        times.append((started - added) * 1000)
        time.sleep(0.05)  # the worker goes back to waiting
    return statistics.median(times)


def _rate(redis: Any, add: Adder, count: int) -> float:
    """Jobs started per second while enough of them wait."""
    _added, started = _starts(redis, add, max(2, count))
    return (len(started) - 1) / (started[-1] - started[0])
