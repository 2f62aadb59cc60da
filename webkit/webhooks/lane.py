"""The fast lane of webhooks: a genuine event is kept before pages' machinery begins.

Vendors send in bursts and judge us by how soon we answer. Whatever is not plainly genuine (an unknown address, a wrong
signature, an unreadable or large body) goes the ordinary way, where the route says what is wrong with it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask

from webkit.core.capabilities.errors import ProviderError
from webkit.core.kernel import inbox
from webkit.core.kernel.db import Scope, release, unit
from webkit.core.kernel.errors import NotFound

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger("webkit.request")
LIMIT = 1024 * 1024
OLD_ADDRESSES = {
    "/api/stripe/webhook": ("payments", "stripe"),
    "/api/v1/webhooks/stripe": ("payments", "stripe"),
    "/api/v1/billing/webhook": ("payments", "stripe"),
}
"""Where vendors were told to call before; they reach the platform's endpoint."""
_ADDRESS = re.compile(r"/webhooks/(\w{1,32})/(\w{1,32})/([\w-]{1,32})/?")
_HEADERS = [
    ("Content-Type", "application/json"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
]


def open_lane(app: Flask) -> None:
    """Put the lane in front of an application."""
    app.wsgi_app = _lane(app, app.wsgi_app)  # type: ignore[method-assign, assignment]


def _lane(app: Flask, pages: Callable[..., Any]) -> WSGIApplication:
    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        where = _where(environ)
        if where is None:
            return pages(environ, start_response)  # type: ignore[no-any-return]
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        with app.app_context(), unit(Scope()):
            answer = _keep(*where, _headers(environ), body)
        if answer is None:
            return pages({**environ, "wsgi.input": io.BytesIO(body)}, start_response)  # type: ignore[no-any-return]
        log.info("request", method="POST", path=environ["PATH_INFO"], status=200, **answer)
        text = b'{"new":%d,"received":%d}\n' % (answer["new"], answer["received"])
        start_response("200 OK", [*_HEADERS, ("Content-Length", str(len(text)))])
        return [text]

    return serve


def _where(environ: WSGIEnvironment) -> tuple[str, str, str] | None:
    """The endpoint of a webhook whose length is known and bearable."""
    length = environ.get("CONTENT_LENGTH") or ""
    if environ["REQUEST_METHOD"] != "POST" or not length.isdecimal() or int(length) > LIMIT:
        return None
    path = environ.get("PATH_INFO", "")
    if (old := OLD_ADDRESSES.get(path)) is not None:
        return (*old, inbox.PLATFORM)
    found = _ADDRESS.fullmatch(path)
    return (found[1], found[2], found[3]) if found else None


def _keep(capability: str, provider: str, name: str, headers: dict[str, str], body: bytes) -> dict[str, int] | None:
    """How many events a genuine delivery brought; None sends it the ordinary way."""
    try:
        where = inbox.find(capability, provider, name)
        vendor = inbox.reader(capability, provider, where)
        release()
        vendor.verify(headers, body)
        events = [(event.id, str(event.kind)) for event in vendor.events(body)]
    except (ProviderError, NotFound):
        return None
    new = inbox.receive(capability, provider, name, body, headers, events, agency=where.agency)
    return {"received": len(events), "new": new}


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    """The request's headers, under the names they usually have."""
    named = {name[5:].replace("_", "-").title(): value for name, value in environ.items() if name.startswith("HTTP_")}
    return {**named, "Content-Type": environ.get("CONTENT_TYPE", "")}
