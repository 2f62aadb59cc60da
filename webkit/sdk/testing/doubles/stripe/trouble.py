"""What can be told to go wrong with a call: errors, silence, a cut line, the end of the caller."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any

from .params import Refused

_KINDS = {401: "invalid_request_error", 402: "card_error", 429: "invalid_request_error"}


class Cut(Exception):
    """The line is cut: no answer."""


class Garbage(Exception):
    """Something on the way answers in the vendor's place."""


@dataclass(slots=True)
class Trouble:
    """Happens to the next `times` calls whose method and path contain `on` ("POST /v1/refunds"; empty: any).

    `when` it happens decides what the vendor has done by then. `status` answers with an error, `drop` cuts the line,
    `delay` waits first, `garbage` answers with what is no JSON, `kill` ends the process with this id.
    """

    on: str = ""
    times: int = 1
    when: str = "before"
    status: int = 0
    code: str = ""
    retry_after: int = 0
    delay: float = 0.0
    drop: bool = False
    garbage: bool = False
    kill: int = 0

    def happen(self) -> None:
        """Raises Refused or Cut unless it is only slow."""
        if self.delay:
            time.sleep(self.delay)
        if self.kill:
            os.kill(self.kill, signal.SIGKILL)
            raise Cut
        if self.drop:
            raise Cut
        if self.garbage:
            raise Garbage
        if self.status:
            words = {429: "Request rate limit exceeded.", 401: "Invalid API Key provided: sk_test_****"}
            text = words.get(self.status, "An unknown error occurred")
            refused = Refused(text, code=self.code, kind=_KINDS.get(self.status, "api_error"), status=self.status)
            refused.retry_after = self.retry_after
            raise refused


class Troubles:
    """What is still to come, first ordered first."""

    def __init__(self) -> None:
        self._waiting: list[Trouble] = []
        self._lock = threading.Lock()

    def order(self, trouble: Trouble) -> None:
        with self._lock:
            self._waiting.append(trouble)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def take(self, call: str, when: str) -> Trouble | None:
        """The first that fits this call now; one time of it is used up."""
        with self._lock:
            for trouble in self._waiting:
                if trouble.when == when and trouble.on in call and trouble.times > 0:
                    trouble.times -= 1
                    return trouble
        return None


def hang_up(environ: dict[str, Any]) -> None:
    """Close the line under the server's feet."""
    line = environ.get("werkzeug.socket")
    if isinstance(line, socket.socket):
        line.shutdown(socket.SHUT_RDWR)
