"""For providers that are told how the platform does: what goes on around them, what must not leave, and time limits."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from webkit.core.kernel.gauges import Gauges

__all__ = ["Patience", "PerProcess", "gauges", "scrubbed", "shared_memory", "surrounding_trace"]

T = TypeVar("T")

LONGEST_FLUSH = 0.9
PEACE_SECONDS = 30.0
MOST_READ = 4000
"""Of a text; to look for addresses in a longer one takes long."""
_TYPED = re.compile(r"\[parameters: .*|input_value=.*?(?=, input_type=|\]|$)|\[SQL: .*", re.DOTALL)
"""What SQLAlchemy and pydantic repeat of what they were given."""


def scrubbed(text: str, longest: int = 300) -> str:
    """`text` on one line, without what looks like a secret, addresses, phone numbers and values that were typed."""
    from webkit.core.kernel.logging import scrub

    from .http import without_addresses

    return without_addresses(_TYPED.sub("…", scrub(text[:MOST_READ])), longest)


def surrounding_trace() -> str:
    """The trace that goes on here, as a `traceparent`; "" when nothing has begun."""
    from webkit.core.kernel import observing

    return observing.trace()


def shared_memory() -> Any:
    """The connection to Redis that all processes share; None without one. It must not make anybody wait."""
    from flask import has_app_context

    from webkit.core.kernel.runtime import current

    return current().redis if has_app_context() else None


def gauges() -> Gauges:
    """How much waits in queues, outbox and inbox, and for how long. Needs the application."""
    from webkit.core.kernel import gauges

    return gauges.gauges()


class PerProcess(Generic[T]):
    """Something with threads, locks and connections: each process makes its own, those that were forked as well."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: tuple[int, T] | None = None

    def get(self) -> T:
        """What this process has made, and makes now if it has not."""
        if (made := self.made()) is None:
            made = self._make()
            self._made = (os.getpid(), made)
        return made

    def made(self) -> T | None:
        """What this process has made already."""
        made = self._made
        return made[1] if made is not None and made[0] == os.getpid() else None


class Patience:
    """Waits for something at most a second; after it was too slow once, for half a minute not at all."""

    def __init__(self) -> None:
        self._peace_until = 0.0
        self._last: threading.Thread | None = None

    def wait(self, work: Callable[[], object]) -> None:
        """Do it in a thread, which is left behind when it takes too long. What it raises is nobody's."""
        peace = time.monotonic() < self._peace_until
        if peace and self._last is not None and self._last.is_alive():
            return
        self._last = thread = threading.Thread(target=_quietly, args=(work,), daemon=True, name="observer-flush")
        thread.start()
        thread.join(0.0 if peace else LONGEST_FLUSH)
        if thread.is_alive() and not peace:
            self._peace_until = time.monotonic() + PEACE_SECONDS


def _quietly(work: Callable[[], object]) -> None:
    try:
        work()
    except Exception as error:
        import structlog

        structlog.get_logger(__name__).warning("an observer could not send", error=type(error).__name__)
