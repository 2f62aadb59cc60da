"""Retainers that clients were offered, and the bills the vendor wrote for them."""

from __future__ import annotations

import enum
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.capabilities.retainers import BillState
from webkit.core.capabilities.subscriptions import Interval
from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Json, Owned, enum_column, owned_args, owned_fk


class Word(enum.StrEnum):
    """How a retainer stands. All but the first and a withdrawn one are what the vendor says."""

    OFFERED = "offered"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    PAUSED = "paused"
    ENDING = "ending"
    ENDED = "ended"


KEPT = timedelta(days=2)
"""So long after its end a page at the vendor is asked about that nobody has finished."""
LIVING = (Word.ACTIVE, Word.PAST_DUE, Word.PAUSED, Word.ENDING)


class Retainer(Owned):
    """What a client is offered and pays again and again. `asked` counts our questions to the vendor, `taken` is the
    latest that was answered: an older answer changes nothing."""

    __tablename__ = "retainers"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        sa.Index("ix_retainers_client", "agency_id", "client_id", "id"),
        sa.Index("ix_retainers_state_looked_at", "state", "looked_at"),
    )

    client_id: Mapped[UUID]
    title: Mapped[str] = mapped_column(sa.String(200))
    note: Mapped[str] = mapped_column(sa.Text, default="")
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    figures: Mapped[dict[str, Any]] = mapped_column(Json)
    total_minor: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    interval: Mapped[Interval] = enum_column(Interval)
    start: Mapped[date | None]
    state: Mapped[Word] = enum_column(Word, default=Word.OFFERED)
    provider: Mapped[str] = mapped_column(sa.String(32), default="")
    account_id: Mapped[UUID | None]
    payer_id: Mapped[str] = mapped_column(sa.String(128), default="")
    attempt: Mapped[int] = mapped_column(default=0)
    checkout_id: Mapped[str] = mapped_column(sa.String(128), default="")
    checkout_url: Mapped[str] = mapped_column(sa.Text, default="")
    checkout_until: Mapped[datetime | None]
    vendor_id: Mapped[str] = mapped_column(sa.String(128), default="")
    period_end: Mapped[datetime | None]
    asked: Mapped[int] = mapped_column(default=0)
    taken: Mapped[int] = mapped_column(default=0)
    looked_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(sa.Text, default="")


class RetainerBillRow(Owned):
    """A bill of the vendor, and the invoice of ours that it became: there is no second one."""

    __tablename__ = "retainer_bills"
    __table_args__ = owned_args(
        owned_fk("retainer_id", "retainers"),
        sa.UniqueConstraint("agency_id", "provider", "vendor_id"),
        sa.Index("ix_retainer_bills_retainer", "agency_id", "retainer_id"),
    )

    retainer_id: Mapped[UUID]
    provider: Mapped[str] = mapped_column(sa.String(32))
    vendor_id: Mapped[str] = mapped_column(sa.String(128))
    state: Mapped[BillState] = enum_column(BillState)
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    next_try: Mapped[datetime | None]
    pay_url: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    """Where the vendor takes the money for it from a person."""
    invoice_id: Mapped[UUID | None]
    payment_id: Mapped[UUID | None]
    held: Mapped[str] = mapped_column(sa.Text, default="")
    """Why it did not become an issued invoice, for staff."""


def add(row: Owned) -> UUID:
    session().add(row)
    session().flush()
    return row.id


def get(retainer_id: UUID) -> Retainer | None:
    return session().get(Retainer, retainer_id)


def locked(retainer_id: UUID) -> Retainer | None:
    """The retainer as it is now, which nobody else changes until this write ends."""
    query = sa.select(Retainer).where(Retainer.id == retainer_id).with_for_update()
    return session().scalars(query.execution_options(populate_existing=True)).one_or_none()


def page(limit: int, *, client_id: UUID | None = None, before: UUID | None = None) -> list[Retainer]:
    """Newest first."""
    query = sa.select(Retainer).order_by(Retainer.id.desc()).limit(limit)
    if client_id is not None:
        query = query.where(Retainer.client_id == client_id)
    if before is not None:
        query = query.where(Retainer.id < before)
    return list(session().scalars(query))


def bills(retainer_id: UUID) -> list[RetainerBillRow]:
    """Oldest first."""
    query = sa.select(RetainerBillRow).where(RetainerBillRow.retainer_id == retainer_id)
    found = session().scalars(query.order_by(RetainerBillRow.at, RetainerBillRow.id))
    return list(found)


def bill(provider: str, vendor_id: str) -> RetainerBillRow | None:
    wanted = (RetainerBillRow.provider == provider, RetainerBillRow.vendor_id == vendor_id)
    return session().scalars(sa.select(RetainerBillRow).where(*wanted)).one_or_none()


def _stale(before: datetime) -> sa.ColumnElement[bool]:
    led = sa.and_(Retainer.state == Word.OFFERED, Retainer.checkout_until > before - KEPT)
    old = sa.or_(Retainer.looked_at.is_(None), Retainer.looked_at < before)
    return sa.and_(sa.or_(Retainer.state.in_(LIVING), led), old)


def agencies_stale(before: datetime) -> list[UUID]:
    """For the platform's sweep: agencies with a retainer that was not looked at since."""
    return list(session().scalars(sa.select(Retainer.agency_id).where(_stale(before)).distinct()))


def stale(before: datetime, limit: int) -> list[UUID]:
    """Retainers of the agency that were not looked at since."""
    query = sa.select(Retainer.id).where(_stale(before)).order_by(Retainer.looked_at, Retainer.id)
    return list(session().scalars(query.limit(limit)))
