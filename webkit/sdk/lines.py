"""For writers over HTTP: an answer as it is written, which another thread may cut off while the vendor is silent."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from webkit.core.capabilities.ai_text import Completion, Delta
from webkit.core.capabilities.errors import BrokenOff

__all__ = ["Answer", "Line"]


class Line:
    """The connection an answer comes through, from its first byte to its last."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._cut = False

    @contextlib.contextmanager
    def open(self, extensions: Mapping[str, Any]) -> Iterator[None]:
        """While an answer is read; the extensions of the HTTP client's response say through what.

        Raises BrokenOff where it was cut before: a short answer may have come as a whole by now.
        """
        stream = extensions.get("network_stream")
        with self._lock:
            if self._cut:
                raise BrokenOff(
                    "the answer was stopped before it began", provider=self._provider, code="connection_lost"
                )
            self._socket = stream.get_extra_info("socket") if stream is not None else None
        try:
            yield
        finally:
            with self._lock:
                self._socket = None

    def cut(self) -> None:
        """End it. Whoever waits for the next byte hears that there will be none; before the first byte came, then."""
        with self._lock:
            self._cut = True
            self._shut()

    def _shut(self) -> None:
        # Closing would not wake the thread that reads. Not the method of a TLS socket: that one forgets its state.
        with contextlib.suppress(OSError):
            if self._socket is not None:
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Answer:
    """A stream that can be interrupted."""

    def __init__(self, parts: Generator[Delta | Completion], line: Line) -> None:
        self._parts, self._line = parts, line

    def __iter__(self) -> Iterator[Delta | Completion]:
        return self

    def __next__(self) -> Delta | Completion:
        return next(self._parts)

    def close(self) -> None:
        self._parts.close()

    def interrupt(self) -> None:
        self._line.cut()
