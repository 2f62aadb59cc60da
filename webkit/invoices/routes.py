"""Staff pages of invoices."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Response, flash, request
from flask_login import current_user

from webkit.clients import service as clients
from webkit.core.kernel import downloads, events, frozen, links, permissions
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import fields, go, go_to, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.lists import frame
from webkit.core.kernel.money import money_text
from webkit.core.kernel.templating import url_of
from webkit.invoices import beginnings, crediting, drafts, editor, filing, forms, service, settling
from webkit.invoices.beginnings import Beginning
from webkit.invoices.listing import INVOICES
from webkit.invoices.models import InvoiceState
from webkit.invoices.pages import ListPage, RefundPage, ShowPage, line
from webkit.invoices.views import row
from webkit.messaging import service as messaging
from webkit.payments import service as payments
from webkit.payments.service import PaymentView
from webkit.pricing.show import lines, sum_rows
from webkit.pricing.terms import Written

blueprint = staff_blueprint("invoices", __name__, "/invoices")


@blueprint.get("/")
def index() -> Response:
    opened = frame.open_list(INVOICES)
    if opened.elsewhere:
        return go_to(opened.elsewhere)
    today, asked = opened.here.today, opened.asked
    found = [row(each, today) for each in opened.page.rows]
    names = clients.names({each.client_id for each in found} | asked.refs)
    sums = [] if asked.filtered else service.sums()
    url = url_of("invoices.show", "invoice_id")
    shown = [line(each, names, url) for each in found]
    return page("invoices/index.html", "list", **fields(ListPage(opened.frame(names, kept=tuple), shown, sums)))


@blueprint.get("/new")
def new() -> Response:
    """An empty editor, or one that begins with another invoice (`from`) or a template."""
    if source := request.args.get("from", type=UUID):
        return editor.begin(beginnings.like(service.get(source)))
    if template := request.args.get("template", type=UUID):
        found = beginnings.from_template(template)
        return editor.begin(replace(found, client_id=request.args.get("client", type=UUID)))
    return editor.begin(Beginning(client_id=request.args.get("client", type=UUID)))


@blueprint.post("/new")
def create() -> Response:
    return editor.created()


@blueprint.get("/words")
def words() -> Response:
    """Texts that were written for a client before, or are in the catalogue."""
    prices = request.args.get("prices", Written.NET, type=Written)
    return editor.words(request.args.get("client_id", type=UUID), prices)


@blueprint.get("/templates")
def templates() -> Response:
    """What invoices can begin with."""
    return page("invoices/templates.html", templates=beginnings.templates())


@blueprint.post("/<uuid:invoice_id>/template")
def keep_template(invoice_id: UUID) -> Response:
    bound = bind(forms.TemplateForm, request.form)
    invoice = service.get(invoice_id)
    if not bound.ok:
        raise Invalid(bound.state.errors)
    if beginnings.keep_template(invoice, bound.data.name):
        flash(_("The template “%(name)s” says what this invoice says now.", name=bound.data.name), "ok")
    else:
        flash(_("Kept as the template “%(name)s”.", name=bound.data.name), "ok")
    return go(".show", invoice_id=invoice_id)


@blueprint.post("/templates/<uuid:invoice_template_id>/delete")
def delete_template(invoice_template_id: UUID) -> Response:
    beginnings.delete_template(invoice_template_id)
    flash(_("Template deleted."), "ok")
    return go(".templates")


@blueprint.post("/from-quotation")
def from_quotation() -> Response:
    """The draft that bills an accepted quotation; asked for twice it is the same one."""
    quotation_id = request.form.get("quotation", type=UUID)
    if quotation_id is None:
        raise NotFound(_("There is no such quotation."))
    invoice_id = service.create_from_quotation(quotation_id, events.ref("user", current_user.id))
    flash(_("The invoice is a draft with the amounts that were accepted. Issue it when the work is done."), "ok")
    return go(".show", invoice_id=invoice_id)


@blueprint.get("/<uuid:invoice_id>/edit")
def edit(invoice_id: UUID) -> Response:
    invoice = service.get(invoice_id)
    if invoice.state != InvoiceState.DRAFT:
        return go(".show", invoice_id=invoice_id)
    return editor.opened(invoice)


@blueprint.post("/<uuid:invoice_id>/edit")
def save(invoice_id: UUID) -> Response:
    return editor.saved(service.get(invoice_id))


@blueprint.post("/totals")
def totals() -> Response:
    """The totals of what is typed, for the page to swap while typing."""
    known = request.args.get("invoice", type=UUID)
    return editor.totals(service.get(known) if known else None)


@blueprint.get("/<uuid:invoice_id>")
def show(invoice_id: UUID) -> Response:
    invoice = service.get(invoice_id)
    subject = events.ref("invoice", invoice_id)
    token = links.token_for(service.LINK, invoice_id)
    client, paid = clients.get(invoice.client_id), payments.of(subject)
    changed = drafts.renewal(invoice)
    priced = changed.priced if changed and changed.priced else invoice.priced
    view = ShowPage(
        invoice=invoice,
        sums=tuple(sum_rows(priced)),
        lines=tuple(lines(priced)),
        changed=changed,
        client=client,
        verified_by=frozen.code(invoice.frozen_id) if invoice.frozen_id else "",
        link=links.staff_url(service.LINK, token) if token else None,
        mails=messaging.mails(subject),
        warning=None if invoice.issued_at else messaging.warning(client.email),
        payments=paid,
        recorded=settling.recorded(invoice, paid),
        payable=invoice.state in settling.PAYABLE and invoice.pending_at is None,
        may_refund=permissions.may("invoices.refund"),
        may_credit=permissions.may("invoices.cancel")
        and invoice.state not in (InvoiceState.DRAFT, InvoiceState.CREDITED),
        correction=crediting.correction(invoice_id, paid, invoice.priced),
        files=filing.of(invoice_id),
        timeline=events.timeline(subject),
    )
    return page("invoices/show.html", **fields(view))


@blueprint.post("/<uuid:invoice_id>/issue")
def issue(invoice_id: UUID) -> Response:
    service.issue(invoice_id, events.ref("user", current_user.id), seen=request.form.get("seen", ""))
    flash(editor.issued_said(), "ok")
    return go(".show", invoice_id=invoice_id)


@blueprint.get("/<uuid:invoice_id>/payments/<uuid:payment_id>/refund")
def ask_refund(invoice_id: UUID, payment_id: UUID) -> Response:
    """The question before money is given back: how much of it."""
    payment = _payment(invoice_id, payment_id)
    amount = money_text(payment.refundable_minor, payment.currency)
    return _refund(invoice_id, payment, FormState.of({"amount": amount}))


@blueprint.post("/<uuid:invoice_id>/payments/<uuid:payment_id>/refund")
def refund(invoice_id: UUID, payment_id: UUID) -> Response:
    bound = bind(forms.RefundForm, request.form)
    if not bound.ok:
        return _refund(invoice_id, _payment(invoice_id, payment_id), bound.state, code=422)
    given = bound.data
    try:
        service.refund(
            invoice_id, payment_id, given.amount, given.note, events.ref("user", current_user.id), given.once
        )
    except Invalid as error:
        return _refund(
            invoice_id, _payment(invoice_id, payment_id), replace(bound.state, errors=error.errors), code=422
        )
    flash(_("The money is on its way back. The history below says when it has arrived."), "ok")
    return go(".show", invoice_id=invoice_id)


def _refund(invoice_id: UUID, payment: PaymentView, state: FormState, code: int = 200) -> Response:
    view = RefundPage(service.get(invoice_id), payment, state)
    return page("invoices/refund.html", code=code, **fields(view))


def _payment(invoice_id: UUID, payment_id: UUID) -> PaymentView:
    """A payment of this invoice of which something can be given back."""
    service.get(invoice_id)
    found = next((known for known in payments.of(events.ref("invoice", invoice_id)) if known.id == payment_id), None)
    if found is None:
        raise NotFound(_("There is no such payment."))
    if not found.refundable_minor:
        raise Conflict(_("Nothing of this payment can be given back here."))
    return found


@blueprint.post("/<uuid:invoice_id>/delete")
def delete(invoice_id: UUID) -> Response:
    service.delete_draft(invoice_id, events.ref("user", current_user.id))
    flash(_("Draft deleted."), "ok")
    return go(".index")


@blueprint.get("/<uuid:invoice_id>/pdf")
def pdf(invoice_id: UUID) -> Response:
    return downloads.pdf(frozen.latest("invoice", service.get(invoice_id).id))
