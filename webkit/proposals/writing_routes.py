"""The buttons of AI writing in a proposal: begin, and put a text into the draft."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request, url_for
from flask_login import current_user

from webkit.ai_runs import service as ai_runs
from webkit.ai_runs.views import RunView, Subject
from webkit.core.kernel import events
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict, Invalid, TooMany
from webkit.core.kernel.forms import hidden_number
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.proposals import doubts, sections, service, writing
from webkit.proposals.pages import ApplyPage
from webkit.proposals.sections import SHAPES
from webkit.proposals.views import ProposalView

blueprint = staff_blueprint("proposal_writing", __name__, "/proposals")


@blueprint.post("/<uuid:proposal_id>/writing")
def start(proposal_id: UUID) -> Response:
    """Have the chosen sections written."""
    _editable(proposal_id)
    try:
        writing.start(proposal_id, request.form.getlist("section"), _actor())
    except Invalid as error:
        flash(" ".join(error.errors.values()), "bad")
    except (Conflict, TooMany) as error:
        flash(error.message, "bad")
    return go("proposals.edit", proposal_id=proposal_id)


@blueprint.post("/<uuid:proposal_id>/writing/<uuid:run_id>/apply")
def apply(proposal_id: UUID, run_id: UUID) -> Response:
    """Put a text into the draft; where something stands already, ask first what becomes of it."""
    view = _editable(proposal_id)
    run = writing.run_of(proposal_id, run_id)
    how = request.form.get("how", "")
    if run.fate == ai_runs.Fate.APPLIED:
        return go("proposals.edit", proposal_id=proposal_id, _anchor=run.section)
    if how not in ("replace", "add") and run.usable and writing.has_text(view, run.section):
        return _ask(view, run)
    revision = hidden_number(request.form, "revision") if "revision" in request.form else view.revision
    try:
        section = writing.apply(proposal_id, run_id, revision, add=how == "add", actor=_actor())
    except Conflict as error:
        if how and run.usable:
            return _ask(service.get(proposal_id), run, error.message, 409)
        flash(error.message, "bad")
        return go("proposals.edit", proposal_id=proposal_id)
    flash(_("“%(section)s” is in the draft.", section=sections.name(section)), "ok")
    return go("proposals.edit", proposal_id=proposal_id, _anchor=section)


def _ask(view: ProposalView, run: RunView, problem: str = "", code: int = 200) -> Response:
    """Both texts side by side: nothing that stands there is overwritten without a person saying so."""
    written = ai_runs.result(run.id)
    after = sections.merged(view.contents, run.section, written.text, written.parsed, add=False)
    asked = ApplyPage(
        proposal=view,
        action=url_for("proposal_writing.apply", proposal_id=view.id, run_id=run.id),
        section=run.section,
        name=sections.name(run.section),
        now=doubts.lines(view.contents, run.section),
        then=doubts.lines(after, run.section),
        problem=problem,
    )
    return page("proposals/writing_apply.html", code=code, **fields(asked))


def _editable(proposal_id: UUID) -> ProposalView:
    return service.get(proposal_id)


def _demand(proposal_id: UUID) -> None:
    _editable(proposal_id)


def _actor() -> str:
    return events.ref("user", current_user.id)


def _id_of(run: RunView) -> str:
    return run.subject.partition(":")[2]


SUBJECT = Subject(
    kind=writing.SUBJECT,
    label=sections.name,
    page_url=lambda run: url_for("proposals.edit", proposal_id=_id_of(run)),
    apply_url=lambda run: url_for("proposal_writing.apply", proposal_id=_id_of(run), run_id=run.id),
    shapes=SHAPES,
    prints=sections.PRINTS,
    demand=lambda name: _demand(UUID(name.partition(":")[2])),
)
"""Proposals as runs know them."""
