"""Statements that were made, to keep or to send."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Owned, owned_args, owned_fk


class Statement(Owned):
    """A client's account between two days, frozen. Never changed; `sent_to` is the address it was mailed to."""

    __tablename__ = "statements"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"), sa.Index("ix_statements_agency_id_client_id", "agency_id", "client_id")
    )

    client_id: Mapped[UUID]
    since: Mapped[date | None]
    until: Mapped[date]
    frozen_id: Mapped[UUID | None]
    sent_to: Mapped[str] = mapped_column(sa.String(255), default="")


def add(row: Statement) -> UUID:
    session().add(row)
    session().flush()
    return row.id


def get(statement_id: UUID) -> Statement | None:
    return session().get(Statement, statement_id)


def of_client(client_id: UUID, limit: int = 50) -> list[Statement]:
    """The latest, newest first."""
    query = sa.select(Statement).where(Statement.client_id == client_id).order_by(Statement.id.desc()).limit(limit)
    return list(session().scalars(query))
