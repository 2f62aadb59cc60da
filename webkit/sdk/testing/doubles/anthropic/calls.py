"""What the double is told to do and what it has seen: the part of it that tests speak to."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .behaviour import Behaviour, marked, parse
from .rules import Json

CALLS_KEPT = 2_000
MESSAGES = "/v1/messages"
STATES = ("done", "refused", "cut", "hung_up")


@dataclass(slots=True)
class Call:
    """One request. `state` is running, done, refused (with an error), cut (by order) or hung_up (by the caller).

    `port` is the caller's: the same for requests that share a connection.
    """

    number: int
    method: str
    path: str
    headers: Mapping[str, str]
    body: Json = field(default_factory=dict)
    key: str = ""
    port: int = 0
    status: int = 0
    state: str = "running"
    tokens: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def stream(self) -> bool:
        return bool(self.body.get("stream"))

    def public(self) -> Json:
        """As the control endpoint shows it."""
        return {
            name: getattr(self, name)
            for name in ("number", "method", "path", "body", "key", "status", "state", "tokens")
        }


@dataclass(slots=True)
class _Rule:
    text: str
    behaviour: Behaviour
    left: float


class Orders:
    """Which behaviour a request meets: what was queued, then what fits its words, then what it asks for itself."""

    def __init__(self) -> None:
        self.usual = Behaviour()
        self._lock = threading.Lock()
        self._queue: deque[Behaviour] = deque()
        self._rules: list[_Rule] = []
        self._markers: Counter[str] = Counter()

    def next(self, *behaviours: Behaviour) -> None:
        """One for each of the next requests."""
        with self._lock:
            self._queue.extend(behaviours)

    def when(self, text: str, behaviour: Behaviour, *, times: int = 0) -> None:
        """For requests whose prompt has these words; for so many of them, or for all."""
        with self._lock:
            self._rules.append(_Rule(text, behaviour, times or float("inf")))

    def reset(self) -> None:
        with self._lock:
            self.usual = Behaviour()
            self._queue.clear()
            self._rules.clear()
            self._markers.clear()

    def behaviour(self, prompt: str) -> Behaviour:
        with self._lock:
            if self._queue:
                return self._queue.popleft()
            for rule in self._rules:
                if rule.left > 0 and rule.text in prompt:
                    rule.left -= 1
                    return rule.behaviour
            return self._asked(marked(prompt)) or self.usual

    def _asked(self, marker: str) -> Behaviour | None:
        try:
            behaviour, times = parse(marker)
        except ValueError:
            return None
        self._markers[marker] += 1
        return behaviour if not times or self._markers[marker] <= times else None


class Log:
    """The latest requests, in the order they came, and the number of all."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self._numbers = itertools.count(1)
        self._running: set[int] = set()
        self._over: Counter[str] = Counter()
        self._changed = threading.Condition()

    def open(self, **values: Any) -> Call:
        with self._changed:
            call = Call(number=next(self._numbers), **values)
            self._calls.append(call)
            self._running.add(call.number)
            self._changed.notify_all()
        return call

    def close(self, call: Call, state: str) -> None:
        """It is over; the first to say so is right."""
        with self._changed:
            if call.state == "running":
                call.state = state
            if call.number in self._running and call.path == MESSAGES:
                self._over[call.state] += 1
            self._running.discard(call.number)
            self._changed.notify_all()

    def all(self) -> list[Call]:
        with self._changed:
            return list(self._calls)

    def stats(self) -> dict[str, int]:
        """How many requests for messages there were, and how many of them are in each state."""
        with self._changed:
            running = sum(call.path == MESSAGES and call.number in self._running for call in self._calls)
            over = {state: self._over[state] for state in STATES}
            return {"calls": running + self._over.total(), "running": running, **over}

    def wait(self, true: Callable[[], bool], seconds: float) -> bool:
        """Until it is true; looks again every few milliseconds, as tokens are counted without a sign."""
        end = time.monotonic() + seconds
        with self._changed:
            while not (met := true()) and (left := end - time.monotonic()) > 0:
                self._changed.wait(min(left, 0.02))
            return met

    def reset(self) -> None:
        """Forget them all, and those that are still running too."""
        with self._changed:
            self._calls.clear()
            self._running.clear()
            self._over.clear()
