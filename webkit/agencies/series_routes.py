"""Further series of invoice numbers: of a branch, a brand, a till."""

from __future__ import annotations

from dataclasses import replace

from flask import Response, flash, request

from webkit.agencies import numbering
from webkit.agencies.forms import SeriesForm
from webkit.agencies.numbering import Branch
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _

blueprint = staff_blueprint("number_series", __name__, "/settings/numbers/series")


@blueprint.get("/new")
def new() -> Response:
    """An empty form."""
    return _page(None, FormState())


@blueprint.post("/new")
def create() -> Response:
    bound = bind(SeriesForm, request.form)
    if not bound.ok:
        return _page(None, bound.state, code=422)
    try:
        numbering.add_branch(bound.data.name, bound.data.pattern, bound.data.start)
    except Invalid as error:
        return _page(None, replace(bound.state, errors=error.errors), code=422)
    flash(_("The series is there. Choose it in an invoice before you issue it."), "ok")
    return go("agencies.numbers")


@blueprint.get("/<series>")
def edit(series: str) -> Response:
    """One series."""
    branch = numbering.branch(series)
    now = branch.series
    stored = {"name": now.name, "pattern": now.pattern, "closed": "1" if now.closed else ""}
    return _page(branch, FormState.of(stored))


@blueprint.post("/<series>")
def save(series: str) -> Response:
    branch, bound = numbering.branch(series), bind(SeriesForm, request.form)
    if not bound.ok:
        return _page(branch, bound.state, code=422)
    given = bound.data
    try:
        numbering.change_branch(series, given.name, given.pattern, given.start, closed=given.closed)
    except Invalid as error:
        return _page(branch, replace(bound.state, errors=error.errors), code=422)
    flash(_("Numbers saved."), "ok")
    return go("agencies.numbers")


def _page(branch: Branch | None, form: FormState, code: int = 200) -> Response:
    return page("agencies/series.html", code=code, branch=branch, form=form)
