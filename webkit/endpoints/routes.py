"""Pages about an agency's endpoints, for owners and admins."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, flash, g, request
from flask_login import current_user

from webkit.core.kernel import clock, stepup
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import DomainError, Invalid
from webkit.core.kernel.events import ref
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import ngettext
from webkit.endpoints import pages, service
from webkit.endpoints.forms import EndpointForm, RangeForm
from webkit.endpoints.models import DeliveryState
from webkit.endpoints.views import EndpointView, Secret

blueprint = staff_blueprint("endpoints", __name__, "/settings/webhooks")


@blueprint.get("")
def index() -> Response:
    """Who is told what happens here."""
    return page("endpoints/index.html", endpoints=service.every(), example=pages.example())


@blueprint.get("/events")
def kinds() -> Response:
    """Every kind of event, and how one arrives."""
    groups = [(group, [pages.Choice.of(kind) for kind in each]) for group, each in service.offered()]
    return page("endpoints/kinds.html", groups=groups, example=pages.example())


@blueprint.get("/new")
def new() -> Response:
    return _edit(None, FormState())


@blueprint.post("/new")
@stepup.required
def create() -> Response:
    """Set one up; its key is shown with the answer, and never again."""
    bound = bind(EndpointForm, request.form)
    if not bound.ok:
        return _edit(None, bound.state, 422)
    try:
        given = bound.data
        made = service.create(given.url, given.description, given.kinds, _actor())
    except DomainError as error:
        return _edit(None, _wrong(bound.state, error, "url"), error.code)
    return _secret(made, is_new=True)


@blueprint.get("/<uuid:endpoint_id>")
def show(endpoint_id: UUID) -> Response:
    """One of them, and what was sent."""
    return _show(service.get(endpoint_id), FormState(), "deliveries")


@blueprint.get("/<uuid:endpoint_id>/edit")
def edit(endpoint_id: UUID) -> Response:
    endpoint = service.get(endpoint_id)
    return _edit(endpoint, pages.filled(endpoint))


@blueprint.post("/<uuid:endpoint_id>/edit")
@stepup.required
def save(endpoint_id: UUID) -> Response:
    bound = bind(EndpointForm, request.form)
    endpoint = service.get(endpoint_id)
    if not bound.ok:
        return _edit(endpoint, bound.state, 422)
    try:
        given = bound.data
        service.update(endpoint_id, given.url, given.description, given.kinds, _actor())
    except DomainError as error:
        return _edit(endpoint, _wrong(bound.state, error, "url"), error.code)
    flash(_("Saved. It counts for what happens from now on."), "ok")
    return go(".show", endpoint_id=endpoint_id)


@blueprint.post("/<uuid:endpoint_id>/pause")
def pause(endpoint_id: UUID) -> Response:
    service.pause(endpoint_id, _actor())
    flash(_("Paused. What happens meanwhile waits here."), "ok")
    return go(".show", endpoint_id=endpoint_id)


@blueprint.post("/<uuid:endpoint_id>/resume")
def resume(endpoint_id: UUID) -> Response:
    service.resume(endpoint_id, _actor())
    flash(_("Resumed. What has waited is sent first."), "ok")
    return go(".show", endpoint_id=endpoint_id)


@blueprint.post("/<uuid:endpoint_id>/key")
@stepup.required
def rotate(endpoint_id: UUID) -> Response:
    """A new key, shown with the answer."""
    return _secret(service.rotate(endpoint_id, _actor()), is_new=False)


@blueprint.post("/<uuid:endpoint_id>/key/end")
def end_overlap(endpoint_id: UUID) -> Response:
    service.end_overlap(endpoint_id)
    flash(_("From now on the new key alone signs."), "ok")
    return go(".show", endpoint_id=endpoint_id)


@blueprint.get("/<uuid:endpoint_id>/delete")
def ask_delete(endpoint_id: UUID) -> Response:
    """What deleting means."""
    return page("endpoints/delete.html", endpoint=service.get(endpoint_id), waiting=service.waiting(endpoint_id))


@blueprint.post("/<uuid:endpoint_id>/delete")
def delete(endpoint_id: UUID) -> Response:
    service.delete(endpoint_id, _actor())
    flash(_("The endpoint is deleted."), "ok")
    return go(".index")


@blueprint.post("/<uuid:endpoint_id>/test")
def test(endpoint_id: UUID) -> Response:
    """Send something to try it; somebody waits for the answer."""
    sent = service.test(endpoint_id)
    if sent.state is DeliveryState.DELIVERED:
        flash(_("The test arrived: your system answered %(status)s.", status=sent.log[-1]["status"]), "ok")
    else:
        flash(_("The test did not arrive. The log below says why."), "bad")
    return go(".show", endpoint_id=endpoint_id)


@blueprint.get("/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>")
def delivery(endpoint_id: UUID, delivery_id: UUID) -> Response:
    """What exactly was sent, and every try."""
    found = service.delivery(endpoint_id, delivery_id)
    return page("endpoints/delivery.html", endpoint=service.get(endpoint_id), delivery=found)


@blueprint.post("/<uuid:endpoint_id>/deliveries/<uuid:delivery_id>/replay")
def replay(endpoint_id: UUID, delivery_id: UUID) -> Response:
    service.replay(endpoint_id, delivery_id)
    flash(_("It is sent again in a moment, under the same id."), "ok")
    return go(".delivery", endpoint_id=endpoint_id, delivery_id=delivery_id)


@blueprint.post("/<uuid:endpoint_id>/replay")
def replay_range(endpoint_id: UUID) -> Response:
    """Send again what happened on some days, as the agency counts them."""
    endpoint = service.get(endpoint_id)
    bound = bind(RangeForm, request.form)
    if not bound.ok:
        return _show(endpoint, bound.state, code=422)
    zone, given = ZoneInfo(g.agency.timezone), bound.data
    since = datetime.combine(given.since, time(), zone)
    until = datetime.combine(given.until, time(), zone) + timedelta(days=1)
    try:
        count = service.replay_range(endpoint_id, since, until, only_failed=given.failed)
    except Invalid as error:
        return _show(endpoint, _wrong(bound.state, error, "until"), code=error.code)
    flash(ngettext("%(n)s delivery is sent again.", "%(n)s deliveries are sent again.", count), "ok")
    return go(".show", endpoint_id=endpoint_id)


def _edit(endpoint: EndpointView | None, form: FormState, code: int = 200) -> Response:
    return page("endpoints/edit.html", code=code, **fields(pages.form_page(endpoint, form)))


def _show(endpoint: EndpointView, form: FormState, *blocks: str, code: int = 200) -> Response:
    before = request.args.get("before", type=UUID)
    today = clock.today(g.agency.timezone)
    shown = pages.show_page(endpoint, form, request.args.get("view", "all"), before, today)
    return page("endpoints/show.html", *blocks, code=code, **fields(shown))


def _secret(made: Secret, *, is_new: bool) -> Response:
    """The one time a key is shown; not kept by the browser."""
    response = page("endpoints/secret.html", made=made, is_new=is_new, example=pages.example())
    response.headers["Cache-Control"] = "no-store"
    return response


def _actor() -> str:
    return ref("user", current_user.id)


def _wrong(state: FormState, error: DomainError, field: str) -> FormState:
    state.errors.update(error.errors if isinstance(error, Invalid) else {error.field or field: error.message})
    return state
