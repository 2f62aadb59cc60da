"""Pages about the people of an agency: who works here, who was asked, what they may do, whose it is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, g, request, session, url_for
from flask_login import current_user

from webkit.accounts import browser
from webkit.accounts import service as accounts
from webkit.core.kernel import i18n, stepup
from webkit.core.kernel.doors import ask_to_sign_in, staff_blueprint
from webkit.core.kernel.errors import DomainError, NotFound
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import go, go_to, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import ngettext
from webkit.people import forms, roles, service
from webkit.people import second_step as second
from webkit.people.forms import InviteForm, NewPersonForm, OfferForm, RoleForm, RoleOfForm, SecondStepForm

team = staff_blueprint("team", __name__, "/settings/members")
role_pages = staff_blueprint("roles", __name__, "/settings/roles")
ownership = staff_blueprint("ownership", __name__, "/settings/ownership")
invitations = Blueprint("invitations", __name__, url_prefix="/invitations/<token>")
places = Blueprint("places", __name__, url_prefix="/agencies")


@team.get("")
def members() -> Response:
    """Who works in this agency."""
    return _members(FormState())


@team.post("/invite")
def invite() -> Response:
    """Ask somebody to work here."""
    bound = bind(InviteForm, request.form)
    if not bound.ok:
        return _members(bound.state, 422)
    try:
        service.invite(bound.data.email, bound.data.role, g.grant, current_user.name)
    except DomainError as error:
        bound.state.errors[error.field or "email"] = error.message
        return _members(bound.state, error.code)
    flash(_("%(email)s is invited.", email=bound.data.email), "ok")
    return go(".members")


@team.post("/invitations/<uuid:invitation_id>/again")
def invite_again(invitation_id: UUID) -> Response:
    service.invite_again(invitation_id)
    flash(_("The invitation is sent again. The link in the first mail no longer works."), "ok")
    return go(".members")


@team.post("/invitations/<uuid:invitation_id>/cancel")
def cancel_invitation(invitation_id: UUID) -> Response:
    service.cancel_invitation(invitation_id)
    flash(_("The invitation is cancelled."), "ok")
    return go(".members")


@team.get("/<uuid:user_id>")
def member(user_id: UUID) -> Response:
    """One of them, to be given another role or removed."""
    return _member(user_id, None)


@team.post("/<uuid:user_id>/role")
def change_role(user_id: UUID) -> Response:
    bound = bind(RoleOfForm, request.form)
    if not bound.ok:
        return _member(user_id, bound.state, 422)
    try:
        role = service.change_role(user_id, bound.data.role, g.grant)
    except DomainError as error:
        bound.state.errors["role"] = error.message
        return _member(user_id, bound.state, error.code)
    name = service.member(user_id, g.grant).name
    flash(_("%(name)s is now: %(role)s.", name=name, role=role.name), "ok")
    return go(".members")


@team.post("/<uuid:user_id>/remove")
def remove(user_id: UUID) -> Response:
    name = service.member(user_id, g.grant).name
    service.remove(user_id, g.grant)
    flash(_("%(name)s no longer works here. What they made stays.", name=name), "ok")
    return go(".members")


@team.get("/leave")
def ask_leave() -> Response:
    """What leaving means."""
    return page("people/leave.html", me=service.member(current_user.id, g.grant))


@team.post("/leave")
def leave() -> Response:
    name = g.agency.name
    service.leave(current_user.id)
    flash(_("You no longer work at %(agency)s.", agency=name), "ok")
    return go("account.agencies")


@team.get("/second-step")
def second_step() -> Response:
    """Whether everybody needs a second factor, and who has none."""
    return _second_step(FormState())


@team.post("/second-step")
@stepup.required
def demand_second_step() -> Response:
    bound = bind(SecondStepForm, request.form)
    if not bound.ok:
        return _second_step(bound.state, 422)
    try:
        second.begin(bound.data.days, current_user.id)
    except DomainError as error:
        bound.state.errors["days"] = error.message
        return _second_step(bound.state, error.code)
    flash(_("Decided. Whoever has no second step yet was told by mail."), "ok")
    return go(".second_step")


@team.post("/second-step/end")
@stepup.required
def end_second_step() -> Response:
    second.end()
    flash(_("Nobody needs a second step any more."), "ok")
    return go(".second_step")


# --- roles ------------------------------------------------------------------------------------------------------


@role_pages.get("")
def index() -> Response:
    """The roles of this agency."""
    return page("people/roles.html", roles=roles.every())


@role_pages.get("/new")
def new() -> Response:
    return _role(FormState(), None)


@role_pages.post("/new")
def create() -> Response:
    bound = bind(RoleForm, request.form)
    if not bound.ok:
        return _role(bound.state, None, 422)
    try:
        roles.add(bound.data.name, forms.chosen(request.form))
    except DomainError as error:
        bound.state.errors[error.field or "name"] = error.message
        return _role(bound.state, None, error.code)
    flash(_("The role is made. Give it to somebody under Members."), "ok")
    return go(".index")


@role_pages.get("/<uuid:role_id>")
def edit(role_id: UUID) -> Response:
    found = roles.get(role_id)
    return _role(FormState.of({"name": found.name, **forms.shown(found.permissions or {})}), role_id)


@role_pages.post("/<uuid:role_id>")
def save(role_id: UUID) -> Response:
    bound = bind(RoleForm, request.form)
    if not bound.ok:
        return _role(bound.state, role_id, 422)
    try:
        roles.change(role_id, bound.data.name, forms.chosen(request.form))
    except DomainError as error:
        bound.state.errors[error.field or "name"] = error.message
        return _role(bound.state, role_id, error.code)
    flash(_("Saved. It counts from the next page each of them opens."), "ok")
    return go(".index")


@role_pages.post("/<uuid:role_id>/delete")
def delete(role_id: UUID) -> Response:
    roles.delete(role_id)
    flash(_("The role is deleted."), "ok")
    return go(".index")


# --- ownership --------------------------------------------------------------------------------------------------


@ownership.get("")
def show() -> Response:
    """Whose agency it is, and an offer that waits."""
    return _ownership(FormState())


@ownership.post("")
@stepup.required
def offer() -> Response:
    """Offer it to a colleague."""
    bound = bind(OfferForm, request.form)
    if not bound.ok:
        return _ownership(bound.state, 422)
    try:
        service.offer_ownership(current_user.id, _uuid(bound.data.to))
    except DomainError as error:
        bound.state.errors["to"] = error.message
        return _ownership(bound.state, error.code)
    flash(_("Your colleague was asked by mail. Until they accept, everything stays as it is."), "ok")
    return go(".show")


@ownership.post("/cancel")
def cancel() -> Response:
    service.take_back_offer()
    flash(_("The offer is taken back."), "ok")
    return go(".show")


@ownership.post("/accept")
def accept() -> Response:
    service.accept_ownership(current_user.id)
    flash(_("%(agency)s is yours now.", agency=g.agency.name), "ok")
    return go(".show")


@ownership.post("/decline")
def decline() -> Response:
    service.decline_ownership(current_user.id)
    flash(_("You declined. Nothing was changed."), "ok")
    return go(".show")


# --- invitations ------------------------------------------------------------------------------------------------


@invitations.after_request
def hide(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@invitations.get("")
def look(token: str) -> Response:
    """The invitation: opening it changes nothing, because programs that look into mails open links too."""
    return _invitation(token, FormState())


@invitations.post("")
def join(token: str) -> Response:
    """Say yes: with the account one is signed in with, or with a new one."""
    if current_user.is_authenticated:
        return go_to(f"/{service.accept(token, current_user.id)}/")
    found = service.offered(token)
    if found is not None and found.has_account:
        return ask_to_sign_in()
    bound = bind(NewPersonForm, request.form)
    if not bound.ok:
        return _invitation(token, bound.state, 422)
    try:
        user_id, slug = service.accept_as_new(token, bound.data.name, bound.data.password, i18n.current_locale())
    except DomainError as error:
        if error.code != 422:
            raise
        bound.state.errors[error.field or "password"] = error.message
        return _invitation(token, bound.state, error.code)
    session.clear()
    browser.let_in(accounts.begin_first_session(user_id))
    return go_to(f"/{slug}/")


@invitations.post("/decline")
def refuse(token: str) -> Response:
    found = service.decline(token)
    return page("people/declined.html", agency_name=found.agency_name)


@places.post("/default")
def begin_in() -> Response:
    """Begin in one of one's agencies from now on."""
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    agency = service.begin_in(current_user.id, request.form.get("agency", "")[:64])
    flash(_("You begin at %(agency)s from now on.", agency=agency.name), "ok")
    return go("account.agencies")


def _members(form: FormState, code: int = 200) -> Response:
    asked = service.invitations() if g.grant.can("members.invite") else []
    values: dict[str, Any] = {
        "members": service.members(g.grant),
        "waiting": [each for each in asked if each.waits],
        "answered": [each for each in asked if not each.waits][:10],
        "roles": _choices(),
        "offer": service.transfer(),
    }
    return page("people/members.html", form=form, code=code, **values)


def _second_step(form: FormState, code: int = 200) -> Response:
    days = [
        (str(each), ngettext("In %(n)s day", "In %(n)s days", each) if each else _("At once")) for each in second.DAYS
    ]
    demand = second.demand()
    day_words = i18n.format_date(demand.day) if demand.day else ""
    return page("people/second_step.html", form=form, days=days, demand=demand, day_words=day_words, code=code)


def _member(user_id: UUID, form: FormState | None, code: int = 200) -> Response:
    found = service.member(user_id, g.grant)
    state = form or FormState.of({"role": found.role_key})
    return page("people/member.html", member=found, form=state, roles=_choices(), code=code)


def _role(form: FormState, role_id: UUID | None, code: int = 200) -> Response:
    values = {"offered": roles.offered(), "reaches": roles.reach_words(), "role_id": role_id}
    people = roles.get(role_id).people if role_id else 0
    return page("people/role.html", form=form, prefix=forms.PERMISSION, people=people, code=code, **values)


def _ownership(form: FormState, code: int = 200) -> Response:
    everybody = service.members(g.grant)
    others = [(str(each.user_id), f"{each.name} · {each.email}") for each in everybody if not each.is_owner]
    owner = next(each for each in everybody if each.is_owner)
    return page("people/ownership.html", form=form, owner=owner, others=others, offer=service.transfer(), code=code)


def _invitation(token: str, form: FormState, code: int = 200) -> Response:
    found = service.offered(token)
    if found is None:
        raise NotFound(_("This link leads nowhere."))
    mine = current_user.is_authenticated and current_user.email == found.email
    if not found.open:
        code = 410
    values = {"mine": mine, "sign_in": url_for("accounts.sign_in", next=request.path), "issuers": accounts.issuers()}
    return page("people/invitation.html", found=found, form=form, code=code, wanted=request.path, **values)


def _choices() -> list[tuple[str, str]]:
    """The roles that may be given by whoever looks."""
    return [(each.key, each.name) for each in roles.every() if roles.may_give(g.grant, each)]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise DomainError(_("Please choose one of your colleagues."), "to") from None
