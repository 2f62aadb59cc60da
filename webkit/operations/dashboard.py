"""RQ's own dashboard under /admin/rq: for operators, changes by POST from our pages only."""

from __future__ import annotations

import rq_dashboard
from flask import Flask, Response, abort, request
from rq_dashboard.web import setup_rq_connection

from webkit.core.kernel.runtime import of
from webkit.operations.routes import only_operators

CHANGES = ("delete", "empty", "requeue", "compact", "cancel")


def mount(app: Flask) -> None:
    """Register the dashboard; without a configured queue there is nothing to show."""
    url = of(app).settings.redis_url
    if not url:
        return
    app.config.from_object(rq_dashboard.default_settings)
    app.config["RQ_DASHBOARD_REDIS_URL"] = [url]
    setup_rq_connection(app)
    app.register_blueprint(rq_dashboard.blueprint, url_prefix="/admin/rq")
    app.before_request(_guard)
    app.after_request(_allow_its_styles)


def _is_dashboard() -> bool:
    return bool(request.blueprint == rq_dashboard.blueprint.name)


def _guard() -> Response | None:
    if not _is_dashboard():
        return None
    if (refused := only_operators()) is not None:
        return refused
    # The dashboard answers some changes to GET: a link or picture elsewhere could make them.
    if request.method == "GET" and any(f"/{word}" in request.path for word in CHANGES):
        abort(405)
    return None


def _allow_its_styles(response: Response) -> Response:
    """Its pages bring inline scripts and styles of their own; they are let in here and nowhere else."""
    if _is_dashboard():
        response.headers["Content-Security-Policy"] = (
            "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
        )
    return response
