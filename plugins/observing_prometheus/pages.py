"""The page that Prometheus reads."""

from __future__ import annotations

from typing import Protocol, cast

from flask import Blueprint, Response, abort, request

from webkit.sdk.watching import chosen_observer

pages = Blueprint("observing_prometheus", __name__)


class Readable(Protocol):
    """What the page needs of the provider."""

    def read(self, authorization: str) -> tuple[bytes, str] | None:
        """The text and what it is; None for whoever has no token."""
        ...


@pages.get("/metrics")
def metrics() -> Response:
    """Counts and times; nobody without the token learns whether there are any."""
    observer = cast("Readable | None", chosen_observer("prometheus"))
    if observer is None:
        abort(404)
    if (found := observer.read(request.headers.get("Authorization", ""))) is None:
        return Response("", 401, {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"})
    text, kind = found
    return Response(text, 200, {"Content-Type": kind, "Cache-Control": "no-store"})
