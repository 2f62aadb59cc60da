"""Carries what threads write to where people read it: one round trip for all texts of a process, every 40 ms.

The same thread hears who asked to stop, keeps the leases of the jobs, and looks after texts whose own thread waits for
a vendor that says nothing: those are stopped or put back without it.
"""

from __future__ import annotations

import enum
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from weakref import WeakKeyDictionary

import structlog
from flask import Flask

from webkit.ai_runs import outcomes
from webkit.ai_runs.models import RunState
from webkit.ai_runs.outcomes import Work
from webkit.core.extensions import Job
from webkit.core.kernel import jobs, outbox, streams, tenancy
from webkit.core.kernel.streams import Heard, Piece, Place, Unreachable

log = structlog.get_logger(__name__)

FLUSH = 0.04
GRACE = 0.3
"""Seconds a thread has to notice that its text was halted, before the pump acts for it."""


class Halt(enum.Enum):
    """Why nothing more is written."""

    STOPPED = enum.auto()
    REPLACED = enum.auto()
    ENDING = enum.auto()


class Text:
    """A text while it is written: one thread adds to it, the pump carries it on."""

    def __init__(self, work: Work, job: Job, kind: str) -> None:
        self.work, self.job, self.kind = work, job, kind
        self.halted: Halt | None = None
        self.halted_at = 0.0
        self.begun = False
        self._lock = threading.Lock()
        self._parts: list[str] = []
        self._waiting: list[str] = []
        self._sent = 0
        self._announced = False

    def add(self, words: str) -> None:
        with self._lock:
            self._parts.append(words)
            self._waiting.append(words)
            self.begun = self.begun or bool(words.strip())

    def halt(self, why: Halt) -> None:
        if self.halted is None:
            self.halted, self.halted_at = why, time.monotonic()

    @property
    def whole(self) -> str:
        with self._lock:
            return "".join(self._parts)

    def unsent(self) -> Piece | None:
        """What nobody was told yet; at first that this attempt has begun."""
        with self._lock:
            if self._announced and not self._waiting:
                return None
            return Piece(Place(self.work.attempt, self._sent), "".join(self._waiting))

    def sent(self, piece: Piece) -> None:
        with self._lock:
            self._announced = True
            self._sent += len(piece.text)
            rest = "".join(self._waiting)[len(piece.text) :]
            self._waiting = [rest] if rest else []


class Pump:
    """One thread, which lives as long as there are texts."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._texts: list[Text] = []
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def carrying(self, text: Text) -> Iterator[None]:
        """Carry a text as long as the block runs; at its end everything has been sent, if there is a stream."""
        with self._lock:
            self._texts.append(text)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ai-pump", daemon=True)
                self._thread.start()
        self._wake.set()
        try:
            yield
        finally:
            with self._lock:
                self._texts.remove(text)
            self._send([text])

    def hurry(self) -> None:
        """Do not wait for the next turn."""
        self._wake.set()

    def _run(self) -> None:
        renewed = time.monotonic()
        with self._app.app_context():
            while texts := self._living():
                try:
                    self._send(texts)
                    self._listen(texts)
                    if time.monotonic() - renewed > min(outbox.renewal(text.kind) for text in texts):
                        renewed = time.monotonic()
                        _renew(texts)
                    for text in texts:
                        self._look_after(text)
                except Exception:
                    log.exception("the pump stumbled and goes on")
                    time.sleep(0.5)
                self._wake.wait(FLUSH)
                self._wake.clear()

    def _living(self) -> list[Text]:
        """The texts of now; without any the thread ends, and the next text starts another."""
        with self._lock:
            if not self._texts:
                self._thread = None
            return list(self._texts)

    def _send(self, texts: Sequence[Text]) -> None:
        with self._sending:
            found = [(text, piece) for text in texts if (piece := text.unsent()) is not None]
            if not found:
                return
            try:
                answers = streams.append([(text.work.name, piece) for text, piece in found])
            except Unreachable:
                return  # it is sent again; meanwhile readers ask the database
            for (text, piece), heard in zip(found, answers, strict=True):
                # A place that is taken is usually our own, from a round trip whose answer was lost.
                text.sent(piece)
                if heard == Heard.STOP:
                    text.halt(Halt.STOPPED)

    def _listen(self, texts: Sequence[Text]) -> None:
        if jobs.stopping.is_set():
            for text in texts:
                text.halt(Halt.ENDING)
        asked = [text for text in texts if text.halted is None]
        with suppress(Unreachable):
            for text, stop in zip(asked, streams.stops([(t.work.name, t.work.attempt) for t in asked]), strict=True):
                if stop:
                    text.halt(Halt.STOPPED)

    def _look_after(self, text: Text) -> None:
        """Act for a thread that does not notice: it waits for its vendor, perhaps for minutes."""
        if text.halted is None or time.monotonic() - text.halted_at < GRACE:
            return
        if text.halted == Halt.STOPPED:
            _conclude(text)
        elif text.halted == Halt.ENDING:
            outbox.put_back(text.job)
        text.halted_at = float("inf")


def _conclude(text: Text) -> None:
    assert text.job.agency_id is not None
    with tenancy.tenant(text.job.agency_id):
        if outcomes.end(text.work, RunState.STOPPED, text.whole):
            close(text)


def close(text: Text) -> None:
    """Tell readers that a text is over, or that something about it changed; the database says what."""
    end = Place(text.work.attempt, len(text.whole))
    with suppress(Unreachable):
        streams.append([(text.work.name, Piece(end, "", over=True))])


def _renew(texts: Sequence[Text]) -> None:
    for kind in {text.kind for text in texts}:
        mine = [text for text in texts if text.kind == kind]
        ours = outbox.renew([text.job for text in mine], kind)
        for text in mine:
            if text.job.id not in ours:
                text.halt(Halt.REPLACED)


_pumps: WeakKeyDictionary[Flask, Pump] = WeakKeyDictionary()


def of(app: Flask) -> Pump:
    """The pump of an application in this process."""
    return _pumps.setdefault(app, Pump(app))
