"""An agency's own door, `/<agency>/sign-in`, and the page where its owner chooses the issuer."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, request, session, url_for
from flask_login import current_user

from webkit.accounts import agency_issuers as issuers
from webkit.accounts import browser
from webkit.accounts.agency_issuers import Door
from webkit.accounts.forms import IssuerForm
from webkit.accounts.identities import Back, Left
from webkit.core.kernel import i18n, ratelimit, stepup
from webkit.core.kernel.doors import keep_slug, staff_blueprint
from webkit.core.kernel.errors import DomainError, Forbidden, TooMany
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import go, go_to, page, wants_fragment
from webkit.core.kernel.i18n import gettext as _

LONGEST = 4_000
door = Blueprint("agency_door", __name__, url_prefix="/<slug:agency>/sign-in")
door.url_value_preprocessor(keep_slug)
settings = staff_blueprint("agency_issuer", __name__, "/settings/sign-in")


@door.get("")
def show() -> Response:
    """Ask who is there; an agency without an issuer of its own shows what every address shows."""
    found = issuers.door(g.slug)
    if found is None:
        return go_to(url_for("accounts.sign_in", next=f"/{g.slug}/"))
    return _page(found)


@door.post("")
@ratelimit.own_limit
def leave() -> Response:
    """Go to the agency's issuer."""
    found = issuers.demand(g.slug)
    try:
        left = issuers.leave(found, request.remote_addr or "")
    except DomainError as error:
        return _page(found, error)
    return _go_there(browser.AGENCY_STEP, left)


@door.post("/link")
def link() -> Response:
    """Go to the issuer, to let an account there let oneself in: for whoever is signed in as usual, and proves it."""
    found = issuers.demand(g.slug)
    _demand_whole()
    if (asked := stepup.ask()) is not None:
        return asked
    try:
        left = issuers.leave(found, request.remote_addr or "", current_user.id)
    except DomainError as error:
        return _page(found, error)
    return _go_there(browser.AGENCY_LINK_STEP, left)


@door.post("/unlink")
def unlink() -> Response:
    """Let it let oneself in no more."""
    found = issuers.demand(g.slug)
    _demand_whole()
    issuers.unlink(found, current_user.id)
    flash(_("It no longer lets you in."), "ok")
    return go_to(f"/{found.agency.slug}/sign-in")


@door.get("/callback")
def come_back() -> Response:
    """Where the issuer sends people back to."""
    found = issuers.demand(g.slug)
    given = {key: request.args.get(key, "")[:LONGEST] for key in ("state", "code", "iss", "error")}
    back = Back(found.agency.id.hex, given["state"], given["code"], given["iss"], given["error"])
    linking, token = session.pop(browser.AGENCY_LINK_STEP, ""), session.pop(browser.AGENCY_STEP, "")
    try:
        response = _linked(found, linking, back) if linking else _let_in(found, token, back)
    except DomainError as error:
        response = _page(found, error)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _let_in(found: Door, token: str, back: Back) -> Response:
    browser.let_in(issuers.sign_in(found, token, back))
    return go_to(f"/{found.agency.slug}/")


def _linked(found: Door, token: str, back: Back) -> Response:
    _demand_whole()
    issuers.link(found, current_user.id, token, back)
    flash(_("%(issuer)s lets you into %(agency)s from now on.", issuer=found.label, agency=found.agency.name), "ok")
    return go_to(f"/{found.agency.slug}/sign-in")


@settings.get("", endpoint="show")
def choose() -> Response:
    """The agency's issuer."""
    chosen = issuers.shown()
    given = {"label": chosen.label, "issuer": chosen.issuer, "client_id": chosen.client_id} if chosen else {}
    return _settings(FormState.of(given))


@settings.post("", endpoint="save")
@stepup.required
def save() -> Response:
    bound = bind(IssuerForm, request.form)
    if not bound.ok:
        return _settings(bound.state, 422)
    given = bound.data
    try:
        issuers.save(given.label, given.issuer, given.client_id, given.client_secret)
    except DomainError as error:
        silent = _("Nothing answered at this address. Look whether it is the issuer’s, then save again.")
        bound.state.errors[error.field or "issuer"] = silent if error.code >= 500 else error.message
        return _settings(bound.state, error.code if error.code < 500 else 422)
    flash(_("Saved. Each of your people links their account there once."), "ok")
    return go(".show")


@settings.post("/remove", endpoint="remove")
@stepup.required
def remove() -> Response:
    issuers.remove()
    flash(_("Nobody comes in by your own sign-in any more."), "ok")
    return go(".show")


def _demand_whole() -> None:
    """Somebody who is signed in as usual. Raises Forbidden: what an issuer opened links and unlinks nothing."""
    if not current_user.is_authenticated or current_user.confined_to is not None:
        raise Forbidden(_("Please sign in as usual first: with your password, a passkey or a link by mail."))


def _page(found: Door, error: DomainError | None = None) -> Response:
    i18n.set_locale(found.agency.locale, found.agency.timezone)
    whole = current_user.is_authenticated and current_user.confined_to is None
    works = whole and issuers.works_there(found, current_user.id)
    linked = issuers.linked(found, current_user.id) if works else None
    values = {"name": found.agency.name, "slug": found.agency.slug, "label": found.label, "works": works}
    sign_in = url_for("accounts.sign_in", next=f"/{found.agency.slug}/sign-in")
    code, message = (error.code, error.message) if error else (200, "")
    response = page("accounts/agency_door.html", linked=linked, sign_in=sign_in, error=message, code=code, **values)
    if isinstance(error, TooMany):
        response.headers.update(error.headers())
    return response


def _settings(form: FormState, code: int = 200) -> Response:
    values = {"chosen": issuers.shown(), "return_address": issuers.return_address(g.agency.slug)}
    form = FormState({name: form.values(name) for name in ("label", "issuer", "client_id")}, form.errors)
    return page("accounts/agency_issuer.html", form=form, code=code, **values)


def _go_there(step: str, left: Left) -> Response:
    """A page that leads on by itself: a form of ours may not be answered with a redirect to another site."""
    for other in (browser.AGENCY_STEP, browser.AGENCY_LINK_STEP):
        session.pop(other, None)
    session[step] = left.token
    return go_to(left.url) if wants_fragment() else page("accounts/leaving.html", url=left.url, label=left.label)
