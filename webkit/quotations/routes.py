"""Staff pages of quotations."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request, url_for
from flask_login import current_user

from webkit.clients import service as clients
from webkit.core.kernel import downloads, events, frozen, i18n, once, permissions
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import fields, go, go_to, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.lists import frame
from webkit.messaging import service as messaging
from webkit.quotations import editor, library, public, service
from webkit.quotations.forms import NewForm, SendForm, WithdrawForm
from webkit.quotations.listing import QUOTATIONS
from webkit.quotations.models import State
from webkit.quotations.pages import ListPage, NewPage, SendPage, ShowPage
from webkit.quotations.paper import paper
from webkit.quotations.views import Author, Delivery, QuotationCard, QuotationView

blueprint = staff_blueprint("quotations", __name__, "/quotations")


@blueprint.get("/")
def index() -> Response:
    opened = frame.open_list(QUOTATIONS)
    if opened.elsewhere:
        return go_to(opened.elsewhere)
    found = [QuotationCard.of(each, opened.here.today) for each in opened.page.rows]
    names, sums = clients.names(opened.asked.refs), [] if opened.asked.filtered else service.pipeline()
    return page("quotations/index.html", "list", **fields(ListPage(opened.frame(names, kept=tuple), found, sums)))


@blueprint.get("/new")
def new() -> Response:
    given = {name: request.args.get(f"{name.removesuffix('_id')}", "") for name in ("client_id", "template_id")}
    return _new(FormState.of({**given, "once": once.key()}))


@blueprint.post("/new")
def create() -> Response:
    bound = bind(NewForm, request.form)
    if not bound.ok:
        return _new(bound.state, code=422)
    given = bound.data
    try:
        made = service.create(given.client_id, given.title, _author(), template_id=given.template_id, key=given.once)
    except NotFound as error:
        bound.state.errors[""] = error.message
        return _new(bound.state, code=422)
    return go(".edit", quotation_id=made)


@blueprint.get("/<uuid:quotation_id>")
def show(quotation_id: UUID) -> Response:
    """How it stands: what was sent, what the client did, everything that happened."""
    quotation = service.get(quotation_id)
    if quotation.frozen_id is None:
        return go(".edit" if _may_edit(quotation) else ".preview", quotation_id=quotation_id)
    subject = events.ref("quotation", quotation_id)
    document = frozen.get(quotation.accepted_id or quotation.frozen_id)
    view = ShowPage(
        quotation=quotation,
        doc=document.snapshot,
        verify_code=document.code,
        link=service.link(quotation_id),
        mails=messaging.mails(subject),
        timeline=events.timeline(subject),
        may_edit=_may_edit(quotation),
        next_url=_next_url(quotation),
    )
    return page("quotations/show.html", **fields(view))


@blueprint.get("/<uuid:quotation_id>/edit")
def edit(quotation_id: UUID) -> Response:
    quotation = service.get(quotation_id)
    if quotation.state is not State.DRAFT or not _may_edit(quotation):
        return go(".show" if quotation.frozen_id else ".preview", quotation_id=quotation_id)
    return editor.opened(quotation, request.args.get("add", ""))


@blueprint.post("/<uuid:quotation_id>/edit")
def save(quotation_id: UUID) -> Response:
    """Keep what stands in the form; a button of the form may change its rows first."""
    return editor.sent(_editable(quotation_id))


@blueprint.get("/<uuid:quotation_id>/preview")
def preview(quotation_id: UUID) -> Response:
    """The public page as the client would get it now."""
    evaluation = service.evaluate(service.get(quotation_id))
    if evaluation.doc is None:
        raise Conflict(
            _("The prices of this draft do not work out yet: %(why)s", why=" ".join(evaluation.problems.values()))
        )
    doc = evaluation.doc
    i18n.set_locale(doc["language"], doc["agency"]["timezone"])
    chosen = request.args.getlist("option") if "chosen" in request.args else None
    view = paper(doc, chosen, preview=True)
    return page(f"quotations/public/{doc['snapshot']}.html", *public.LIVE, **fields(view))


@blueprint.get("/<uuid:quotation_id>/send")
def ask_send(quotation_id: UUID) -> Response:
    quotation = _editable(quotation_id)
    if quotation.state is State.DRAFT or service.link(quotation_id):
        return _send_page(quotation, _recipient(quotation))
    return go(".show", quotation_id=quotation_id)


@blueprint.post("/<uuid:quotation_id>/send")
def send(quotation_id: UUID) -> Response:
    """Send a draft, or the mail of a sent quotation once more."""
    quotation = _editable(quotation_id)
    bound = bind(SendForm, request.form)
    if not bound.ok:
        return _send_page(quotation, bound.state, code=422)
    form, actor = bound.data, _actor()
    if form.by == "mail" and form.to_email is None:
        bound.state.errors["to_email"] = _("Write where the mail goes, or hand over the link yourself.")
        return _send_page(quotation, bound.state, code=422)
    delivery = None
    if form.by == "mail" and form.to_email:
        delivery = Delivery(form.to_name, form.to_email, form.message, form.remind)
    if delivery and form.warned.casefold() != delivery.to_email.casefold() and messaging.warning(delivery.to_email):
        bound.state.errors["to_email"] = _("The last mail to this address did not get through. Send to it anyway?")
        return _send_page(quotation, bound.state, code=422)
    try:
        if "again" in request.form and delivery:
            service.mail_again(quotation_id, delivery, actor)
        else:
            service.send(quotation_id, form.revision, delivery, actor)
    except Conflict as error:
        bound.state.errors[""] = error.message
        return _send_page(service.get(quotation_id), bound.state, code=409)
    except Invalid as error:
        return _send_page(quotation, bound.state, error.errors, code=422)
    flash(_("The quotation is on its way.") if delivery else _("The quotation is open. Copy its link below."), "ok")
    return go(".show", quotation_id=quotation_id)


@blueprint.post("/<uuid:quotation_id>/remind")
def remind(quotation_id: UUID) -> Response:
    _editable(quotation_id)
    service.remind(quotation_id, _actor(), key=request.form.get("once", ""))
    flash(_("The reminder is on its way."), "ok")
    return go(".show", quotation_id=quotation_id)


@blueprint.post("/<uuid:quotation_id>/withdraw")
def withdraw(quotation_id: UUID) -> Response:
    _editable(quotation_id)
    bound = bind(WithdrawForm, request.form)
    if not bound.ok:
        raise Invalid(bound.state.errors)
    service.withdraw(quotation_id, bound.data.reason, _actor())
    flash(_("The quotation is withdrawn. Its page says so to the client."), "ok")
    return go(".show", quotation_id=quotation_id)


@blueprint.post("/<uuid:quotation_id>/revise")
def revise(quotation_id: UUID) -> Response:
    _editable(quotation_id)
    service.revise(quotation_id, _actor())
    flash(_("The next version is a draft. The client still sees the one before, and cannot answer it now."), "info")
    return go(".edit", quotation_id=quotation_id)


@blueprint.post("/<uuid:quotation_id>/duplicate")
def duplicate(quotation_id: UUID) -> Response:
    permissions.demand("quotations.create")
    copied = service.duplicate(quotation_id, _author(), key=request.form.get("once", ""))
    flash(_("This is the copy. The other quotation stays as it is."), "ok")
    return go(".edit", quotation_id=copied)


@blueprint.post("/<uuid:quotation_id>/delete")
def delete(quotation_id: UUID) -> Response:
    _editable(quotation_id)
    service.delete(quotation_id)
    flash(_("Draft deleted."), "ok")
    return go(".index")


@blueprint.post("/<uuid:quotation_id>/link/revoke")
def revoke_link(quotation_id: UUID) -> Response:
    _editable(quotation_id)
    service.revoke_link(quotation_id, _actor())
    flash(_("The link is closed. Whoever opens it is asked to write to you."), "ok")
    return go(".show", quotation_id=quotation_id)


@blueprint.post("/<uuid:quotation_id>/link/renew")
def renew_link(quotation_id: UUID) -> Response:
    _editable(quotation_id)
    service.renew_link(quotation_id, _actor())
    flash(_("There is a new link."), "ok")
    return go(".show", quotation_id=quotation_id)


@blueprint.get("/<uuid:quotation_id>/pdf")
def pdf(quotation_id: UUID) -> Response:
    quotation = service.get(quotation_id)
    wanted = quotation.accepted_id or quotation.frozen_id
    return downloads.pdf(frozen.get(wanted) if wanted else None)


def _new(state: FormState, *, code: int = 200) -> Response:
    usual = [(str(client_id), name) for client_id, name in clients.choices()]
    offered = [(str(each.id), each.title) for each in library.templates()]
    return page("quotations/new.html", code=code, **fields(NewPage(state, usual, offered)))


def _editable(quotation_id: UUID) -> QuotationView:
    return service.get(quotation_id)


def _may_edit(quotation: QuotationView) -> bool:
    return permissions.may("quotations.edit", quotation.author_id)


def _author() -> Author:
    return Author(current_user.id, current_user.name, current_user.email)


def _actor() -> str:
    return events.ref("user", current_user.id)


def _next_url(quotation: QuotationView) -> str | None:
    """The page of what it was turned into: these features stand later, their addresses are known."""
    if quotation.became == "contract":
        return url_for("contracts.show", contract_id=quotation.became_id)
    return url_for("invoices.show", invoice_id=quotation.became_id) if quotation.became == "invoice" else None


def _recipient(quotation: QuotationView) -> FormState:
    client = clients.get(quotation.client_id)
    return FormState.of(
        {
            "by": "mail",
            "to_name": quotation.to_name or client.contact_name or client.name,
            "to_email": quotation.to_email or client.email,
            "revision": quotation.revision,
            "message": "",
            "remind": "1",
        }
    )


def _send_page(
    quotation: QuotationView, state: FormState, refused: dict[str, str] | None = None, code: int = 200
) -> Response:
    evaluation = service.evaluate(quotation) if quotation.state is State.DRAFT else None
    found = refused or (evaluation.problems if evaluation else {})
    doc = evaluation.doc if evaluation else frozen.get(quotation.frozen_id).snapshot if quotation.frozen_id else None
    warning = messaging.warning(state.value("to_email"))
    moved = evaluation is not None and evaluation.moved
    return page("quotations/send.html", code=code, **fields(SendPage(quotation, state, doc, found, warning, moved)))
