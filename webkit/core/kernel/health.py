"""Whether this process lives, and whether it can serve."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask, Response, jsonify
from redis.exceptions import RedisError

from webkit.core.kernel.db import session
from webkit.core.kernel.runtime import current


def init_app(app: Flask) -> None:
    app.add_url_rule("/healthz", view_func=healthz)
    app.add_url_rule("/readyz", view_func=readyz)


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
