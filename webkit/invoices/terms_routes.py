"""Staff pages of what is arranged about an invoice: terms, series, the team's note, and writing it off."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, flash, request
from flask_login import current_user

from webkit.agencies import service as agencies
from webkit.core.kernel import downloads, events, frozen
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict, DomainError
from webkit.core.kernel.forms import Form, FormState, Line, Text, bind
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import arranging, pro_formas, service, terms_forms, writing_off
from webkit.invoices.models import InvoiceState
from webkit.invoices.terms import Instalment, Terms

blueprint = staff_blueprint("invoice_terms", __name__, "/invoices")


class MemoForm(Form):
    """What only the team reads."""

    memo: Text(5000) = ""  # type: ignore[valid-type]


class WriteOffForm(Form):
    """Why it is no longer waited for."""

    reason: Line(500, 3)  # type: ignore[valid-type]


@blueprint.get("/<uuid:invoice_id>/terms")
def edit(invoice_id: UUID) -> Response:
    """When a draft is to be paid."""
    invoice = service.get(invoice_id)
    if invoice.state != InvoiceState.DRAFT:
        return go("invoices.show", invoice_id=invoice_id)
    state = FormState.of(terms_forms.fields(invoice.terms, invoice.series, invoice.revision))
    return _page(invoice_id, state, terms_forms.stored_rows(invoice.terms, invoice.currency), invoice.terms)


@blueprint.post("/<uuid:invoice_id>/terms/preview")
def preview(invoice_id: UUID) -> Response:
    """What that comes to, while it is being written."""
    invoice = service.get(invoice_id)
    _form, terms, state, wrong = terms_forms.read(request.form, invoice.currency)
    problem = next(iter([*state.errors.values(), *wrong.values()]), "")
    return _page(invoice_id, state.kept(), terms_forms.rows(request.form), terms, problem=problem, block="preview")


@blueprint.post("/<uuid:invoice_id>/terms")
def save(invoice_id: UUID) -> Response:
    """Keep them."""
    invoice, typed = service.get(invoice_id), terms_forms.rows(request.form)
    form, terms, state, wrong = terms_forms.read(request.form, invoice.currency)
    if "more" in request.form:
        return _page(invoice_id, state.kept(), typed, terms, more=True)
    if form is None or terms is None:
        return _page(invoice_id, state, typed, None, wrong=wrong, code=422)
    try:
        arranging.save_terms(invoice_id, form.revision, terms, form.series)
    except Conflict as error:
        return _page(invoice_id, state, typed, terms, problem=error.message, code=409)
    except DomainError as error:
        state.errors[error.field or "rule"] = error.message
        return _page(invoice_id, state, typed, None, code=422)
    flash(_("Terms saved."), "ok")
    return go("invoices.show", invoice_id=invoice_id)


@blueprint.post("/<uuid:invoice_id>/memo")
def note(invoice_id: UUID) -> Response:
    """Keep the team's note."""
    bound = bind(MemoForm, request.form)
    if not bound.ok:
        raise DomainError(bound.state.error("memo"), "memo")
    arranging.note(invoice_id, bound.data.memo)
    flash(_("Note saved."), "ok")
    return go("invoices.show", invoice_id=invoice_id)


@blueprint.get("/<uuid:invoice_id>/write-off")
def ask_write_off(invoice_id: UUID) -> Response:
    """The question before an invoice is written off."""
    return page("invoices/write_off.html", invoice=service.get(invoice_id), form=FormState())


@blueprint.post("/<uuid:invoice_id>/write-off")
def write_off(invoice_id: UUID) -> Response:
    bound = bind(WriteOffForm, request.form)
    if not bound.ok:
        return page("invoices/write_off.html", code=422, invoice=service.get(invoice_id), form=bound.state)
    writing_off.write_off(invoice_id, bound.data.reason, events.ref("user", current_user.id))
    flash(_("Written off. If money comes after all, this invoice takes it."), "ok")
    return go("invoices.show", invoice_id=invoice_id)


@blueprint.post("/<uuid:invoice_id>/reopen")
def reopen(invoice_id: UUID) -> Response:
    """Wait again for what was written off."""
    writing_off.reopen(invoice_id, events.ref("user", current_user.id))
    flash(_("This invoice is waited for again."), "ok")
    return go("invoices.show", invoice_id=invoice_id)


@blueprint.get("/<uuid:invoice_id>/pro-forma")
def pro_forma(invoice_id: UUID) -> Response:
    """The pro-formas of a draft."""
    found = pro_formas.of_invoice(invoice_id)
    return page("invoices/pro_forma.html", invoice=service.get(invoice_id), pro_formas=found)


@blueprint.post("/<uuid:invoice_id>/pro-forma")
def send_pro_forma(invoice_id: UUID) -> Response:
    """Send one; while one stands it is that one."""
    pro_formas.send(invoice_id, events.ref("user", current_user.id))
    flash(_("The pro-forma is on its way to the client."), "ok")
    return go(".pro_forma", invoice_id=invoice_id)


@blueprint.post("/pro-formas/<uuid:pro_forma_id>/withdraw")
def withdraw_pro_forma(pro_forma_id: UUID) -> Response:
    invoice_id = pro_formas.withdraw(pro_forma_id, events.ref("user", current_user.id))
    flash(_("Withdrawn. The draft may ask for something else now."), "ok")
    return go(".pro_forma", invoice_id=invoice_id)


@blueprint.get("/pro-formas/<uuid:pro_forma_id>/pdf")
def pro_forma_pdf(pro_forma_id: UUID) -> Response:
    return downloads.pdf(frozen.latest(pro_formas.KIND, pro_formas.get(pro_forma_id).id))


def _page(
    invoice_id: UUID,
    state: FormState,
    rows: list[dict[str, str]],
    terms: Terms | None,
    *,
    wrong: dict[int, str] | None = None,
    problem: str = "",
    more: bool = False,
    block: str = "",
    code: int = 200,
) -> Response:
    invoice = service.get(invoice_id)
    plan: tuple[Instalment, ...] = ()
    if terms is not None and not problem:
        try:
            plan = terms.resolve(invoice.total, invoice.currency, agencies.today())
        except DomainError as error:
            problem = error.message if block else problem
    blank = dict.fromkeys(terms_forms.COLUMNS, "")
    spare = terms_forms.MORE if more else max(1, terms_forms.BLANK - len(rows))
    view: dict[str, Any] = {
        "invoice": invoice,
        "form": state,
        "rows": [*rows, *[blank] * spare],
        "wrong": wrong or {},
        "plan": plan,
        "problem": problem,
        "series": [(each.key, each.name) for each in agencies.invoice_series() if not each.closed],
    }
    return page("invoices/terms.html", *([block] if block else []), code=code, **view)
