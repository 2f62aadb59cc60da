"""The second factor: asked for after the first was right, in the same browser, within ten minutes."""

from __future__ import annotations

from flask import Blueprint, Response, flash, request, session
from werkzeug.wrappers import Response as AnyResponse

from webkit.accounts import browser, passkeys, phones, signing_in
from webkit.accounts.forms import CodeForm
from webkit.accounts.signing_in import Entry, Waiting
from webkit.core.kernel.errors import DomainError, Gone, TooMany
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _

blueprint = Blueprint("second", __name__, url_prefix="/sign-in/second")


@blueprint.get("")
def ask() -> AnyResponse:
    """Ask for what somebody has set up."""
    found = signing_in.waiting(_token())
    return _again() if found is None else _page(found, None)


@blueprint.post("")
def enter() -> AnyResponse:
    """Finish with a code, of whatever kind."""
    token, found = _token(), signing_in.waiting(_token())
    if found is None:
        return _again()
    bound = bind(CodeForm, request.form)
    if not bound.ok:
        return _page(found, bound.state, 422)
    try:
        return _done(signing_in.enter_code(token, bound.data.code))
    except Gone:
        return _again()
    except DomainError as error:
        return _wrong(found, error)


@blueprint.post("/passkey/options")
def passkey_options() -> Response:
    """What the browser needs to show one of the person's passkeys."""
    return Response(passkeys.ask_for_second(_token()).options, mimetype="application/json")


@blueprint.post("/passkey")
def enter_passkey() -> AnyResponse:
    """Finish with a passkey."""
    token, found = _token(), signing_in.waiting(_token())
    if found is None:
        return _again()
    try:
        return _done(passkeys.finish(token, found, request.form.get("passkey", "")))
    except Gone:
        return _again()
    except DomainError as error:
        return _wrong(found, error)


@blueprint.post("/text")
def text() -> AnyResponse:
    """Send a code to the phone."""
    found = signing_in.waiting(_token())
    if found is None or "sms" not in found.kinds:
        return _again()
    try:
        phones.send_code(found.user_id)
    except DomainError as error:
        return _wrong(found, error)
    flash(_("A code is on its way to your phone."), "ok")
    return go(".ask")


def _token() -> str:
    return str(session.get(browser.STEP, ""))


def _done(token: str) -> Response:
    return browser.enter(Entry(token), browser.own_path(session.get(browser.WANTED)))


def _again() -> Response:
    session.pop(browser.STEP, None)
    flash(signing_in.too_late().message, "wait")
    return go("accounts.sign_in")


def _wrong(found: Waiting, error: DomainError) -> Response:
    field = "code" if error.field in (None, "code") else ""
    response = _page(found, FormState(errors={field: error.message}), error.code)
    if isinstance(error, TooMany):
        response.headers.update(error.headers())
    return response


def _page(found: Waiting, form: FormState | None, code: int = 200) -> Response:
    usable = "passkey" in found.kinds and passkeys.usable()
    return page("accounts/second.html", form=form, kinds=found.kinds, passkeys=usable, code=code)
