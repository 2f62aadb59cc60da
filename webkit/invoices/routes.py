"""Staff pages of invoices."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request, url_for
from flask_login import current_user

from webkit.agencies import service as agencies
from webkit.agencies.service import AgencyProfile
from webkit.clients import service as clients
from webkit.core.kernel import clock, downloads, events, frozen, links
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import format_decimal
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import forms, service
from webkit.invoices.models import InvoiceState
from webkit.invoices.pages import EditorPage, ListPage, ShowPage
from webkit.invoices.service import InvoiceInput, InvoiceView, LineInput
from webkit.messaging import service as messaging
from webkit.payments import service as payments
from webkit.pricing import Priced, PricingError, find
from webkit.pricing.show import sum_rows

PAGE = 50
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
    return _editor(None, state, [])


@blueprint.post("/new")
def create() -> Response:
    if "more" in request.form:
        return _more(None)
    given, state, typed, wrong, problem = _read()
    if given is None:
        return _editor(None, state, typed, wrong, problem, code=422)
    invoice_id = service.create_draft(given, state.value("once"))
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
    return _editor(invoice, FormState.of(stored), invoice.lines)


@blueprint.post("/<uuid:invoice_id>/edit")
def save(invoice_id: UUID) -> Response:
    invoice = service.get(invoice_id)
    if "more" in request.form:
        return _more(invoice)
    given, state, typed, wrong, problem = _read()
    if given is None:
        return _editor(invoice, state, typed, wrong, problem, code=422)
    try:
        service.save_draft(invoice_id, bind(forms.InvoiceForm, request.form).data.revision, given)
    except Conflict as error:
        return _editor(invoice, state, typed, {}, error.message, code=409)
    flash(_("Draft saved."), "ok")
    return go(".show", invoice_id=invoice_id)


@blueprint.post("/totals")
def totals() -> Response:
    """The totals of what is typed, for the page to swap while typing."""
    given, state, typed, wrong, problem = _read()
    return _editor(None, state, typed, wrong, problem, only_totals=True, given=given)


@blueprint.get("/<uuid:invoice_id>")
def show(invoice_id: UUID) -> Response:
    invoice = service.get(invoice_id)
    subject = events.ref("invoice", invoice_id)
    token = links.token_for(service.LINK, invoice_id)
    view = ShowPage(
        invoice=invoice,
        sums=sum_rows(invoice.priced),
        client=clients.get(invoice.client_id),
        frozen=frozen.get(invoice.frozen_id) if invoice.frozen_id else None,
        link=links.url(service.LINK, token) if token else None,
        mails=messaging.mails(subject),
        payments=payments.of(subject),
        timeline=events.timeline(subject),
    )
    return page("invoices/show.html", **fields(view))


@blueprint.post("/<uuid:invoice_id>/issue")
def issue(invoice_id: UUID) -> Response:
    service.issue(invoice_id, events.ref("user", current_user.id))
    flash(_("The invoice has its number and is on its way to the client."), "ok")
    return go(".show", invoice_id=invoice_id)


@blueprint.post("/<uuid:invoice_id>/delete")
def delete(invoice_id: UUID) -> Response:
    service.delete_draft(invoice_id)
    flash(_("Draft deleted."), "ok")
    return go(".index")


@blueprint.get("/<uuid:invoice_id>/pdf")
def pdf(invoice_id: UUID) -> Response:
    return downloads.pdf(frozen.latest("invoice", service.get(invoice_id).id))


def _more(invoice: InvoiceView | None) -> Response:
    """The same form with more empty rows, for those without a script."""
    return _editor(invoice, bind(forms.InvoiceForm, request.form).state.kept(), forms.rows(request.form), more=True)


def _read() -> tuple[InvoiceInput | None, FormState, list[dict[str, str]], dict[int, str], str]:
    """What was typed, checked: the input or None, the form's state, the rows, and what is wrong with which row."""
    bound = bind(forms.InvoiceForm, request.form)
    typed = forms.rows(request.form)
    problem = forms.too_many(typed) or ""
    read = [bind(forms.LineForm, row) for row in typed]
    wrong = {index: next(iter(row.state.errors.values())) for index, row in enumerate(read) if not row.ok}
    if not bound.ok or wrong or problem:
        return None, bound.state, typed, wrong, problem
    head = bound.data
    lines = tuple(LineInput(r.data.description, r.data.quantity, r.data.price, r.data.rate) for r in read)
    given = InvoiceInput(head.client_id, head.title, lines, head.payment_days, head.note)
    try:
        service.price(lines, agencies.profile())
    except PricingError as error:
        if error.line is None:
            return None, bound.state, typed, {}, error.message
        return None, bound.state, typed, {int(error.line) - 1: error.message}, ""
    return given, bound.state, typed, {}, ""


def _editor(
    invoice: InvoiceView | None,
    state: FormState,
    typed: list[dict[str, str]],
    wrong: dict[int, str] | None = None,
    problem: str = "",
    *,
    code: int = 200,
    only_totals: bool = False,
    more: bool = False,
    given: InvoiceInput | None = None,
) -> Response:
    profile = agencies.profile()

    priced = _priced(invoice, given, profile, typed)
    empty: list[dict[str, str]] = [dict.fromkeys(forms.COLUMNS, "")] * (
        MORE_ROWS if more else EMPTY_ROWS if len(typed) < 2 else 1
    )
    view = EditorPage(
        invoice=invoice,
        form=state,
        rows=[*typed, *empty],
        line_errors=wrong or {},
        clients=[(str(client_id), name) for client_id, name in clients.choices()],
        rates=_rates(profile),
        sums=sum_rows(priced) if priced else [],
        problem=problem,
        currency=profile.currency,
    )
    if only_totals:
        return page("invoices/edit.html", "totals", **fields(view))
    return page("invoices/edit.html", code=code, **fields(view))


def _rates(profile: AgencyProfile) -> list[tuple[str, str]]:
    rows = find(profile.tax_scheme).rates(clock.today(profile.timezone))
    return [(row.key, f"{_(row.label)} {format_decimal(row.rate.percent)} %") for row in rows]


def _priced(
    invoice: InvoiceView | None,
    given: InvoiceInput | None,
    profile: AgencyProfile,
    typed: list[dict[str, str]],
) -> Priced | None:
    if given is not None:
        return service.price(given.lines, profile)
    return invoice.priced if invoice is not None and typed == invoice.lines else None
