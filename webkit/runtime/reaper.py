"""Ends a run whose supervisor died without a word.

It waits on a pipe that only the supervisor holds open: the end of the file is the supervisor's death, however it came.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from webkit.runtime import processes
from webkit.runtime.processes import Process

GRACE = 3.5
# The mark of a run's first part ends so. It is the store that the others talk to, and therefore ended last.
_FIRST = ".00"
_REAPER = ".reaper"


def end_run(prefix: str, grace: float = GRACE) -> None:
    """End every part whose mark begins so, the store last; takes at most 5 s."""
    processes.end(lambda: [p for p in parts(prefix) if not p.mark.endswith(_FIRST)], grace)
    processes.end(lambda: parts(prefix), 0.8)


def parts(prefix: str) -> list[Process]:
    """Every living part whose mark begins so, and what it started."""
    return [p for p in processes.marked(prefix) if not p.mark.endswith(_REAPER)]


def end_stale(place: str) -> None:
    """End what an earlier run left that was killed together with its reaper, or whose reaper is still at work."""
    processes.kill(lambda: [p for p in processes.marked(place) if p.mark.endswith(_REAPER)])
    end_run(place, grace=2)


class Reaper:
    """The supervisor's side: starts the process, starts it again if it dies, lets it go."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._read, self._write = os.pipe()
        self._process = self._start()

    def look_after(self) -> None:
        """Replace it if somebody killed it."""
        if self._process.poll() is not None:
            self._process = self._start()

    def dismiss(self) -> None:
        """Let go of the pipe and wait: it finds nothing left to do, or does it."""
        os.close(self._write)
        self._process.wait()
        os.close(self._read)

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603
            processes.python("-m", "webkit.runtime.reaper", str(self._read), self._run),
            env={**os.environ, processes.MARK: self._run + _REAPER},
            stdin=subprocess.DEVNULL,
            pass_fds=[self._read],
            start_new_session=True,
        )


def main() -> None:
    """`python -m webkit.runtime.reaper DESCRIPTOR RUN`."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(int(sys.argv[1]), 64):
        pass
    end_run(sys.argv[2])
    time.sleep(0.2)  # a part that was just being started bears its mark by now
    end_run(sys.argv[2], grace=0)


if __name__ == "__main__":
    main()
