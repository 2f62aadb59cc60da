"""Installations whose processes are killed at points that a test names."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path

from tests.faults.launch import PLAN
from tests.journeys.deal import Deal
from tests.journeys.stack import Stack

FACTORY = "tests.faults.launch:create"
SEED = int(os.environ.get("WEBKIT_SEED", "20261122"))
_serial = count(1)


Kill = tuple[str, str, int]
"""The point, who is killed there, and at its how manieth time within the deal."""


class Wounded:
    """An installation whose processes can be killed at a point, once each time."""

    def __init__(
        self, folder: Path, owner: str = "", people: Callable[[Stack], Deal] | None = None, **environment: str
    ) -> None:
        (folder / "data").mkdir()
        self.plan = folder / "plan"
        self.stack = Stack(folder / "data", factory=FACTORY, owner=owner, **{PLAN: str(self.plan)}, **environment)
        self.first = people(self.stack) if people else Deal(self.stack, self.stack.visitor())

    def start(self) -> Wounded:
        self.stack.start()
        for step in self.first.BEFORE:
            step(self.first)
        return self

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


class Ward:
    """Keeps one installation; after a failure the next test gets a fresh one."""

    def __init__(self, people: Callable[[Stack], Deal] | None = None, **environment: str) -> None:
        self._people, self._environment = people, environment
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._current: Wounded | None = None

    def wounded(self) -> Wounded:
        if self._current is None:
            self._folder = tempfile.TemporaryDirectory(prefix="wk-")
            self._current = Wounded(Path(self._folder.name), people=self._people, **self._environment)
            self._current.start()
        return self._current

    def discard(self) -> None:
        """End it, however it stands."""
        if self._current is not None:
            self._current.stack.kill()
        if self._folder is not None:
            self._folder.cleanup()
        self._current = self._folder = None
