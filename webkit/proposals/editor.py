"""The editor: opened, saved by itself every second, changed by its buttons, and never losing what was typed."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from flask import Response, flash, request
from flask_login import current_user

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import clock
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.forms import hidden_number
from webkit.core.kernel.hx import fields, go, page, wants_fragment
from webkit.core.kernel.i18n import gettext as _
from webkit.pricing import find
from webkit.pricing.habits import offered
from webkit.pricing.rounding import plain
from webkit.proposals import catalogue, companions, doubts, service, writing
from webkit.proposals.contents import SECTIONS
from webkit.proposals.models import State
from webkit.proposals.pages import Choices, EditorPage
from webkit.proposals.panel import mark_rows, panel, pieces
from webkit.proposals.sheet import COLUMNS, Sheet, line_row
from webkit.proposals.views import Author, Draft, ProposalView
from webkit.website_audits import service as website_audits
from webkit.website_audits.service import AuditView

LIVE = ("revision", "problems", "marks", "totals", "leaf")
"""What every save brings up to date, whatever was changed."""
PARTS = (*COLUMNS, "discount", "audit")
AUDITS = 6


def opened(proposal: ProposalView, add: str = "") -> Response:
    """The editor of a draft; `add` names a list that gets an empty row."""
    sheet = Sheet.stored(proposal)
    sheet.do(f"add:{add}")
    return _page(proposal, sheet, focus=add)


def sent(proposal: ProposalView) -> Response:
    """The form was sent: by itself, by its save button, or by a button that changes rows."""
    act = request.form.get("do", "")
    sheet = Sheet.typed(request.form)
    _act(sheet, act, proposal.currency)
    draft = sheet.read(proposal.currency)
    revision = hidden_number(request.form, "over") or hidden_number(request.form, "revision")
    if draft is None:
        return _page(proposal, sheet, revision=revision, act=act, code=422)
    try:
        service.save(proposal.id, revision, draft)
    except NotFound as error:
        sheet.errors["client_id"] = error.message
        return _page(proposal, sheet, revision=revision, act=act, code=422)
    except Conflict as error:
        return _stale(proposal, sheet, draft, revision, act, error)
    _set_audit(proposal.id, act)
    return _saved(service.get(proposal.id), sheet, act)


def _act(sheet: Sheet, act: str, currency: str) -> None:
    if act.startswith("pick:") and catalogue.is_pick(key := act.removeprefix("pick:")):
        found = catalogue.lines_of(key, currency, sheet.prices)
        sheet.rows["lines"] += [line_row(line, currency) for line in found]
    else:
        sheet.do(act)


def _set_audit(proposal_id: UUID, act: str) -> None:
    """`set:audit:<id>` puts a measurement in, `remove:audit` takes it out."""
    verb, _part, given = (*act.split(":"), "", "")[:3]
    if act == "remove:audit":
        service.set_audit(proposal_id, None)
    elif verb == "set" and act.startswith("set:audit:"):
        with suppress(ValueError):
            service.set_audit(proposal_id, UUID(given))


def _saved(proposal: ProposalView, sheet: Sheet, act: str) -> Response:
    if wants_fragment():
        return _page(proposal, sheet, act=act)
    if act.startswith("add:"):
        kind = act.removeprefix("add:")
        return go("proposals.edit", proposal_id=proposal.id, add=kind, _anchor=kind)
    if act.startswith("vouch:"):
        return _vouched(proposal, act.removeprefix("vouch:"))
    if act == "send":
        return go("proposals.ask_send", proposal_id=proposal.id)
    if act == "preview":
        return go("proposals.preview", proposal_id=proposal.id)
    if not act:
        flash(_("Saved."), "ok")
    return go("proposals.edit", proposal_id=proposal.id, _anchor=_part(act) or None)


def _vouched(proposal: ProposalView, doubt_id: str) -> Response:
    author = Author(current_user.id, current_user.name, current_user.email)
    try:
        if doubt := writing.vouch(proposal.id, doubt_id, author):
            flash(_("You vouch for “%(figure)s”. That is written down.", figure=doubt.figure), "ok")
    except Conflict as error:
        flash(error.message, "bad")
    return go("proposals.edit", proposal_id=proposal.id, _anchor="marks")


def _stale(proposal: ProposalView, sheet: Sheet, draft: Draft, revision: int, act: str, error: Conflict) -> Response:
    """Somebody was faster: what was typed stays in the form, with a way to keep it after all."""
    now = service.get(proposal.id)
    sheet.errors[""] = error.message
    stale = now.revision if now.state is State.DRAFT else None
    return _page(proposal, sheet, revision=revision, act=act, stale=stale, code=409, draft=draft)


def _page(
    proposal: ProposalView,
    sheet: Sheet,
    *,
    revision: int | None = None,
    act: str = "",
    focus: str = "",
    stale: int | None = None,
    code: int = 200,
    draft: Draft | None = None,
) -> Response:
    evaluation = service.evaluate(proposal, draft)
    said = draft.contents if draft else proposal.contents
    marks = doubts.standing(proposal.doubts, said)
    view = EditorPage(
        proposal=proposal,
        form=sheet.state,
        rows={kind: len(sheet.rows.get(kind, ())) for kind in COLUMNS},
        revision=proposal.revision if revision is None else revision,
        sections=[(key, str(name), proposal.contents.has(key)) for key, name in SECTIONS.items()],
        clients=_clients(proposal),
        contracts=[(str(template), name) for template, name in companions.contract_choices()],
        taxes=_taxes(),
        taxed=offered(agencies.profile().tax_scheme, proposal.currency).tax,
        picks=catalogue.picks(proposal.currency),
        doc=evaluation.doc,
        problems=evaluation.problems,
        audit=website_audits.get(proposal.audit_id) if proposal.audit_id else None,
        audits=_audits(proposal),
        marks=mark_rows(marks),
        pieces=pieces({key: sheet.plain.get(key, "") for key in ("summary", "opportunity")}, marks),
        panel=None if wants_fragment() else panel(proposal),
        stale=stale,
        moved=evaluation.moved and revision is None and not wants_fragment(),
        now=agencies.here().currency,
        focus=focus or (act.removeprefix("add:") if act.startswith("add:") else ""),
    )
    part = _part(act)
    blocks = (f"part_{part}", *LIVE) if part else LIVE
    return page("proposals/edit.html", *blocks, code=code, **fields(view))


def _part(act: str) -> str:
    """The part of the form that a button changes."""
    if act.startswith("pick:"):
        return "lines"
    part = act.split(":")[1] if ":" in act else ""
    return part if part in PARTS else ""


def _clients(proposal: ProposalView) -> Choices:
    """The clients to choose from; the proposal's own even if it is archived by now."""
    found = [(str(client_id), name) for client_id, name in clients.choices()]
    own = (str(proposal.client_id), proposal.client_name)
    return found if any(client_id == own[0] for client_id, _name in found) else [own, *found]


def _audits(proposal: ProposalView) -> list[AuditView]:
    """What else was measured on the client's site, newest first."""
    found = website_audits.history(proposal.client_id)
    return [audit for audit in found if audit.done and audit.id != proposal.audit_id][:AUDITS]


def _taxes() -> Choices:
    profile = agencies.profile()
    rows = find(profile.tax_scheme).rates(clock.today(profile.timezone))
    if len(rows) < 2:
        return []
    return [(row.key, f"{plain(row.rate.percent)} % · {_(row.label)}") for row in rows]
