"""A way out for programs that open what people name: a proxy on loopback that leads to public web servers only.

A browser follows redirects and loads whatever a page names. Through the gate each of its connections is judged as an
address that a person gave (`outbound`), and goes to exactly the place that was judged.
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from flask import current_app

from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.outbound import Target, check_url

CONNECT_SECONDS, IDLE_SECONDS = 5.0, 60.0
PIECE = 65_536
LONGEST_HEAD = 4 * PIECE
_OF_THE_HOP = {"connection", "proxy-connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}


@contextmanager
def open_gate() -> Iterator[str]:
    """The proxy's address, `http://127.0.0.1:<port>`, as long as the block lasts. Needs the application."""
    app: Any = current_app
    server = _Gate(app._get_current_object())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Gate(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, app: Any) -> None:
        self.app = app
        super().__init__(("127.0.0.1", 0), _Passage)

    def judged(self, url: str) -> Target:
        """Raises DomainError."""
        with self.app.app_context():
            return check_url(url)


class _Passage(BaseHTTPRequestHandler):
    """One connection of the program: a tunnel (CONNECT), or one request that is passed on."""

    protocol_version = "HTTP/1.1"
    server: _Gate
    timeout = IDLE_SECONDS

    def do_CONNECT(self) -> None:
        there = self._reach(f"https://{self.path}/")
        if there is not None:
            self.send_response_only(200, "Connection established")
            self.end_headers()
            with there:
                _relay(self.connection, there)
        self.close_connection = True

    def _pass_on(self) -> None:
        self.close_connection = True
        parts = urlsplit(self.path)
        there = self._reach(self.path)
        if there is None:
            return
        kept = [f"{n}: {v}" for n, v in self.headers.items() if n.lower() not in _OF_THE_HOP]
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        head = [f"{self.command} {path} HTTP/1.1", *kept, "Connection: close", "", ""]
        with there, suppress(OSError):
            there.sendall("\r\n".join(head).encode("latin-1", "replace") + self._body())
            self.connection.sendall(_last_answer(there))
            _relay(self.connection, there)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _pass_on  # noqa: N815

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        return self.rfile.read(min(int(length), 16 * PIECE)) if length.isdecimal() else b""

    def _reach(self, url: str) -> socket.socket | None:
        """A connection to the judged place; None after a refusal was sent."""
        try:
            target = self.server.judged(url)
        except DomainError:
            self.send_error(403, "Not a public web server")
            return None
        for address in target.addresses:
            with suppress(OSError):
                return socket.create_connection((address, target.port), CONNECT_SECONDS)
        self.send_error(502, "No answer")
        return None

    def log_message(self, *_args: object) -> None:
        """What a page loads is nobody's log."""


def _last_answer(there: socket.socket) -> bytes:
    """The head of the answer, which says that no other comes through this connection, and what came with it."""
    there.settimeout(IDLE_SECONDS)
    came = b""
    while b"\r\n\r\n" not in came and len(came) < LONGEST_HEAD and (piece := there.recv(PIECE)):
        came += piece
    status, line_end, rest = came.partition(b"\r\n")
    return status + line_end + (b"Connection: close\r\n" if line_end else b"") + rest


def _relay(here: socket.socket, there: socket.socket) -> None:
    """Carry bytes both ways until one side ends or neither says anything for a minute."""
    with suppress(OSError):
        there.settimeout(IDLE_SECONDS)
        other = {here: there, there: here}
        while ready := select.select([here, there], [], [], IDLE_SECONDS)[0]:
            for side in ready:
                piece = side.recv(PIECE)
                if not piece:
                    return
                other[side].sendall(piece)
