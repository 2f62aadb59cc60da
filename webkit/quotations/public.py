"""What a client sees and does at `/q/<token>`. Every answer works without a script."""

from __future__ import annotations

from uuid import UUID

from flask import Response, g, request, url_for

from webkit.core.kernel import downloads, i18n
from webkit.core.kernel.doors import counts_as_view, public_blueprint
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.quotations import answers, filing, service
from webkit.quotations.forms import AcceptForm, ChangesForm, DeclineForm
from webkit.quotations.paper import paper
from webkit.quotations.views import Shown, Signer, Visitor

blueprint = public_blueprint("quotation_public", __name__, service.LINK)
LIVE = ("price", "choice", "go", "bar")
"""What a change of the options brings up to date."""


@blueprint.get("")
def show() -> Response:
    """The quotation as it was sent, with the options that were ticked."""
    given = request.args
    chosen = given.getlist("option") if "chosen" in given else None
    shown = _shown()
    response = _answer(shown, chosen)
    if shown.open and chosen is None and counts_as_view():
        answers.count_view(shown.id)
    return response


@blueprint.post("/accept")
def accept() -> Response:
    shown = _shown()
    bound = bind(AcceptForm, request.form)
    if "consent" in bound.state.errors:
        bound.state.errors["consent"] = _("Please tick this: without it nothing is accepted.")
    if not bound.ok:
        return _refused(shown, "accept", bound.state)
    form = bound.data
    try:
        signer = Signer(form.name, form.title)
        answers.accept(shown.id, form.seen, signer, form.option, _visitor(), _staff_page(shown.id))
    except (Conflict, Invalid) as error:
        return _refused(shown, "accept", bound.state, error)
    return go(".show", _anchor="answer")


@blueprint.post("/decline")
def decline() -> Response:
    shown = _shown()
    bound = bind(DeclineForm, request.form)
    if not bound.ok:
        return _refused(shown, "decline", bound.state)
    try:
        answers.decline(shown.id, bound.data.seen, bound.data.reason, _visitor(), _staff_page(shown.id))
    except Conflict as error:
        return _refused(shown, "decline", bound.state, error)
    return go(".show", _anchor="answer")


@blueprint.post("/changes")
def changes() -> Response:
    shown = _shown()
    bound = bind(ChangesForm, request.form)
    if not bound.ok:
        return _refused(shown, "changes", bound.state)
    try:
        answers.ask_for_changes(shown.id, bound.data.seen, bound.data.notes, _visitor(), _staff_page(shown.id))
    except Conflict as error:
        return _refused(shown, "changes", bound.state, error)
    return go(".show", _anchor="answer")


@blueprint.get("/pdf")
def pdf() -> Response:
    """The frozen PDF of what is shown: after an acceptance, the accepted one."""
    return downloads.pdf(_shown().document)


@blueprint.get("/files/<uuid:file_id>")
def file(file_id: UUID) -> Response:
    """A file that goes with the version that is shown."""
    shown = _shown()
    if str(file_id) not in {each["id"] for each in shown.document.snapshot.get("attachments", ())}:
        raise NotFound(_("There is no such file."))
    return downloads.attachment(filing.get(shown.id, file_id))


def _shown() -> Shown:
    shown = answers.shown(g.link.document_id)
    i18n.set_locale(shown.document.locale, shown.document.snapshot["agency"]["timezone"])
    return shown


def _refused(shown: Shown, answer: str, state: FormState, error: Conflict | Invalid | None = None) -> Response:
    """The page as it is now, with everything that was typed and why it was not taken."""
    chosen = state.values("option") if answer == "accept" else None
    problem = " ".join(error.errors.values()) if isinstance(error, Invalid) else error.message if error else ""
    return _answer(_shown(), chosen, form=state, answer=answer, problem=problem, code=error.code if error else 422)


def _answer(
    shown: Shown,
    chosen: list[str] | None,
    *,
    form: FormState | None = None,
    answer: str = "accept",
    problem: str = "",
    code: int = 200,
) -> Response:
    document = shown.document
    doc = document.snapshot
    view = paper(
        doc,
        None if doc["acceptance"] else chosen,
        word=shown.word,
        seen=document.id,
        verify_code=document.code,
        form=form,
        answer=answer,
        problem=problem,
        answered_at=shown.answered_at,
        pdf_url=url_for(".pdf"),
    )
    return page(f"quotations/public/{doc['snapshot']}.html", *LIVE, code=code, **fields(view))


def _visitor() -> Visitor:
    agent = (request.user_agent.string or "")[:500]
    return Visitor(request.remote_addr or "", agent)


def _staff_page(quotation_id: UUID) -> str:
    return current().settings.base_url + url_for("quotations.show", quotation_id=quotation_id)
