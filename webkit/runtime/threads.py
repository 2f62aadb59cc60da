"""A worker for jobs that mostly wait for somebody else: one process, a thread for each job.

It takes as many jobs at once as it has threads free, so that another machine may have the others. What is lost with the
process is sent again by the outbox.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import NoReturn

from flask import Flask

from webkit.runtime.seams import Seams

log = logging.getLogger(__name__)
PAUSES = (0.2, 5.0)
"""Seconds between two tries when the store or the database fails: at first, and at last."""


class _Stopped(Exception):
    """Raised where nothing is lost by it: while we wait for a job."""


class ThreadedWorker:
    """`stopping` tells running jobs that the process ends; they have `drain` seconds.

    Nothing can interrupt a thread that waits for the network: whoever calls out sets a time limit.
    """

    def __init__(self, app: Flask, seams: Seams, stopping: threading.Event, *, threads: int, drain: float) -> None:
        self._app, self._seams, self._stopping = app, seams, stopping
        self._threads, self._drain = threads, drain
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="job")
        self._running = 0
        self._changed = threading.Condition()
        self._waits = False

    def run(self) -> NoReturn:
        """Work until SIGTERM."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        with contextlib.suppress(_Stopped):
            self._work()
        self._end()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()
        if self._waits:
            self._waits = False
            raise _Stopped

    def _work(self) -> None:
        pause = PAUSES[0]
        while not self._stopping.is_set():
            try:
                if ids := self._ids():
                    for attempt in self._seams.take(self._app, ids):
                        self._start(attempt)
                pause = PAUSES[0]
            except Exception as error:
                log.warning("no jobs can be taken: %s: %s", type(error).__name__, error)
                time.sleep(pause)
                pause = min(pause * 2, PAUSES[1])

    def _ids(self) -> list[str]:
        """Ids of jobs, once there are some and threads for them."""
        self._waits = True
        try:
            with self._changed:
                while self._running >= self._threads:
                    self._changed.wait(1)
                room = self._threads - self._running
            return list(self._seams.await_ids(self._app, room)) if not self._stopping.is_set() else []
        finally:
            self._waits = False

    def _start(self, attempt: Callable[[], None]) -> None:
        with self._changed:
            self._running += 1
        self._pool.submit(self._do, attempt)

    def _do(self, attempt: Callable[[], None]) -> None:
        try:
            attempt()
        except Exception:
            log.exception("a job could not be ended, its lease will")
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify()

    def _end(self) -> NoReturn:
        deadline = time.monotonic() + self._drain
        with self._changed:
            while self._running and time.monotonic() < deadline:
                self._changed.wait(deadline - time.monotonic())
        # Threads that did not finish in time would be waited for. The outbox sends their jobs again.
        logging.shutdown()
        os._exit(0)
