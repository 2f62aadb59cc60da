"""A few warm children, each with one document at a time; one that hangs, dies or has done enough is replaced."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from dataclasses import dataclass

from plugins.pdf_pluto import frames
from webkit.sdk import DocumentRejected, ProviderUnavailable

# Written out here: importing the child would import the engine.
DONE = b"done"
ENOUGH = 200
"""Documents after which a child is replaced: nobody knows what an engine keeps."""
START_SECONDS = 30

NAME = "pluto"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost."""

    seconds: float
    memory: int
    output: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """A PDF and how many pages it has."""

    content: bytes
    pages: int


class _Killed(Exception):
    """Somebody else ended the child; the document is not to blame."""


class _Spoilt(Exception):
    """The document is refused and the child is lost with it."""


class Child:
    """The parent's side of one process."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._line, theirs = socket.socketpair()
        with theirs:
            arguments = [str(theirs.fileno()), str(limits.memory), str(limits.output)]
            self.process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", "-m", "plugins.pdf_pluto.child", *arguments],
                pass_fds=[theirs.fileno()],
                # Nothing of ours: no key, no password. The mark is how a supervisor finds what belongs to its run.
                env={name: os.environ[name] for name in ("WEBKIT_RUN",) if name in os.environ},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._warm = False
        self.rendered = 0
        self._end = weakref.finalize(self, _end, self.process, self._line)
        _children.add(self)

    def render(self, html: bytes, title: bytes, author: bytes) -> Rendered:
        """Raises DocumentRejected; after anything else it raises the child is of no use any more."""
        self._wait_until_warm()
        self.rendered += 1
        deadline = time.monotonic() + self._limits.seconds
        try:
            frames.send(self._line, html, title, author, deadline=deadline)
            status, *values = frames.receive(self._line, deadline)
        except TimeoutError:
            raise _Spoilt(f"the document takes longer than {self._limits.seconds:g} seconds") from None
        except frames.TooLarge:
            raise _Spoilt("the document is too large") from None
        except frames.Closed:
            self.complain_if_killed()
            raise _Spoilt("the engine needs too much memory or fails") from None
        if status != DONE:
            raise DocumentRejected(values[0].decode(), provider=NAME)
        return Rendered(content=values[1], pages=int(values[0]))

    def _wait_until_warm(self) -> None:
        """Starting is not the document's time, and failing to start not its fault."""
        if self._warm:
            return
        try:
            frames.receive(self._line, time.monotonic() + START_SECONDS)
        except (frames.Closed, TimeoutError):
            self.complain_if_killed()
            raise ProviderUnavailable("the engine does not start", provider=NAME) from None
        self._warm = True

    def end(self) -> None:
        """Kill it if need be."""
        self._end()

    def complain_if_killed(self) -> None:
        """Called when the line is closed: raises _Killed if a signal from outside did it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self.process.wait(1) in (-signal.SIGKILL, -signal.SIGTERM):
                raise _Killed

    def forget(self) -> None:
        """In a fork: it is the parent's child, leave it alone."""
        self._end.detach()
        self._line.close()
        self.process.returncode = 0


def _end(process: subprocess.Popen[bytes], line: socket.socket) -> None:
    line.close()
    process.kill()
    process.wait()


class Pool:
    """At most `size` documents at once; more wait, but not for longer than one document may take."""

    def __init__(self, limits: Limits, size: int) -> None:
        self._limits, self._size = limits, size
        self.reset()
        _pools.add(self)

    def reset(self) -> None:
        """Begin without children; after a fork, because they are the parent's."""
        self._lock = threading.Lock()
        self._free = threading.Semaphore(self._size)
        self._idle: list[Child] = []

    def warm_up(self) -> None:
        """Start the children before the first document comes."""
        with self._lock:
            self._idle += [Child(self._limits) for _ in range(self._size - len(self._idle))]

    def render(self, html: str, title: str, author: str) -> Rendered:
        """Raises DocumentRejected or ProviderUnavailable."""
        parts = (html.encode(), title.encode(), author.encode())
        if not self._free.acquire(timeout=self._limits.seconds):
            raise ProviderUnavailable("all renderers are busy", provider=NAME)
        try:
            try:
                return self._attempt(*parts)
            except _Killed:
                return self._attempt(*parts)
        except _Killed:
            raise ProviderUnavailable("the renderer was killed", provider=NAME) from None
        except _Spoilt as reason:
            raise DocumentRejected(str(reason), provider=NAME) from None
        finally:
            self._free.release()

    def close(self) -> None:
        """End all children that have nothing to do."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()

    def _attempt(self, html: bytes, title: bytes, author: bytes) -> Rendered:
        with self._lock:
            child = self._idle.pop() if self._idle else None
        child = child or Child(self._limits)
        try:
            rendered = child.render(html, title, author)
        except DocumentRejected:
            self._back(child)
            raise
        except BaseException:
            child.end()
            raise
        self._back(child)
        return rendered

    def _back(self, child: Child) -> None:
        if child.rendered >= ENOUGH:
            child.end()
            child = Child(self._limits)  # warm by the time it is wanted
        with self._lock:
            self._idle.append(child)


def _forked() -> None:
    for child in list(_children):
        child.forget()
    for pool in list(_pools):
        pool.reset()


_children: weakref.WeakSet[Child] = weakref.WeakSet()
_pools: weakref.WeakSet[Pool] = weakref.WeakSet()


os.register_at_fork(after_in_child=_forked)
