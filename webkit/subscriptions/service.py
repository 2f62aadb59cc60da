"""The tier of an agency: what it is, where it comes from, and giving it one by hand."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.core.capabilities.subscriptions import Interval, SubscriptionState
from webkit.core.kernel import audit, clock, events, tenancy
from webkit.core.kernel.db import writes, writing
from webkit.core.kernel.errors import DomainError, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.subscriptions import models, selling
from webkit.subscriptions.models import Reason as Reason
from webkit.subscriptions.models import TierGrant
from webkit.subscriptions.standing import Standing as Standing
from webkit.subscriptions.standing import Why as Why
from webkit.subscriptions.tiers import TIERS
from webkit.subscriptions.tiers import Tier as Tier


@dataclass(frozen=True, slots=True)
class GrantView:
    """A tier lent for a time; `revoked_at` says that it was taken back."""

    tier: str
    reason: Reason
    note: str
    granted_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    revoked_by: str


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """What an agency has subscribed to, as the vendor told it at `synced_at`."""

    provider: str
    state: SubscriptionState | None
    tier: str
    interval: Interval | None
    amount_minor: int
    currency: str
    period_start: datetime | None
    period_end: datetime | None
    ends: bool
    next_tier: str
    next_interval: Interval | None
    unpaid_since: datetime | None
    strange: str
    synced_at: datetime | None
    living: bool
    may_open_portal: bool

    @property
    def begun(self) -> bool:
        """Whether it can only be changed: one whose first payment never came can be begun anew."""
        return self.living and self.state is not SubscriptionState.INCOMPLETE


@dataclass(frozen=True, slots=True)
class AgencyTier:
    """The tier of an agency now, what is left of it without anything that ends, and where both come from."""

    standing: Standing
    given: str
    base: str
    subscription: SubscriptionView | None
    grants: tuple[GrantView, ...]

    @property
    def tier(self) -> str:
        return self.standing.tier


def tiers() -> tuple[Tier, ...]:
    """All tiers, from the least to the most."""
    return tuple(TIERS.values())


def of(agency_id: UUID) -> AgencyTier:
    """The tier of an agency, in any unit. Raises NotFound."""
    if agencies.by_id(agency_id) is None:
        raise NotFound(_("There is no such agency."))
    with tenancy.tenant(agency_id):
        return own()


def own() -> AgencyTier:
    """The tier of the current agency."""
    row = models.own()
    return AgencyTier(
        standing=selling.now(),
        given=agencies.given_tier()[0],
        base=selling.base(),
        subscription=_view(row) if row is not None else None,
        grants=tuple(map(_grant, models.grants())),
    )


def set_tier(
    agency_id: UUID, tier: str, expires: datetime | None = None, reason: str = "", *, by: str = "operator"
) -> None:
    """Give an agency a tier: for good, or lent until `expires`, with one of the reasons in `Reason` and a note.

    "" for good is the installation's. What it pays for is not touched: the higher of both counts. Raises DomainError.
    """
    agency = agencies.by_id(agency_id)
    if agency is None:
        raise NotFound(_("There is no such agency."))
    if tier not in TIERS and (tier or expires):
        raise DomainError(_("There is no such tier."), "tier")
    word, _colon, note = reason.partition(":")
    with tenancy.tenant(agency_id), writing():
        if expires is None:
            agencies.set_tier(agency.slug, tier)
            return
        if expires <= clock.now():
            raise DomainError(_("This day has passed already."), "expires")
        _lend(agency_id, tier, expires, word.strip(), note.strip()[:500], by)


def _lend(agency_id: UUID, tier: str, expires: datetime, word: str, note: str, by: str) -> None:
    if word not in list(Reason):
        known = ", ".join(Reason)
        raise DomainError(_("The reason is one of: %(known)s.", known=known), "reason")
    models.add_grant(TierGrant(tier=tier, reason=Reason(word), note=note, granted_by=by[:64], expires_at=expires))
    facts = {"actor": by, "tier": tier, "until": expires.isoformat(), "reason": word}
    events.record("subscription.lent", events.ref("agency", agency_id), facts)


@writes
def lend_founded(agency_id: UUID, tier: str, until: datetime, *, by: str) -> None:
    """Lend an agency a tier in the write that founds it, through the platform's door: nobody is inside yet."""
    grant = TierGrant(tier=tier, reason=Reason.BETA_TESTER, granted_by=by[:64], expires_at=until)
    grant.agency_id = agency_id
    models.add_grant(grant)
    audit.log("subscription.lent", subject=events.ref("agency", agency_id), detail={"tier": tier, "by": by})


def take_back(agency_id: UUID, *, by: str = "operator") -> int:
    """End everything an agency is lent, now; how much that was. What it was lent stays on record."""
    if agencies.by_id(agency_id) is None:
        raise NotFound(_("There is no such agency."))
    with tenancy.tenant(agency_id), writing():
        count = models.revoke_lent(clock.now(), by[:64])
        if count:
            events.record("subscription.taken_back", events.ref("agency", agency_id), {"actor": by})
            audit.log("subscription.taken_back", detail={"by": by})
        return count


def _grant(row: TierGrant) -> GrantView:
    return GrantView(
        tier=row.tier,
        reason=row.reason,
        note=row.note,
        granted_by=row.granted_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by,
    )


def _view(row: models.Subscription) -> SubscriptionView:
    return SubscriptionView(
        provider=row.provider,
        state=row.state,
        tier=row.tier,
        interval=row.interval,
        amount_minor=row.amount_minor,
        currency=row.currency,
        period_start=row.period_start,
        period_end=row.period_end,
        ends=row.ends,
        next_tier=row.next_tier,
        next_interval=row.next_interval,
        unpaid_since=row.unpaid_since,
        strange=row.strange,
        synced_at=row.synced_at,
        living=row.state in models.LIVING,
        may_open_portal=bool(row.customer_id),
    )


def strange() -> list[tuple[UUID, str]]:
    """Agencies whose subscription needs an operator, and why; through the platform's door."""
    return models.strange()
