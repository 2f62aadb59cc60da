"""An agency's colours as style sheets: files, because the content security policy allows no styles in a page."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, abort, request

from webkit.branding import colours
from webkit.core.kernel import hosts
from webkit.core.kernel.runtime import current

FOREVER = "public, max-age=31536000, immutable"
SHORTLY = "public, max-age=60"

blueprint = Blueprint("branding", __name__)


@blueprint.get("/<slug:agency>/theme.css")
def staff_theme(agency: str) -> Response:
    """The colours of the staff screens."""
    return _sheet(agency, colours.staff_css)


@blueprint.get("/<slug:agency>/public.css")
@hosts.for_clients
def public_theme(agency: str) -> Response:
    """The colours of the client pages."""
    return _sheet(agency, colours.public_css)


def _sheet(slug: str, write: Callable[[str], str]) -> Response:
    """The sheet; kept for good under the version it was asked for, and only shortly under any other."""
    agency = current().directory.by_slug(slug)
    if agency is None or not hosts.shows(agency.id):
        abort(404)
    response = Response(write(agency.brand), mimetype="text/css")
    response.headers["Cache-Control"] = FOREVER if request.args.get("v") == agency.theme else SHORTLY
    return response
