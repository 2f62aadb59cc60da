"""Staff pages of invoices that were issued elsewhere: their clients pay there, so a person says that it was paid."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Response, flash, request
from flask_login import current_user

from webkit.agencies import service as agencies
from webkit.core.kernel import events
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.forms import Form, FormState, bind
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import service

blueprint = staff_blueprint("invoice_imports", __name__, "/invoices")


class PaidForm(Form):
    """The day on which the money came."""

    paid_on: date


@blueprint.get("/<uuid:invoice_id>/paid")
def ask(invoice_id: UUID) -> Response:
    """Ask for the day."""
    return _form(invoice_id, FormState.of({"paid_on": agencies.today().isoformat()}))


@blueprint.post("/<uuid:invoice_id>/paid")
def mark(invoice_id: UUID) -> Response:
    """Mark it as paid."""
    bound = bind(PaidForm, request.form)
    if not bound.ok:
        return _form(invoice_id, bound.state, 422)
    try:
        service.mark_paid(invoice_id, bound.data.paid_on, events.ref("user", current_user.id))
    except Invalid as error:
        bound.state.errors.update(error.errors)
        return _form(invoice_id, bound.state, 422)
    flash(_("Marked as paid."), "ok")
    return go("invoices.show", invoice_id=invoice_id)


def _form(invoice_id: UUID, state: FormState, code: int = 200) -> Response:
    return page("invoices/mark_paid.html", code=code, invoice=service.get(invoice_id), form=state)
