"""Invitations to try the platform: the list of those who sent them, and the page their link leads to."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, g, request, session, url_for
from flask_login import current_user

from webkit.accounts import browser, pages
from webkit.accounts import service as accounts
from webkit.administration import beta, policy, service
from webkit.administration.forms import BetaForm, FounderForm, uuid_of
from webkit.administration.routes import blueprint as platform
from webkit.administration.routes import older
from webkit.agencies.forms import AgencyForm
from webkit.core.kernel import i18n
from webkit.core.kernel.doors import ask_to_sign_in
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import go, go_to, page
from webkit.core.kernel.i18n import gettext as _
from webkit.subscriptions import service as subscriptions

invite = Blueprint("beta", __name__, url_prefix="/invite/<token>")


@platform.get("/invitations")
def betas() -> Response:
    """Who was invited, the newest first."""
    return _betas(FormState())


@platform.post("/invitations")
def invite_beta() -> Response:
    """Invite somebody, with a tier lent until a day."""
    service.demand(g.platform_role, policy.DECIDE)
    bound = bind(BetaForm, request.form)
    if not bound.ok:
        return _betas(bound.state, 422)
    given = bound.data
    try:
        beta.invite(given.email, given.tier, given.until, given.note, current_user.id, g.platform_role)
    except DomainError as error:
        bound.state.errors[error.field or "email"] = error.message
        return _betas(bound.state, error.code)
    flash(_("%(email)s is invited.", email=given.email), "ok")
    return go(".betas")


@platform.post("/invitations/<uuid:invitation_id>/again")
def invite_beta_again(invitation_id: UUID) -> Response:
    beta.invite_again(invitation_id, g.platform_role)
    flash(_("The invitation is sent again. The link in the first mail no longer works."), "ok")
    return go(".betas")


@platform.post("/invitations/<uuid:invitation_id>/cancel")
def cancel_beta(invitation_id: UUID) -> Response:
    beta.cancel(invitation_id, g.platform_role)
    flash(_("The invitation is cancelled."), "ok")
    return go(".betas")


@invite.after_request
def hide(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@invite.get("")
def look(token: str) -> Response:
    """The invitation: opening it changes nothing, because programs that look into mails open links too."""
    return _offer(token, None)


@invite.post("")
def found(token: str) -> Response:
    """Found the agency: with the account one is signed in with, or with a new one."""
    offer = beta.demand_open(token)
    if not current_user.is_authenticated and offer.has_account:
        return ask_to_sign_in()
    bound = bind(AgencyForm if current_user.is_authenticated else FounderForm, request.form)
    if not bound.ok:
        return _offer(token, bound.state, 422)
    wanted = bound.data.new_agency(offer.email)
    try:
        if not isinstance(bound.data, FounderForm):
            return go_to(f"/{beta.accept(token, current_user.id, wanted).slug}/")
        given = bound.data
        user_id, agency = beta.accept_as_new(token, given.name, given.password, i18n.current_locale(), wanted)
    except DomainError as error:
        if error.code not in (409, 422):
            raise
        bound.state.errors[error.field or ""] = error.message
        return _offer(token, bound.state, error.code)
    session.clear()
    browser.let_in(accounts.begin_first_session(user_id))
    return go_to(f"/{agency.slug}/")


def _betas(form: FormState, code: int = 200) -> Response:
    words, state = request.args.get("q", "").strip()[:100], request.args.get("view", "")
    lines = beta.listed(words, state, uuid_of(request.args.get("before", "")))
    more = older(lines, lines[service.PAGE - 1].id if len(lines) > service.PAGE else None)
    return page(
        "administration/invitations.html",
        lines=lines[: service.PAGE],
        words=words,
        state=state,
        older=more,
        form=form,
        tiers=[(each.key, each.label) for each in subscriptions.tiers()],
        days=beta.INVITED_FOR.days,
        may_decide=service.may(g.platform_role, policy.DECIDE),
        code=code,
    )


def _offer(token: str, form: FormState | None, code: int = 200) -> Response:
    offer = beta.offered(token)
    mine = current_user.is_authenticated and current_user.email == offer.email
    sign_in = url_for("accounts.sign_in", next=request.path)
    code = code if offer.open else 410
    return page(
        "administration/invite.html", offer=offer, mine=mine, sign_in=sign_in, code=code, **pages.founding(form)
    )
