"""Pages of clients: the list, one client, and the forms."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, g, request, url_for
from flask_login import current_user

from webkit.accounts import service as accounts
from webkit.agencies import pages as agencies
from webkit.clients import pages, service
from webkit.clients.forms import ClientForm, NotesForm
from webkit.clients.listing import CLIENTS
from webkit.core.kernel import once
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.core.kernel.forms import FormState, bind, hidden_number
from webkit.core.kernel.hx import go, go_to, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.lists import frame
from webkit.core.kernel.templating import url_of

blueprint = staff_blueprint("clients", __name__, "/clients")


@blueprint.get("")
def index() -> Response:
    """The list, by name."""
    opened = frame.open_list(CLIENTS)
    if opened.elsewhere:
        return go_to(opened.elsewhere)
    found = opened.page.rows
    is_new = not found and not service.has_any()
    shown = pages.lines(found, url_of("clients.show", "client_id"))
    return page("clients/index.html", "list", frame=opened.frame({}), clients=shown, is_new=is_new)


@blueprint.get("/new")
def new() -> Response:
    """An empty form."""
    return _form(FormState.of({"country": g.agency.country, "once": once.key()}), None)


@blueprint.post("/new")
def create() -> Response:
    """Add a client."""
    bound = bind(ClientForm, request.form)
    if not bound.ok:
        return _form(bound.state, None, 422)
    try:
        client_id = service.create(bound.data.values(), _actor(), request.form.get("once", ""))
    except Invalid as error:
        bound.state.errors.update(error.errors)
        return _form(bound.state, None, 422)
    flash(_("%(name)s is a client now.", name=service.get(client_id).name), "ok")
    return go("clients.show", client_id=client_id)


@blueprint.get("/<uuid:client_id>")
def show(client_id: UUID) -> Response:
    """One client: facts, documents, the deal, what happened."""
    before = request.args.get("before", type=int)
    hub = pages.hub(service.get(client_id), accounts.actors(), before)
    return page("clients/show.html", hub=hub, is_first=before is None)


@blueprint.get("/<uuid:client_id>/edit")
def edit(client_id: UUID) -> Response:
    """The form with what is stored."""
    client = service.get(client_id)
    return _form(FormState.of(pages.form_values(client)), client)


@blueprint.post("/<uuid:client_id>/edit")
def change(client_id: UUID) -> Response:
    """Store what was changed."""
    bound, client = bind(ClientForm, request.form), service.get(client_id)
    if not bound.ok:
        return _form(bound.state, client, 422)
    try:
        service.change(
            client_id,
            bound.data.values(),
            hidden_number(request.form, "revision") if "revision" in request.form else None,
            _actor(),
        )
    except Invalid as error:
        bound.state.errors.update(error.errors)
        return _form(bound.state, service.get(client_id), 422)
    except Conflict as error:
        bound.state.errors[""] = error.message
        return _form(bound.state, service.get(client_id), 409)
    flash(_("Saved."), "ok")
    return go("clients.show", client_id=client_id)


@blueprint.post("/<uuid:client_id>/notes")
def note(client_id: UUID) -> Response:
    """Store the notes that stand beside the facts."""
    bound = bind(NotesForm, request.form)
    if not bound.ok:
        client = service.get(client_id)
        state = FormState.of({**pages.form_values(client), "notes": request.form.get("notes", "")})
        state.errors.update(bound.state.errors)
        return _form(state, client, 422)
    service.change(client_id, {"notes": bound.data.notes}, None, _actor())
    flash(_("Notes saved."), "ok")
    return go("clients.show", client_id=client_id)


@blueprint.post("/<uuid:client_id>/archive")
def archive(client_id: UUID) -> Response:
    """Take a client out of the lists."""
    service.archive(client_id, _actor())
    flash(_("Archived. All documents stay where they are."), "ok")
    return go("clients.show", client_id=client_id)


@blueprint.post("/<uuid:client_id>/restore")
def restore(client_id: UUID) -> Response:
    """Bring a client back."""
    service.restore(client_id, _actor())
    flash(_("Back among the clients."), "ok")
    return go("clients.show", client_id=client_id)


def _form(state: FormState, client: service.ClientView | None, code: int = 200) -> Response:
    target = url_for("clients.change", client_id=client.id) if client else url_for("clients.create")
    revision = client.revision if client else 0
    if code != 409 and state.value("revision").isdigit():
        revision = int(state.value("revision"))
    values = {"client": client, "target": target, "revision": revision, "choices": agencies.choices()}
    return page("clients/form.html", "form", form=state, code=code, **values)


def _actor() -> str:
    return f"user:{current_user.id}"
