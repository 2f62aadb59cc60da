"""Pages of imports: upload, name the columns, look, bring in, take back."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request, url_for
from flask_login import current_user

from webkit.agencies import pages as agencies
from webkit.core.kernel import events, i18n, once
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import DomainError, Invalid, NotFound
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.imports import forms, numbers, pages, reading, service
from webkit.imports.models import ImportState, Kind
from webkit.imports.pages import ListPage
from webkit.imports.samples import sample as sample_of
from webkit.imports.service import ImportView
from webkit.imports.settings import Reading

PAGE = 25
ROOM = 64 * 1024
"""What a form has besides its file."""
CSV = "text/csv; charset=utf-8"
blueprint = staff_blueprint("imports", __name__, "/imports")


@blueprint.get("")
def index() -> Response:
    """Every import, newest first."""
    before = request.args.get("before", type=UUID)
    found = service.page(PAGE + 1, before)
    older = url_for(".index", before=found[PAGE - 1].id) if len(found) > PAGE else None
    view = ListPage(found[:PAGE], pages.KINDS, pages.STATES, older, before is None)
    return page("imports/index.html", **fields(view))


@blueprint.get("/samples/<any(clients, invoices):kind>.csv")
def sample(kind: str) -> Response:
    """A file of this kind, to be filled in."""
    return _file(sample_of(Kind(kind)), f"{kind}.csv")


@blueprint.get("/new")
def new() -> Response:
    """Choose what, and the file."""
    kind = request.args.get("kind", Kind.CLIENTS.value)
    return _upload(FormState.of({"kind": kind if kind in list(Kind) else Kind.CLIENTS.value, "once": once.key()}))


@blueprint.post("/new")
def upload() -> Response:
    """Keep a file."""
    request.max_content_length = reading.MOST_BYTES + ROOM
    bound = bind(forms.UploadForm, request.form)
    if not bound.ok:
        return _upload(bound.state, 422)
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        bound.state.errors["file"] = _("Choose the CSV file you want to import.")
        return _upload(bound.state, 422)
    try:
        with sent.stream as body:
            length = body.seek(0, 2)
            actor, locale = events.ref("user", current_user.id), i18n.current_locale()
            given = bound.data
            made = service.upload(given.kind, sent.filename, body, length, actor, locale, given.once)  # type: ignore[arg-type]
    except reading.Unreadable as error:
        bound.state.errors["file"] = error.message
        return _upload(bound.state, 422)
    return go(".columns", import_id=made)


@blueprint.get("/<uuid:import_id>/columns")
def columns(import_id: UUID) -> Response:
    """Say how the file is read."""
    found = service.get(import_id)
    if not _can_be_read(found):
        return go(".show", import_id=import_id)
    return _columns(found, FormState.of(forms.written(found.reading)))


@blueprint.post("/<uuid:import_id>/columns")
def look_through(import_id: UUID) -> Response:
    """Have the file looked through as was said; or show how it reads in another encoding."""
    found, state = service.get(import_id), FormState(dict(request.form.lists()))
    kept, problem = _decided(found)
    if problem is not None:
        state.errors[problem.field or ""] = problem.message
        return _columns(found, state, 422)
    if "again" in request.form:
        return _columns(found, _read_again(found, kept))
    try:
        service.look_through(import_id, kept)
    except Invalid as error:
        state.errors.update(error.errors)
        return _columns(found, state, 422)
    return go(".show", import_id=import_id)


def _decided(found: ImportView) -> tuple[Reading, DomainError | None]:
    """What was sent, or why the file cannot be read like that."""
    asked = forms.read(found.kind, request.form, found.reading, reading.MOST_COLUMNS)
    try:
        table = service.table(found.id, asked.encoding, asked.separator)
    except reading.Unreadable as error:
        return found.reading, error
    return forms.read(found.kind, request.form, found.reading, len(table.columns)), None


def _read_again(found: ImportView, kept: Reading) -> FormState:
    """The same decisions; where the columns are other ones now, what is most likely right for them."""
    same = service.table(found.id).columns == service.table(found.id, kept.encoding, kept.separator).columns
    made = kept if same else service.propose(found.id, kept.encoding, kept.separator)
    return FormState.of(forms.written(made))


@blueprint.get("/<uuid:import_id>")
def show(import_id: UUID) -> Response:
    """How far it is, and what becomes of each record."""
    found = service.get(import_id)
    if found.state is ImportState.UPLOADED:
        return go(".columns", import_id=import_id)
    which = request.args.get("view", "all")
    which = which if which in pages.VIEWS else "all"
    after = request.args.get("after", 0, type=int)
    rows = [] if found.working else service.rows(import_id, which, max(0, min(after, 2**31 - 1)))
    wants_numbers = found.kind is Kind.INVOICES and found.state is ImportState.DONE
    view = pages.show(found, rows, which, numbers.continuation() if wants_numbers else None)
    return page("imports/show.html", **fields(view))


@blueprint.get("/<uuid:import_id>/progress")
def progress(import_id: UUID) -> Response:
    """How far the job is; the whole page anew once it has ended."""
    found = service.get(import_id)
    if request.args.get("state") != found.state.value or not found.working:
        return go(".show", import_id=import_id)
    return page("imports/show.html", "progress", **fields(pages.show(found, [], "all", None)))


@blueprint.get("/<uuid:import_id>/refused.csv")
def refused(import_id: UUID) -> Response:
    """The refused lines with the reason of each."""
    found = service.get(import_id)
    stem = found.filename.rpartition(".")[0] or found.filename
    return _file(service.refused(import_id), _("%(name)s, refused.csv", name=stem))


@blueprint.post("/<uuid:import_id>/run")
def run(import_id: UUID) -> Response:
    """Bring in what was looked through."""
    service.bring_in(import_id, events.ref("user", current_user.id))
    return go(".show", import_id=import_id)


@blueprint.post("/<uuid:import_id>/undo")
def undo(import_id: UUID) -> Response:
    """Take everything back that was not used since."""
    service.take_back(import_id, events.ref("user", current_user.id))
    return go(".show", import_id=import_id)


@blueprint.post("/<uuid:import_id>/numbers")
def go_on(import_id: UUID) -> Response:
    """Let the numbers of invoices follow on those that were brought in."""
    service.get(import_id)
    flash(_("The next invoice will be %(number)s.", number=numbers.go_on()), "ok")
    return go(".show", import_id=import_id)


@blueprint.post("/<uuid:import_id>/delete")
def delete(import_id: UUID) -> Response:
    """Forget an import of which nothing is in the books."""
    service.delete(import_id)
    flash(_("The file and what was noted about it are gone."), "ok")
    return go(".index")


def _can_be_read(found: ImportView) -> bool:
    return found.state in (ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED)


def _upload(state: FormState, code: int = 200) -> Response:
    kinds = [(kind.value, str(label)) for kind, label in pages.KINDS.items()]
    most = reading.MOST_BYTES // 1024 // 1024
    return page("imports/new.html", code=code, form=state, kinds=kinds, most=most, rows=reading.MOST_ROWS)


def _columns(found: ImportView, state: FormState, code: int = 200) -> Response:
    if not _can_be_read(found):
        raise NotFound(_("This file has been read already."))
    try:
        table = service.table(found.id, state.value("encoding"), state.value("separator"))
    except reading.Unreadable:
        table = service.table(found.id)
    choices = agencies.choices()
    view = pages.columns(found, table, state, choices.countries, choices.currencies)
    return page("imports/columns.html", code=code, **fields(view))


def _file(content: bytes, name: str) -> Response:
    response = Response(content, content_type=CSV)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "private, no-store"
    return response
