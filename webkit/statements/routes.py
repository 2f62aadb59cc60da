"""Staff pages of statements."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from flask import Response, flash, request
from flask_login import current_user

from webkit.core.kernel import downloads, events, frozen
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.messaging import service as messaging
from webkit.statements import service
from webkit.statements.forms import RangeForm
from webkit.statements.pages import ShowPage
from webkit.statements.service import AccountView

blueprint = staff_blueprint("statements", __name__, "/statements")


@blueprint.get("/<uuid:client>")
def show(client: UUID) -> Response:
    """The account of a client for the days that are asked for; this year's unless it is said."""
    today = service.today()
    if "since" not in request.args and "until" not in request.args:
        start = service.year_start(today)
        state = FormState.of({"since": start.isoformat(), "until": today.isoformat()})
        return _page(_account(client, start, today), state)
    bound = bind(RangeForm, request.args)
    if not bound.ok:
        return _page(_account(client, service.year_start(today), today), bound.state, code=422)
    return _asked(client, bound.data, bound.state)


@blueprint.post("/<uuid:client>/make")
def make(client: UUID) -> Response:
    """Keep the statement as a PDF."""
    return _done(client, send=False)


@blueprint.post("/<uuid:client>/send")
def send(client: UUID) -> Response:
    """Mail the statement to the client."""
    return _done(client, send=True)


@blueprint.get("/made/<uuid:statement_id>/pdf")
def pdf(statement_id: UUID) -> Response:
    return downloads.pdf(frozen.latest(service.KIND, service.get(statement_id).id))


@blueprint.post("/<uuid:client>/link")
def link(client: UUID) -> Response:
    """Open the client's page, or close it."""
    if "close" in request.form:
        service.close_link(client)
        flash(_("The link is closed. Whoever holds it is told so."), "ok")
    else:
        service.open_link(client)
        flash(_("The client's page is open at the link below."), "ok")
    return go(".show", client=client)


def _done(client_id: UUID, *, send: bool) -> Response:
    bound = bind(RangeForm, request.form)
    if not bound.ok:
        today = service.today()
        return _page(_account(client_id, service.year_start(today), today), bound.state, code=422)
    given, actor = bound.data, events.ref("user", current_user.id)
    until = given.until or service.today()
    try:
        act = service.send if send else service.make
        statement_id = act(client_id, given.since, until, actor, given.once)
    except DomainError as error:
        if error.field is None:
            raise
        return _asked(client_id, given, bound.state)
    if send:
        flash(_("The statement is on its way to the client."), "ok")
        return go(".show", client=client_id, since=given.since or "", until=until)
    return go(".pdf", statement_id=statement_id)


def _asked(client_id: UUID, given: RangeForm, state: FormState) -> Response:
    try:
        return _page(_account(client_id, given.since, given.until), state)
    except DomainError as error:
        if error.field is None:
            raise
        wrong = FormState(state.raw, {error.field: error.message})
        return _page(_account(client_id, None, None), wrong, code=422)


def _account(client_id: UUID, since: date | None, until: date | None) -> AccountView:
    """As the agency keeps it: clients are not told what was written off."""
    return service.account(client_id, since, until, written_off=True)


def _page(view: AccountView, state: FormState, code: int = 200) -> Response:
    made = service.of_client(view.client.id)
    shown = ShowPage(
        client=view.client,
        since=view.since,
        until=view.until,
        accounts=view.accounts,
        open=view.open,
        form=state,
        ranges=_ranges(service.today()),
        link=service.link(view.client.id),
        made=made,
        warning=messaging.warning(view.client.email),
        mails=messaging.mails(events.ref(service.KIND, made[0].id)) if made else [],
    )
    return page("statements/show.html", "account", code=code, **fields(shown))


def _ranges(today: date) -> list[tuple[str, str, str]]:
    start = service.year_start(today)
    before = start - timedelta(days=1)
    return [
        (_("This year"), start.isoformat(), today.isoformat()),
        (_("Last year"), service.year_start(before).isoformat(), before.isoformat()),
        (_("Last 90 days"), (today - timedelta(days=89)).isoformat(), today.isoformat()),
        (_("Everything"), "", today.isoformat()),
    ]
