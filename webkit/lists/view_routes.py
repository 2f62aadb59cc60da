"""Saved views of lists: made, changed, deleted, and chosen to begin with."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request, url_for

from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import go_to, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.lists import Asked, ListSpec, args, chips, find, frame, parse, views
from webkit.core.kernel.lists.views import View
from webkit.lists.forms import ViewForm

blueprint = staff_blueprint("list_views", __name__, "/lists/<name>/views")


@blueprint.get("/new")
def new(name: str) -> Response:
    """Ask for a name for what is shown."""
    spec, asked = _asked(name)
    return _form(spec, asked, None, FormState.of({}))


@blueprint.post("/new")
def create(name: str) -> Response:
    """Keep what is shown under that name."""
    spec, asked = _asked(name)
    bound = bind(ViewForm, request.form)
    if not bound.ok:
        return _form(spec, asked, None, bound.state, 422)
    try:
        view_id = views.save(spec, asked, frame.actor(), bound.data.name, shared=bound.data.shared)
    except Invalid as error:
        bound.state.errors.update(error.errors)
        return _form(spec, asked, None, bound.state, 422)
    if bound.data.begin:
        views.open_with(spec, frame.actor(), view_id)
    flash(_("Saved. You find it above the list."), "ok")
    return _to(spec, views.get(view_id, name, frame.actor().user_id))


@blueprint.get("/<uuid:view_id>")
def edit(name: str, view_id: UUID) -> Response:
    """A view's name, who sees it, and what it stands for."""
    spec, asked = _asked(name)
    view = views.get(view_id, name, frame.actor().user_id)
    given = {"name": view.name, "shared": "true" if view.shared else "", "begin": "true" if view.is_default else ""}
    return _form(spec, asked, view, FormState.of(given))


@blueprint.post("/<uuid:view_id>")
def change(name: str, view_id: UUID) -> Response:
    """Keep what was changed about it."""
    spec, asked = _asked(name)
    actor = frame.actor()
    view = views.get(view_id, name, actor.user_id)
    bound = bind(ViewForm, request.form)
    if view.may_change(actor):
        if not bound.ok:
            return _form(spec, asked, view, bound.state, 422)
        given = bound.data
        try:
            stands_for = asked if given.replace else None
            views.change(view_id, spec, actor, given.name, shared=given.shared, asked=stands_for)
        except Invalid as error:
            bound.state.errors.update(error.errors)
            return _form(spec, asked, view, bound.state, 422)
        if not given.shared and view.user_id != actor.user_id:
            flash(_("Saved."), "ok")
            return go_to(url_for(spec.endpoint))  # its owner alone sees it from now on
    if ("begin" in request.form) != view.is_default:
        views.open_with(spec, actor, None if view.is_default else view_id)
    flash(_("Saved."), "ok")
    return _to(spec, views.get(view_id, name, actor.user_id))


@blueprint.post("/<uuid:view_id>/delete")
def delete(name: str, view_id: UUID) -> Response:
    """Forget it; what it showed stays."""
    spec = find(name)
    views.delete(view_id, spec, frame.actor())
    flash(_("The view is gone. What it showed is still there."), "ok")
    return go_to(url_for(spec.endpoint))


def _asked(name: str) -> tuple[ListSpec, Asked]:
    spec = find(name)
    return spec, parse(spec, request.args, frame.here())


def _to(spec: ListSpec, view: View) -> Response:
    return go_to(url_for(spec.endpoint, **view.address))


def _form(spec: ListSpec, asked: Asked, view: View | None, state: FormState, code: int = 200) -> Response:
    stands_for = parse(spec, frame.multi(view.args), frame.here()) if view else asked
    given = args(asked)
    target = (
        url_for(".change", name=spec.name, view_id=view.id, **given)
        if view
        else url_for(".create", name=spec.name, **given)
    )
    return page(
        "lists/view.html",
        code=code,
        spec=spec,
        view=view,
        form=state,
        target=target,
        may_change=view is None or view.may_change(frame.actor()),
        chips=chips(spec, stands_for, spec.refs(stands_for.refs)),
        words=stands_for.words,
        differs=view is not None and views.kept(asked) != dict(view.args) and bool(views.kept(asked)),
        now=chips(spec, asked, spec.refs(asked.refs)),
        back=url_for(spec.endpoint, **given),
    )
