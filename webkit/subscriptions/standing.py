"""Which tier an agency has at a moment, why, and until when: a pure function of what is known of it.

The highest of everything it has counts: what the operator gave it, what it was lent, its trial, what it pays for.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from webkit.core.capabilities.subscriptions import SubscriptionState
from webkit.core.values import dataclass
from webkit.subscriptions.tiers import RANKS, TRIAL

PAID = (SubscriptionState.ACTIVE, SubscriptionState.TRIALING)


class Why(enum.StrEnum):
    """Where a tier comes from. `GRACE` is paid for late."""

    BASE = "base"
    GRANT = "grant"
    TRIAL = "trial"
    PAID = "paid"
    GRACE = "grace"


@dataclass(frozen=True, slots=True)
class Standing:
    """A tier with its reason; `until` is None for what does not end by itself."""

    tier: str
    why: Why
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Paid:
    """What is known of a subscription, as far as the tier depends on it."""

    tier: str
    state: SubscriptionState
    period_end: datetime
    ends: bool
    unpaid_since: datetime | None


@dataclass(frozen=True, slots=True)
class Known:
    """Everything a tier depends on: `base` is what is left without anything else, `lent` are tiers with their ends."""

    base: str
    founded_at: datetime
    trial: timedelta
    grace: timedelta
    lent: tuple[tuple[str, datetime], ...] = ()
    paid: Paid | None = None


def standing(known: Known, now: datetime) -> Standing:
    """The best of what counts now; of two alike the one that lasts longer, one that is paid before one that is lent."""
    return max(_all(known, now), key=_worth)


def trial_end(known: Known) -> datetime:
    return known.founded_at + known.trial


def _all(known: Known, now: datetime) -> Iterator[Standing]:
    yield Standing(known.base, Why.BASE)
    if now < trial_end(known):
        yield Standing(TRIAL, Why.TRIAL, trial_end(known))
    for tier, until in known.lent:
        if now < until:
            yield Standing(tier, Why.GRANT, until)
    paid = _paid(known.paid, known.grace) if known.paid is not None else None
    if paid is not None and paid.until is not None and now < paid.until:
        yield paid


def _paid(paid: Paid, grace: timedelta) -> Standing | None:
    """What a subscription gives. One that goes on is renewed by the vendor; without a word of that it ends, later."""
    if paid.tier not in RANKS:
        return None
    if paid.state in PAID:
        return Standing(paid.tier, Why.PAID, paid.period_end + (timedelta(0) if paid.ends else grace))
    if paid.state is SubscriptionState.PAST_DUE:
        return Standing(paid.tier, Why.GRACE, (paid.unpaid_since or paid.period_end) + grace)
    return None


def _worth(found: Standing) -> tuple[int, bool, datetime, bool]:
    return RANKS[found.tier], found.until is None, found.until or _LONG_AGO, found.why is Why.PAID


_LONG_AGO = datetime.min.replace(tzinfo=UTC)
