"""The editor of an offer: the lines of an invoice, how often, and from when."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, flash, request, url_for
from flask_login import current_user

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import events
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.forms import Bound, FormState, bind
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import editor as lines
from webkit.invoices import forms as rows
from webkit.invoices.editor import Typed
from webkit.invoices.service import Figures
from webkit.retainers import selling
from webkit.retainers.forms import RetainerForm
from webkit.retainers.selling import RetainerInput


def begin(client: UUID | None) -> Response:
    """An empty editor."""
    profile = agencies.profile()
    head = {"client_id": client or "", "interval": "month"}
    state = FormState.of({**head, **lines.figure_fields(Figures(habits=profile.habits), profile.currency)})
    return _page(state, Typed([]))


def sent() -> Response:
    """The form was sent."""
    bound = bind(RetainerForm, request.form)
    if act := request.form.get("do"):
        return _acted(bound, act)
    typed = lines.read(bound, agencies.here().currency)
    given = _input(bound, typed)
    if given is None:
        return _page(bound.state, typed, code=422)
    try:
        retainer_id = selling.offer(given, events.ref("user", current_user.id), bound.data.once)
    except DomainError as error:
        bound.state.errors[error.field or "title"] = error.message
        return _page(bound.state, typed, code=422)
    flash(_("The client gets a mail with a link to accept it."), "ok")
    return go("retainers.show", retainer_id=retainer_id)


def totals() -> Response:
    """What is typed comes to, for the page to swap in. Nothing is kept."""
    bound = bind(RetainerForm, request.form)
    typed = lines.read(bound, agencies.here().currency, all_rows=True)
    return _page(bound.state.kept(), typed, *lines.LIVE)


def _input(bound: Bound[RetainerForm], typed: Typed) -> RetainerInput | None:
    if not bound.ok or bound.state.errors or typed.priced is None or typed.figures is None:
        return None
    form = bound.data
    return RetainerInput(
        client_id=form.client_id,
        title=form.title,
        lines=typed.lines,
        figures=typed.figures,
        total=typed.priced.totals.payable,
        interval=form.interval,
        start=form.start,
        note=form.note,
    )


def _acted(bound: Bound[Any], act: str) -> Response:
    """A button that does not send: more rows, another order, what it comes to."""
    if act == "compute":
        return _page(bound.state, lines.read(bound, agencies.here().currency))
    kept = [row for row in rows.change(rows.rows(request.form), act) if rows.is_said(row)]
    return _page(bound.state.kept(), Typed(kept), more=act == "more")


def _page(state: FormState, typed: Typed, *blocks: str, more: bool = False, code: int = 200) -> Response:
    view = {
        "form": state,
        "clients": [] if blocks else [(str(id_), name) for id_, name in clients.choices()],
        "totals_url": url_for("retainers.totals"),
        "open_here": selling.seller() is not None,
        **lines.table(typed, agencies.here().currency, state, more=more, live=bool(blocks)),
    }
    return page("retainers/edit.html", *blocks, code=code, **view)
