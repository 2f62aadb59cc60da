"""What an agency may use: the one place where services ask for a feature, or for room below a limit.

Who sells tiers answers (`Policy`); where nobody does, everything is allowed. What is there already is never taken away:
services ask before something is added, not before it is looked at.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Protocol

from flask import Flask

from webkit.core.kernel import locks
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.runtime import current, of
from webkit.core.values import dataclass


class Feature(enum.StrEnum):
    """What a tier has or has not. Only what a service asks for: nothing else can be sold."""

    PROPOSALS = "proposals"
    AI_WRITING = "ai_writing"
    PDF_EXPORT = "pdf_export"
    EMAIL_DELIVERY = "email_delivery"
    CUSTOM_BRANDING = "custom_branding"
    ANALYTICS = "analytics"
    API_ACCESS = "api_access"
    SSO = "sso"
    CUSTOM_DOMAIN = "custom_domain"


class Limit(enum.StrEnum):
    """Of what a tier has so many. `STORAGE` is counted in bytes, AI generations and consultations in a month."""

    MEMBERS = "members"
    CONSULTATIONS = "consultations"
    AI_GENERATIONS = "ai_generations"
    TEMPLATES = "templates"
    STORAGE = "storage"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an agency may use now. A limit that is not named, or None, is none."""

    tier: str
    features: frozenset[Feature]
    limits: Mapping[Limit, int | None]


EVERYTHING = Allowed("", frozenset(Feature), {})


class NotInTier(DomainError):
    """The agency's tier has no such feature, or no room for more."""

    code = 403


class Policy(Protocol):
    """Whoever sells tiers, asked about the agency of the current unit."""

    def tier(self) -> str:
        """The name of its tier now."""
        ...

    def features(self) -> frozenset[Feature]:
        """What it has now."""
        ...

    def most(self, limit: Limit) -> int | None:
        """How much of a limit it has room for now; None for as much as one likes."""
        ...

    def refuse(self, feature: Feature) -> DomainError:
        """What to tell somebody whose tier lacks a feature."""
        ...

    def full(self, limit: Limit, used: int, most: int) -> DomainError:
        """What to tell somebody whose tier has no room for more."""
        ...


Meter = Callable[[], int]
"""How much of something the agency of the current unit has."""


def sell(app: Flask, policy: Policy) -> None:
    """Have a policy answer; call from `webkit_startup`."""
    of(app).tiers = policy


def meter(app: Flask, limit: Limit, count: Meter) -> None:
    """Say how much of a limit is used; several meters of one limit are added up. Call from `webkit_startup`."""
    of(app).meters.setdefault(limit, []).append(count)


def allowed() -> Allowed:
    """What the agency of the current unit may use now."""
    policy = current().tiers
    if policy is None:
        return EVERYTHING
    return Allowed(policy.tier(), policy.features(), {limit: policy.most(limit) for limit in Limit})


def used(limit: Limit) -> int:
    """How much of a limit the agency of the current unit has used."""
    return sum(count() for count in current().meters.get(limit, ()))


def has(feature: Feature) -> bool:
    """Whether the agency's tier has a feature: for pages that show a button or leave it out."""
    policy = current().tiers
    return policy is None or feature in policy.features()


def require(feature: Feature) -> None:
    """Raises NotInTier where the agency's tier has not this feature."""
    policy = current().tiers
    if policy is not None and feature not in policy.features():
        raise policy.refuse(feature)


def within(limit: Limit, more: int = 1) -> None:
    """Inside the write that adds `more`: raises NotInTier, or TooMany for what begins anew, where there is no room.

    Two at once wait for each other, so the last place is given away once.
    """
    policy = current().tiers
    most = policy.most(limit) if policy is not None else None
    if policy is None or most is None:
        return
    locks.hold(f"limit {limit}")
    if (there := used(limit)) + more > most:
        raise policy.full(limit, there, most)
