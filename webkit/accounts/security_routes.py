"""One's own sign-in: password, second step, passkeys, codes on paper, and where one is signed in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, request, session
from flask_login import current_user

from webkit.accounts import browser, identities, passkeys, phones, securing, service
from webkit.accounts.forms import CodeForm, EmailForm, PasskeyForm, PasswordForm, PhoneForm
from webkit.accounts.routes import demand_sign_in
from webkit.core.kernel import i18n, stepup
from webkit.core.kernel.errors import DomainError, TooMany
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _

blueprint = Blueprint("security", __name__, url_prefix="/account")
blueprint.before_request(demand_sign_in)


@blueprint.get("/security")
def show() -> Response:
    """Everything about one's own sign-in."""
    return _page()


@blueprint.post("/password")
def change_password() -> Response:
    """Change the password and end every other session."""
    account = service.account(current_user.id, current_user.token)
    if not account.has_password and (asked := stepup.ask()) is not None:
        return asked
    bound = bind(PasswordForm, request.form)
    if not bound.ok:
        return _page(password=bound.state, code=422)
    given, address = bound.data, request.remote_addr or ""
    try:
        service.change_password(current_user.id, current_user.token, given.old, given.new, address)
    except DomainError as error:
        bound.state.errors[error.field or "old"] = error.message
        return _refused(error, password=bound.state)
    browser.rotate()
    flash(_("Your password was changed. All other browsers were signed out."), "ok")
    return go(".show")


@blueprint.post("/email")
@stepup.required
def change_email() -> Response:
    """Move to another address: a link goes there, and only its click moves the account."""
    bound = bind(EmailForm, request.form)
    if not bound.ok:
        return _page(email=bound.state, code=422)
    return _send_confirmation(bound.data.new_email.lower(), bound.state)


@blueprint.post("/email/confirm")
def confirm_email() -> Response:
    """Send a link that says that the address is one's own."""
    return _send_confirmation(current_user.email, FormState())


def _send_confirmation(email: str, form: FormState) -> Response:
    try:
        service.ask_to_confirm(current_user.id, email, request.remote_addr or "", i18n.current_locale())
    except TooMany as error:
        form.errors["new_email"] = error.message
        return _refused(error, email=form)
    flash(_("A link is on its way to %(email)s. It opens once, for a day.", email=email), "ok")
    return go(".show")


# --- Where one is signed in ---------------------------------------------------------------------------------------


@blueprint.post("/sessions/<uuid:session_id>/end")
@stepup.required
def end_session(session_id: UUID) -> Response:
    """Sign one other browser out."""
    service.end_session(current_user.id, session_id)
    flash(_("That browser was signed out."), "ok")
    return go(".show")


@blueprint.post("/sessions/end")
@stepup.required
def end_other_sessions() -> Response:
    """Sign every other browser out."""
    service.end_other_sessions(current_user.id, current_user.token)
    flash(_("All other browsers were signed out."), "ok")
    return go(".show")


# --- Authenticator app --------------------------------------------------------------------------------------------


@blueprint.post("/security/app")
@stepup.required
def begin_app() -> Response:
    """Draw a secret."""
    securing.begin_app(current_user.id)
    return go(".app")


@blueprint.get("/security/app")
@stepup.required
def app() -> Response:
    """The picture to scan, until the first code was entered."""
    return _app_page(None)


@blueprint.post("/security/app/confirm")
@stepup.required
def confirm_app() -> Response:
    """Use the app from now on."""
    bound = bind(CodeForm, request.form)
    if not bound.ok:
        return _app_page(bound.state, 422)
    try:
        codes = securing.confirm_app(current_user.id, bound.data.code)
    except DomainError as error:
        bound.state.errors["code"] = error.message
        return _app_page(bound.state, error.code)
    return _added(codes, _("Your authenticator app is in use."))


@blueprint.post("/security/app/remove")
@stepup.required
def remove_app() -> Response:
    securing.remove_app(current_user.id)
    return _removed(_("The authenticator app was removed."))


def _app_page(form: FormState | None, code: int = 200) -> Response:
    enrolment = securing.app(current_user.id)
    return go(".show") if enrolment is None else page("accounts/app.html", enrolment=enrolment, form=form, code=code)


# --- Passkeys -----------------------------------------------------------------------------------------------------


@blueprint.post("/security/passkeys/options")
def passkey_options() -> Response:
    """What the browser needs to make a passkey."""
    if not stepup.is_fresh():
        return Response(status=403)
    asked = securing.ask_for_passkey(current_user.id)
    session[browser.PASSKEY_STEP] = asked.token
    return Response(asked.options, mimetype="application/json")


@blueprint.get("/security/passkeys/new")
@stepup.required
def new_passkey() -> Response:
    """Name a passkey and make it."""
    return page("accounts/passkey.html", form=None, usable=passkeys.usable())


@blueprint.post("/security/passkeys")
@stepup.required
def add_passkey() -> Response:
    """Keep the passkey that the browser has made."""
    bound = bind(PasskeyForm, request.form)
    if not bound.ok:
        bound.state.errors.setdefault("", bound.state.errors.get("passkey", ""))
        return page("accounts/passkey.html", form=bound.state, usable=passkeys.usable(), code=422)
    token = session.pop(browser.PASSKEY_STEP, "")
    try:
        codes = securing.add_passkey(current_user.id, token, bound.data.passkey, bound.data.name)
    except DomainError as error:
        bound.state.errors[""] = error.message
        return page("accounts/passkey.html", form=bound.state, usable=passkeys.usable(), code=error.code)
    return _added(codes, _("Your passkey is in use."))


@blueprint.post("/security/passkeys/<uuid:passkey_id>/remove")
@stepup.required
def remove_passkey(passkey_id: UUID) -> Response:
    securing.remove_passkey(current_user.id, passkey_id)
    return _removed(_("The passkey was removed."))


# --- Phone --------------------------------------------------------------------------------------------------------


@blueprint.post("/security/phone")
@stepup.required
def begin_phone() -> Response:
    """Send a code to the number that was typed."""
    bound = bind(PhoneForm, request.form)
    if not bound.ok or not phones.offered():
        return _page(phone=bound.state, code=422)
    try:
        securing.begin_phone(current_user.id, bound.data.phone)
    except DomainError as error:
        bound.state.errors["phone"] = error.message
        return _refused(error, phone=bound.state)
    flash(_("A code is on its way to your phone."), "ok")
    return go(".show")


@blueprint.post("/security/phone/confirm")
@stepup.required
def confirm_phone() -> Response:
    """Use the phone from now on."""
    bound = bind(CodeForm, request.form)
    if not bound.ok:
        return _page(phone=bound.state, code=422)
    try:
        codes = securing.confirm_phone(current_user.id, bound.data.code)
    except DomainError as error:
        bound.state.errors["code"] = error.message
        return _refused(error, phone=bound.state)
    return _added(codes, _("Your phone is in use."))


@blueprint.post("/security/phone/remove")
@stepup.required
def remove_phone() -> Response:
    securing.remove_phone(current_user.id)
    return _removed(_("The phone was removed."))


# --- Codes on paper -----------------------------------------------------------------------------------------------


@blueprint.post("/security/codes")
@stepup.required
def new_codes() -> Response:
    """Ten new codes, shown once."""
    return _added(securing.new_codes(current_user.id), _("The former codes open nothing any more."))


def _added(codes: list[str], sentence: str) -> Response:
    """What makes an account safer makes its session worth more: it goes on under a new token."""
    browser.rotate()
    if codes:
        return page("accounts/codes.html", codes=codes, sentence=sentence)
    flash(sentence, "ok")
    return go(".show")


def _removed(sentence: str) -> Response:
    browser.rotate()
    flash(sentence, "ok")
    return go(".show")


def _refused(error: DomainError, **forms: FormState) -> Response:
    response = _page(code=error.code, **forms)
    if isinstance(error, TooMany):
        response.headers.update(error.headers())
    return response


def _page(code: int = 200, **forms: FormState | None) -> Response:
    values: dict[str, Any] = {"password": None, "email": None, "phone": None, **forms}
    account = service.account(current_user.id, current_user.token)
    sessions = service.sessions_of(current_user.id, current_user.token)
    security = securing.overview(current_user.id)
    values |= {"identities": identities.linked(current_user.id), "issuers": identities.offered()}
    return page("accounts/security.html", code=code, account=account, security=security, sessions=sessions, **values)
