"""The addresses of the API, one for each operation of the table, and its description."""

from __future__ import annotations

from flask import Blueprint, Response, request

from webkit.api import document, reference
from webkit.api.answering import view_of
from webkit.api.door import enter
from webkit.api.operations import BASE
from webkit.api.table import BY_ENDPOINT, current_of, is_read_below
from webkit.core.kernel import doors
from webkit.core.kernel.hx import page
from webkit.core.kernel.security import own_origin

blueprint = Blueprint("api", __name__, url_prefix=BASE)
blueprint.url_value_preprocessor(doors.keep_slug)
papers = Blueprint("api_papers", __name__, url_prefix=BASE)

for operation in BY_ENDPOINT.values():
    blueprint.add_url_rule(
        operation.rule,
        operation.endpoint,
        view_of(operation, current_of(operation), has_home=is_read_below(operation)),
        methods=[operation.method],
    )


@blueprint.before_request
def enter_api() -> None:
    enter(BY_ENDPOINT[(request.endpoint or "").removeprefix("api.")])


@papers.get("/openapi.json")
def openapi() -> Response:
    """The description of all this, for programs."""
    response = Response(document.text(), mimetype="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    response.add_etag()
    response.make_conditional(request)
    return response


@papers.get("/reference")
def read() -> Response:
    """The same, for people."""
    base_url = own_origin()
    lede = document.ABOUT.split("\n\n")
    found = reference.groups(base_url)
    return page("api/reference.html", groups=found, lede=lede, problems=reference.problems(), base_url=base_url)
