"""Payment methods that clients have left with a payment service, and what they agreed to when they did."""

from __future__ import annotations

import enum
from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.capabilities.charging import MethodKind
from webkit.core.kernel import clock, tenancy
from webkit.core.kernel.db import insert_missing, session
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.tables import Owned, enum_column, owned_args, owned_fk
from webkit.core.kernel.vendors import ELSEWHERE


class MethodState(enum.StrEnum):
    """Removed by somebody here, or gone at the vendor."""

    ACTIVE = "active"
    REMOVED = "removed"
    GONE = "gone"


class Payer(Owned):
    """A client as a vendor knows them; `through` is the account of the agency, or "" for the platform's."""

    __tablename__ = "payment_payers"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        sa.UniqueConstraint("agency_id", "client_id", "provider", "through"),
    )

    client_id: Mapped[UUID]
    provider: Mapped[str] = mapped_column(sa.String(32))
    through: Mapped[str] = mapped_column(sa.String(36))
    vendor_id: Mapped[str] = mapped_column(sa.String(128))


class Agreement(Owned):
    """What a client agreed to, in the words that were shown, and the vendor's page they were led to with it."""

    __tablename__ = "payment_agreements"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        sa.Index("ix_payment_agreements_agency_id_client_id", "agency_id", "client_id"),
        sa.Index("ix_payment_agreements_checkout_id", "checkout_id"),
        sa.Index("ix_payment_agreements_done_at_created_at", "done_at", "created_at"),
    )

    client_id: Mapped[UUID]
    provider: Mapped[str] = mapped_column(sa.String(32))
    account_id: Mapped[UUID | None]
    words: Mapped[str] = mapped_column(sa.Text)
    locale: Mapped[str] = mapped_column(sa.String(16))
    reference: Mapped[str] = mapped_column(sa.String(64))
    checkout_id: Mapped[str | None] = mapped_column(sa.String(128))
    done_at: Mapped[datetime | None]


class SavedMethod(Owned):
    """A method at the vendor. `last_day` is the last on which it can be used, where it has one."""

    __tablename__ = "payment_methods"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        owned_fk("agreement_id", "payment_agreements"),
        sa.UniqueConstraint("agency_id", "provider", "vendor_id"),
        sa.Index("ix_payment_methods_agency_id_client_id", "agency_id", "client_id"),
        sa.Index("ix_payment_methods_agency_id_agreement_id", "agency_id", "agreement_id"),
        sa.Index("ix_payment_methods_vendor_id", "vendor_id"),
    )

    client_id: Mapped[UUID]
    agreement_id: Mapped[UUID]
    provider: Mapped[str] = mapped_column(sa.String(32))
    account_id: Mapped[UUID | None]
    payer_id: Mapped[str] = mapped_column(sa.String(128))
    vendor_id: Mapped[str] = mapped_column(sa.String(128))
    kind: Mapped[MethodKind] = enum_column(MethodKind)
    brand: Mapped[str] = mapped_column(sa.String(32))
    last4: Mapped[str] = mapped_column(sa.String(8))
    last_day: Mapped[date | None]
    state: Mapped[MethodState] = enum_column(MethodState, default=MethodState.ACTIVE)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(sa.String(64), default="")
    checked_at: Mapped[datetime]


def add(row: Owned) -> UUID:
    session().add(row)
    session().flush()
    return row.id


def payer(client_id: UUID, provider: str, through: str) -> str:
    """The vendor's name of a client, "" while there is none."""
    query = sa.select(Payer.vendor_id).where(
        Payer.client_id == client_id, Payer.provider == provider, Payer.through == through
    )
    return session().scalars(query).one_or_none() or ""


def keep_payer(**values: Any) -> None:
    """The first name that was kept stays."""
    insert_missing(Payer, id=uuid7(), created_at=clock.now(), agency_id=tenancy.agency_id(), **values)


def agreement(agreement_id: UUID) -> Agreement | None:
    return session().get(Agreement, agreement_id)


def locked_agreement(agreement_id: UUID) -> Agreement | None:
    query = sa.select(Agreement).where(Agreement.id == agreement_id).with_for_update()
    return session().scalars(query.execution_options(populate_existing=True)).one_or_none()


def agreement_of(provider: str, checkout_id: str, account: UUID | None) -> Agreement | None:
    query = sa.select(Agreement).where(Agreement.provider == provider, Agreement.checkout_id == checkout_id)
    query = query.where(Agreement.account_id == account) if account else query.where(Agreement.account_id.is_(None))
    return session().scalars(query.limit(1)).first()


def open_agreements(since: datetime, limit: int = 100) -> list[UUID]:
    """Those that may still bring a method, newest first."""
    query = sa.select(Agreement.id).where(_open(since)).order_by(Agreement.id.desc()).limit(limit)
    return list(session().scalars(query))


def _open(since: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(Agreement.done_at.is_(None), Agreement.created_at >= since, Agreement.checkout_id.is_not(None))


def agencies_with_open(since: datetime) -> list[UUID]:
    """For the platform's periodic pull."""
    return list(session().scalars(sa.select(Agreement.agency_id).where(_open(since)).distinct()))


def method(method_id: UUID) -> SavedMethod | None:
    return session().get(SavedMethod, method_id)


def locked_method(method_id: UUID) -> SavedMethod | None:
    query = sa.select(SavedMethod).where(SavedMethod.id == method_id).with_for_update()
    return session().scalars(query.execution_options(populate_existing=True)).one_or_none()


def by_vendor_id(provider: str, vendor_id: str, accounts: Collection[UUID | None]) -> SavedMethod | None:
    """The method of a vendor's name, told of by one of these accounts."""
    query = sa.select(SavedMethod).where(SavedMethod.provider == provider, SavedMethod.vendor_id == vendor_id)
    return next((row for row in session().scalars(query.order_by(SavedMethod.id)) if row.account_id in accounts), None)


def methods(client_id: UUID) -> list[SavedMethod]:
    """Of a client, the newest first."""
    query = sa.select(SavedMethod).where(SavedMethod.client_id == client_id).order_by(SavedMethod.id.desc())
    return list(session().scalars(query))


def all_active(limit: int) -> list[SavedMethod]:
    """Those of the agency that are in use, the newest first."""
    query = sa.select(SavedMethod).where(SavedMethod.state == MethodState.ACTIVE).order_by(SavedMethod.id.desc())
    return list(session().scalars(query.limit(limit)))


def stale(before: datetime, limit: int) -> list[UUID]:
    """Active ones nobody has asked about since, the longest first."""
    query = sa.select(SavedMethod.id).where(_stale(before))
    return list(session().scalars(query.order_by(SavedMethod.checked_at, SavedMethod.id).limit(limit)))


def agencies_with_stale(before: datetime) -> list[UUID]:
    """For the platform's periodic pull."""
    return list(session().scalars(sa.select(SavedMethod.agency_id).where(_stale(before)).distinct()))


def _stale(before: datetime) -> sa.ColumnElement[bool]:
    """Nobody is asked about what was left with another installation."""
    here = SavedMethod.account_id.is_distinct_from(ELSEWHERE)
    return sa.and_(here, SavedMethod.state == MethodState.ACTIVE, SavedMethod.checked_at < before)
