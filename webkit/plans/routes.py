"""Staff pages of how something that was agreed is billed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, flash, request, url_for
from flask_login import current_user

from webkit.core.kernel import events
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.plans import forms, service
from webkit.plans.service import Billing
from webkit.pricing import PricingError
from webkit.pricing.typed import share_or_amount

blueprint = staff_blueprint("plans", __name__, "/billing")


@blueprint.get("/<kind>/<uuid:source_id>")
def show(kind: str, source_id: UUID) -> Response:
    """What was billed of it, and what may still be."""
    return _page(service.billing(kind, source_id), FormState())


@blueprint.get("/<kind>/<uuid:source_id>/summary")
def summary(kind: str, source_id: UUID) -> Response:
    """The same for the page of what was agreed, in a few lines; the reason where nothing can be billed."""
    try:
        billing = service.billing(kind, source_id)
    except Conflict as error:
        return page("plans/summary.html", billing=None, why=error.message)
    return page("plans/summary.html", billing=billing, why="")


@blueprint.post("/<kind>/<uuid:source_id>/all")
def bill_all(kind: str, source_id: UUID) -> Response:
    """One invoice for all of it."""
    return _made(service.bill_all(kind, source_id, _actor()))


@blueprint.post("/<kind>/<uuid:source_id>/deposit")
def deposit(kind: str, source_id: UUID) -> Response:
    """The deposit invoice."""
    billing, bound = service.billing(kind, source_id), bind(forms.DepositForm, request.form)
    if not bound.ok:
        return _page(billing, bound.state, code=422)
    try:
        share = share_or_amount(bound.data.share, billing.source.currency, "share")
        if share is None:
            raise Invalid({"share": _("Please say how much: 30 %% or an amount.")})
        return _made(service.deposit(kind, source_id, share, _actor()))
    except (Invalid, PricingError) as error:
        bound.state.errors["share"] = error.errors["share"] if isinstance(error, Invalid) else error.message
        return _page(billing, bound.state, code=422)


@blueprint.post("/<kind>/<uuid:source_id>/final")
def finish(kind: str, source_id: UUID) -> Response:
    """The final invoice, less the deposits."""
    return _made(service.finish(kind, source_id, _actor()))


@blueprint.get("/<kind>/<uuid:source_id>/milestones")
def milestones(kind: str, source_id: UUID) -> Response:
    """The editor of the milestones."""
    billing = service.billing(kind, source_id)
    stored = [
        {
            "title": step.title,
            "share": step.share,
            "due_on": step.due_on.isoformat() if step.due_on else "",
            "condition": step.condition,
        }
        for step in billing.milestones
    ]
    return _editor(billing, stored)


@blueprint.post("/<kind>/<uuid:source_id>/milestones")
def save(kind: str, source_id: UUID) -> Response:
    billing, typed = service.billing(kind, source_id), forms.rows(request.form)
    if "more" in request.form:
        return _editor(billing, typed, more=True)
    steps, wrong = forms.steps(typed, billing.source.currency)
    if wrong:
        return _editor(billing, typed, wrong=wrong, code=422)
    try:
        service.save(kind, source_id, steps)
    except Invalid as error:
        return _editor(billing, typed, problem=error.errors["parts"], code=422)
    except Conflict as error:
        return _editor(billing, typed, problem=error.message, code=409)
    flash(_("The milestones are kept: together they are what was agreed, to the cent."), "ok")
    return go(".show", kind=kind, source_id=source_id)


@blueprint.post("/<kind>/<uuid:source_id>/milestones/drop")
def drop(kind: str, source_id: UUID) -> Response:
    """Throw the plan away."""
    service.drop(kind, source_id)
    flash(_("The milestones are gone."), "ok")
    return go(".show", kind=kind, source_id=source_id)


@blueprint.post("/<kind>/<uuid:source_id>/milestones/<uuid:milestone_id>")
def bill_milestone(kind: str, source_id: UUID, milestone_id: UUID) -> Response:
    """The invoice of a milestone; asked for twice it is the same one."""
    return _made(service.bill_milestone(kind, source_id, milestone_id, _actor()))


def _made(invoice_id: UUID) -> Response:
    flash(_("The invoice is a draft with the amounts that were agreed. Issue it when it is time."), "ok")
    return go("invoices.show", invoice_id=invoice_id)


def _actor() -> str:
    return events.ref("user", current_user.id)


def _back(billing: Billing) -> str:
    """The page of what was agreed."""
    source = billing.source
    where: dict[str, Any] = {f"{source.kind}_id": source.id}
    return url_for(f"{source.kind}s.show", **where)


def _page(billing: Billing, form: FormState, code: int = 200) -> Response:
    return page("plans/show.html", code=code, billing=billing, form=form, back=_back(billing))


def _editor(
    billing: Billing,
    rows: list[dict[str, str]],
    *,
    wrong: dict[int, str] | None = None,
    problem: str = "",
    more: bool = False,
    code: int = 200,
) -> Response:
    blank = dict.fromkeys(forms.COLUMNS, "")
    spare = forms.MORE if more else max(1, forms.BLANK - len(rows))
    view: dict[str, Any] = {"wrong": wrong or {}, "problem": problem, "back": _back(billing)}
    return page("plans/milestones.html", code=code, billing=billing, rows=[*rows, *[blank] * spare], **view)
