"""The page that whoever collects metrics reads. Observers fill it, and say who may."""

from __future__ import annotations

from flask import Flask, Response, abort, request

from webkit.core.capabilities.observing import HasMetrics
from webkit.core.kernel import observing

ADDRESS = "/metrics"


def init_app(app: Flask) -> None:
    app.add_url_rule(ADDRESS, view_func=metrics)


def metrics() -> Response:
    """Counts and times. Nobody without the observer's token learns whether there are any."""
    readable = [observer for observer in observing.observers() if isinstance(observer, HasMetrics)]
    if not readable:
        abort(404)
    shown = request.headers.get("Authorization", "")
    for observer in readable:
        if (found := observer.metrics(shown)) is not None:
            return Response(found.content, 200, {"Content-Type": found.content_type, "Cache-Control": "no-store"})
    return Response("", 401, {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"})
