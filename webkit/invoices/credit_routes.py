"""Staff pages of credit notes; they hang on the invoice they correct."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from flask import Response, flash, request
from flask_login import current_user

from webkit.core.kernel import downloads, events, frozen, money
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict, DomainError, Invalid, NotFound
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import format_date
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import money_text
from webkit.invoices import credit_forms, crediting, returning, service
from webkit.invoices.crediting import CreditInput, Extent
from webkit.invoices.pages import CreditPage, RefundPage
from webkit.invoices.returning import RefundInput
from webkit.payments.service import PaymentView
from webkit.pricing import Priced
from webkit.pricing.show import sum_rows

blueprint = staff_blueprint("invoice_credits", __name__, "/invoices")


@blueprint.get("/<uuid:invoice_id>/credit")
def ask(invoice_id: UUID) -> Response:
    """The question before anything is credited: how much, and why; and whether money goes back."""
    return _page(invoice_id, FormState.of({"extent": Extent.ALL.value}), CreditInput(Extent.ALL, ""))


@blueprint.post("/<uuid:invoice_id>/credit/totals")
def totals(invoice_id: UUID) -> Response:
    """What the credit note comes to, while it is being written."""
    bound = bind(credit_forms.CreditForm, request.form)
    given, wrong = _given(invoice_id, bound.state)
    return _page(invoice_id, bound.state.kept(), given, *wrong, block="totals")


@blueprint.post("/<uuid:invoice_id>/credit")
def issue(invoice_id: UUID) -> Response:
    """Issue the credit note and send it; the money goes back with it where that was asked for."""
    bound = bind(credit_forms.CreditForm, request.form)
    given, wrong = _given(invoice_id, bound.state)
    if not bound.ok or given is None:
        return _page(invoice_id, bound.state, given, *wrong, code=422)
    try:
        refund = _refund(invoice_id, bound.data)
        crediting.issue(invoice_id, given, events.ref("user", current_user.id), bound.data.once, refund)
    except Invalid as error:
        errors = {"return_amount" if name == "amount" else name: text for name, text in error.errors.items()}
        return _page(invoice_id, replace(bound.state, errors=errors), given, code=422)
    except DomainError as error:
        return _page(invoice_id, bound.state, None, error.message, code=422)
    flash(_("The credit note has its number and is on its way to the client."), "ok")
    if refund is not None:
        flash(_("The money is on its way back. The history below says when it has arrived."), "ok")
    return go("invoices.show", invoice_id=invoice_id)


@blueprint.get("/credits/<uuid:credit_id>/pdf")
def pdf(credit_id: UUID) -> Response:
    return downloads.pdf(frozen.latest(crediting.KIND, crediting.get(credit_id).id))


@blueprint.get("/credits/<uuid:credit_id>/refund/<uuid:payment_id>")
def ask_refund(credit_id: UUID, payment_id: UUID) -> Response:
    """The question before money is given back for a credit note: how much of it."""
    note, payment = crediting.get(credit_id), _payment(credit_id, payment_id)
    most = min(payment.refundable_minor, note.left)
    return _refund_page(credit_id, payment, FormState.of({"amount": money_text(most, note.currency)}))


@blueprint.post("/credits/<uuid:credit_id>/refund/<uuid:payment_id>")
def refund(credit_id: UUID, payment_id: UUID) -> Response:
    bound, invoice_id = bind(credit_forms.RefundForm, request.form), crediting.get(credit_id).invoice_id
    if not bound.ok:
        return _refund_page(credit_id, _payment(credit_id, payment_id), bound.state, code=422)
    actor = events.ref("user", current_user.id)
    try:
        returning.give_back_for(credit_id, payment_id, bound.data.amount, actor, bound.data.once)
    except Invalid as error:
        state = replace(bound.state, errors=error.errors)
        return _refund_page(credit_id, _payment(credit_id, payment_id), state, code=422)
    flash(_("The money is on its way back. The history below says when it has arrived."), "ok")
    return go("invoices.show", invoice_id=invoice_id)


def _refund_page(credit_id: UUID, payment: PaymentView, state: FormState, code: int = 200) -> Response:
    note = crediting.get(credit_id)
    view = RefundPage(service.get(note.invoice_id), payment, state, note)
    return page("invoices/refund.html", code=code, **fields(view))


def _payment(credit_id: UUID, payment_id: UUID) -> PaymentView:
    """A payment of which something can be given back for a credit note."""
    note = crediting.get(credit_id)
    found = next((each for each in returning.givable(note.invoice_id) if each.id == payment_id), None)
    if found is None:
        raise NotFound(_("Nothing of this payment can be given back here."))
    if not note.left:
        raise Conflict(_("All of this credit note has been given back, or is on its way."))
    return found


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
        row = bind(credit_forms.QuantityForm, {"quantity": typed})
        if not row.ok:
            return None, list(row.state.errors.values())
        if row.data.quantity:
            quantities[line] = row.data.quantity
    return CreditInput(extent, state.value("reason").strip(), amount, quantities), []


def _refund(invoice_id: UUID, given: credit_forms.CreditForm) -> RefundInput | None:
    """How much goes back of which payment, or None when nothing is to. Raises Invalid."""
    if not given.give_back:
        return None
    if given.payment_id is None:
        raise Invalid({"payment_id": _("Which payment is given back?")})
    if not given.return_amount:
        return RefundInput(given.payment_id)
    try:
        return RefundInput(given.payment_id, money.parse_money(given.return_amount, service.get(invoice_id).currency))
    except ValueError as error:
        raise Invalid({"return_amount": str(error)}) from None


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
    payments = returning.givable(invoice_id)
    view = CreditPage(
        invoice=invoice,
        correction=crediting.correction(invoice_id),
        form=state,
        quantities=_typed(invoice.priced),
        sums=sums,
        problem=problem,
        payments=payments,
        payment_options=[(str(each.id), _said(each)) for each in payments],
    )
    return page("invoices/credit.html", *((block,) if block else ()), code=code, **fields(view))


def _said(payment: PaymentView) -> str:
    """A payment in a list to choose from."""
    amount = money.format_money(payment.refundable_minor, payment.currency)
    day = format_date(payment.settled_at or payment.created_at)
    return _("%(provider)s, %(day)s: %(amount)s", provider=payment.provider_label, day=day, amount=amount)
