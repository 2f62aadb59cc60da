"""Settings › Payments: connecting an account, how it stands, leaving it; and the way back from the vendor's pages."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, request, url_for
from flask_login import current_user

from webkit.core.capabilities.errors import ProviderError
from webkit.core.kernel import permissions, stepup
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.doors import ask_to_sign_in, open_tenant, staff_blueprint
from webkit.core.kernel.errors import DomainError, Forbidden, NotFound
from webkit.core.kernel.hx import fields, go, go_to, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.payments import account_pages, connecting

blueprint = staff_blueprint("payment_accounts", __name__, "/settings/payments")
returning = Blueprint("payment_returns", __name__)


@blueprint.get("")
def index() -> Response:
    """Where the agency's money arrives, and what is missing there."""
    return page("payments/accounts.html", **fields(account_pages.accounts()))


@blueprint.post("/open")
@stepup.required
def open() -> Response:
    """Have an account opened, or go on with its form on the vendor's pages."""
    return go_to(connecting.begin_managed(return_url=_here(".back"), again_url=_here(".again")))


@blueprint.get("/again")
def again() -> Response:
    """The vendor's form was opened too late, or twice: back to the button."""
    flash(_("The form of the payment service was too old. Please go on once more."), "wait")
    return go(".index")


@blueprint.get("/back")
def back() -> Response:
    """Back from the vendor's form: ask how the account stands now."""
    return check()


@blueprint.post("/join")
@stepup.required
def join() -> Response:
    """Go to the vendor's page where the owner of an account agrees."""
    provider = account_pages.provider()
    way_back = f"{current().settings.base_url}{url_for('payment_returns.callback', provider=provider)}"
    return go_to(connecting.begin_own(current_user.id, current_user.get_id(), return_url=way_back))


@blueprint.post("/check")
def check() -> Response:
    """Ask the vendor how the account stands."""
    try:
        if not connecting.check():
            flash(_("The payment service does not let us into this account any more."), "bad")
    except ProviderError:
        flash(_("The payment service did not answer. What stands here is what it said last."), "bad")
    return go(".index")


@blueprint.post("/use")
@stepup.required
def use() -> Response:
    """Let the connected account take payments again."""
    connecting.use_again()
    flash(_("Payments go to the connected account from now on."), "ok")
    return go(".index")


@blueprint.post("/leave")
@stepup.required
def leave() -> Response:
    """Take no more money through the account, and give the access to it back."""
    connecting.leave()
    flash(_("The account takes no more payments. Open payment pages are being closed."), "ok")
    return go(".index")


@returning.get("/api/<provider>/connect")
def connect(provider: str) -> Response:
    """The address of earlier installations: leads to the agency's page with the button, and does nothing by itself."""
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    agency = _asked_agency()
    if agency is None:
        raise NotFound(_("There is no such agency."))
    return go("payment_accounts.index", agency=agency.slug)


@returning.get("/api/<provider>/callback")
def callback(provider: str) -> Response:
    """Back from the consent page: only the session that went there comes in, once, and only for its agency."""
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    state, user = request.args.get("state", ""), current_user.id
    try:
        agency_id = connecting.agency_of_consent(provider, state, user, current_user.get_id())
    except DomainError as error:
        flash(error.message, "bad")
        return go_to("/")
    agency = _agency(agency_id)
    open_tenant(agency)
    try:
        _finish(provider, state, user)
    except DomainError as error:
        flash(error.message, "bad")
    return go("payment_accounts.index", agency=agency.slug)


def _finish(provider: str, state: str, user: UUID) -> None:
    if request.args.get("error"):
        connecting.give_up(state)
        flash(_("Nothing was connected, because the consent was not given."), "wait")
        return
    try:
        connecting.finish_own(provider, state, request.args.get("code", ""), user)
    except ProviderError as error:
        raise DomainError(_("The payment service did not answer. Please connect the account once more.")) from error
    flash(_("The account is connected."), "ok")


def _agency(agency_id: UUID) -> AgencyView:
    """The agency somebody still manages. Raises NotFound for a stranger, Forbidden for a member."""
    directory = current().directory
    agency, seat = directory.by_id(agency_id), directory.seat(agency_id, current_user.id)
    if agency is None or seat is None:
        raise NotFound(_("There is no such agency."))
    held = permissions.of_seat(current_user.id, seat)
    if not held.can("payment_accounts.edit"):
        raise Forbidden(permissions.refusal("payment_accounts.edit"))
    return agency


def _asked_agency() -> AgencyView | None:
    directory, asked = current().directory, request.args.get("agency_id", "")
    try:
        agency = directory.by_id(UUID(asked))
    except ValueError:
        agency = directory.by_slug(request.args.get("agency", asked))
    if agency is None or directory.role(agency.id, current_user.id) is None:
        return None
    return agency


def _here(endpoint: str) -> str:
    return f"{current().settings.base_url}{url_for(endpoint)}"
