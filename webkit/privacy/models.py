"""Erasures that were asked for, how far they are, and their receipts."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Json, Owned, enum_column, owned_args, owned_fk
from webkit.privacy.scope_models import CLIENTS, here, sql_table


class ErasureState(enum.StrEnum):
    """Asked for, or carried out."""

    ASKED = "asked"
    DONE = "done"


class Erasure(Owned):
    """The erasure of a client's person. Those after the first (`nth`) sweep what a law kept until then.

    `known` are the rows that were found, until it is done: of what is gone nobody else can tell what named it.
    """

    __tablename__ = "erasures"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        sa.UniqueConstraint("agency_id", "client_id", "nth"),
        sa.Index("ix_erasures_agency_id_next_due", "agency_id", "next_due"),
    )

    client_id: Mapped[UUID]
    nth: Mapped[int]
    state: Mapped[ErasureState] = enum_column(ErasureState, default=ErasureState.ASKED)
    asked_by: Mapped[UUID | None]
    done_at: Mapped[datetime | None]
    known: Mapped[dict[str, list[str]]] = mapped_column(Json, default=dict)
    counts: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    kept: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    next_due: Mapped[date | None]
    frozen_id: Mapped[UUID | None]
    receipt: Mapped[str] = mapped_column(sa.Text, default="")
    signature: Mapped[str] = mapped_column(sa.String(128), default="")
    public_key: Mapped[str] = mapped_column(sa.String(64), default="")


def get(erasure_id: UUID) -> Erasure | None:
    return session().get(Erasure, erasure_id)


def held(erasure_id: UUID) -> Erasure:
    """The row, held until the write ends."""
    query = sa.select(Erasure).where(Erasure.id == erasure_id).with_for_update()
    return session().scalars(query.execution_options(populate_existing=True)).one()


def latest(client_id: UUID) -> Erasure | None:
    query = sa.select(Erasure).where(Erasure.client_id == client_id).order_by(Erasure.nth.desc()).limit(1)
    return session().scalars(query).one_or_none()


def page(limit: int, before: UUID | None) -> list[Erasure]:
    """Erasures, newest first."""
    query = sa.select(Erasure).order_by(Erasure.id.desc()).limit(limit)
    return list(session().scalars(query.where(Erasure.id < before) if before else query))


def due(today: date) -> list[UUID]:
    """Clients of whom a law has kept something until before today."""
    query = sa.select(Erasure.client_id).where(Erasure.next_due < today, Erasure.state == ErasureState.DONE)
    return list(session().scalars(query.distinct()))


def hold_client(client_id: UUID) -> bool:
    """Keep a client as it is until the write ends; False when there is none."""
    clients = sql_table(CLIENTS)
    query = sa.select(clients.c.id).where(here(clients), clients.c.id == client_id).with_for_update()
    return session().scalar(query) is not None


def add(client_id: UUID, nth: int, asked_by: UUID | None) -> Erasure:
    row = Erasure(client_id=client_id, nth=nth, asked_by=asked_by)
    session().add(row)
    session().flush()
    return row


def settle(client_id: UUID) -> None:
    """What earlier erasures had to come back to is the latest one's now."""
    change = sa.update(Erasure).where(Erasure.client_id == client_id, Erasure.state == ErasureState.DONE)
    session().execute(change.values(next_due=None), execution_options={"synchronize_session": False})


def count(erasure_id: UUID, counted: Mapping[str, int]) -> None:
    """Add to what was erased, in the write that erases it."""
    row = held(erasure_id)
    row.counts = {**row.counts, **{name: row.counts.get(name, 0) + number for name, number in counted.items()}}


def remember(erasure_id: UUID, ids: Mapping[str, Iterable[UUID]]) -> None:
    """Keep which rows were found, before the first of them goes."""
    row = held(erasure_id)
    row.known = {name: sorted(map(str, found)) for name, found in ids.items() if found}


def numbers(name: str, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The numbers of these documents, where they have one."""
    source = sql_table(name)
    wanted = list(ids)
    if "number" not in source.c or not wanted:
        return {}
    query = sa.select(source.c.id, source.c.number).where(here(source), source.c.id.in_(wanted))
    return {row[0]: row[1] for row in session().execute(query) if row[1]}
