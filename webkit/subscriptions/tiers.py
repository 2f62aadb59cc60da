"""The tiers as data: what each costs, how much it holds, what it can do. A tier sells what a service asks for."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from decimal import Decimal

from webkit.core.capabilities.subscriptions import Interval, PlanPrice
from webkit.core.extensions import LazyText
from webkit.core.kernel.entitlements import Feature, Limit
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.money import exponent
from webkit.core.values import dataclass

MB = 1024 * 1024
FREE, TRIAL = "free", "growth"
"""What is left without a subscription, and what a trial shows."""


@dataclass(frozen=True, slots=True)
class Sold:
    """Something a tier has or has so many of; `by` are the service functions that ask for it."""

    label: LazyText
    by: tuple[str, ...]
    monthly: bool = False


FEATURES: Mapping[Feature, Sold] = {
    Feature.PROPOSALS: Sold(_l("Proposals"), ("webkit.proposals.service:_add",)),
    Feature.AI_WRITING: Sold(_l("AI writing"), ("webkit.ai_runs.service:start",)),
    Feature.PDF_EXPORT: Sold(_l("Documents as PDF"), ("webkit.core.kernel.downloads:pdf",)),
    Feature.EMAIL_DELIVERY: Sold(_l("Sending by e-mail"), ("webkit.messaging.jobs:_may_go",)),
    Feature.CUSTOM_BRANDING: Sold(_l("Your own colours"), ("webkit.agencies.service:change",)),
    Feature.ANALYTICS: Sold(
        _l("Reports"), ("webkit.reports.report_routes:demand_tier", "webkit.api.resources.house:_report")
    ),
    Feature.API_ACCESS: Sold(
        _l("API access"),
        (
            "webkit.core.kernel.bearers:enter",
            "webkit.tokens.service:create_for_agency",
            "webkit.endpoints.service:create",
        ),
    ),
    Feature.SSO: Sold(
        _l("Your own sign-in (OpenID Connect)"),
        ("webkit.accounts.agency_issuers:save", "webkit.accounts.agency_issuers:door"),
    ),
    Feature.CUSTOM_DOMAIN: Sold(
        _l("Your own domain for what clients see"),
        ("webkit.domains.service:name", "webkit.domains.service:is_sold", "webkit.core.kernel.hosts:address"),
    ),
}
LIMITS: Mapping[Limit, Sold] = {
    Limit.MEMBERS: Sold(_l("Members"), ("webkit.accounts.service:add_member", "webkit.people.service:_seat")),
    Limit.CONSULTATIONS: Sold(_l("Consultations a month"), ("webkit.consultations.service:start",), monthly=True),
    Limit.AI_GENERATIONS: Sold(_l("AI generations a month"), ("webkit.ai_runs.quota:reserve",), monthly=True),
    Limit.TEMPLATES: Sold(
        _l("Templates"), ("webkit.contracts.templates:create", "webkit.quotations.library:add_template")
    ),
    Limit.STORAGE: Sold(_l("Storage for files"), ("webkit.core.kernel.folders:_add",)),
}


@dataclass(frozen=True, slots=True)
class Tier:
    """`features` are all it has, also those of lesser tiers; a limit of None is none."""

    key: str
    label: LazyText
    features: frozenset[Feature]
    limits: Mapping[Limit, int | None]


_FREE = frozenset({Feature.PROPOSALS, Feature.AI_WRITING})
_STARTER = _FREE | {Feature.PDF_EXPORT, Feature.EMAIL_DELIVERY}
_GROWTH = _STARTER | {Feature.CUSTOM_BRANDING, Feature.ANALYTICS, Feature.API_ACCESS}
_ENTERPRISE = _GROWTH | {Feature.SSO, Feature.CUSTOM_DOMAIN}


def _tier(key: str, label: LazyText, features: frozenset[Feature], *most: int | None) -> Tier:
    return Tier(key, label, features, dict(zip(Limit, most, strict=True)))


TIERS: Mapping[str, Tier] = {
    tier.key: tier
    for tier in (
        _tier("free", _l("Free"), _FREE, 1, 10, 5, 3, 100 * MB),
        _tier("starter", _l("Starter"), _STARTER, 3, 25, 25, 5, 1024 * MB),
        _tier("growth", _l("Growth"), _GROWTH, 10, 100, 100, 20, 10_240 * MB),
        _tier("enterprise", _l("Enterprise"), _ENTERPRISE, None, None, None, None, None),
    )
}
"""From the least to the most."""
RANKS: Mapping[str, int] = {key: rank for rank, key in enumerate(TIERS)}


@functools.lru_cache(8)
def prices(text: str) -> Mapping[tuple[str, Interval], PlanPrice]:
    """What the tiers cost, from a setting such as `AUD starter 29/290, growth 79/790`."""
    currency, _space, rest = text.partition(" ")
    unit = 10 ** exponent(currency)
    found = {}
    for part in rest.split(","):
        key, amounts = part.split()
        for interval, amount in zip(Interval, amounts.split("/"), strict=True):
            found[key, interval] = PlanPrice(key, interval, int(Decimal(amount) * unit), currency, key.capitalize())
    return found
