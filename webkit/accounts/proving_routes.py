"""The page that asks somebody who is signed in to show again who they are. What they were about to send goes along."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, g, request, session, url_for
from flask_login import current_user

from webkit.accounts import browser, passkeys, proving
from webkit.core.kernel import i18n
from webkit.core.kernel.doors import ask_to_sign_in
from webkit.core.kernel.errors import DomainError, TooMany
from webkit.core.kernel.forms import FormState
from webkit.core.kernel.hx import go_to, page, wants_fragment
from webkit.core.kernel.security import SAFE
from webkit.core.kernel.stepup import is_fresh

blueprint = Blueprint("proof", __name__, url_prefix="/account/prove")
PASSWORD, CODE, PASSKEY = "_proof_password", "_proof_code", "_proof_passkey"
LONGEST = 200


@blueprint.before_request
def demand_sign_in() -> Response | None:
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    if current_user.locale:
        i18n.set_locale(current_user.locale)
    return None


@blueprint.route("", methods=["GET", "POST"])
def show() -> Response:
    """Show who one is, then go on."""
    wanted = browser.own_path(request.args.get("next")) or url_for("security.show")
    if request.method in SAFE:
        return go_to(wanted) if is_fresh() else _page(None)
    return prove() or go_to(wanted)


@blueprint.post("/passkey/options")
def passkey_options() -> Response:
    """What the browser needs to show one of one's own passkeys."""
    asked = passkeys.ask_for_proof(current_user.id)
    session[browser.PASSKEY_STEP] = asked.token
    return Response(asked.options, mimetype="application/json")


def prove() -> Response | None:
    """Take what this request shows of who somebody is; the page that asks for it when that is not enough."""
    if request.method in SAFE:
        return go_to(url_for("proof.show", next=request.full_path.rstrip("?")))
    if not any(request.form.get(name) for name in (PASSWORD, CODE, PASSKEY)):
        if wants_fragment():
            return go_to(url_for("proof.show", next=_where_from()))
        return _page(None, 403)
    try:
        browser.rotate(_shown())
    except DomainError as error:
        response = _page(FormState(errors={error.field or "": error.message}), error.code)
        if isinstance(error, TooMany):
            response.headers.update(error.headers())
        return response
    return None


def _shown() -> str:
    """The session's new token, for what was shown."""
    person, token = current_user.id, current_user.token
    if answer := request.form.get(PASSKEY):
        return proving.by_passkey(person, token, session.pop(browser.PASSKEY_STEP, ""), answer)
    if typed := request.form.get(CODE):
        return proving.by_code(person, token, typed[:LONGEST])
    return proving.by_password(person, token, request.form.get(PASSWORD, "")[:LONGEST])


def _where_from() -> str:
    parts = urlsplit(request.headers.get("HX-Current-URL", ""))
    return browser.own_path(f"{parts.path}?{parts.query}" if parts.query else parts.path) or "/"


def _page(form: FormState | None, code: int = 200) -> Response:
    confined = current_user.confined_to is not None
    ways, back = proving.ways(current_user.id, with_passkey=not confined), url_for("security.show")
    if confined:  # the page with what protects the account is not there
        back = f"/{g.agency.slug}/"
    kept = [(name, value) for name, values in request.form.lists() if not name.startswith("_proof") for value in values]
    values = {"form": form, "ways": ways, "kept": kept, "passkeys": ways.passkey and passkeys.usable(), "back": back}
    return page("accounts/prove.html", code=code, **values)
