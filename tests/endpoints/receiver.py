"""A receiver of webhooks on loopback: it verifies by the text of the specification, and answers as it is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Came:
    """One request."""

    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> dict[str, Any]:
        return json.loads(self.body)  # type: ignore[no-any-return]

    @property
    def signatures(self) -> list[str]:
        return self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """`answer` gets each request and says status, headers and body, or raises to break the line off."""

    url: str = ""
    host: str = ""
    came: list[Came] = field(default_factory=list)
    answer: Callable[[Came], tuple[int, dict[str, str], bytes]] = lambda _came: (200, {}, b"ok")

    def told(self) -> list[str]:
        """The kinds that came, in their order."""
        return [each.told["type"] for each in self.came]

    def say(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.answer = lambda _came: (status, headers or {}, body)


def is_genuine(secret: str, came: Came) -> bool:
    """The scheme of Standard Webhooks 1.0, written from its text: `v1,` base64(HMAC-SHA256(id.timestamp.body))."""
    prefix, _underscore, encoded = secret.partition("_")
    assert prefix == "whsec"
    key = base64.b64decode(encoded, validate=True)
    assert 24 <= len(key) <= 64
    message = b".".join([came.headers["webhook-id"].encode(), came.headers["webhook-timestamp"].encode(), came.body])
    assert "." not in came.headers["webhook-id"]
    assert abs(int(came.headers["webhook-timestamp"]) - time.time()) < 300
    wanted = "v1," + base64.b64encode(hmac.digest(key, message, hashlib.sha256)).decode()
    return wanted in came.signatures


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Take requests as long as the block lasts."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            came = Came({name.lower(): value for name, value in self.headers.items()}, self.rfile.read(length))
            receiver.came.append(came)
            try:
                status, headers, body = receiver.answer(came)
            except ConnectionError:
                self.connection.close()
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Nobody reads along."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_args: object) -> None:
            """Who asked may be gone."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    receiver.host = f"127.0.0.1:{server.server_port}"
    receiver.url = f"http://{receiver.host}/hooks"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
