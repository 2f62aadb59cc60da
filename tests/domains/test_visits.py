"""Whether a name leads here: asked over real HTTP, through the guard for addresses that people give."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask

from tests.domains.conftest import HOST
from webkit.core.kernel import outbound
from webkit.core.kernel import runtime as runtimes
from webkit.domains import checking
from webkit.domains.checking import Look

TOKEN = "token-of-northwind"
ANSWERS: dict[str, tuple[int, str]] = {
    "ours": (200, TOKEN),
    "with a line's end": (200, f"{TOKEN}\n"),
    "somebody else's": (200, "another token"),
    "nothing there": (404, TOKEN),
    "leads on": (302, "https://elsewhere.example/"),
    "endless": (200, TOKEN + "x" * 10_000),
    "empty": (200, ""),
    "no text": (200, "\udcff"),
}
OURS = {"ours", "with a line's end"}


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server: Any = self.server
        server.asked.append((self.headers["Host"], self.path))
        code, text = server.answer
        self.send_response(code)
        if code == 302:
            self.send_header("Location", text)
        self.end_headers()
        self.wfile.write(text.encode(errors="surrogateescape"))

    def log_message(self, *_words: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture(scope="module")
def standing() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def web(standing: Any, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Where the name leads: a server on this machine, which may be asked in this test."""
    port, here = standing.server_port, runtimes.of(app)
    changed = {"public_url": f"http://127.0.0.1:{port}", "allow_hosts": (f"{HOST}:{port}",)}
    monkeypatch.setattr(here, "settings", here.settings.model_copy(update=changed))
    monkeypatch.setattr(outbound, "lookup", lambda _host: ["127.0.0.1"])
    standing.asked.clear()
    return standing


def test_only_its_own_token_says_so(web: Any) -> None:
    for kind, answer in ANSWERS.items():
        web.answer = answer
        assert checking._answers(Look(HOST, TOKEN), 2) is (kind in OURS), kind
    asked = [(f"{HOST}:{web.server_port}", "/.well-known/webkit-domain")] * len(ANSWERS)
    assert web.asked == asked, "no redirect is followed"


def test_private_places_are_not_asked(web: Any, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    here = runtimes.of(app)
    monkeypatch.setattr(here, "settings", here.settings.model_copy(update={"allow_hosts": ()}))
    web.answer = ANSWERS["ours"]
    assert checking._answers(Look(HOST, TOKEN), 2) is False and web.asked == []
