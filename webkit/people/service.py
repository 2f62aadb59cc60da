"""What can be done about people: ask them in, change what they may do, let them go, hand the agency over."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from webkit.accounts import seats
from webkit.accounts import service as accounts
from webkit.accounts.seats import Member, Role
from webkit.accounts.service import NewUser
from webkit.agencies import service as agencies
from webkit.core.kernel import audit, clock, entitlements, ids, permissions, stepup, tenancy
from webkit.core.kernel.db import writes, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.entitlements import Limit
from webkit.core.kernel.errors import Conflict, DomainError, Forbidden, Gone, NotFound
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.permissions import Grant
from webkit.core.kernel.runtime import current
from webkit.messaging import service as messaging
from webkit.people import models, roles
from webkit.people.models import Invitation, Step, Transfer
from webkit.people.views import InvitationView, MemberView, Offered, RoleView, TransferView

INVITED_FOR, OFFERED_FOR = timedelta(days=7), timedelta(days=7)
MOST_WAITING = 100


def members(viewer: Grant) -> list[MemberView]:
    """Who works here, as somebody sees it who may do this much."""
    names = {each.id: each.name for each in roles.every() if each.id}
    return [_member(each, names, viewer) for each in seats.members()]


def member(user_id: UUID, viewer: Grant) -> MemberView:
    """One of them. Raises NotFound."""
    for each in members(viewer):
        if each.user_id == user_id:
            return each
    raise NotFound(_("Nobody of this name works here."))


# --- invitations ------------------------------------------------------------------------------------------------


@writes
def invite(email: str, role_key: str, inviter: Grant, inviter_name: str) -> UUID:
    """Ask somebody to work here. Raises DomainError: for a role the inviter may not give, for who is here already."""
    stepup.in_person()  # who sits in for the owner would let themselves stay
    address, role = email.lower(), roles.named(role_key)
    if not roles.may_give(inviter, role):
        raise Forbidden(_("You cannot give a role that may do more than you."), "role")
    if any(each.email == address for each in seats.members()):
        raise Conflict(_("This person works here already."), "email")
    if sum(each.waits for each in invitations()) >= MOST_WAITING:
        raise Conflict(_("There are %(n)s invitations without an answer. Cancel some first.", n=MOST_WAITING), "email")
    token = ids.token()
    row = Invitation(
        email=address,
        role=role.base,
        role_id=role.id,
        token_hash=_hashed(token),
        invited_by=inviter.user_id,
        inviter=inviter_name,
        sent_at=clock.now(),
        expires_at=clock.now() + INVITED_FOR,
    )
    invitation_id = models.add_invitation(row)
    _mail(row, token)
    audit.log("member.invited", subject=ref("invitation", invitation_id), detail={"role": role.key})
    return invitation_id


@writes
def invite_again(invitation_id: UUID) -> None:
    """Send it once more, with a new link and new days; the old link opens nothing any more. Raises Conflict."""
    token = ids.token()
    row = models.renew(invitation_id, _hashed(token), clock.now() + INVITED_FOR)
    if row is None:
        raise Conflict(_("This invitation has been answered or cancelled. Please invite them anew."))
    _mail(row, token)
    audit.log("member.invited_again", subject=ref("invitation", invitation_id))


@writes
def cancel_invitation(invitation_id: UUID) -> None:
    """Take an invitation back. Raises Conflict when it was answered meanwhile."""
    if not models.answer(invitation_id, Step.CANCELLED, in_time=False):
        raise Conflict(_("This invitation has been answered or cancelled already."))
    audit.log("member.invitation_cancelled", subject=ref("invitation", invitation_id))


def invitations() -> list[InvitationView]:
    """Those that wait first."""
    names = {each.id: each.name for each in roles.every() if each.id}
    return [_invitation(row, names) for row in models.invitations()]


def offered(token: str) -> Offered | None:
    """What a token opens, also when it is too late; None for one nobody has sent."""
    with tenancy.platform("an invitation is found by its token"):
        row = models.by_token(_hashed(token))
        if row is None or (agency := agencies.by_id(row.agency_id)) is None:
            return None
        return Offered(
            id=row.id,
            agency_id=row.agency_id,
            agency_name=agency.name,
            slug=agency.slug,
            email=row.email,
            inviter=row.inviter,
            role=roles.base_name(row.role) if row.role_id is None else "",
            open=row.state is Step.PENDING and row.expires_at > clock.now() and not agency.closed,
            has_account=accounts.user_id_of(row.email) is not None,
        )


def accept(token: str, user_id: UUID) -> str:
    """Somebody with an account says yes; returns the agency's slug. Raises Gone, Conflict."""
    found = _open(token)
    if accounts.user_id_of(found.email) != user_id:
        raise Forbidden(_("This invitation is for %(email)s. Sign in with that address.", email=found.email))
    with tenancy.tenant(found.agency_id), writing():
        _seat(found, user_id)
    return found.slug


def accept_as_new(token: str, name: str, password: str, locale: str) -> tuple[UUID, str]:
    """Somebody without an account says yes and gets one: the link has shown that the address is theirs.

    Returns the account's id and the agency's slug. Raises Gone, Conflict, and DomainError for a weak password.
    """
    found = _open(token)
    user_id = accounts.create_user(NewUser(found.email, name, password, locale), found.agency_name)
    return user_id, accept(token, user_id)


def invites(email: str, path: str) -> bool:
    """Whether the page at `path` is an open invitation of exactly this address."""
    prefix = "/invitations/"
    found = offered(path.removeprefix(prefix)) if path.startswith(prefix) else None
    return found is not None and found.open and found.email.lower() == email


def decline(token: str) -> Offered:
    """Say no. Raises Gone."""
    found = _open(token)
    with tenancy.tenant(found.agency_id), writing():
        if not models.answer(found.id, Step.DECLINED):
            raise Gone(_LATE())
        audit.log("member.declined", subject=ref("invitation", found.id))
    return found


def _open(token: str) -> Offered:
    found = offered(token)
    if found is None:
        raise NotFound(_("This link leads nowhere."))
    if not found.open:
        raise Gone(_LATE())
    return found


def _LATE() -> str:  # noqa: N802 - a text in the reader's language
    return _("This invitation was answered, taken back or is too old. Please ask for a new one.")


def _seat(found: Offered, user_id: UUID) -> None:
    """Of two clicks at once one settles the invitation; the other hears that it is answered."""
    if not models.answer(found.id, Step.ACCEPTED):
        raise Gone(_LATE())
    row = models.invitation(found.id)
    assert row is not None  # it was settled in this very write
    made = models.role(row.role_id) if row.role_id else None
    entitlements.within(Limit.MEMBERS)
    if not seats.give(user_id, Role(row.role), row.role_id, made.permissions if made else None):
        raise Conflict(_("You work at %(agency)s already.", agency=found.agency_name))
    audit.log("member.joined", subject=ref("user", user_id), detail={"invitation": str(found.id)})


# --- roles and leaving ------------------------------------------------------------------------------------------


@writes
def change_role(user_id: UUID, role_key: str, by: Grant) -> RoleView:
    """Give a colleague another role. Raises DomainError, Forbidden for the owner's."""
    role = roles.named(role_key)
    if not roles.may_give(by, role):
        raise Forbidden(_("You cannot give a role that may do more than you."), "role")
    if not seats.change(user_id, Role(role.base), role.id, role.permissions):
        raise Conflict(_("The owner's role changes only when the agency is handed over."), "role")
    _withdraw(user_id, permissions.grant(user_id, role.base, role.permissions))
    audit.log("member.role_changed", subject=ref("user", user_id), detail={"role": role.key})
    return role


@writes
def remove(user_id: UUID, by: Grant) -> None:
    """Let a colleague in no longer, from their next request on. What they made stays. Raises Forbidden."""
    if not member(user_id, by).may_remove:
        raise Forbidden(_("Only the owner removes admins, and nobody removes the owner."))
    seats.take(user_id)
    _gone(user_id)
    audit.log("member.removed", subject=ref("user", user_id))


@writes
def leave(user_id: UUID) -> None:
    """Go. Raises Conflict for the owner, who hands the agency over first."""
    if not seats.take(user_id):
        raise Conflict(_("You own this agency. Hand it over before you leave."))
    _gone(user_id)
    audit.log("member.left", subject=ref("user", user_id))


def _gone(user_id: UUID) -> None:
    models.settle_transfer(Step.CANCELLED, to=user_id)
    _withdraw(user_id, None)


def _withdraw(user_id: UUID, held: Grant | None) -> None:
    """Take back what somebody could not send any more, or they would come back by an invitation of their own."""
    may_invite = held is not None and held.can("members.invite")
    for row in models.waiting_of(user_id):
        wanted = roles.named(str(row.role_id) if row.role_id else row.role)
        if not (may_invite and held is not None and roles.may_give(held, wanted)):
            cancel_invitation(row.id)


# --- ownership --------------------------------------------------------------------------------------------------


def transfer() -> TransferView | None:
    """The offer that waits."""
    row = models.pending_transfer()
    if row is None:
        return None
    names = {each.user_id: each.name for each in seats.members()}
    unknown = _("Somebody who left")
    return TransferView(
        row.from_user, names.get(row.from_user, unknown), row.to_user, names.get(row.to_user, unknown), row.expires_at
    )


@writes
def offer_ownership(owner_id: UUID, to: UUID) -> None:
    """The first of two steps: the owner offers the agency to a colleague, who hears of it by mail."""
    receiver, giver = seats.member(to), seats.owner()
    if receiver is None or receiver.role == Role.OWNER or giver.user_id != owner_id:
        raise DomainError(_("Please choose one of your colleagues."), "to")
    models.settle_transfer(Step.CANCELLED, late=True)
    models.add_transfer(Transfer(from_user=owner_id, to_user=to, expires_at=clock.now() + OFFERED_FOR))
    agency = agencies.here()
    context = {"giver": giver.name, "name": receiver.name, "url": _url(f"/{agency.slug}/settings/ownership")}
    messaging.send(
        "ownership_offered", receiver.name, receiver.email, context=context, subject=ref("agency", agency.id)
    )
    audit.log("ownership.offered", subject=ref("user", to))


@writes
def take_back_offer() -> None:
    """Raises Conflict when there is nothing to take back any more."""
    if models.settle_transfer(Step.CANCELLED) is None:
        raise Conflict(_("There is no offer any more: it was answered or ran out."))
    audit.log("ownership.offer_withdrawn")


@writes
def decline_ownership(user_id: UUID) -> None:
    """Say no. Raises Gone."""
    if models.settle_transfer(Step.DECLINED, to=user_id) is None:
        raise Gone(_("This offer was taken back or has run out."))
    audit.log("ownership.declined", subject=ref("user", user_id))


@writes
def accept_ownership(user_id: UUID) -> None:
    """The second step: whoever it was offered to takes the agency, and the owner becomes an admin. Raises Gone."""
    row = models.settle_transfer(Step.ACCEPTED, to=user_id)
    if row is None:
        raise Gone(_("This offer was taken back or has run out."))
    before, after = seats.owner(), seats.member(user_id)
    if before.user_id != row.from_user or after is None or not seats.hand_over(before.user_id, user_id):
        raise Conflict(_("The agency belongs to somebody else meanwhile. Nothing was changed."))
    agency = agencies.here()
    context = {"name": before.name, "owner": after.name}
    messaging.send("ownership_moved", before.name, before.email, context=context, subject=ref("agency", agency.id))
    audit.log("ownership.moved", subject=ref("user", user_id), detail={"from": str(before.user_id)})


def begin_in(user_id: UUID, slug: str) -> AgencyView:
    """Begin in this agency from now on. Raises NotFound for one that somebody does not belong to."""
    agency = agencies.by_slug(slug)
    if agency is None or not seats.begin_in(user_id, agency.id):
        raise NotFound(_("There is no such agency."))
    return agency


def _mail(row: Invitation, token: str) -> None:
    context = {"inviter": row.inviter, "url": _url(f"/invitations/{token}"), "days": INVITED_FOR.days}
    messaging.send("invitation", "", row.email, context=context, subject=ref("invitation", row.id))


def _url(path: str) -> str:
    return f"{current().settings.base_url}{path}"


def _hashed(token: str) -> str:
    return current().keys.token_hash(f"invitation/{token}")


def _member(each: Member, names: dict[UUID, str], viewer: Grant) -> MemberView:
    fixed = each.role_id is None
    below = viewer.role == Role.OWNER or each.role == Role.MEMBER
    return MemberView(
        user_id=each.user_id,
        name=each.name,
        email=each.email,
        role=roles.base_name(each.role) if fixed else names.get(each.role_id, ""),  # type: ignore[arg-type]
        role_key=each.role if fixed else str(each.role_id),
        since=each.since,
        is_owner=each.role == Role.OWNER,
        is_self=each.user_id == viewer.user_id,
        may_remove=each.role != Role.OWNER
        and below
        and viewer.can("members.remove")
        and each.user_id != viewer.user_id,
    )


def _invitation(row: Invitation, names: dict[UUID, str]) -> InvitationView:
    waits = row.state is Step.PENDING
    late = waits and row.expires_at <= clock.now()
    return InvitationView(
        id=row.id,
        email=row.email,
        role=names.get(row.role_id, "") if row.role_id else roles.base_name(row.role),
        inviter=row.inviter,
        state="expired" if late else str(row.state),
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        waits=waits,
    )
