"""Signing in with an account elsewhere: there, back, and which accounts open one's own."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, request, session
from flask_login import current_user

from webkit.accounts import browser, identities
from webkit.accounts.identities import Back, Left
from webkit.accounts.routes import demand_sign_in, not_in
from webkit.core.kernel import i18n, ratelimit, stepup
from webkit.core.kernel.errors import DomainError, Gone, NotFound, TooMany
from webkit.core.kernel.forms import FormState
from webkit.core.kernel.hx import go, go_to, page, wants_fragment
from webkit.core.kernel.i18n import gettext as _

blueprint = Blueprint("identities", __name__, url_prefix="/sign-in/with/<name>")
own = Blueprint("linked", __name__, url_prefix="/account/security/identities")
own.before_request(demand_sign_in)
LONGEST = 4_000


@blueprint.post("")
@ratelimit.own_limit
def leave(name: str) -> Response:
    """Go to the issuer."""
    wanted = browser.own_path(request.form.get("next"))
    try:
        left = identities.leave(name, request.remote_addr or "")
    except NotFound:
        raise
    except DomainError as error:
        return not_in(FormState(), wanted, error)
    session[browser.WANTED] = wanted or ""
    return _go_there(browser.IDENTITY_STEP, left)


@blueprint.get("/callback")
def come_back(name: str) -> Response:
    """Where the issuer sends people back to, with a code, or with a word why there is none."""
    given = {key: request.args.get(key, "")[:LONGEST] for key in ("state", "code", "iss", "error")}
    back = Back(name, given["state"], given["code"], given["iss"], given["error"])
    link, token = session.pop(browser.LINK_STEP, ""), session.pop(browser.IDENTITY_STEP, "")
    response = _link(link, back) if link else _sign_in(token, back)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _sign_in(token: str, back: Back) -> Response:
    wanted = browser.own_path(session.pop(browser.WANTED, ""))
    try:
        return browser.enter(identities.sign_in(token, back, wanted or "", i18n.current_locale()), wanted)
    except NotFound:
        raise
    except DomainError as error:
        return not_in(FormState(), wanted, error)


def _link(token: str, back: Back) -> Response:
    if not current_user.is_authenticated:
        return not_in(FormState(), None, Gone(_("This session has ended. Please sign in again.")))
    try:
        label = identities.link(current_user.id, token, back)
    except NotFound:
        raise
    except DomainError as error:
        flash(error.message, "bad")
        return go("security.show")
    browser.rotate()
    flash(_("%(issuer)s signs in to your account from now on.", issuer=label), "ok")
    return go("security.show")


@own.post("/<name>")
@stepup.required
def link(name: str) -> Response:
    """Go to the issuer, to let an account there open one's own."""
    try:
        left = identities.leave(name, request.remote_addr or "", current_user.id)
    except TooMany:
        raise
    except DomainError as error:
        if isinstance(error, NotFound):
            raise
        flash(error.message, "bad")
        return go("security.show")
    return _go_there(browser.LINK_STEP, left)


@own.post("/<uuid:identity_id>/remove")
@stepup.required
def unlink(identity_id: UUID) -> Response:
    """Let an account elsewhere open one's own no more."""
    try:
        identities.unlink(current_user.id, identity_id)
    except DomainError as error:
        flash(error.message, "bad")
        return go("security.show")
    browser.rotate()
    flash(_("It no longer signs in to your account."), "ok")
    return go("security.show")


def _go_there(step: str, left: Left) -> Response:
    """A page that leads on by itself: a form of ours may not be answered with a redirect to another site."""
    for other in (browser.IDENTITY_STEP, browser.LINK_STEP):
        session.pop(other, None)
    session[step] = left.token
    return go_to(left.url) if wants_fragment() else page("accounts/leaving.html", url=left.url, label=left.label)
