"""A browser of ours gets out through the gate, and nowhere else than to public web servers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import urllib3
from flask import Flask

from webkit.core.kernel import egress
from webkit.core.kernel.runtime import current


class Site(BaseHTTPRequestHandler):
    """Says what it was asked; leads astray at /away."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = f"{self.command} {self.path} {self.headers['Host']} {sent.decode()}".encode()
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("Location", "http://127.0.0.1:9/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815

    def log_message(self, *_args: object) -> None: ...


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def ask(app: Flask, site: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., urllib3.BaseHTTPResponse]]:
    runtime = current()
    monkeypatch.setattr(runtime, "settings", runtime.settings.model_copy(update={"allow_hosts": (site,)}))
    with egress.open_gate() as address, urllib3.ProxyManager(address, retries=False, timeout=10) as proxy:
        yield lambda url, method="GET", **more: proxy.request(method, url, redirect=False, **more)


def test_requests_are_passed_on_as_they_are(ask: Callable[..., urllib3.BaseHTTPResponse], site: str) -> None:
    assert ask(f"http://{site}/a?b=c").data == f"GET /a?b=c {site} ".encode()
    assert ask(f"http://{site}/form", "POST", body=b"x=1").data == f"POST /form {site} x=1".encode()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://10.0.0.1:8080/",
        "http://2130706433/",
        "http://db.internal/",
        "http://user@127.0.0.1/",
    ],
)
def test_nothing_private_is_opened(ask: Callable[..., urllib3.BaseHTTPResponse], url: str) -> None:
    assert ask(url).status == 403


def test_where_a_page_leads_is_judged_again(ask: Callable[..., urllib3.BaseHTTPResponse], site: str) -> None:
    led = ask(f"http://{site}/away")
    assert led.status == 302
    assert ask(led.headers["Location"]).status == 403


def test_tunnels_are_judged_too(ask: Callable[..., urllib3.BaseHTTPResponse], app: Flask, site: str) -> None:
    with egress.open_gate() as address:
        assert _tunnel(address, "127.0.0.1:22").startswith(b"HTTP/1.1 403")
        assert _tunnel(address, "not a place").startswith(b"HTTP/1.1 4")
        answer = _tunnel(address, site, f"GET /in HTTP/1.0\r\nHost: {site}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(f"GET /in {site} ".encode())


def _tunnel(address: str, to: str, then: bytes = b"") -> bytes:
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), 10) as here:
        here.sendall(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n".encode())
        found = here.recv(65_536)
        if then:
            here.sendall(then)
        while piece := here.recv(65_536):
            found += piece
        return found


def test_who_does_not_answer_is_said_so(
    ask: Callable[..., urllib3.BaseHTTPResponse], site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = current()
    monkeypatch.setattr(runtime, "settings", runtime.settings.model_copy(update={"allow_hosts": ("127.0.0.1:9",)}))
    assert ask("http://127.0.0.1:9/").status == 502
