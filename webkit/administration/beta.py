"""Inviting somebody to try the platform: they found an agency, and are lent a tier for it until a day."""

from __future__ import annotations

import functools
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from webkit.accounts import seat_models
from webkit.accounts import service as accounts
from webkit.accounts.service import NewUser
from webkit.administration import beta_models as models
from webkit.administration.beta_models import BetaInvitation, BetaState
from webkit.administration.policy import DECIDE
from webkit.administration.service import PAGE, demand
from webkit.agencies import service as agencies
from webkit.agencies.service import NewAgency
from webkit.core.kernel import audit, clock, i18n, ids
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, DomainError, Forbidden, Gone, NotFound
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass
from webkit.messaging import service as messaging
from webkit.subscriptions import service as subscriptions

INVITED_FOR = timedelta(days=30)
EXPIRED = "expired"
STATES = (*BetaState, EXPIRED)


@dataclass(frozen=True, slots=True)
class BetaView:
    """One in the list; `state` is also "expired"."""

    id: UUID
    email: str
    tier: str
    lent_until: datetime
    note: str
    inviter: str
    state: str
    sent_at: datetime
    expires_at: datetime
    founded: AgencyView | None

    @property
    def waits(self) -> bool:
        """Whether it can be sent again or cancelled."""
        return self.state in (BetaState.PENDING, EXPIRED)


@dataclass(frozen=True, slots=True)
class BetaOffer:
    """What whoever holds a link may know of it."""

    email: str
    tier: str
    lent_until: datetime
    open: bool
    has_account: bool


def listed(words: str, state: str, before: UUID | None) -> list[BetaView]:
    """The newest ones, one more than a page has."""
    known = BetaState(state) if state in list(BetaState) else None
    rows = models.newest(words, known, PAGE + 1, before)
    names = seat_models.names({row.invited_by for row in rows})
    founded = {each.id: each for each in agencies.by_ids([row.founded for row in rows if row.founded])}
    return [
        _view(row, names.get(row.invited_by, ""), founded.get(row.founded) if row.founded else None) for row in rows
    ]


@writes
def invite(email: str, tier: str, until: date, note: str, by: UUID, role: str) -> UUID:
    """Write to somebody that they may found an agency. Raises Forbidden, DomainError, Conflict."""
    demand(role, DECIDE)
    address = email.lower()
    if tier not in {each.key for each in subscriptions.tiers()}:
        raise DomainError(_("There is no such tier."), "tier")
    lent_until = datetime.combine(until, time(), ZoneInfo("UTC"))
    if lent_until <= clock.now():
        raise DomainError(_("This day has passed already."), "until")
    token = ids.token()
    row = BetaInvitation(
        email=address,
        tier=tier,
        lent_until=lent_until,
        note=note,
        token_hash=_hashed(token),
        invited_by=by,
        sent_at=clock.now(),
        expires_at=_opens_until(lent_until),
    )
    invitation_id = models.add(row)
    _mail(row, token)
    audit.log("beta.invited", subject=ref("beta_invitation", invitation_id), detail={"tier": tier})
    return invitation_id


@writes
def invite_again(invitation_id: UUID, role: str) -> None:
    """Send it once more, with a new link and new days; the old link opens nothing any more. Raises Conflict."""
    demand(role, DECIDE)
    found = _get(invitation_id)
    if found.lent_until <= clock.now():
        raise Conflict(_("The day until which the tier was to be lent has passed. Cancel it and invite anew."))
    token = ids.token()
    row = models.renew(invitation_id, _hashed(token), _opens_until(found.lent_until))
    if row is None:
        raise Conflict(_("This invitation was used or cancelled. Please invite them anew."))
    _mail(row, token)
    audit.log("beta.invited_again", subject=ref("beta_invitation", invitation_id))


@writes
def cancel(invitation_id: UUID, role: str) -> None:
    """Take one back. Raises Conflict when it was used meanwhile."""
    demand(role, DECIDE)
    _get(invitation_id)
    if not models.cancel(invitation_id):
        raise Conflict(_("This invitation was used or cancelled already."))
    audit.log("beta.cancelled", subject=ref("beta_invitation", invitation_id))


def offered(token: str) -> BetaOffer:
    """What a link opens, also when it is too late. Raises NotFound for one that nobody has sent."""
    row = models.by_token(_hashed(token))
    if row is None:
        raise NotFound(_("This link leads nowhere."))
    is_open = row.state is BetaState.PENDING and row.expires_at > clock.now()
    has_account = accounts.user_id_of(row.email) is not None
    return BetaOffer(row.email, _label(row.tier), row.lent_until, is_open, has_account)


def accept(token: str, user_id: UUID, agency: NewAgency) -> AgencyView:
    """Somebody with an account founds the agency. Raises Gone, Forbidden, DomainError."""
    found = demand_open(token)
    if accounts.user_id_of(found.email) != user_id:
        raise Forbidden(_("This invitation is for %(email)s. Sign in with that address.", email=found.email))
    return accounts.found_agency(user_id, agency, functools.partial(_settle, token))


def accept_as_new(token: str, name: str, password: str, locale: str, agency: NewAgency) -> tuple[UUID, AgencyView]:
    """Somebody without an account gets one and founds the agency: the link has shown that the address is theirs.

    All of it or nothing. Raises Gone, Conflict, DomainError.
    """
    found = demand_open(token)
    release()
    person = NewUser(found.email, name, password, locale)
    return accounts.found_as_new(person, agency, functools.partial(_settle, token))


def demand_open(token: str) -> BetaOffer:
    """What a link opens. Raises Gone, NotFound."""
    found = offered(token)
    if not found.open:
        raise _late()
    return found


def _settle(token: str, agency: AgencyView) -> None:
    """In the write that founds the agency: of two at once one uses the invitation up, the other has founded nothing."""
    row = models.use(_hashed(token), agency.id)
    if row is None:
        raise _late()
    subscriptions.lend_founded(agency.id, row.tier, row.lent_until, by=ref("user", row.invited_by))
    audit.log("beta.used", subject=ref("beta_invitation", row.id), detail={"agency": str(agency.id), "tier": row.tier})


def _late() -> Gone:
    return Gone(_("This invitation was used, taken back or is too old. Please ask for a new one."))


def _get(invitation_id: UUID) -> BetaInvitation:
    if (row := models.get(invitation_id)) is None:
        raise NotFound(_("There is no such invitation."))
    return row


def _opens_until(lent_until: datetime) -> datetime:
    """Nobody comes in by an invitation that has nothing to give any more."""
    return min(clock.now() + INVITED_FOR, lent_until)


def _mail(row: BetaInvitation, token: str) -> None:
    url = f"{current().settings.base_url}/invite/{token}"
    days = [i18n.format_date(each.date()) for each in (row.lent_until, row.expires_at)]
    context = {"url": url, "tier": _label(row.tier), "until": days[0], "opens_until": days[1]}
    messaging.send_platform("beta_invitation", "", row.email, context=context)


def _label(tier: str) -> str:
    """What a tier is called; one that is not sold any more goes by its key."""
    return next((str(each.label) for each in subscriptions.tiers() if each.key == tier), tier)


def _view(row: BetaInvitation, inviter: str, founded: AgencyView | None) -> BetaView:
    late = row.state is BetaState.PENDING and row.expires_at <= clock.now()
    return BetaView(
        id=row.id,
        email=row.email,
        tier=row.tier,
        lent_until=row.lent_until,
        note=row.note,
        inviter=inviter,
        state=EXPIRED if late else row.state.value,
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        founded=founded,
    )


def _hashed(token: str) -> str:
    return current().keys.token_hash(f"beta/{token}")
