"""Counts of one process, added every second to those of all the others."""

from __future__ import annotations

import json
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from typing import Any

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LEVELS = (*map(str, BUCKETS), "+Inf")
SUM, COUNT = "sum", "count"
KEY = "webkit:metrics"
EVERY_SECONDS = 1.0
AFTER_FAILURE_SECONDS = 5.0
MOST_SERIES = 1000
OTHER = "(other)"

Series = tuple[str, ...]
"""What is counted, and the values of its labels."""
Part = tuple[Series, str]
"""A series and what of it: a level, the sum in microseconds, or just a count."""


class Counts:
    """What this process has counted and not told yet. Without a connection it keeps everything for itself."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self._lock, self._sending = threading.Lock(), threading.Lock()
        self._waiting: Counter[Part] = Counter()
        self._known: set[Series] = set()
        self._some = threading.Event()
        if redis is not None:
            threading.Thread(target=self._run, daemon=True, name="metrics").start()

    def time(self, series: Series, seconds: float) -> None:
        """Something took so long."""
        level = LEVELS[bisect_left(BUCKETS, seconds)]
        self._add(series, {level: 1, SUM: round(seconds * 1e6)})

    def count(self, series: Series) -> None:
        """Something happened."""
        self._add(series, {COUNT: 1})

    def _add(self, series: Series, parts: Mapping[str, int]) -> None:
        with self._lock:
            if series not in self._known:
                if len(self._known) >= MOST_SERIES:
                    series = (series[0], *[OTHER] * (len(series) - 1))
                self._known.add(series)
            for part, number in parts.items():
                self._waiting[series, part] += number
        self._some.set()

    def send(self) -> None:
        """Add what waits to the counts of all; what could not be added waits on. Raises RedisError, OSError."""
        if self._redis is None:
            return
        with self._sending:
            with self._lock:
                taken, self._waiting = self._waiting, Counter()
            if not taken:
                return
            pipe = self._redis.pipeline(transaction=True)
            for (series, part), number in taken.items():
                pipe.hincrby(KEY, json.dumps([*series, part], separators=(",", ":")), number)
            try:
                pipe.execute()
            except Exception:
                with self._lock:
                    self._waiting.update(taken)
                raise

    def everything(self) -> dict[Part, int]:
        """The counts of all processes, or of this one where they share nothing. Raises RedisError, OSError."""
        self.send()
        if self._redis is None:
            with self._lock:
                return dict(self._waiting)
        found = {}
        for name, number in self._redis.hgetall(KEY).items():
            *series, part = json.loads(name)
            found[tuple(series), part] = int(number)
        return found

    def _run(self) -> None:
        while True:
            self._some.wait()
            time.sleep(EVERY_SECONDS)
            self._some.clear()
            try:
                self.send()
            except Exception:
                self._some.set()  # nobody is told: that the queue is away, the whole platform says
                time.sleep(AFTER_FAILURE_SECONDS)
