"""Staff pages of consultations: the list, the form, what was answered, and every version of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, flash, request, url_for

from webkit.clients import service as clients
from webkit.consultations import answers as said
from webkit.consultations import form_routes, pages, service
from webkit.consultations.fields import KEYS, step_of
from webkit.consultations.forms import NewForm
from webkit.consultations.models import State
from webkit.consultations.pages import ComparePage, ListPage, NewPage, ShowPage, VersionPage, VersionsPage
from webkit.consultations.presets import PRESETS
from webkit.consultations.service import Filter
from webkit.consultations.views import ConsultationView
from webkit.core.kernel import once
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Invalid, NotFound
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import gettext as _

PAGE, VERSIONS = 50, 100
STATES = frozenset(State)
LARGEST = 256 * 1024
"""Bytes of a step with every answer as long as it may be, in the widest script, encoded; more is not read."""
blueprint = staff_blueprint("consultations", __name__, "/consultations")


@blueprint.get("/")
def index() -> Response:
    state, words = request.args.get("state", ""), request.args.get("q", "").strip()[:100]
    which = Filter(
        state=state if state in STATES else "",
        words=words,
        client_id=request.args.get("client", type=UUID),
        before=request.args.get("before", type=UUID),
    )
    found = service.page(which, PAGE + 1)
    more: dict[str, Any] = {"state": which.state or None, "q": words or None, "client": which.client_id}
    older = url_for(".index", before=found[PAGE - 1].id, **more) if len(found) > PAGE else None
    is_filtered = bool(which.state or words or which.client_id or which.before)
    is_new = not found and not service.has_any()
    view = ListPage(found[:PAGE], which.state, words, older, is_filtered, is_new)
    return page("consultations/index.html", "list", **fields(view))


@blueprint.get("/new")
def new() -> Response:
    """Choose whom it is with, or leave that open."""
    client_id = request.args.get("client", type=UUID)
    state = FormState.of({"client_id": client_id or "", "once": once.key()})
    return _new(state, service.latest_for(client_id) if client_id else None)


@blueprint.post("/new")
def create() -> Response:
    bound = bind(NewForm, request.form)
    if bound.ok:
        try:
            made = service.start(bound.data.client_id, form_routes.author(), key=bound.data.once)
            return go(".edit", consultation_id=made, key=KEYS[0])
        except NotFound as error:
            bound.state.errors["client_id"] = error.message
    return _new(bound.state, None, 422)


@blueprint.get("/<uuid:consultation_id>")
def show(consultation_id: UUID) -> Response:
    """What was answered."""
    view = service.get(consultation_id)
    client = clients.names([view.client_id]).get(view.client_id, "") if view.client_id else ""
    missing = pages.missing(view) if view.state is State.DRAFT else []
    shown = ShowPage(view, client, pages.parts(view.answers, service.lists()), missing)
    return page("consultations/show.html", **fields(shown))


@blueprint.get("/<uuid:consultation_id>/edit")
def resume(consultation_id: UUID) -> Response:
    """Go on where the first needed answer is missing."""
    missing = said.problems(service.get(consultation_id).answers)
    key = step_of(next(iter(missing))).key if missing else KEYS[0]
    return go(".edit", consultation_id=consultation_id, key=key)


@blueprint.get(f"/<uuid:consultation_id>/<any({','.join(KEYS)}):key>")
def edit(consultation_id: UUID, key: str) -> Response:
    view = service.get(consultation_id)
    return form_routes.opened(view, key) if form_routes.is_open(view) else go(".show", consultation_id=consultation_id)


@blueprint.post(f"/<uuid:consultation_id>/<any({','.join(KEYS)}):key>")
def save(consultation_id: UUID, key: str) -> Response:
    """Keep what stands in the form, whatever happened meanwhile."""
    request.max_content_length = LARGEST
    return form_routes.sent(service.get(consultation_id), key)


@blueprint.post("/<uuid:consultation_id>/complete")
def complete(consultation_id: UUID) -> Response:
    return form_routes.completed(service.get(consultation_id))


@blueprint.post("/<uuid:consultation_id>/reopen")
def reopen(consultation_id: UUID) -> Response:
    service.reopen(consultation_id, form_routes.author())
    flash(_("It is a draft again."), "info")
    return go(".resume", consultation_id=consultation_id)


@blueprint.post("/<uuid:consultation_id>/archive")
def archive(consultation_id: UUID) -> Response:
    service.archive(consultation_id, form_routes.author())
    flash(_("Archived. Every version stays."), "ok")
    return go(".show", consultation_id=consultation_id)


@blueprint.post("/<uuid:consultation_id>/unarchive")
def unarchive(consultation_id: UUID) -> Response:
    service.unarchive(consultation_id, form_routes.author())
    flash(_("Back among the consultations."), "ok")
    return go(".show", consultation_id=consultation_id)


@blueprint.get("/<uuid:consultation_id>/versions")
def versions(consultation_id: UUID) -> Response:
    """Every save, newest first."""
    view, before = service.get(consultation_id), request.args.get("before", type=int)
    before = before if before is not None and 0 < before < 2**31 else None
    found = service.versions(consultation_id, before, VERSIONS + 1)
    more, last = len(found) > VERSIONS, found[:VERSIONS][-1:]
    older = url_for(".versions", consultation_id=consultation_id, before=last[0].number) if more else None
    newest = url_for(".versions", consultation_id=consultation_id) if before else None
    shown = VersionsPage(view, pages.works(found[:VERSIONS]), pages.labels(), newest, older)
    return page("consultations/versions.html", **fields(shown))


@blueprint.get("/<uuid:consultation_id>/versions/<int(max=2147483647):number>")
def version(consultation_id: UUID, number: int) -> Response:
    """What one version says."""
    view, old = service.get(consultation_id), service.version(consultation_id, number)
    shown = VersionPage(view, old, pages.parts(old.answers, service.lists()))
    return page("consultations/version.html", **fields(shown))


@blueprint.get("/<uuid:consultation_id>/compare")
def compare(consultation_id: UUID) -> Response:
    """Two versions side by side, the older one first; without a choice, the current one with the one before."""
    view = service.get(consultation_id)
    newer = service.version(consultation_id, _number("to") or view.version)
    older = service.version(consultation_id, _number("from") or max(1, newer.parent))
    before, after = sorted((older, newer), key=lambda version: version.number)
    shown = ComparePage(view, before, after, said.diff(before.answers, after.answers, service.lists()))
    return page("consultations/compare.html", **fields(shown))


@blueprint.post("/<uuid:consultation_id>/versions/<int(max=2147483647):number>/restore")
def restore(consultation_id: UUID, number: int) -> Response:
    made = service.restore(consultation_id, number, form_routes.author())
    flash(_("Version %(n)d is back, as version %(new)d.", n=number, new=made), "ok")
    return go(".resume", consultation_id=consultation_id)


@blueprint.get("/choices")
def choices() -> Response:
    """The lists that questions offer."""
    return page("consultations/choices.html", **fields(pages.choices(service.lists())))


@blueprint.post("/choices/<name>")
def set_choices(name: str) -> Response:
    """Keep a list, or go back to the preset."""
    if name not in PRESETS:
        raise NotFound(_("There is no such list."))
    try:
        if "reset" in request.form:
            service.reset_choices(name)
        else:
            service.set_choices(name, request.form.get(name, ""))
    except Invalid as error:
        typed = FormState({name: [request.form.get(name, "")]}, dict(error.errors))
        return page("consultations/choices.html", code=422, **fields(pages.choices(service.lists(), typed)))
    flash(_("Saved. Answers that were given stay as they are."), "ok")
    return go(".choices", _anchor=f"list-{name}")


def _new(state: FormState, latest: ConsultationView | None, code: int = 200) -> Response:
    found = [(str(client_id), name) for client_id, name in clients.choices()]
    is_open = latest is not None and latest.state is State.DRAFT
    return page("consultations/new.html", code=code, **fields(NewPage(state, found, latest if is_open else None)))


def _number(name: str) -> int:
    number = request.args.get(name, 0, type=int)
    return number if 0 < number < 2**31 else 0
