"""An agency's own accounts with vendors, for owners and admins."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request
from flask_login import current_user

from webkit.connections import pages, service
from webkit.core.capabilities.base import HealthReport
from webkit.core.kernel import stepup
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.forms import FormState
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import gettext as _

blueprint = staff_blueprint("connections", __name__, "/settings/services")


@blueprint.get("")
def index() -> Response:
    """Who supplies what: the platform, or an account of the agency's own."""
    return page("connections/index.html", services=service.services())


@blueprint.get("/<capability>/<provider>")
def edit(capability: str, provider: str) -> Response:
    form = service.form(capability, provider)
    return _page(form, FormState.of(form.values) if form.account else FormState())


@blueprint.post("/<capability>/<provider>")
@stepup.required
def save(capability: str, provider: str) -> Response:
    """Keep the settings and use them from now on."""
    try:
        wish = service.check(capability, provider, request.form)
    except Invalid as wrong:
        return _wrong(capability, provider, wrong)
    service.save(wish, current_user.id)
    flash(_("%(label)s is in use from now on.", label=wish.spec.label), "ok")
    return go(".edit", capability=capability, provider=provider)


@blueprint.post("/<capability>/<provider>/test")
def test(capability: str, provider: str) -> Response:
    """Ask the vendor with exactly what stands in the form; somebody waits for that, two seconds at most."""
    try:
        wish = service.check(capability, provider, request.form)
    except Invalid as wrong:
        return _wrong(capability, provider, wrong, "tested")
    report = service.try_out(wish)
    form = service.form(capability, provider)
    return _page(form, pages.without_secrets(form, request.form), "tested", report=report)


@blueprint.post("/<capability>")
@stepup.required
def step_back(capability: str) -> Response:
    """Leave the own account: the platform's provider serves again."""
    service.step_back(capability)
    flash(_("The platform's service is in use again."), "ok")
    return go(".index")


@blueprint.post("/<capability>/again/<uuid:account_id>")
@stepup.required
def take_up(capability: str, account_id: UUID) -> Response:
    service.take_up(capability, account_id)
    flash(_("The account is in use again."), "ok")
    return go(".index")


def _wrong(capability: str, provider: str, wrong: Invalid, *blocks: str) -> Response:
    form = service.form(capability, provider)
    state = pages.without_secrets(form, request.form)
    state.errors.update(wrong.errors)
    return _page(form, state, *blocks, code=422)


def _page(
    form: service.AccountForm, state: FormState, *blocks: str, report: HealthReport | None = None, code: int = 200
) -> Response:
    shown = pages.AccountPage.of(form, state, report, tested=bool(blocks))
    return page("connections/edit.html", *blocks, code=code, **fields(shown))
