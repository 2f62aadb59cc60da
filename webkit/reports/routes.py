"""The first page after signing in."""

from __future__ import annotations

from flask import Response, g

from webkit.core.kernel import clock
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.hx import page
from webkit.reports import service

blueprint = staff_blueprint("reports", __name__)


@blueprint.get("/")
def today() -> Response:
    return page("reports/today.html", today=service.today(), day=clock.today(g.agency.timezone))
