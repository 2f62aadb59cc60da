"""Pages of audits: the list, the form, one audit and how far it is."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request, url_for
from flask_login import current_user

from webkit.clients import service as clients
from webkit.core.capabilities.pagespeed import Strategy
from webkit.core.kernel import once
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import DomainError, Invalid, NotFound
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import fields, go, page
from webkit.website_audits import pages, service
from webkit.website_audits.forms import AuditForm
from webkit.website_audits.pages import STRATEGIES, ListPage, NewPage

PAGE = 50
blueprint = staff_blueprint("website_audits", __name__, "/audits")


@blueprint.get("")
def index() -> Response:
    """All audits, or those of one client."""
    client_id, older_than = request.args.get("client", type=UUID), request.args.get("before", type=UUID)
    found = service.page(PAGE + 1, client_id=client_id, older_than=older_than)
    shown = tuple(found[:PAGE])
    older = url_for(".index", client=client_id, before=shown[-1].id) if len(found) > PAGE else None
    view = ListPage(
        audits=shown,
        names=clients.names({audit.client_id for audit in shown}),
        client=clients.get(client_id) if client_id else None,
        older=older,
        is_first=older_than is None,
        can_measure=service.can_measure(),
    )
    return page("website_audits/index.html", **fields(view))


@blueprint.get("/new")
def new() -> Response:
    """The form, with the client's own address filled in."""
    client = _client(request.args.get("client", type=UUID))
    chosen = {"client_id": client.id if client else "", "url": client.website if client else ""}
    return _form(FormState.of({**chosen, "strategy": Strategy.MOBILE, "once": once.key()}), client)


@blueprint.post("/new")
def create() -> Response:
    """Ask for an audit."""
    bound = bind(AuditForm, request.form)
    if not bound.ok:
        return _form(bound.state, _client(request.form.get("client_id", type=UUID)), 422)
    given = bound.data
    try:
        audit_id = service.start(
            given.client_id, given.url, strategy=given.strategy, actor=_actor(), once_key=given.once
        )
    except Invalid as error:
        bound.state.errors.update(error.errors)
    except NotFound as error:
        bound.state.errors["client_id"] = error.message
    except DomainError as error:
        bound.state.errors[""] = error.message
        return _form(bound.state, _client(given.client_id), error.code)
    else:
        return go(".show", audit_id=audit_id)
    return _form(bound.state, _client(given.client_id), 422)


@blueprint.get("/<uuid:audit_id>")
def show(audit_id: UUID) -> Response:
    """What was found, or how far it is."""
    return page("website_audits/show.html", **fields(pages.show(service.get(audit_id), once.key())))


@blueprint.get("/<uuid:audit_id>/progress")
def progress(audit_id: UUID) -> Response:
    """How long it has taken so far; the whole page anew once something else has become of it."""
    audit = service.get(audit_id)
    if request.args.get("state") != audit.state.value or not audit.under_way:
        return go(".show", audit_id=audit_id)
    view = pages.show(audit, "")
    return page("website_audits/show.html", "elapsed", **fields(view))


@blueprint.post("/<uuid:audit_id>/again")
def again(audit_id: UUID) -> Response:
    """Measure the same page once more."""
    audit = service.get(audit_id)
    key = request.form.get("once", "")
    try:
        newer = service.start(audit.client_id, audit.url, strategy=audit.strategy, actor=_actor(), once_key=key)
    except DomainError as error:
        flash(error.message, "bad")
        return go(".show", audit_id=audit_id)
    return go(".show", audit_id=newer)


def _form(state: FormState, client: clients.ClientView | None, code: int = 200) -> Response:
    view = NewPage(
        form=state,
        clients=[(str(client_id), name) for client_id, name in clients.choices()],
        client=client,
        strategies=[(strategy.value, str(label)) for strategy, label in STRATEGIES.items()],
        can_measure=service.can_measure(),
    )
    return page("website_audits/new.html", code=code, **fields(view))


def _client(client_id: UUID | None) -> clients.ClientView | None:
    """A client that is named in an address or a form, if there is one."""
    try:
        return clients.get(client_id) if client_id else None
    except NotFound:
        return None


def _actor() -> str:
    return f"user:{current_user.id}"
