"""Carries what threads write to where people read it: one round trip for all texts of a process.

The first words of a text go at once, the rest in turns: every 40 ms, less often the more texts there are. The same
thread hears who asked to stop. Another one keeps the texts, so that people do not wait for the database: `keeping`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from weakref import WeakKeyDictionary

import structlog
from flask import Flask

from webkit.ai_runs.keeping import Keeper
from webkit.ai_runs.texts import Halt, Text
from webkit.core.kernel import streams
from webkit.core.kernel.streams import Unreachable

log = structlog.get_logger(__name__)

TURN, EACH = 0.04, 0.002
"""Seconds between two turns, and what each text adds to them: the work of a process stays the same."""
BREATH = 0.0002
"""Seconds that each text adds to the pause between two sendings of first words: with one there is none."""
TICK = 0.2
"""Seconds between two looks of the keeper; it saves less often."""


class Pump:
    """The texts of a process, and two threads that live as long as there are any."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._texts: list[Text] = []
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._wake = threading.Event()
        self._steps: dict[str, Callable[[], None]] = {
            "ai-pump": self._turn,
            "ai-keeper": partial(self._keep, Keeper(self._living)),
        }
        self._running: set[str] = set()

    @contextmanager
    def carrying(self, text: Text) -> Iterator[None]:
        """Carry a text as long as the block runs; at its end everything has been sent, if there is a stream."""
        with self._lock:
            self._texts.append(text)
            for name in self._steps.keys() - self._running:
                self._running.add(name)
                threading.Thread(target=self._repeat, args=(name,), name=name, daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._texts.remove(text)
            self._send([text])

    def hurry(self) -> None:
        """Somebody's first word is there."""
        self._wake.set()

    def _repeat(self, name: str) -> None:
        """A step, again and again; without any texts the thread ends, and the next text starts another."""
        with self._app.app_context():
            while self._is_needed(name):
                try:
                    self._steps[name]()
                except Exception:
                    log.exception("a thread of the pump stumbled and goes on")
                    time.sleep(0.5)

    def _is_needed(self, name: str) -> bool:
        with self._lock:
            if not self._texts:
                self._running.discard(name)
            return bool(self._texts)

    def _living(self) -> list[Text]:
        with self._lock:
            return list(self._texts)

    def _keep(self, keeper: Keeper) -> None:
        keeper.look()
        time.sleep(TICK)

    def _turn(self) -> None:
        """All texts, then only first words until the next turn."""
        texts = self._living()
        end = time.monotonic() + max(TURN, EACH * len(texts))
        self._send(texts)
        self._listen(texts)
        while (rest := end - time.monotonic()) > 0:
            if self._wake.wait(rest):
                self._wake.clear()
                texts = self._living()
                self._send([text for text in texts if text.is_due])
                time.sleep(BREATH * max(0, len(texts) - 1))

    def _send(self, texts: Sequence[Text]) -> None:
        with self._sending:
            found = [(text, piece) for text in texts if (piece := text.unsent()) is not None]
            if not found:
                return
            try:
                streams.append([(text.work.name, piece) for text, piece in found])
            except Unreachable:
                return  # it is sent again; meanwhile readers ask the database
            for text, piece in found:
                # A place that is taken is usually our own, from a round trip whose answer was lost.
                text.sent(piece)

    def _listen(self, texts: Sequence[Text]) -> None:
        asked = [text for text in texts if text.halted is None]
        with suppress(Unreachable):
            for text, stop in zip(asked, streams.stops([(t.work.name, t.work.attempt) for t in asked]), strict=True):
                if stop:
                    text.halt(Halt.STOPPED)


_pumps: WeakKeyDictionary[Flask, Pump] = WeakKeyDictionary()


def of(app: Flask) -> Pump:
    """The pump of an application in this process."""
    return _pumps.setdefault(app, Pump(app))
