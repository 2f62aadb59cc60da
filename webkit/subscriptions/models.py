"""What an agency has subscribed to, as the vendor told it last, and the tiers it was lent for a time."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.capabilities.subscriptions import Interval, SubscriptionState
from webkit.core.kernel import clock
from webkit.core.kernel.db import insert, insert_missing, session
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.tables import Owned, Record, enum_column, owned_args


class Reason(enum.StrEnum):
    """Why an agency has a tier for nothing."""

    BETA_TESTER = "beta_tester"
    PARTNER = "partner"
    PROMOTIONAL = "promotional"
    EARLY_SIGNUP = "early_signup"
    REFERRAL_REWARD = "referral_reward"
    INTERNAL = "internal"


class Subscription(Owned):
    """One row for each agency that ever went to subscribe.

    `customer_id` and `vendor_id` are the vendor's names for it. `asked` counts the questions put to the vendor, `taken`
    is the latest one whose answer stands here: an answer to an earlier one changes nothing. `checkout_id` is the page
    that may be open until `checkout_until`, `attempt` counts these pages. `strange` says what of the vendor's answer
    needs an operator.
    """

    __tablename__ = "subscriptions"
    __table_args__ = owned_args(
        sa.UniqueConstraint("agency_id"),
        sa.Index("ix_subscriptions_provider_synced_at", "provider", "synced_at"),
    )

    provider: Mapped[str] = mapped_column(sa.String(32))
    customer_id: Mapped[str] = mapped_column(sa.String(128), default="")
    vendor_id: Mapped[str] = mapped_column(sa.String(128), default="")
    state: Mapped[SubscriptionState | None] = enum_column(SubscriptionState, nullable=True)
    tier: Mapped[str] = mapped_column(sa.String(16), default="")
    interval: Mapped[Interval | None] = enum_column(Interval, nullable=True)
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    currency: Mapped[str] = mapped_column(sa.String(3), default="")
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    ends: Mapped[bool] = mapped_column(default=False)
    next_tier: Mapped[str] = mapped_column(sa.String(16), default="")
    next_interval: Mapped[Interval | None] = enum_column(Interval, nullable=True)
    unpaid_since: Mapped[datetime | None]
    strange: Mapped[str] = mapped_column(sa.String(200), default="")
    attempt: Mapped[int] = mapped_column(default=0)
    checkout_id: Mapped[str] = mapped_column(sa.String(128), default="")
    checkout_until: Mapped[datetime | None]
    asked: Mapped[int] = mapped_column(default=0)
    taken: Mapped[int] = mapped_column(default=0)
    synced_at: Mapped[datetime | None]


class TierGrant(Owned):
    """A tier lent for a time. What is taken back stays, with who did it."""

    __tablename__ = "tier_grants"
    __table_args__ = owned_args(sa.Index("ix_tier_grants_agency_id_expires_at", "agency_id", "expires_at"))

    tier: Mapped[str] = mapped_column(sa.String(16))
    reason: Mapped[Reason] = enum_column(Reason)
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    granted_by: Mapped[str] = mapped_column(sa.String(64))
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str] = mapped_column(sa.String(64), default="")


class Trial(Record):
    """A person who began an agency's trial, or would have: without `granted` there was one before, and this is none.

    `person` names an account, or is the keyed hash of an address. It stays when the agency goes.
    """

    __tablename__ = "trials"
    __table_args__ = (sa.UniqueConstraint("person"), sa.Index("ix_trials_began_for", "began_for"))

    person: Mapped[str] = mapped_column(sa.String(64))
    began_for: Mapped[UUID]
    granted: Mapped[bool] = mapped_column(default=True)


def begin_trial(agency_id: UUID, persons: Sequence[str]) -> bool:
    """Remember who begins a trial; False when one of them has had one. Two at once: the second waits, then has none."""
    rows = [
        {"id": uuid7(), "created_at": clock.now(), "person": person, "began_for": agency_id, "granted": True}
        for person in sorted(persons)
    ]
    added = insert(Trial).values(rows).on_conflict_do_nothing().returning(Trial.id)
    fresh = len(session().scalars(added).all()) == len(rows)
    if not fresh:
        session().execute(sa.update(Trial).where(Trial.began_for == agency_id).values(granted=False))
    return fresh


def has_trial(agency_id: UUID) -> bool:
    """Whether an agency may try a tier, or could once."""
    query = sa.select(Trial.id).where(Trial.began_for == agency_id, Trial.granted)
    return session().scalars(query.limit(1)).first() is not None


def own() -> Subscription | None:
    """The current agency's."""
    return session().scalars(sa.select(Subscription)).one_or_none()


def held(provider: str, agency_id: UUID) -> Subscription:
    """The current agency's, made if there is none, and kept from everybody else until this write ends."""
    insert_missing(Subscription, **_empty(provider, agency_id))
    query = sa.select(Subscription).with_for_update().execution_options(populate_existing=True)
    return session().scalars(query).one()


def _empty(provider: str, agency_id: UUID) -> dict[str, Any]:
    return {
        "id": uuid7(), "agency_id": agency_id, "provider": provider, "customer_id": "", "vendor_id": "", "tier": "",
        "amount_minor": 0, "currency": "", "ends": False, "next_tier": "", "strange": "", "attempt": 0,
        "checkout_id": "", "asked": 0, "taken": 0, "created_at": clock.now(),
    }  # fmt: skip


def lent(now: datetime) -> list[TierGrant]:
    """What the current agency has for nothing at this moment."""
    query = sa.select(TierGrant).where(TierGrant.revoked_at.is_(None), TierGrant.expires_at > now)
    return list(session().scalars(query.order_by(TierGrant.id)))


def grants(limit: int = 100) -> list[TierGrant]:
    """Everything the current agency was ever lent, the latest first."""
    return list(session().scalars(sa.select(TierGrant).order_by(TierGrant.id.desc()).limit(limit)))


def add_grant(grant: TierGrant) -> UUID:
    session().add(grant)
    session().flush()
    return grant.id


def revoke_lent(now: datetime, by: str) -> int:
    """Take back everything that is lent; how much that was."""
    query = sa.update(TierGrant).where(TierGrant.revoked_at.is_(None), TierGrant.expires_at > now)
    return len(session().scalars(query.values(revoked_at=now, revoked_by=by).returning(TierGrant.id)).all())


LIVING = (
    SubscriptionState.INCOMPLETE,
    SubscriptionState.TRIALING,
    SubscriptionState.ACTIVE,
    SubscriptionState.PAST_DUE,
    SubscriptionState.UNPAID,
)


def to_ask(provider: str, before: datetime, limit: int) -> list[UUID]:
    """Agencies whose subscription may have changed and was not asked about since; through the platform's door.

    One that ended long ago is left alone, unless a page to begin anew may be open.
    """
    waiting = sa.or_(Subscription.state.in_(LIVING), Subscription.checkout_until > before)
    late = sa.or_(Subscription.synced_at.is_(None), Subscription.synced_at < before)
    query = sa.select(Subscription.agency_id).where(Subscription.provider == provider, waiting, late)
    query = query.where(Subscription.customer_id != "").order_by(Subscription.synced_at, Subscription.id).limit(limit)
    return list(session().scalars(query))


def strange() -> list[tuple[UUID, str]]:
    """Agencies whose subscription needs an operator, and why; through the platform's door."""
    query = sa.select(Subscription.agency_id, Subscription.strange).where(Subscription.strange != "")
    return [(row[0], row[1]) for row in session().execute(query.order_by(Subscription.agency_id))]
