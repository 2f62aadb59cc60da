"""Answers what an agency may use, out of its tier; and says so in a sentence when something is not in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from webkit.agencies import service as agencies
from webkit.core.kernel import clock, tenancy
from webkit.core.kernel.db import asked_once
from webkit.core.kernel.entitlements import Feature, Limit, NotInTier
from webkit.core.kernel.errors import DomainError, TooMany
from webkit.core.kernel.i18n import format_date, format_decimal
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.subscriptions import models
from webkit.subscriptions.models import Subscription
from webkit.subscriptions.standing import Known, Paid, Standing, Why, standing
from webkit.subscriptions.tiers import FEATURES, FREE, LIMITS, MB, TIERS

ALL_FEATURES = frozenset(Feature)


class Seller:
    """The policy behind the kernel's entitlements."""

    def tier(self) -> str:
        return now().tier

    def features(self) -> frozenset[Feature]:
        """Without billing nobody is asked: everything is open to everybody."""
        return TIERS[now().tier].features if current().settings.billing else ALL_FEATURES

    def most(self, limit: Limit) -> int | None:
        """Without billing a tier bounds AI generations alone, as it always did."""
        if limit is not Limit.AI_GENERATIONS and not current().settings.billing:
            return None
        return TIERS[now().tier].limits[limit]

    def refuse(self, feature: Feature) -> DomainError:
        text = _("The tier %(tier)s does not have this: %(feature)s. Settings, Subscription, shows the tiers that do.")
        return NotInTier(text % {"tier": TIERS[now().tier].label, "feature": FEATURES[feature].label})

    def full(self, limit: Limit, used: int, most: int) -> DomainError:
        if limit is Limit.AI_GENERATIONS:
            return _used_up(most)
        text = _(
            "The tier %(tier)s has room for %(most)s (%(what)s), and %(used)s are in use. "
            "What is there stays; Settings, Subscription, shows the tiers that hold more."
        )
        words = {"tier": TIERS[now().tier].label, "what": LIMITS[limit].label, "most": amount(limit, most)}
        return NotInTier(text % {**words, "used": amount(limit, used)})


def _used_up(most: int) -> DomainError:
    """There will be more of it with the next month, so one may come back."""
    ends = next_month()
    text = _(
        "All %(limit)s AI generations of this month are used. There will be new ones on %(date)s.",
        limit=most,
        date=format_date(ends.astimezone(ZoneInfo(agencies.profile().timezone)).date()),
    )
    return TooMany(text, max(1, int((ends - clock.now()).total_seconds())))


def amount(limit: Limit, value: int) -> str:
    """So much of a limit, in words; bytes as megabytes."""
    if limit is Limit.STORAGE:
        return _("%(n)s MB", n=format_decimal(-(-value // MB)))
    return format_decimal(value)


def next_month() -> datetime:
    """When the agency's next month begins."""
    zone = agencies.profile().timezone
    first = clock.today(zone).replace(day=1)
    year, month = (first.year + 1, 1) if first.month == 12 else (first.year, first.month + 1)
    return datetime(year, month, 1, tzinfo=ZoneInfo(zone))


def base() -> str:
    """The tier that is left without a subscription, a trial or anything lent."""
    settings = current().settings
    default = FREE if settings.billing else "enterprise"
    return agencies.given_tier()[0] or settings.tier or default


@asked_once
def now() -> Standing:
    """The tier of the current agency. Without billing nothing is asked but what the operator gave it."""
    if not current().settings.billing:
        return Standing(base(), Why.BASE)
    return standing(known(), clock.now())


def known() -> Known:
    """Everything the current agency's tier depends on."""
    settings, moment = current().settings, clock.now()
    row = models.own()
    return Known(
        base=base(),
        founded_at=agencies.given_tier()[1],
        trial=timedelta(days=settings.trial_days if models.has_trial(tenancy.agency_id()) else 0),
        grace=timedelta(days=settings.grace_days),
        lent=tuple((grant.tier, grant.expires_at) for grant in models.lent(moment)),
        paid=_paid(row) if row is not None else None,
    )


def _paid(row: Subscription) -> Paid | None:
    if row.state is None or row.period_end is None:
        return None
    return Paid(row.tier, row.state, row.period_end, row.ends, row.unpaid_since or row.period_start)
