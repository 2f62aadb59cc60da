"""Pages about people: first run, sign-in, their account, their agencies, their colleagues."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, redirect, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from webkit.accounts import browser, identities, mail_links, pages, passkeys, service, setup
from webkit.accounts.forms import LinkForm, PersonForm, ResetForm, SetupForm, SignInForm
from webkit.accounts.service import NewUser
from webkit.agencies.forms import AgencyForm
from webkit.core.kernel import i18n, ratelimit
from webkit.core.kernel.doors import ask_to_sign_in
from webkit.core.kernel.errors import Conflict, DomainError, Gone, TooMany
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import go, go_to, page
from webkit.core.kernel.i18n import gettext as _

blueprint = Blueprint("accounts", __name__)
mine = Blueprint("account", __name__)


@mine.before_request
def demand_sign_in() -> Response | None:
    """Everything about oneself needs to know who that is."""
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    if current_user.locale:
        i18n.set_locale(current_user.locale)
    return None


@blueprint.get("/")
def home() -> Response:
    """The front door."""
    if current_user.is_authenticated:
        return go("account.onward")
    return go("accounts.start") if service.is_first_run() else go("accounts.sign_in")


@blueprint.route("/start", methods=["GET", "POST"])
def start() -> Response:
    """The first owner and the first agency; afterwards this page is not there."""
    if not service.is_first_run():
        return go("accounts.home")
    local = setup.is_local(request)
    if request.method != "POST":
        return _start_page(None, local)
    bound = bind(SetupForm, request.form)
    if not local and not setup.fits(request.form.get("setup_code", "")):
        bound.state.errors["setup_code"] = _("This is not the code in the file.")
        return _start_page(bound.state, local, 403)
    if not bound.ok:
        return _start_page(bound.state, local, 422)
    given = bound.data
    person = NewUser(given.email, given.name, given.password, i18n.current_locale())
    try:
        user_id, agency = service.set_up(person, given.new_agency(given.email))
    except Conflict as error:
        flash(error.message, "wait")
        return go("accounts.sign_in")
    except DomainError as error:
        bound.state.errors[error.field or ""] = error.message
        return _start_page(bound.state, local, 422)
    browser.let_in(service.begin_first_session(user_id))
    return go_to(f"/{agency.slug}/")


@blueprint.get("/start/region")
def region() -> Response:
    """What a country brings along, for the forms that found an agency."""
    form = FormState({"country": [request.args.get("country", "")]})
    return page("accounts/_agency_fields.html", "region", **pages.founding(form))


@blueprint.get("/sign-in")
def sign_in() -> AnyResponse:
    """Ask who is there."""
    wanted = browser.own_path(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(wanted or url_for("account.onward"), 303)
    if service.is_first_run():
        return go("accounts.start")
    return _sign_in_page(None, wanted)


@blueprint.post("/sign-in")
@ratelimit.own_limit
def sign_in_now() -> Response:
    """Sign in by password."""
    wanted = browser.own_path(request.form.get("next"))
    bound = bind(SignInForm, request.form)
    if not bound.ok:
        return _sign_in_page(bound.state, wanted, 422)
    try:
        entry = service.sign_in_with_password(bound.data.email, bound.data.password, request.remote_addr or "")
    except DomainError as error:
        return not_in(bound.state, wanted, error)
    if entry is None:
        bound.state.errors[""] = _("Address and password do not match.")
        return _sign_in_page(bound.state, wanted, 422)
    return browser.enter(entry, wanted)


@blueprint.post("/sign-in/passkey/options")
def passkey_options() -> Response:
    """What the browser needs to show a passkey, whosever it is. Each asks for a row, so they are counted."""
    ratelimit.hit(f"passkey/{ratelimit.home(request.remote_addr or '')}", service.TRIES_OF_ADDRESS, service.WINDOW)
    asked = passkeys.ask_for_any()
    session[browser.PASSKEY_STEP] = asked.token
    return Response(asked.options, mimetype="application/json")


@blueprint.post("/sign-in/passkey")
def sign_in_with_passkey() -> Response:
    """Sign in with a passkey alone."""
    wanted, state = browser.own_path(request.form.get("next")), FormState()
    token = session.pop(browser.PASSKEY_STEP, "")
    try:
        return browser.enter(passkeys.sign_in(token, request.form.get("passkey", "")), wanted)
    except DomainError as error:
        return not_in(state, wanted, error)


@blueprint.route("/sign-in/link", methods=["GET", "POST"])
def ask_for_link() -> Response:
    """Send a link by mail. The answer is the same whether the address has an account or not."""
    return _ask_by_mail("accounts/link.html", service.ask_for_link)


@blueprint.route("/sign-in/reset", methods=["GET", "POST"])
def ask_for_reset() -> Response:
    """Send a link that replaces a lost password; the same answer for every address, too."""
    return _ask_by_mail("accounts/lost.html", service.ask_for_reset)


def _ask_by_mail(template: str, ask: Callable[[str, str, str], None]) -> Response:
    if request.method != "POST":
        return page(template, form=FormState({"email": [request.args.get("email", "")]}), sent_to="")
    bound = bind(LinkForm, request.form)
    if not bound.ok:
        return page(template, form=bound.state, sent_to="", code=422)
    try:
        ask(bound.data.email, request.remote_addr or "", i18n.current_locale())
    except TooMany as error:
        bound.state.errors["email"] = error.message
        response = page(template, form=bound.state, sent_to="", code=429)
        response.headers.update(error.headers())
        return response
    return page(template, form=None, sent_to=bound.data.email)


@blueprint.route("/sign-in/link/<token>", methods=["GET", "POST"])
def use_link(token: str) -> Response:
    """Opening the link asks for a click, because programs that look into mails open links too."""
    if request.method != "POST":
        return _from_mail("accounts/use_link.html", opens=service.link_opens(token))
    try:
        return _unseen(browser.enter(service.sign_in_with_link(token)))
    except Gone:
        return _from_mail("accounts/use_link.html", opens=False)


@blueprint.route("/sign-in/reset/<token>", methods=["GET", "POST"])
def use_reset(token: str) -> Response:
    """Choose a new password; the link is used up only when it was taken."""
    if request.method != "POST" or not mail_links.opens(mail_links.RESET, token):
        return _from_mail("accounts/use_reset.html", opens=mail_links.opens(mail_links.RESET, token), form=None)
    bound = bind(ResetForm, request.form)
    if not bound.ok:
        return _from_mail("accounts/use_reset.html", opens=True, form=bound.state, code=422)
    try:
        mail_links.reset(token, bound.data.new)
    except Gone:
        return _from_mail("accounts/use_reset.html", opens=False, form=None)
    except DomainError as error:
        bound.state.errors["new"] = error.message
        return _from_mail("accounts/use_reset.html", opens=True, form=bound.state, code=422)
    browser.let_out()
    flash(_("Your password was changed. Please sign in with it."), "ok")
    return _unseen(go("accounts.sign_in"))


@blueprint.route("/sign-in/confirm/<token>", methods=["GET", "POST"])
def use_confirm(token: str) -> Response:
    """Say that an address is one's own; it needs no session, for the mailbox may be on another device."""
    if request.method != "POST":
        opens = mail_links.opens(mail_links.CONFIRM, token)
        return _from_mail("accounts/use_confirm.html", opens=opens, confirmed="")
    try:
        email = mail_links.confirm(token)
    except (Gone, Conflict):
        return _from_mail("accounts/use_confirm.html", opens=False, confirmed="")
    return _unseen(page("accounts/use_confirm.html", opens=True, confirmed=email))


def _from_mail(template: str, *, opens: bool, code: int = 200, **values: Any) -> Response:
    """A page that a link in a mail leads to."""
    return _unseen(page(template, opens=opens, code=code if opens else 410, **values))


def _unseen(response: Response) -> Response:
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End this session."""
    if current_user.is_authenticated:
        service.sign_out(current_user.id, current_user.token)
    browser.let_out()
    return go("accounts.sign_in")


@mine.get("/onward")
def onward() -> Response:
    """Where somebody goes after signing in: the one agency, the one they begin in, or the choice."""
    places = service.places_of(current_user.id)
    begins = next((place for place in places if place.begins or len(places) == 1), None)
    return go_to(f"/{begins.slug}/") if begins else go("account.agencies")


@mine.get("/agencies")
def agencies() -> Response:
    """Every agency one belongs to."""
    return page("accounts/agencies.html", places=service.places_of(current_user.id))


@mine.route("/agencies/new", methods=["GET", "POST"])
def new_agency() -> Response:
    """Found another agency."""
    if request.method != "POST":
        return page("accounts/new_agency.html", **pages.founding(None))
    bound = bind(AgencyForm, request.form)
    if not bound.ok:
        return page("accounts/new_agency.html", code=422, **pages.founding(bound.state))
    try:
        agency = service.found_agency(current_user.id, bound.data.new_agency(current_user.email))
    except DomainError as error:
        bound.state.errors["slug" if error.field == "slug" else ""] = error.message
        return page("accounts/new_agency.html", code=422, **pages.founding(bound.state))
    return go_to(f"/{agency.slug}/")


@mine.get("/account")
def account() -> Response:
    """Oneself: name, language, password, sessions."""
    return _account_page()


@mine.post("/account")
def change_account() -> Response:
    """Change name and language."""
    bound = bind(PersonForm, request.form)
    if not bound.ok:
        return _account_page(person=bound.state, code=422)
    service.change_person(current_user.id, bound.data.name, bound.data.locale, current_user.token)
    flash(_("Saved."), "ok")
    return go("account.account")


def _start_page(form: FormState | None, local: bool, code: int = 200) -> Response:
    if not local:
        setup.code()
    return page("accounts/start.html", local=local, code_file=f"keys/{setup.FILE}", code=code, **pages.founding(form))


def _sign_in_page(form: FormState | None, wanted: str | None, code: int = 200) -> Response:
    values = {"form": form, "wanted": wanted or "", "passkeys": passkeys.usable(), "issuers": identities.offered()}
    return page("accounts/sign_in.html", "form", code=code, **values)


def not_in(form: FormState, wanted: str | None, error: DomainError) -> Response:
    """The page that asks who is there, saying why that was not enough."""
    form.errors[""] = error.message
    response = _sign_in_page(form, wanted, error.code)
    if isinstance(error, TooMany):
        response.headers.update(error.headers())
    return response


def _account_page(person: FormState | None = None, code: int = 200) -> Response:
    account = service.account(current_user.id, current_user.token)
    return page(
        "accounts/account.html", code=code, person=person, account=account, languages=tuple(i18n.LOCALES.items())
    )
