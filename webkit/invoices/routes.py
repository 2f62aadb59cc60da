"""Staff pages of invoices."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from flask import Response, flash, g, request, url_for
from flask_login import current_user

from webkit.agencies import service as agencies
from webkit.agencies.service import AgencyProfile
from webkit.clients import service as clients
from webkit.core.kernel import clock, downloads, events, frozen, links
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.forms import FormState, bind, decimal_text
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import format_decimal
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import money_text
from webkit.invoices import crediting, forms, policy, service
from webkit.invoices.models import InvoiceState
from webkit.invoices.pages import EditorPage, ListPage, RefundPage, ShowPage
from webkit.invoices.service import InvoiceInput, InvoiceView, LineInput
from webkit.messaging import service as messaging
from webkit.payments import service as payments
from webkit.payments.service import PaymentView
from webkit.pricing import Priced, PricingError, find
from webkit.pricing.show import sum_rows

PAGE = 25
EMPTY_ROWS, MORE_ROWS = 3, 5
blueprint = staff_blueprint("invoices", __name__, "/invoices")


@blueprint.get("/")
def index() -> Response:
    view = request.args.get("view", "all")
    state = InvoiceState(view) if view in list(InvoiceState) else None
    before = request.args.get("before", type=UUID)
    found = service.page(limit=PAGE + 1, before=before, state=state, late=view == "overdue")
    older = url_for(".index", view=view, before=found[PAGE - 1].id) if len(found) > PAGE else None
    names = clients.names({invoice.client_id for invoice in found})
    return page("invoices/index.html", "list", **fields(ListPage(found[:PAGE], names, view, service.sums(), older)))


@blueprint.get("/new")
def new() -> Response:
    profile = agencies.profile()
    chosen = request.args.get("client", "")
    state = FormState.of({"client_id": chosen, "payment_days": profile.payment_days})
    return _editor(None, state, _Typed([]))


@blueprint.post("/new")
def create() -> Response:
    if "more" in request.form:
        return _more(None)
    given, state, typed = _read()
    if given is None:
        return _editor(None, state, typed, code=422)
    invoice_id = service.create_draft(given, state.value("once"))
    return go(".show", invoice_id=invoice_id)


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
    stored = {
        "client_id": invoice.client_id,
        "title": invoice.title,
        "payment_days": invoice.payment_days,
        "note": invoice.note,
        "revision": invoice.revision,
    }
    return _editor(invoice, FormState.of(stored), _Typed(_rows(invoice), priced=invoice.priced))


@blueprint.post("/<uuid:invoice_id>/edit")
def save(invoice_id: UUID) -> Response:
    invoice = service.get(invoice_id)
    if "more" in request.form:
        return _more(invoice)
    given, state, typed = _read() if invoice.quotation_id is None else _read_head(invoice)
    if given is None:
        return _editor(invoice, state, typed, code=422)
    try:
        service.save_draft(invoice_id, bind(forms.InvoiceForm, request.form).data.revision, given)
    except Conflict as error:
        return _editor(invoice, state, replace(typed, problem=error.message), code=409)
    flash(_("Draft saved."), "ok")
    return go(".show", invoice_id=invoice_id)


@blueprint.post("/totals")
def totals() -> Response:
    """The totals of what is typed, for the page to swap while typing."""
    return _editor(None, bind(forms.InvoiceForm, request.form).state.kept(), _typed(), "totals")


@blueprint.get("/<uuid:invoice_id>")
def show(invoice_id: UUID) -> Response:
    invoice = service.get(invoice_id)
    subject = events.ref("invoice", invoice_id)
    token = links.token_for(service.LINK, invoice_id)
    client = clients.get(invoice.client_id)
    view = ShowPage(
        invoice=invoice,
        sums=sum_rows(invoice.priced),
        client=client,
        frozen=frozen.get(invoice.frozen_id) if invoice.frozen_id else None,
        link=links.url(service.LINK, token) if token else None,
        mails=messaging.mails(subject),
        warning=None if invoice.issued_at else messaging.warning(client.email),
        payments=payments.of(subject),
        may_refund=policy.may_refund(g.role),
        may_credit=policy.may_refund(g.role) and invoice.state not in (InvoiceState.DRAFT, InvoiceState.CREDITED),
        correction=crediting.correction(invoice_id),
        timeline=events.timeline(subject),
    )
    return page("invoices/show.html", **fields(view))


@blueprint.post("/<uuid:invoice_id>/issue")
def issue(invoice_id: UUID) -> Response:
    service.issue(invoice_id, events.ref("user", current_user.id))
    flash(_("The invoice has its number and is on its way to the client."), "ok")
    return go(".show", invoice_id=invoice_id)


@blueprint.get("/<uuid:invoice_id>/payments/<uuid:payment_id>/refund")
def ask_refund(invoice_id: UUID, payment_id: UUID) -> Response:
    """The question before money is given back: how much of it."""
    policy.demand_refund(g.role)
    payment = _payment(invoice_id, payment_id)
    amount = money_text(payment.refundable_minor, payment.currency)
    return _refund(invoice_id, payment, FormState.of({"amount": amount}))


@blueprint.post("/<uuid:invoice_id>/payments/<uuid:payment_id>/refund")
def refund(invoice_id: UUID, payment_id: UUID) -> Response:
    policy.demand_refund(g.role)
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


def _more(invoice: InvoiceView | None) -> Response:
    """The same form with more empty rows, for those without a script."""
    return _editor(
        invoice, bind(forms.InvoiceForm, request.form).state.kept(), _Typed(forms.rows(request.form)), more=True
    )


@dataclass(frozen=True, slots=True)
class _Typed:
    """The typed rows, what is wrong with which, and, when nothing is, the lines and what they come to."""

    rows: list[dict[str, str]]
    wrong: dict[int, str] = field(default_factory=dict)
    problem: str = ""
    lines: tuple[LineInput, ...] = ()
    priced: Priced | None = None


def _typed() -> _Typed:
    rows = forms.rows(request.form)
    problem = forms.too_many(rows) or ""
    read = [bind(forms.LineForm, row) for row in rows]
    wrong = {index: next(iter(row.state.errors.values())) for index, row in enumerate(read) if not row.ok}
    if wrong or problem:
        return _Typed(rows, wrong, problem)
    lines = tuple(LineInput(r.data.description, r.data.quantity, r.data.price, r.data.rate) for r in read)
    try:
        return _Typed(rows, lines=lines, priced=service.price(lines, agencies.profile()))
    except PricingError as error:
        if error.line is None:
            return _Typed(rows, problem=error.message)
        return _Typed(rows, {int(error.line) - 1: error.message})


def _read() -> tuple[InvoiceInput | None, FormState, _Typed]:
    """What was typed, checked: the input, or None with what is wrong."""
    bound, typed = bind(forms.InvoiceForm, request.form), _typed()
    if not bound.ok or typed.priced is None:
        return None, bound.state, typed
    head = bound.data
    given = InvoiceInput(head.client_id, head.title, typed.lines, head.payment_days, head.note)
    return given, bound.state, typed


def _read_head(invoice: InvoiceView) -> tuple[InvoiceInput | None, FormState, _Typed]:
    """What was typed about an invoice whose client and amounts were agreed on before."""
    bound, typed = bind(forms.InvoiceForm, request.form), _Typed([], priced=invoice.priced)
    if not bound.ok:
        return None, bound.state, typed
    head = bound.data
    return InvoiceInput(invoice.client_id, head.title, (), head.payment_days, head.note), bound.state, typed


def _rows(invoice: InvoiceView) -> list[dict[str, str]]:
    exact = ("quantity", "price")
    return [row | {name: decimal_text(Decimal(row[name])) for name in exact} for row in invoice.lines]


def _editor(
    invoice: InvoiceView | None,
    state: FormState,
    typed: _Typed,
    *blocks: str,
    code: int = 200,
    more: bool = False,
) -> Response:
    profile = agencies.profile()
    empty = [dict.fromkeys(forms.COLUMNS, "")] * (MORE_ROWS if more else EMPTY_ROWS if len(typed.rows) < 2 else 1)
    view = EditorPage(
        invoice=invoice,
        form=state,
        rows=[*typed.rows, *empty],
        line_errors=typed.wrong,
        clients=[(str(client_id), name) for client_id, name in clients.choices()],
        rates=_rates(profile),
        sums=sum_rows(typed.priced) if typed.priced else [],
        problem=typed.problem,
        currency=profile.currency,
    )
    return page("invoices/edit.html", *blocks, code=code, **fields(view))


def _rates(profile: AgencyProfile) -> list[tuple[str, str]]:
    rows = find(profile.tax_scheme).rates(clock.today(profile.timezone))
    return [(row.key, f"{_(row.label)} {format_decimal(row.rate.percent)} %") for row in rows]
