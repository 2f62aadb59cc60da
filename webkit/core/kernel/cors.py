"""Other sites whose pages may ask the API: those that `CORS_ORIGINS` names, exactly, and only with a key of their own.

No answer allows credentials, so what a browser holds of ours (its cookie) is never any other site's to use.
"""

from __future__ import annotations

from flask import Flask, Response, request

from webkit.core.kernel.runtime import current

BELOW = "/api/"
METHODS = "GET, POST, PUT, PATCH, DELETE"
SENT = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-ID"
SHOWN = (
    "ETag, Link, Location, Idempotency-Key, Retry-After, "
    "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, WWW-Authenticate, X-Request-ID"
)
REMEMBERED = "600"
"""Seconds for which a browser need not ask again."""


def init_app(app: Flask) -> None:
    app.before_request(answer_preflight)
    app.after_request(allow)


def permits(origin: str | None) -> bool:
    """Whether pages of this site may ask the API."""
    return origin is not None and origin in current().settings.cors_origins


def answer_preflight() -> Response | None:
    """What a browser asks before it lets a page ask: answered for the API, whether there is such an address or not."""
    if request.method != "OPTIONS" or not _concerned() or "Access-Control-Request-Method" not in request.headers:
        return None
    response = Response(status=204)
    response.vary.update(("Access-Control-Request-Method", "Access-Control-Request-Headers"))
    if permits(request.headers.get("Origin")):
        response.headers["Access-Control-Allow-Methods"] = METHODS
        response.headers["Access-Control-Allow-Headers"] = SENT
        response.headers["Access-Control-Max-Age"] = REMEMBERED
    return response


def allow(response: Response) -> Response:
    """Name the site that asks, if it may read the answer; caches keep answers for different sites apart."""
    if _concerned():
        response.vary.add("Origin")
        if permits(origin := request.headers.get("Origin")):
            response.headers["Access-Control-Allow-Origin"] = str(origin)
            response.headers["Access-Control-Expose-Headers"] = SHOWN
    return response


def _concerned() -> bool:
    return bool(current().settings.cors_origins) and request.path.startswith(BELOW)
