"""How every double runs: in a thread of a test, or as a process until it is asked to end."""

from __future__ import annotations

import contextlib
import signal
import socketserver
import threading
import time
from types import TracebackType
from typing import Self

__all__ = ["Running", "wait_for_the_end"]


class Running:
    """A server that listens as soon as it is made, and answers inside `with`."""

    def __init__(self, server: socketserver.TCPServer) -> None:
        self.ending = threading.Event()
        self._server = server
        self._thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True, name=type(self).__name__
        )

    @property
    def port(self) -> int:
        """Where on 127.0.0.1 it listens."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def wait_for_the_end() -> None:
    """Return when this process is asked to end."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with contextlib.suppress(KeyboardInterrupt):
        while not ended.is_set():
            time.sleep(0.05)
