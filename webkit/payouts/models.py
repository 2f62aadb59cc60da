"""Payouts and their lines."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.capabilities.payments import PayoutLineKind, PayoutState
from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Owned, enum_column, owned_args, owned_fk


class Payout(Owned):
    """Money that a vendor sent to the bank. `asked_at` is when the vendor said so: older news change nothing.

    `missing_minor` is what the lines do not explain; `strange` of them are about payments nobody asked for here.
    """

    __tablename__ = "payouts"
    __table_args__ = owned_args(
        owned_fk("account_id", "provider_accounts"),
        sa.UniqueConstraint("agency_id", "account_id", "vendor_id"),
        sa.Index("ix_payouts_agency_id_arrives_on", "agency_id", "arrives_on"),
    )

    account_id: Mapped[UUID]
    vendor_id: Mapped[str] = mapped_column(sa.String(128))
    state: Mapped[PayoutState] = enum_column(PayoutState)
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    fee_minor: Mapped[int] = mapped_column(sa.BigInteger)
    missing_minor: Mapped[int] = mapped_column(sa.BigInteger)
    strange: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(sa.String(3))
    arrives_on: Mapped[date]
    made_at: Mapped[datetime]
    asked_at: Mapped[datetime]


class PayoutLine(Owned):
    """Part of a payout; `reference` is the document whose payment it is about, `label` what that is called."""

    __tablename__ = "payout_lines"
    __table_args__ = owned_args(
        owned_fk("payout_id", "payouts"),
        sa.UniqueConstraint("agency_id", "payout_id", "vendor_id"),
        sa.Index("ix_payout_lines_payment", "agency_id", "payment_vendor_id"),
    )

    payout_id: Mapped[UUID]
    vendor_id: Mapped[str] = mapped_column(sa.String(128))
    kind: Mapped[PayoutLineKind] = enum_column(PayoutLineKind)
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    fee_minor: Mapped[int] = mapped_column(sa.BigInteger)
    payment_vendor_id: Mapped[str] = mapped_column(sa.String(128), default="")
    reference: Mapped[str] = mapped_column(sa.String(64), default="")
    label: Mapped[str] = mapped_column(sa.String(64), default="")
    platform_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    """What of the fee the platform keeps."""
    changed_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    changed_currency: Mapped[str] = mapped_column(sa.String(3), default="", server_default="")
    """What moved before the vendor changed it into the currency of the payout."""


def known(account_id: UUID, vendor_id: str) -> Payout | None:
    query = sa.select(Payout).where(Payout.account_id == account_id, Payout.vendor_id == vendor_id)
    return session().scalars(query.execution_options(populate_existing=session().writing)).one_or_none()


def held(payout_id: UUID) -> Payout | None:
    """The payout as it is now."""
    query = sa.select(Payout).where(Payout.id == payout_id)
    return session().scalars(query.execution_options(populate_existing=True)).one_or_none()


def with_payment(account_id: UUID, vendor_id: str) -> list[UUID]:
    """The payouts of an account in which a payment is."""
    query = sa.select(Payout.id).join(PayoutLine, PayoutLine.payout_id == Payout.id)
    query = query.where(PayoutLine.payment_vendor_id == vendor_id, Payout.account_id == account_id)
    return sorted(set(session().scalars(query)))


def ids(after: UUID | None, limit: int) -> list[UUID]:
    """Every payout in the order in which they were first heard of, some at a time."""
    query = sa.select(Payout.id).order_by(Payout.id).limit(limit)
    return list(session().scalars(query if after is None else query.where(Payout.id > after)))


def all_lines(payout_id: UUID) -> list[PayoutLine]:
    query = sa.select(PayoutLine).where(PayoutLine.payout_id == payout_id).order_by(PayoutLine.id)
    return list(session().scalars(query.execution_options(populate_existing=session().writing)))


def get(payout_id: UUID) -> Payout | None:
    return session().get(Payout, payout_id)


def page(before: Payout | None, limit: int) -> list[Payout]:
    """The latest first; those that follow one in this order."""
    query = sa.select(Payout).order_by(Payout.arrives_on.desc(), Payout.id.desc()).limit(limit)
    if before is not None:
        order = sa.tuple_(Payout.arrives_on, Payout.id)
        query = query.where(order < sa.tuple_(sa.literal(before.arrives_on), sa.literal(before.id)))
    return list(session().scalars(query))


class Sums(NamedTuple):
    """A payout, and what its lines of each kind moved."""

    payout: Payout
    moved: dict[PayoutLineKind, int]


def between(since: date, until: date, limit: int) -> list[Sums]:
    """The payouts that arrive on these days, the latest first."""
    here = (Payout.arrives_on >= since, Payout.arrives_on <= until)
    query = sa.select(Payout).where(*here).order_by(Payout.arrives_on.desc(), Payout.id.desc()).limit(limit)
    found = [Sums(row, {}) for row in session().scalars(query)]
    by_id = {each.payout.id: each for each in found}
    ids = list(by_id)
    keys, moved = (PayoutLine.payout_id, PayoutLine.kind), sa.func.sum(PayoutLine.amount_minor)
    for start in range(0, len(ids), 500):
        some = PayoutLine.payout_id.in_(ids[start : start + 500])
        for payout_id, kind, minor in session().execute(sa.select(*keys, moved).where(some).group_by(*keys)):
            by_id[payout_id].moved[kind] = int(minor)
    return found


def add(payout: Payout) -> UUID:
    session().add(payout)
    session().flush()
    return payout.id


def lines(payout_id: UUID, limit: int) -> list[PayoutLine]:
    query = sa.select(PayoutLine).where(PayoutLine.payout_id == payout_id).order_by(PayoutLine.id).limit(limit)
    return list(session().scalars(query))


def replace(payout_id: UUID, rows: Collection[PayoutLine]) -> None:
    """What a payout consists of, as the vendor says it now."""
    session().execute(sa.delete(PayoutLine).where(PayoutLine.payout_id == payout_id))
    session().add_all(rows)
