"""RQ's own dashboard under /admin/rq: for operators, changes by POST from our pages only.

It is an application by itself, made for the first who looks at it: what it brings along would make every process
start later, and grow.
"""

from __future__ import annotations

import functools

from flask import Blueprint, Flask, Response, abort, make_response, request

from webkit.core.kernel.runtime import current
from webkit.operations.routes import only_operators

CHANGES = ("delete", "empty", "requeue", "compact", "cancel")
STYLES = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
"""Its pages bring inline scripts and styles of their own; they are let in here and nowhere else."""

blueprint = Blueprint("rq_dashboard", __name__, url_prefix="/admin/rq")
blueprint.before_request(only_operators)


@blueprint.route("/", defaults={"path": ""})
@blueprint.route("/<path:path>", methods=["GET", "POST"])
def show(path: str) -> Response:
    """What the dashboard answers; without a configured queue there is nothing to show."""
    if not (url := current().settings.redis_url):
        abort(404)
    # The dashboard answers some changes to GET: a link or picture elsewhere could make them.
    if request.method != "POST" and any(f"/{word}" in request.path for word in CHANGES):
        abort(405)
    dashboard = _dashboard(url, f"{blueprint.url_prefix}")
    response = make_response(Response.from_app(dashboard, request.environ, buffered=True))
    response.headers["Content-Security-Policy"] = STYLES
    return response


@functools.cache
def _dashboard(url: str, below: str) -> Flask:
    import rq_dashboard
    from rq_dashboard.web import setup_rq_connection

    # Its pages ask for the static files of their application.
    app = Flask(__name__, static_folder=rq_dashboard.blueprint.static_folder, static_url_path=f"{below}/static")
    app.config.from_object(rq_dashboard.default_settings)
    app.config.update(RQ_DASHBOARD_REDIS_URL=[url], PROPAGATE_EXCEPTIONS=True)
    app.url_map.strict_slashes = False
    setup_rq_connection(app)
    app.register_blueprint(rq_dashboard.blueprint, url_prefix=below)
    return app
