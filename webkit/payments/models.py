"""Payments and their states."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Owned, enum_column, owned_args


class PaymentState(enum.StrEnum):
    """An intent is open until the vendor says otherwise; `rejected` is money that fits nothing we asked for."""

    OPEN = "open"
    PENDING = "pending"
    FAILED = "failed"
    EXPIRED = "expired"
    SUCCEEDED = "succeeded"
    DISPUTED = "disputed"
    REJECTED = "rejected"


TRANSITIONS: dict[PaymentState, frozenset[PaymentState]] = {
    PaymentState.PENDING: frozenset({PaymentState.OPEN, PaymentState.FAILED}),
    PaymentState.FAILED: frozenset({PaymentState.OPEN, PaymentState.PENDING}),
    PaymentState.EXPIRED: frozenset({PaymentState.OPEN, PaymentState.FAILED}),
    PaymentState.SUCCEEDED: frozenset(
        {
            PaymentState.OPEN,
            PaymentState.PENDING,
            PaymentState.FAILED,
            PaymentState.EXPIRED,
            PaymentState.REJECTED,  # the right amount after a wrong one
        }
    ),
    PaymentState.REJECTED: frozenset(
        {PaymentState.OPEN, PaymentState.PENDING, PaymentState.FAILED, PaymentState.EXPIRED}
    ),
    PaymentState.DISPUTED: frozenset({PaymentState.SUCCEEDED, PaymentState.REJECTED}),
}
"""From which states each state can be reached; whatever else arrives is stale."""


UNSETTLED = (PaymentState.OPEN, PaymentState.PENDING, PaymentState.FAILED)
"""What the vendor is asked about."""
UNPAID = (*UNSETTLED, PaymentState.EXPIRED)


class Payment(Owned):
    """One attempt to pay one document, with what the vendor calls it."""

    __tablename__ = "payments"
    __table_args__ = owned_args(
        sa.UniqueConstraint("agency_id", "provider", "checkout_id"),
        sa.Index("ix_payments_agency_id_reference", "agency_id", "reference"),
        sa.Index("ix_payments_state_id", "state", "id"),
    )

    reference: Mapped[str] = mapped_column(sa.String(64))
    provider: Mapped[str] = mapped_column(sa.String(32))
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    state: Mapped[PaymentState] = enum_column(PaymentState, default=PaymentState.OPEN)
    checkout_id: Mapped[str | None] = mapped_column(sa.String(128))
    checkout_url: Mapped[str] = mapped_column(sa.Text, default="")
    expires_at: Mapped[datetime | None]
    vendor_id: Mapped[str] = mapped_column(sa.String(128), default="")
    note: Mapped[str] = mapped_column(sa.String(255), default="")
    settled_at: Mapped[datetime | None]


def add(payment: Payment) -> UUID:
    session().add(payment)
    session().flush()
    return payment.id


def get(payment_id: UUID) -> Payment | None:
    return session().get(Payment, payment_id)


def by_checkout(provider: str, checkout_id: str) -> Payment | None:
    query = sa.select(Payment).where(Payment.provider == provider, Payment.checkout_id == checkout_id)
    return session().scalars(query).one_or_none()


def of_reference(reference: str) -> list[Payment]:
    return list(session().scalars(sa.select(Payment).where(Payment.reference == reference).order_by(Payment.id)))


def unsettled(since: datetime, limit: int = 200) -> list[Payment]:
    """Attempts that may still end, newest first."""
    query = (
        sa.select(Payment)
        .where(Payment.state.in_(UNSETTLED), Payment.checkout_id.is_not(None), Payment.created_at >= since)
        .order_by(Payment.id.desc())
        .limit(limit)
    )
    return list(session().scalars(query))


def agencies_with_unsettled(since: datetime) -> list[UUID]:
    """For the platform's periodic pull."""
    query = (
        sa.select(Payment.agency_id)
        .where(Payment.state.in_(UNSETTLED), Payment.checkout_id.is_not(None), Payment.created_at >= since)
        .distinct()
    )
    return list(session().scalars(query))


def move(payment_id: UUID, to: PaymentState, **values: Any) -> bool:
    """One conditional transition; False when it is stale or somebody was faster."""
    changed = session().scalars(
        sa.update(Payment)
        .where(Payment.id == payment_id, Payment.state.in_(TRANSITIONS[to]))
        .values(state=to, **values)
        .returning(Payment.id)
    )
    return changed.one_or_none() is not None


def set_checkout(payment_id: UUID, checkout_id: str, url: str, expires_at: datetime) -> None:
    """Keep what the vendor opened, once."""
    session().execute(
        sa.update(Payment)
        .where(Payment.id == payment_id, Payment.checkout_id.is_(None))
        .values(checkout_id=checkout_id, checkout_url=url, expires_at=expires_at)
    )
