"""The terminal of `webkit dev`: one line at a time, each with the name of the process that said it."""

from __future__ import annotations

import os
import sys
import threading
from typing import IO

_COLOURS = (36, 35, 33, 34, 32, 96, 95, 93)


class Output:
    """Writes whole lines to standard output, so that processes never cut each other short."""

    def __init__(self, names: list[str]) -> None:
        self._width = max((len(name) for name in names), default=0)
        self._colours = dict(zip(names, _COLOURS * len(names), strict=False))
        self._coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """A line of the supervisor's own."""
        self._write(text.encode() + b"\n")

    def follow(self, name: str, stream: IO[bytes]) -> threading.Thread:
        """Copy what a process writes until it and all it started have closed their end."""
        thread = threading.Thread(target=self._copy, args=(name, stream), daemon=True)
        thread.start()
        return thread

    def _copy(self, name: str, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._write(self._prefix(name) + line.rstrip(b"\n") + b"\n")

    def _prefix(self, name: str) -> bytes:
        label = name.ljust(self._width)
        return (f"\x1b[{self._colours[name]}m{label} |\x1b[0m " if self._coloured else f"{label} | ").encode()

    def _write(self, line: bytes) -> None:
        with self._lock:
            try:
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()
            except (OSError, ValueError):  # the terminal is gone; what runs shall not stop for it
                pass
