"""The styleguide and the pages outside the shell, as development sees them."""

from flask import Blueprint, Response, abort

from webkit.core.kernel.hx import page
from webkit.core.kernel.runtime import current
from webkit.styleguide.samples import StyleguidePage, sample_page

blueprint = Blueprint("styleguide", __name__)


@blueprint.get("/styleguide")
def show() -> Response:
    """Every component in every state."""
    return _page("styleguide/show.html", sample_page())


@blueprint.get("/styleguide/outside")
def outside() -> Response:
    """A page without the shell: the sign-in column."""
    return _page("styleguide/outside.html", sample_page())


@blueprint.get("/styleguide/lost")
def lost() -> Response:
    """A page without the shell: what an error page looks like."""
    return _page("styleguide/lost.html", sample_page())


def _page(template: str, shown: StyleguidePage) -> Response:
    if current().settings.production:
        abort(404)
    return page(template, s=shown)
