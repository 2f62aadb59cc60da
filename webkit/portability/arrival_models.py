"""Archives that the platform's people have uploaded, and what became of them."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import session
from webkit.core.kernel.sealed import sealed_column
from webkit.core.kernel.tables import Record, enum_column


class ArrivalState(enum.StrEnum):
    """REFUSED says why, FAILED that something here did not work."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


class AgencyArrival(Record):
    """An archive on its way in. `sealed` is its passphrase and `file_key` its place until it was looked at.

    `became` is the agency that it was: no key of one, for most archives are refused.
    """

    __tablename__ = "agency_arrivals"

    state: Mapped[ArrivalState] = enum_column(ArrivalState, default=ArrivalState.WAITING)
    asked_by: Mapped[UUID]
    asked_name: Mapped[str] = mapped_column(sa.String(100))
    locale: Mapped[str] = mapped_column(sa.String(16))
    filename: Mapped[str] = mapped_column(sa.String(200))
    size: Mapped[int] = mapped_column(sa.BigInteger)
    sealed: Mapped[str] = sealed_column()
    file_key: Mapped[str | None] = mapped_column(sa.String(255))
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    became: Mapped[UUID | None]
    slug: Mapped[str] = mapped_column(sa.String(50), default="")
    rows: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    files: Mapped[int] = mapped_column(default=0)
    missing: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]


def add(row: AgencyArrival) -> UUID:
    session().add(row)
    session().flush()
    return row.id


def get(arrival_id: UUID) -> AgencyArrival | None:
    return session().get(AgencyArrival, arrival_id)


def page(limit: int) -> list[AgencyArrival]:
    """The latest first."""
    return list(session().scalars(sa.select(AgencyArrival).order_by(AgencyArrival.id.desc()).limit(limit)))


def waiting() -> bool:
    """Whether one is being looked at."""
    here = sa.select(AgencyArrival.id).where(AgencyArrival.state == ArrivalState.WAITING)
    return session().scalars(here.limit(1)).first() is not None


def change(arrival_id: UUID, **values: Any) -> bool:
    """Change one that is being looked at right now."""
    here = (AgencyArrival.id == arrival_id, AgencyArrival.state == ArrivalState.WAITING)
    query = sa.update(AgencyArrival).where(*here).values(**values).returning(AgencyArrival.id)
    return session().scalars(query).first() is not None


def emptied(arrival_id: UUID) -> None:
    """Its file is gone."""
    session().execute(sa.update(AgencyArrival).where(AgencyArrival.id == arrival_id).values(file_key=None))


def left(limit: int = 100) -> list[tuple[UUID, str]]:
    """Those that have ended, and their files."""
    over = (AgencyArrival.state != ArrivalState.WAITING, AgencyArrival.file_key.is_not(None))
    query = sa.select(AgencyArrival.id, AgencyArrival.file_key).where(*over).limit(limit)
    return [(row.id, row.file_key or "") for row in session().execute(query)]


def forget(before: datetime, limit: int = 500) -> None:
    """Delete what ended long ago, inside a write."""
    old = sa.select(AgencyArrival.id).where(AgencyArrival.ended_at < before).limit(limit)
    session().execute(sa.delete(AgencyArrival).where(AgencyArrival.id.in_(old)))


def is_writing() -> bool:
    """Whether a write is open: another door cannot be opened then."""
    return session().writing
