"""Staff pages of proposals."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request
from flask_login import current_user

from webkit.clients import service as clients
from webkit.consultations import service as consultations
from webkit.consultations.service import State as ConsultationState
from webkit.core.kernel import downloads, events, frozen, i18n, once, permissions
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict, DomainError, Invalid, NotFound
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import fields, go, go_to, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.lists import frame
from webkit.messaging import service as messaging
from webkit.proposals import doubts, editor, origins, service
from webkit.proposals.doubts import Unconfirmed
from webkit.proposals.forms import FromConsultationForm, NewForm, SendForm
from webkit.proposals.listing import PROPOSALS
from webkit.proposals.models import State
from webkit.proposals.pages import ListPage, MarkedPage, NewPage, SendPage, ShowPage
from webkit.proposals.panel import mark_rows
from webkit.proposals.paper import paper
from webkit.proposals.views import Author, Delivery, ProposalCard, ProposalView

blueprint = staff_blueprint("proposals", __name__, "/proposals")


@blueprint.get("/")
def index() -> Response:
    opened = frame.open_list(PROPOSALS)
    if opened.elsewhere:
        return go_to(opened.elsewhere)
    found = [ProposalCard.of(each, opened.here.today) for each in opened.page.rows]
    names, sums = clients.names(opened.asked.refs), [] if opened.asked.filtered else service.pipeline()
    return page("proposals/index.html", "list", **fields(ListPage(opened.frame(names, kept=tuple), found, sums)))


@blueprint.get("/new")
def new() -> Response:
    """An empty proposal, or one made from a consultation."""
    if consultation_id := request.args.get("consultation", type=UUID):
        return _from_consultation(consultation_id)
    state = FormState.of({"client_id": request.args.get("client", ""), "once": once.key()})
    return page("proposals/new.html", **fields(NewPage(state, _clients())))


@blueprint.post("/new")
def create() -> Response:
    if "consultation" in request.form:
        return _create_from_consultation()
    bound = bind(NewForm, request.form)
    if bound.ok:
        try:
            made = service.create(bound.data.client_id, bound.data.title, _author(), key=bound.data.once)
            return go(".edit", proposal_id=made)
        except NotFound as error:
            bound.state.errors["client_id"] = error.message
    return page("proposals/new.html", code=422, **fields(NewPage(bound.state, _clients())))


@blueprint.get("/<uuid:proposal_id>")
def show(proposal_id: UUID) -> Response:
    """How it stands: what was sent, what the client did, everything that happened."""
    proposal = service.get(proposal_id)
    if proposal.frozen_id is None:
        return go(".edit" if _may_edit(proposal) else ".preview", proposal_id=proposal_id)
    subject = events.ref("proposal", proposal_id)
    document = frozen.get(proposal.accepted_id or proposal.frozen_id)
    view = ShowPage(
        proposal=proposal,
        doc=document.snapshot,
        verify_code=document.code,
        link=service.link(proposal_id),
        mails=messaging.mails(subject),
        timeline=events.timeline(subject),
        may_edit=_may_edit(proposal),
    )
    return page("proposals/show.html", **fields(view))


@blueprint.get("/<uuid:proposal_id>/edit")
def edit(proposal_id: UUID) -> Response:
    proposal = service.get(proposal_id)
    if proposal.state is not State.DRAFT or not _may_edit(proposal):
        return go(".show" if proposal.frozen_id else ".preview", proposal_id=proposal_id)
    return editor.opened(proposal, request.args.get("add", ""))


@blueprint.post("/<uuid:proposal_id>/edit")
def save(proposal_id: UUID) -> Response:
    """Keep what stands in the form; a button of the form may change its rows first."""
    return editor.sent(_editable(proposal_id))


@blueprint.get("/<uuid:proposal_id>/preview")
def preview(proposal_id: UUID) -> Response:
    """The public page as the client would get it now."""
    proposal = service.get(proposal_id)
    evaluation = service.evaluate(proposal)
    if evaluation.doc is None:
        raise Conflict(
            _("The prices of this draft do not work out yet: %(why)s", why=" ".join(evaluation.problems.values()))
        )
    doc = evaluation.doc
    i18n.set_locale(doc["language"], doc["agency"]["timezone"])
    chosen = request.args.getlist("option") if "chosen" in request.args else None
    view = paper(doc, chosen, preview=True)
    return page(f"proposals/public/{doc['snapshot']}.html", "price", "choice", "go", "bar", **fields(view))


@blueprint.get("/<uuid:proposal_id>/send")
def ask_send(proposal_id: UUID) -> Response:
    proposal = _editable(proposal_id)
    if proposal.state is State.DRAFT or service.link(proposal_id):
        return _send_page(proposal, _recipient(proposal))
    return go(".show", proposal_id=proposal_id)


@blueprint.post("/<uuid:proposal_id>/send")
def send(proposal_id: UUID) -> Response:
    """Send a draft, or the mail of a sent proposal once more."""
    proposal = _editable(proposal_id)
    bound = bind(SendForm, request.form)
    if not bound.ok:
        return _send_page(proposal, bound.state, code=422)
    form, actor = bound.data, _actor()
    if form.by == "mail" and form.to_email is None:
        bound.state.errors["to_email"] = _("Write where the mail goes, or hand over the link yourself.")
        return _send_page(proposal, bound.state, code=422)
    try:
        message = service.words(proposal_id, form.message)
    except DomainError as error:
        bound.state.errors["message"] = error.message
        return _send_page(proposal, bound.state, code=422)
    delivery = Delivery(form.to_name, form.to_email, message) if form.by == "mail" and form.to_email else None
    if delivery and form.warned.casefold() != delivery.to_email.casefold() and messaging.warning(delivery.to_email):
        bound.state.errors["to_email"] = _("The last mail to this address did not get through. Send to it anyway?")
        return _send_page(proposal, bound.state, code=422)
    try:
        if "again" in request.form and delivery:
            service.mail_again(proposal_id, delivery, actor)
        else:
            service.send(proposal_id, form.revision, delivery, actor, marked=form.marked)
    except Unconfirmed:
        return _marked_page(service.get(proposal_id), bound.data)
    except Conflict as error:
        bound.state.errors[""] = error.message
        return _send_page(service.get(proposal_id), bound.state, code=409)
    except Invalid as error:
        return _send_page(proposal, bound.state, error.errors, code=422)
    flash(_("The proposal is on its way.") if delivery else _("The proposal is open. Copy its link below."), "ok")
    return go(".show", proposal_id=proposal_id)


@blueprint.post("/<uuid:proposal_id>/revise")
def revise(proposal_id: UUID) -> Response:
    _editable(proposal_id)
    service.revise(proposal_id, _actor())
    flash(_("The next version is a draft. The client still sees the one before, and cannot answer it now."), "info")
    return go(".edit", proposal_id=proposal_id)


@blueprint.post("/<uuid:proposal_id>/duplicate")
def duplicate(proposal_id: UUID) -> Response:
    permissions.demand("proposals.create")
    copied = service.duplicate(proposal_id, _author(), key=request.form.get("once", ""))
    flash(_("This is the copy. The other proposal stays as it is."), "ok")
    return go(".edit", proposal_id=copied)


@blueprint.post("/<uuid:proposal_id>/delete")
def delete(proposal_id: UUID) -> Response:
    _editable(proposal_id)
    service.delete(proposal_id, _actor())
    flash(_("Draft deleted."), "ok")
    return go(".index")


@blueprint.post("/<uuid:proposal_id>/link/revoke")
def revoke_link(proposal_id: UUID) -> Response:
    _editable(proposal_id)
    service.revoke_link(proposal_id, _actor())
    flash(_("The link is closed. Whoever opens it is asked to write to you."), "ok")
    return go(".show", proposal_id=proposal_id)


@blueprint.post("/<uuid:proposal_id>/link/renew")
def renew_link(proposal_id: UUID) -> Response:
    _editable(proposal_id)
    service.renew_link(proposal_id, _actor())
    flash(_("There is a new link."), "ok")
    return go(".show", proposal_id=proposal_id)


@blueprint.get("/<uuid:proposal_id>/pdf")
def pdf(proposal_id: UUID) -> Response:
    proposal = service.get(proposal_id)
    wanted = proposal.accepted_id or proposal.frozen_id
    return downloads.pdf(frozen.get(wanted) if wanted else None)


def _from_consultation(consultation_id: UUID) -> Response:
    view = consultations.get(consultation_id)
    if view.proposal_id:
        return go(".show", proposal_id=view.proposal_id)
    if view.state is not ConsultationState.COMPLETED or view.client_id is None:
        flash(_("Complete the consultation first. Then it can become a proposal."), "info")
        return go("consultations.show", consultation_id=consultation_id)
    state = FormState.of({"title": origins.title(view, clients.get(view.client_id))})
    return page("proposals/new.html", **fields(NewPage(state, [], view, consultations.answers_snapshot(view))))


def _create_from_consultation() -> Response:
    bound = bind(FromConsultationForm, request.form)
    if bound.ok:
        return go(
            ".edit", proposal_id=service.create_from_consultation(bound.data.consultation, _author(), bound.data.title)
        )
    if "consultation" in bound.state.errors:
        raise NotFound(bound.state.errors["consultation"])
    view = consultations.get(UUID(bound.state.value("consultation")))
    answers = consultations.answers_snapshot(view)
    return page("proposals/new.html", code=422, **fields(NewPage(bound.state, [], view, answers)))


def _editable(proposal_id: UUID) -> ProposalView:
    return service.get(proposal_id)


def _may_edit(proposal: ProposalView) -> bool:
    return permissions.may("proposals.edit", proposal.author_id)


def _author() -> Author:
    return Author(current_user.id, current_user.name, current_user.email)


def _actor() -> str:
    return events.ref("user", current_user.id)


def _clients() -> list[tuple[str, str]]:
    return [(str(client_id), name) for client_id, name in clients.choices()]


def _recipient(proposal: ProposalView) -> FormState:
    client = clients.get(proposal.client_id)
    return FormState.of(
        {
            "by": "mail",
            "to_name": proposal.to_name or client.contact_name or client.name,
            "to_email": proposal.to_email or client.email,
            "revision": proposal.revision,
            "message": "",
        }
    )


def _marked_page(proposal: ProposalView, form: SendForm) -> Response:
    """What has no source, before it is sent; the form goes on as it was filled in."""
    given = form.model_dump(exclude={"marked"}, exclude_none=True)
    asked = MarkedPage(
        proposal=proposal,
        marks=mark_rows(proposal.standing),
        seal=doubts.seal(proposal.standing),
        given=[(name, str(value)) for name, value in given.items()],
        changed=bool(form.marked),
    )
    return page("proposals/send_marked.html", code=409 if asked.changed else 200, **fields(asked))


def _send_page(
    proposal: ProposalView, state: FormState, refused: dict[str, str] | None = None, code: int = 200
) -> Response:
    evaluation = service.evaluate(proposal) if proposal.state is State.DRAFT else None
    problems = refused or (evaluation.problems if evaluation else {})
    doc = evaluation.doc if evaluation else frozen.get(proposal.frozen_id).snapshot if proposal.frozen_id else None
    marks = mark_rows(proposal.standing) if evaluation else []
    warning = messaging.warning(state.value("to_email"))
    moved = evaluation is not None and evaluation.moved
    view = SendPage(proposal, state, doc, problems, warning, marks, moved)
    return page("proposals/send.html", code=code, **fields(view))
