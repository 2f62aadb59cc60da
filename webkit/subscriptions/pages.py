"""What Settings › Subscription shows: what there is, what is used, and what would change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from webkit.core.capabilities.subscriptions import Interval, PlanPrice, SubscriptionState
from webkit.core.extensions import LazyText
from webkit.core.kernel import entitlements, permissions
from webkit.core.kernel.entitlements import Feature, Limit
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass
from webkit.subscriptions import buying, selling, service
from webkit.subscriptions.buying import Change
from webkit.subscriptions.models import Reason
from webkit.subscriptions.service import AgencyTier
from webkit.subscriptions.standing import Standing, standing
from webkit.subscriptions.tiers import FEATURES, LIMITS, TIERS, Tier

REASONS: Mapping[Reason, LazyText] = {
    Reason.BETA_TESTER: _l("for testing the beta"),
    Reason.PARTNER: _l("as a partner"),
    Reason.PROMOTIONAL: _l("as a promotion"),
    Reason.EARLY_SIGNUP: _l("for signing up early"),
    Reason.REFERRAL_REWARD: _l("for recommending us"),
    Reason.INTERNAL: _l("as one of ours"),
}
EVERY: Mapping[Interval, LazyText] = {Interval.MONTH: _l("a month"), Interval.YEAR: _l("a year")}


@dataclass(frozen=True, slots=True)
class Used:
    """How much of a limit is used, in words; `most` is empty where there is no limit. `over`: there is more."""

    label: LazyText
    used: str
    most: str
    percent: int
    over: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """What a tier would not hold: `too_many` are (label, in use, room), `features` what it does not have.

    Nothing of it is taken away: what is there stays, and cannot grow.
    """

    too_many: tuple[tuple[LazyText, str, str], ...]
    features: tuple[LazyText, ...]

    def __bool__(self) -> bool:
        return bool(self.too_many or self.features)


@dataclass(frozen=True, slots=True)
class TierCard:
    """A tier as it is offered; `prices` are empty for the one that costs nothing."""

    key: str
    label: LazyText
    is_own: bool
    prices: tuple[PlanPrice, ...]
    holds: tuple[tuple[LazyText, str], ...]
    features: tuple[LazyText, ...]
    lost: Lost


@dataclass(frozen=True, slots=True)
class SubscriptionPage:
    """`sold`: tiers count here at all; `buyable`: they can be bought by oneself; `after` is what is left when the
    tier of today ends."""

    sold: bool
    buyable: bool
    may_manage: bool
    vendor: str
    own: AgencyTier
    label: LazyText
    after: Standing
    reason: LazyText | str
    state: SubscriptionState | None
    used: tuple[Used, ...]
    tiers: tuple[TierCard, ...]
    names: Mapping[str, LazyText]


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A change before it is made. Without `change` it is a first subscription, which begins at the vendor's page."""

    price: PlanPrice
    label: LazyText
    lost: Lost
    gained: tuple[LazyText, ...]
    change: Change | None
    at: str
    vendor: str
    free_until: datetime | None


def subscription() -> SubscriptionPage:
    own, vendor = service.own(), buying.seller()
    used = {limit: entitlements.used(limit) for limit in Limit}
    now = entitlements.allowed()
    return SubscriptionPage(
        sold=current().settings.billing,
        buyable=vendor is not None,
        may_manage=permissions.may("subscription.manage"),
        vendor=vendor.label if vendor else "",
        own=own,
        label=TIERS[own.tier].label,
        after=_after(own.standing),
        reason=_reason(own),
        state=own.subscription.state if own.subscription else None,
        used=tuple(_used(limit, used[limit], now.limits.get(limit)) for limit in Limit),
        tiers=tuple(_card(tier, own, used) for tier in TIERS.values()) if current().settings.billing else (),
        names={tier.key: tier.label for tier in TIERS.values()},
    )


def change(tier: str, interval: str) -> ChangePage:
    """What a choice comes to. Raises NotFound, Conflict."""
    price, own, vendor = buying.price_of(tier, interval), service.own(), buying.seller()
    held = own.subscription
    offered = buying.offer(tier, interval) if held is not None and held.begun else None
    now = entitlements.allowed()
    gained = TIERS[tier].features - now.features
    return ChangePage(
        price=price,
        label=TIERS[tier].label,
        lost=lost(TIERS[tier], {limit: entitlements.used(limit) for limit in Limit}),
        gained=tuple(FEATURES[feature].label for feature in Feature if feature in gained),
        change=offered,
        at=offered.at.isoformat() if offered else "",
        vendor=vendor.label if vendor else "",
        free_until=buying.free_until() if offered is None else None,
    )


def lost(tier: Tier, used: Mapping[Limit, int]) -> Lost:
    """What an agency has now and a tier would not hold. What begins anew each month is no loss."""
    over = []
    for limit, most in tier.limits.items():
        if most is not None and used[limit] > most and not LIMITS[limit].monthly:
            over.append((LIMITS[limit].label, selling.amount(limit, used[limit]), selling.amount(limit, most)))
    missing = entitlements.allowed().features - tier.features
    return Lost(tuple(over), tuple(FEATURES[feature].label for feature in Feature if feature in missing))


def _after(now: Standing) -> Standing:
    """What is left when the tier of today has ended, if nothing happens until then."""
    return now if now.until is None else standing(selling.known(), now.until)


def _reason(own: AgencyTier) -> LazyText | str:
    lent = next((grant for grant in own.grants if grant.expires_at == own.standing.until), None)
    return REASONS[lent.reason] if lent else ""


def _used(limit: Limit, used: int, most: int | None) -> Used:
    return Used(
        label=LIMITS[limit].label,
        used=selling.amount(limit, used),
        most="" if most is None else selling.amount(limit, most),
        percent=0 if not most else min(100, used * 100 // most),
        over=most is not None and used > most,
    )


def _card(tier: Tier, own: AgencyTier, used: Mapping[Limit, int]) -> TierCard:
    return TierCard(
        key=tier.key,
        label=tier.label,
        is_own=tier.key == own.tier,
        prices=tuple(price for price in buying.all_prices() if price.plan == tier.key),
        holds=tuple(
            (LIMITS[limit].label, "" if most is None else selling.amount(limit, most))
            for limit, most in tier.limits.items()
        ),
        features=tuple(FEATURES[feature].label for feature in Feature if feature in tier.features),
        lost=lost(tier, used),
    )
