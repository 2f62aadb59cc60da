"""Charges of saved methods, and invoices that are charged by themselves."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Json, Owned, enum_column, owned_args, owned_fk


class ChargeWord(enum.StrEnum):
    """How a charge stands: `action` waits for the client to confirm it, `pending` for the bank, for days."""

    ASKED = "asked"
    ACTION = "action"
    PENDING = "pending"
    PAID = "paid"
    DECLINED = "declined"
    CALLED_OFF = "called_off"


OPEN = (ChargeWord.ASKED, ChargeWord.ACTION, ChargeWord.PENDING)


class CollectionState(enum.StrEnum):
    """An invoice that is charged by itself waits for its next try; done once it is paid, however it was."""

    WAITING = "waiting"
    DONE = "done"
    STOPPED = "stopped"
    GIVEN_UP = "given_up"


class Charge(Owned):
    """One try to charge an invoice; its amount is what was open when it was asked for."""

    __tablename__ = "charges"
    __table_args__ = owned_args(
        owned_fk("invoice_id", "invoices"),
        owned_fk("method_id", "payment_methods"),
        owned_fk("payment_id", "payments"),
        sa.UniqueConstraint("agency_id", "invoice_id", "attempt"),
        sa.UniqueConstraint("agency_id", "payment_id"),
        sa.Index("ix_charges_agency_id_method_id", "agency_id", "method_id"),
    )

    invoice_id: Mapped[UUID]
    client_id: Mapped[UUID]
    attempt: Mapped[int]
    method_id: Mapped[UUID]
    payment_id: Mapped[UUID]
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))
    word: Mapped[ChargeWord] = enum_column(ChargeWord, default=ChargeWord.ASKED)
    reason: Mapped[str] = mapped_column(sa.String(32), default="")
    actor: Mapped[str] = mapped_column(sa.String(64))
    changed_at: Mapped[datetime]


class Collection(Owned):
    """An invoice that is charged by itself: at the moments of `planned`, the next one at `look_at`."""

    __tablename__ = "charge_collections"
    __table_args__ = owned_args(
        owned_fk("invoice_id", "invoices"),
        sa.UniqueConstraint("agency_id", "invoice_id"),
        sa.Index("ix_charge_collections_agency_id_look_at", "agency_id", "look_at"),
        sa.Index("ix_charge_collections_look_at", "look_at"),
    )

    invoice_id: Mapped[UUID]
    client_id: Mapped[UUID]
    planned: Mapped[list[str]] = mapped_column(Json)
    look_at: Mapped[datetime | None]
    state: Mapped[CollectionState] = enum_column(CollectionState, default=CollectionState.WAITING)
    told_missing: Mapped[bool] = mapped_column(default=False)
    """Whether the client was asked for a method that can be charged."""

    @property
    def moments(self) -> tuple[datetime, ...]:
        return tuple(datetime.fromisoformat(each) for each in self.planned)


class ChargeSettings(Owned):
    """How an agency charges by itself. One row, once somebody has saved."""

    __tablename__ = "charge_settings"
    __table_args__ = owned_args(sa.UniqueConstraint("agency_id"))

    lead: Mapped[int]
    after: Mapped[list[int]] = mapped_column(Json)
    hour: Mapped[int]


def add(row: Owned) -> UUID:
    session().add(row)
    session().flush()
    return row.id


def charge(charge_id: UUID) -> Charge | None:
    return session().get(Charge, charge_id)


def of_invoice(invoice_id: UUID) -> list[Charge]:
    """Oldest first."""
    query = sa.select(Charge).where(Charge.invoice_id == invoice_id).order_by(Charge.attempt)
    return list(session().scalars(query.execution_options(populate_existing=session().writing)))


def by_payment(payment_id: UUID) -> Charge | None:
    query = sa.select(Charge).where(Charge.payment_id == payment_id)
    if session().writing:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session().scalars(query).one_or_none()


def collection_of(invoice_id: UUID) -> Collection | None:
    """The one of an invoice; locked while writing."""
    query = sa.select(Collection).where(Collection.invoice_id == invoice_id)
    if session().writing:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session().scalars(query).one_or_none()


def collecting(invoice_ids: Iterable[UUID]) -> dict[UUID, Collection]:
    """Those among these invoices that are still to be charged by themselves."""
    wanted = sa.and_(Collection.invoice_id.in_(list(invoice_ids)), Collection.state == CollectionState.WAITING)
    return {row.invoice_id: row for row in session().scalars(sa.select(Collection).where(wanted))}


def due(now: datetime, limit: int) -> list[UUID]:
    """Invoices of the agency whose next try has come."""
    query = sa.select(Collection.invoice_id).where(
        Collection.state == CollectionState.WAITING, Collection.look_at <= now
    )
    return list(session().scalars(query.order_by(Collection.look_at, Collection.id).limit(limit)))


def waiting(limit: int) -> list[Collection]:
    """What is still to be charged by itself, the next one first."""
    query = sa.select(Collection).where(Collection.state == CollectionState.WAITING)
    return list(session().scalars(query.order_by(Collection.look_at, Collection.id).limit(limit)))


def waiting_of_client(client_id: UUID) -> list[UUID]:
    """Invoices of a client that are still to be charged by themselves."""
    wanted = sa.and_(Collection.client_id == client_id, Collection.state == CollectionState.WAITING)
    return list(session().scalars(sa.select(Collection.invoice_id).where(wanted)))


def agencies_due(now: datetime) -> list[UUID]:
    """For the platform's sweep."""
    wanted = sa.and_(Collection.state == CollectionState.WAITING, Collection.look_at <= now)
    return list(session().scalars(sa.select(Collection.agency_id).where(wanted).distinct()))


def settings() -> ChargeSettings | None:
    return session().scalars(sa.select(ChargeSettings)).one_or_none()
