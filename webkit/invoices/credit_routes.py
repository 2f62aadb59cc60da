"""Staff pages of credit notes; they hang on the invoice they correct."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from flask import Response, flash, g, request
from flask_login import current_user

from webkit.core.kernel import downloads, events, frozen, money
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import crediting, forms, policy, service
from webkit.invoices.crediting import CreditInput, Extent
from webkit.invoices.pages import CreditPage
from webkit.pricing import Priced
from webkit.pricing.show import sum_rows

blueprint = staff_blueprint("invoice_credits", __name__, "/invoices")


@blueprint.get("/<uuid:invoice_id>/credit")
def ask(invoice_id: UUID) -> Response:
    """The question before anything is credited: how much, and why."""
    policy.demand_refund(g.role)
    return _page(invoice_id, FormState.of({"extent": Extent.ALL.value}), CreditInput(Extent.ALL, ""))


@blueprint.post("/<uuid:invoice_id>/credit/totals")
def totals(invoice_id: UUID) -> Response:
    """What the credit note comes to, while it is being written."""
    policy.demand_refund(g.role)
    bound = bind(forms.CreditForm, request.form)
    given, wrong = _given(invoice_id, bound.state)
    return _page(invoice_id, bound.state.kept(), given, *wrong, block="totals")


@blueprint.post("/<uuid:invoice_id>/credit")
def issue(invoice_id: UUID) -> Response:
    """Issue the credit note and send it."""
    policy.demand_refund(g.role)
    bound = bind(forms.CreditForm, request.form)
    given, wrong = _given(invoice_id, bound.state)
    if not bound.ok or given is None:
        return _page(invoice_id, bound.state, given, *wrong, code=422)
    try:
        crediting.issue(invoice_id, given, events.ref("user", current_user.id), bound.data.once)
    except DomainError as error:
        return _page(invoice_id, bound.state, None, error.message, code=422)
    flash(_("The credit note has its number and is on its way to the client."), "ok")
    return go("invoices.show", invoice_id=invoice_id)


@blueprint.get("/credits/<uuid:credit_id>/pdf")
def pdf(credit_id: UUID) -> Response:
    return downloads.pdf(frozen.latest(crediting.KIND, crediting.get(credit_id).id))


def _given(invoice_id: UUID, state: FormState) -> tuple[CreditInput | None, list[str]]:
    """What was asked for, or None with the sentences that say what is wrong."""
    invoice = service.get(invoice_id)
    try:
        extent = Extent(state.value("extent"))
        amount = money.parse_money(state.value("amount"), invoice.currency) if extent is Extent.AMOUNT else 0
    except ValueError as error:
        return None, [str(error)]
    quantities: dict[str, Decimal] = {}
    for line, typed in _typed(invoice.priced).items():
        row = bind(forms.QuantityForm, {"quantity": typed})
        if not row.ok:
            return None, list(row.state.errors.values())
        if row.data.quantity:
            quantities[line] = row.data.quantity
    return CreditInput(extent, state.value("reason").strip(), amount, quantities), []


def _typed(priced: Priced) -> dict[str, str]:
    """The quantity typed for each line."""
    return {line.id: request.form.get(f"quantity_{line.id}", "") for line in priced.lines}


def _page(
    invoice_id: UUID, state: FormState, given: CreditInput | None, *problems: str, block: str = "", code: int = 200
) -> Response:
    invoice = service.get(invoice_id)
    sums, problem = [], " ".join(problems)
    if given is not None and not problem:
        try:
            sums = sum_rows(crediting.preview(invoice_id, given), credit=True)
        except DomainError as error:
            problem = error.message
    view = CreditPage(
        invoice=invoice,
        correction=crediting.correction(invoice_id),
        form=state,
        quantities=_typed(invoice.priced),
        sums=sums,
        problem=problem,
    )
    return page("invoices/credit.html", *((block,) if block else ()), code=code, **fields(view))
