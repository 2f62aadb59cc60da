"""A page or two served on a free port, and the browser to look at them with."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask, Response, g
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from webkit.core.kernel import security
from webkit.core.paths import STATIC

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MARKS = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here"),
    pytest.mark.skipif(not (STATIC / "manifest.json").exists(), reason="the assets are not built"),
]
_WATCH = "window.broken=[];addEventListener('securitypolicyviolation',e=>window.broken.push(e.violatedDirective))"


class _Quiet(WSGIRequestHandler):
    def log(self, *args: object) -> None:
        """Nothing on the terminal."""


def strict(response: Response) -> Response:
    """The policy our pages are served with."""
    response.headers["Content-Security-Policy"] = (
        f"default-src 'self'; script-src 'self' 'nonce-{security.nonce()}'; style-src 'self'; "
        "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'"
    )
    g.pop("csp_nonce", None)
    return response


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """`app` under the strict policy; gives its address."""
    app.after_request(strict)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Headless Chromium."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def open_page(browser: Browser, url: str, width: int = 1440, scheme: str = "light") -> Page:
    """A page of its own session that notes in `window.broken` what the policy refused."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    page.add_init_script(_WATCH)
    page.goto(url, wait_until="networkidle")
    return page
