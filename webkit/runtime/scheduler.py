"""The scheduler process: a round every second, whatever the last one came to."""

from __future__ import annotations

import logging
import signal
import threading

from webkit.runtime.seams import AppFactory, of

log = logging.getLogger(__name__)

SECOND = 1.0
LONGEST_PAUSE = 30.0


def run_scheduler(app_factory: AppFactory, every: float = SECOND) -> None:
    """Tick until SIGTERM. Any number may run: what must happen once is claimed in the database."""
    app = app_factory()
    tick = of(app).tick
    stop = _told_to_stop()
    pause = every
    while not stop.wait(pause):
        try:
            tick(app)
            pause = every
        except Exception:
            # A database that restarts, most likely: less and less often, until it is back.
            pause = min(pause * 2, LONGEST_PAUSE)
            log.exception("a round of the scheduler failed, the next one in %g seconds", pause)


def _told_to_stop() -> threading.Event:
    stop = threading.Event()
    # Set from a thread: a handler runs in the main thread, which may hold the event's lock at that moment.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=stop.set).start())
    return stop
