"""Staff pages of bank statements."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request, url_for
from flask_login import current_user

from webkit.agencies import service as agencies
from webkit.banking import reading, service
from webkit.banking.models import LineState
from webkit.clients import service as clients
from webkit.core.kernel import events
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.core.kernel.forms import DecimalText, Form, FormState, bind
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import ngettext
from webkit.core.kernel.money import money_text
from webkit.invoices import service as invoices
from webkit.receipts import forms

PAGE = 25
ROOM = 64 * 1024


class RateForm(Form):
    """What one unit of a line's currency was worth, where that is not the agency's."""

    rate: DecimalText | None = None


blueprint = staff_blueprint("banking", __name__, "/bank")


@blueprint.get("/")
def index() -> Response:
    """Lines that nobody has said anything about, or with `state` the others."""
    return _index()


def _index(problem: str = "", code: int = 200) -> Response:
    asked = request.args.get("state", "open")
    state = LineState(asked) if asked in list(LineState) else LineState.OPEN
    before = request.args.get("before", type=UUID)
    found = service.page(state, PAGE + 1, before)
    older = url_for(".index", state=state.value, before=found[PAGE - 1].id) if len(found) > PAGE else None
    suggested = {each.suggestion.client_id for each in found if each.suggestion}
    return page(
        "banking/index.html",
        code=code,
        lines=found[:PAGE],
        state=state.value,
        names=clients.names(suggested),
        older=older,
        is_first=before is None,
        problem=problem,
        money_text=money_text,
    )


@blueprint.post("/")
def upload() -> Response:
    """Take a statement."""
    request.max_content_length = reading.MOST_BYTES + ROOM
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _index(_("Choose the statement you got from your bank."), 422)
    try:
        taken = service.take(sent.filename, sent.stream.read(reading.MOST_BYTES + 1))
    except reading.Unreadable as error:
        return _index(error.message, 422)
    said = [ngettext("%(n)s new line.", "%(n)s new lines.", taken.came)]
    if taken.known:
        said.append(ngettext("%(n)s was here already.", "%(n)s were here already.", taken.known))
    if taken.went:
        said.append(ngettext("%(n)s tells of money that went out.", "%(n)s tell of money that went out.", taken.went))
    flash(" ".join(said), "ok")
    return go(".index")


@blueprint.get("/<uuid:line_id>")
def show(line_id: UUID) -> Response:
    """Say whose money a line is, and what it pays."""
    line = service.get(line_id)
    if line.receipt_id is not None:
        return go("receipts.show", receipt_id=line.receipt_id)
    found = line.suggestion
    chosen = request.args.get("client", type=UUID) or (found.client_id if found else None)
    values: dict[str, object] = {"client": str(chosen or "")}
    if found is not None and found.client_id == chosen:
        values |= {f"{forms.PART}{each.id}": money_text(minor, each.currency) for each, minor in found.parts}
    return _line(line_id, chosen, FormState.of(values))


def _line(line_id: UUID, chosen: UUID | None, state: FormState, code: int = 200) -> Response:
    line = service.get(line_id)
    open_ = invoices.payables(chosen) if chosen else []
    choices = [(str(key), name) for key, name in clients.choices()]
    return page(
        "banking/line.html",
        code=code,
        line=line,
        chosen=str(chosen or ""),
        open=open_,
        clients=choices,
        form=state,
        base=agencies.here().currency,
    )


@blueprint.post("/<uuid:line_id>/record")
def record(line_id: UUID) -> Response:
    """Book it."""
    line, client = service.get(line_id), request.form.get("client", type=UUID)
    state = FormState(dict(request.form.lists()))
    if client is None:
        return _line(line_id, None, FormState(state.raw, {"client": _("Please choose whose money it is.")}), 422)
    if line.receipt_id is not None:
        return go("receipts.show", receipt_id=line.receipt_id)
    bound = bind(RateForm, request.form)
    if not bound.ok:
        return _line(line_id, client, bound.state, 422)
    try:
        parts = forms.parts(request.form, invoices.payables(client))
        actor = events.ref("user", current_user.id)
        receipt_id = service.record(line_id, clients.get(client).id, parts, actor, bound.data.rate)
    except Invalid as error:
        return _line(line.id, client, FormState(state.raw, error.errors), 422)
    flash(_("The payment is recorded."), "ok")
    return go("receipts.show", receipt_id=receipt_id)


@blueprint.post("/<uuid:line_id>/ignore")
def ignore(line_id: UUID) -> Response:
    """Put a line aside, or look at it again."""
    again = "again" in request.form
    try:
        service.ignore(line_id, again=again)
    except Conflict as error:  # recorded meanwhile: that is where it is undone
        flash(error.message, "wait")
        receipt_id = service.get(line_id).receipt_id
        return go("receipts.show", receipt_id=receipt_id) if receipt_id else go(".index")
    flash(_("It waits for you again.") if again else _("Put aside. It stays under “Put aside”."), "ok")
    return go(".index")
