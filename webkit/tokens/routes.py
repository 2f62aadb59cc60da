"""Pages about keys: a person's own, and an agency's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, request
from flask_login import current_user

from webkit.core.kernel import bearers, stepup
from webkit.core.kernel.doors import ask_to_sign_in, staff_blueprint
from webkit.core.kernel.errors import DomainError, Invalid
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.tokens import forms, service
from webkit.tokens.forms import KeyForm
from webkit.tokens.views import NewKey

own = Blueprint("own_keys", __name__, url_prefix="/account/keys")
agency = staff_blueprint("agency_keys", __name__, "/settings/keys")


@own.before_request
def demand_sign_in() -> Response | None:
    """Keys belong to somebody."""
    return None if current_user.is_authenticated else ask_to_sign_in()


@own.get("")
def index() -> Response:
    """One's own keys."""
    return page("tokens/own.html", keys=service.own(current_user.id))


@own.get("/new")
@stepup.required
def new() -> Response:
    return _own_form(FormState())


@own.post("/new")
@stepup.required
def create() -> Response:
    """Make a key, and show it this once."""
    bound = bind(KeyForm, request.form)
    if not bound.ok:
        return _own_form(bound.state, 422)
    try:
        key = service.create_own(current_user.id, bound.data.name, forms.chosen(request.form), bound.data.days)
    except DomainError as error:
        return _own_form(_told(bound.state, error), error.code)
    return _shown("tokens/own_made.html", key)


@own.post("/<uuid:key_id>/revoke")
def revoke(key_id: UUID) -> Response:
    """Stopping a key is never made hard."""
    name = service.revoke_own(current_user.id, key_id)
    flash(_("“%(name)s” opens nothing any more.", name=name), "ok")
    return go(".index")


@agency.get("")
def list_() -> Response:
    """The agency's keys."""
    return page("tokens/agency.html", keys=service.of_agency())


@agency.get("/new")
@stepup.required
def new_of_agency() -> Response:
    return _agency_form(FormState())


@agency.post("/new")
@stepup.required
def create_of_agency() -> Response:
    """Make a key for the agency, and show it this once."""
    bound = bind(KeyForm, request.form)
    if not bound.ok:
        return _agency_form(bound.state, 422)
    try:
        key = service.create_for_agency(current_user.id, bound.data.name, forms.chosen(request.form), bound.data.days)
    except DomainError as error:
        return _agency_form(_told(bound.state, error), error.code)
    return _shown("tokens/agency_made.html", key)


@agency.post("/<uuid:key_id>/revoke")
def revoke_of_agency(key_id: UUID) -> Response:
    name = service.revoke_in_agency(key_id, current_user.id)
    flash(_("“%(name)s” opens nothing any more.", name=name), "ok")
    return go(".list_")


def _told(form: FormState, error: DomainError) -> FormState:
    form.errors.update(error.errors if isinstance(error, Invalid) else {error.field or "": error.message})
    return form


def _shown(template: str, key: NewKey) -> Response:
    """The one answer that holds a key: kept by nobody on the way."""
    response = page(template, key=key)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _own_form(form: FormState, code: int = 200) -> Response:
    return page("tokens/own_new.html", form=form, code=code, **_choices())


def _agency_form(form: FormState, code: int = 200) -> Response:
    return page("tokens/agency_new.html", form=form, code=code, **_choices())


def _choices() -> dict[str, Any]:
    words = {"none": _("Not at all"), bearers.READ: _("Look"), bearers.WRITE: _("Look and change")}
    return {
        "resources": [name for name in bearers.scopes() if name],
        "prefix": forms.SCOPE,
        "words": list(words.items()),
        "days": [(str(each), _("%(n)s days", n=each)) for each in service.DAYS],
    }
