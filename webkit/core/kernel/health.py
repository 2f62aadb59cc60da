"""Whether this process lives, and whether it can serve."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask import Flask, Response, jsonify
from redis.exceptions import RedisError

from webkit.core.kernel import metrics
from webkit.core.kernel.db import session
from webkit.core.kernel.runtime import current

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


ADDRESSES = ("/healthz", "/readyz", metrics.ADDRESS)


def init_app(app: Flask) -> None:
    app.add_url_rule("/healthz", view_func=healthz)
    app.add_url_rule("/readyz", view_func=readyz)
    app.wsgi_app = _by_any_name(app.wsgi_app)  # type: ignore[method-assign, assignment]


def _by_any_name(serve: WSGIApplication) -> WSGIApplication:
    """Who probes or measures a process calls it by its number; all else answers only to the names it was given."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") in ADDRESSES:
            environ["HTTP_HOST"] = "localhost"
        return serve(environ, start_response)

    return answer


def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


def readyz() -> tuple[Response, int]:
    """The database and the queue answer; 503 names what does not."""
    checks = {"database": _database(), "queue": _queue()}
    ready = all(state == "ok" for state in checks.values())
    return jsonify(status="ok" if ready else "unavailable", checks=checks), 200 if ready else 503


def _database() -> str:
    try:
        session().scalar(sa.select(1))
    except sa.exc.SQLAlchemyError:
        return "unreachable"
    return "ok"


def _queue() -> str:
    if current().redis is None:
        return "not configured"
    try:
        current().redis.ping()
    except (RedisError, OSError):
        return "unreachable"
    return "ok"
