"""A text while it is written: one thread adds to it, others carry it on, keep it, or have it halted."""

from __future__ import annotations

import enum
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from webkit.ai_runs.outcomes import Work
from webkit.core.extensions import Job
from webkit.core.kernel.streams import Piece, Place

FIRST = 20
"""So many characters of a text go at once, as they come."""
SILENT = 0.25
"""Seconds after which people are told that a text has begun which has no words yet: most have some by then."""


class Halt(enum.Enum):
    """Why nothing more is written."""

    STOPPED = enum.auto()
    REPLACED = enum.auto()
    ENDING = enum.auto()


class Text:
    """What its thread has heard so far. The thread alone calls `add`; `unsent` and `sent` belong to whoever carries."""

    def __init__(self, work: Work, job: Job, kind: str) -> None:
        self.work, self.job, self.kind = work, job, kind
        self.begun = False
        """Whether there is a word, not only a blank."""
        self.halted: Halt | None = None
        self.halted_at = 0.0
        self.kept = 0
        """How much of it the database has, as `length` counts."""
        self._parts: list[str] = []
        self._offered = self._sent = 0  # parts
        self._place = 0  # characters that were sent
        self._announced = False
        self._since = time.monotonic()
        self._lock = threading.Lock()
        self._interrupt: Callable[[], None] | None = None

    def add(self, words: str) -> None:
        self._parts.append(words)
        self.begun = self.begun or bool(words.strip())

    @property
    def whole(self) -> str:
        return "".join(self._parts)

    @property
    def length(self) -> int:
        """In parts: it grows when something was added."""
        return len(self._parts)

    @property
    def is_due(self) -> bool:
        """Whether people wait for its first words, and there are some; a single one may be held back by readers."""
        return self.begun and self._place < FIRST

    def unsent(self) -> Piece | None:
        """What nobody was told yet; if words take long, at first that this attempt has begun."""
        self._offered = len(self._parts)
        if self._offered == self._sent and (self._announced or time.monotonic() - self._since < SILENT):
            return None
        return Piece(Place(self.work.attempt, self._place), "".join(self._parts[self._sent : self._offered]))

    def sent(self, piece: Piece) -> None:
        """The piece that was offered last has arrived."""
        self._announced, self._sent = True, self._offered
        self._place += len(piece.text)

    def halt(self, why: Halt) -> None:
        if self.halted is None:
            self.halted_at = time.monotonic()
            self.halted = why

    @contextmanager
    def heard_through(self, interrupt: Callable[[], None] | None) -> Iterator[None]:
        """While its thread listens, `interrupt` ends the listening; another thread may call it."""
        with self._lock:
            self._interrupt = interrupt
        try:
            yield
        finally:
            with self._lock:
                self._interrupt = None

    def interrupt(self) -> None:
        """End the listening of a thread that waits for a vendor that says nothing, where the provider can."""
        with self._lock:
            if self._interrupt is not None:
                self._interrupt()
