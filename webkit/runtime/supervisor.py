"""Starts the parts of the platform on one machine, restarts the one that dies, and leaves nothing behind.

Four promises: one supervisor per data folder; a part that dies comes back alone, the others keep running; asked to
stop, everything has ended within five seconds, the store last; whatever kills us, no part of ours survives us for long.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from webkit.runtime import processes
from webkit.runtime.output import Output
from webkit.runtime.reaper import Reaper, end_run, end_stale, parts
from webkit.runtime.sockets import run_folder

# Also what a part ends with when starting it again would not help, for example because a setting is wrong.
CANNOT_START = 2
ALREADY_RUNNING = 3
# A part that ends with this code has nothing to do in this configuration and is left alone.
NOT_NEEDED = 100

_PATIENCE = 60.0  # seconds a part may take to get ready before the ones behind it start nevertheless
_STEADY = 10.0  # seconds after which earlier deaths are forgotten


class CannotStart(Exception):
    """Something outside must change first; the message is for the person at the terminal."""


def _at_once() -> bool:
    return True


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Child:
    """One part: its command line, what is added to its environment, and how to see that it is ready.

    A part starts when those before it are ready. `announce` is printed when it is ready for the first time.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] = _at_once
    announce: str = ""


class _Part:
    """A child and what became of it."""

    def __init__(self, child: Child, mark: str) -> None:
        self.child, self.mark = child, mark
        self.process: subprocess.Popen[bytes] | None = None
        self.pump: threading.Thread | None = None
        self.deaths = 0
        self.started = self.due = 0.0
        self.ready = self.over = False

    def start(self, output: Output) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **self.child.env, processes.MARK: self.mark}
        self.process = subprocess.Popen(  # noqa: S603
            self.child.argv,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.started = time.monotonic()
        assert self.process.stdout is not None
        self.pump = output.follow(self.child.name, self.process.stdout)

    def becomes_ready(self) -> bool:
        """True once, at the moment it does."""
        if self.ready or self.process is None or not self.child.ready():
            return False
        self.ready = True
        return True

    def holds_back(self) -> bool:
        """Whether the parts behind must still wait for this one; they do not wait for one that keeps dying."""
        if self.ready or self.over:
            return False
        return self.deaths == 0 and time.monotonic() - self.started < _PATIENCE

    def bury(self) -> int:
        """Forget the dead process and kill the rest of its group, which would keep its port and its sockets."""
        assert self.process is not None
        leader, code = self.process.pid, self.process.returncode
        processes.kill(lambda: [p for p in processes.marked(self.mark) if p.group == leader])
        if time.monotonic() - self.started > _STEADY:
            self.deaths = 0
        self.due = time.monotonic() + min(0.2 * 2**self.deaths, 30)
        self.deaths += 1
        self.process, self.ready = None, False
        return code


class Supervisor:
    """Runs the children of one data folder until a signal ends it, or a part that cannot start.

    `prepare` is called once, when we are alone and nothing of an earlier run is left; it may raise CannotStart.
    """

    def __init__(self, data: Path, children: Sequence[Child], prepare: Callable[[], None] = _nothing) -> None:
        self._data, self._prepare = data, prepare
        self._run = processes.new_run(data)
        self._parts = [_Part(child, f"{self._run}.{index:02}") for index, child in enumerate(children)]
        self._output = Output([child.name for child in children])
        self._stops = 0
        self._failure = 0

    def run(self) -> int:
        """Blocks; returns the exit code: 0 after a signal, else CANNOT_START or ALREADY_RUNNING."""
        with _alone(run_folder(self._data) / "lock") as alone:
            if not alone:
                self._output.say(f"webkit is already running on {self._data}. Stop it first or set WEBKIT_DATA.")
                return ALREADY_RUNNING
            try:
                end_stale(processes.place(self._data))
                self._prepare()
            except CannotStart as problem:
                self._output.say(str(problem))
                return CANNOT_START
            self._supervise()
        return self._failure

    def _supervise(self) -> None:
        with self._signals() as wake:
            reaper = Reaper(self._run)
            try:
                while not self._stops and not self._failure:
                    reaper.look_after()
                    for part in self._parts:
                        self._look_after(part)
                    self._start_due()
                    # A signal or a dead child wakes us at once; the time is for back-offs and for getting ready.
                    if select.select([wake], [], [], self._pause())[0]:
                        os.read(wake, 1024)
            finally:
                self._stop()
                reaper.dismiss()

    def _pause(self) -> float:
        return 1.0 if all(part.ready or part.over for part in self._parts) else 0.03

    def _look_after(self, part: _Part) -> None:
        if part.process is not None and part.process.poll() is not None:
            self._ended(part, part.bury())
        elif part.becomes_ready() and part.child.announce and not part.deaths:
            self._output.say(part.child.announce)

    def _ended(self, part: _Part, code: int) -> None:
        if code == NOT_NEEDED:
            part.over = True
        elif code == CANNOT_START:
            self._failure = code
            self._output.say(f"{part.child.name} cannot start, so nothing else does.")
        else:
            self._output.say(f"{part.child.name} ended ({_described(code)}), starting it again.")

    def _start_due(self) -> None:
        for part in self._parts:
            if self._failure:
                return
            if part.process is None and not part.over and time.monotonic() >= part.due:
                part.start(self._output)
            if part.holds_back():
                return

    def _stop(self) -> None:
        asked = self._stops
        ending = threading.Thread(target=end_run, args=(self._run,))
        ending.start()
        while ending.is_alive():
            for part in self._parts:
                if part.process is not None:
                    part.process.poll()
            if self._stops > asked:  # asked again: at once
                processes.kill(lambda: parts(self._run))
            ending.join(0.02)
        for part in self._parts:
            if part.process is not None and part.process.poll() is None:
                part.process.kill()  # a program that overwrote its environment, and thereby its mark
                part.process.wait()
            if part.pump is not None:
                part.pump.join(0.2)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[int]:
        """Count the requests to stop; yields a descriptor that is readable after any signal."""
        read, write = os.pipe()
        os.set_blocking(write, False)
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
        before = {number: signal.signal(number, self._signalled) for number in numbers}
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        try:
            yield read
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(read)
            os.close(write)

    def _signalled(self, number: int, _frame: object) -> None:
        self._stops += number != signal.SIGCHLD


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Whether we hold the lock, which the kernel frees however we die."""
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _described(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
