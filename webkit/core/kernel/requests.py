"""What surrounds each request: its id, its language, its line in the log."""

from __future__ import annotations

import re
import time

import structlog
from flask import Flask, Response, abort, g, request
from flask_login import current_user

from webkit.core.kernel import i18n
from webkit.core.kernel.ids import token

log = structlog.get_logger("webkit.request")
_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


def init_app(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if _ID.fullmatch(given) else token()[:16]
        g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        i18n.set_locale(i18n.negotiate([language for language, _ in request.accept_languages]))
        if "\0" in request.path or b"%00" in request.query_string:
            abort(400)  # no address of ours holds one, and PostgreSQL takes none in a text

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.get("request_id", "")
        if request.endpoint != "static":
            _log(response)
        return response


def _log(response: Response) -> None:
    agency = g.get("agency")
    signed_in = "agency" in g and bool(current_user) and current_user.is_authenticated
    bearer = g.get("bearer")
    user_id = bearer.user_id if bearer else current_user.id if signed_in else ""
    log.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        ms=round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1),
        agency=agency.slug if agency else "",
        user=str(user_id),
    )
