"""Forks that take one job after another: what a job needs is opened and compiled once, not anew for each of them.

A horse has one job at a time: killed, timed out or crashed, it takes no other job along. After many jobs, or when it
has grown, it goes by itself and a fresh one is forked.
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from typing import NoReturn

log = logging.getLogger(__name__)

JOBS = 500
"""How many jobs a horse has in its life."""
GROWTH = 64 * 1024 * 1024
"""Bytes it may have needed in addition at some moment: a leak ends with it, and so does what a huge job left."""
_STOP = (signal.SIGTERM, signal.SIGINT)

Order = tuple[str, ...]
Work = Callable[[Order], bool]


class Horse:
    """The parent's side of one fork."""

    def __init__(self, begin: Callable[[], Work]) -> None:
        """Fork. In the child `begin` prepares and returns what does a job, and says whether it may have another."""
        self._line, theirs = Pipe()
        # What a signal's handler raises in the middle of a fork would be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
        self.pid = os.fork()
        if self.pid == 0:
            self._line.close()
            _live(theirs, begin)
        theirs.close()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP)

    def give(self, order: Order) -> bool:
        """Hand a job over; False when the horse is gone."""
        try:
            self._line.send(order)
        except OSError:
            return False
        return True

    def wait(self, seconds: float) -> bool | None:
        """Whether it has done its job and takes another; False when it ends (how, says its status), None: not yet."""
        if not self._line.poll(seconds):
            return None
        with suppress(EOFError, OSError):
            return bool(self._line.recv())
        return False

    def let_go(self) -> None:
        """No more jobs: it ends after the one that it has."""
        self._line.close()


def reap() -> None:
    """Take note of the horses that ended since they were let go."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _live(line: Connection, begin: Callable[[], Work]) -> NoReturn:
    """The child's side; it never returns into the loop that was forked."""
    code = 1
    try:
        # Signals for the group of the worker are not for its horses: what runs is finished.
        os.setpgrp()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP)
        _work(line, begin())
        code = 0
    except Exception:
        log.exception("a job's process failed")
    finally:
        os._exit(code)


def _work(line: Connection, work: Work) -> None:
    size, left = _size(), JOBS
    while left:
        try:
            order = line.recv()
        except (EOFError, OSError):
            return  # let go, or the worker is gone
        left -= 1
        if not work(order) or _size() > size + GROWTH:
            return
        if left:
            with suppress(OSError):
                line.send(True)


def _size() -> int:
    """The most memory that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
