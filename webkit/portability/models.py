"""Archives that were asked for, and deletions that are on their way."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import session
from webkit.core.kernel.evidence import FormerKey
from webkit.core.kernel.runtime import current
from webkit.core.kernel.sealed import sealed_column
from webkit.core.kernel.tables import Json, Owned, Record, enum_column


class ArchiveState(enum.StrEnum):
    """GONE is one whose time is over, or that somebody took back."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    GONE = "gone"


class AgencyExport(Owned):
    """An archive of the agency. `sealed` is the passphrase for its secrets until it is made."""

    __tablename__ = "agency_exports"

    state: Mapped[ArchiveState] = enum_column(ArchiveState, default=ArchiveState.WAITING)
    asked_by: Mapped[UUID]
    asked_name: Mapped[str] = mapped_column(sa.String(100))
    sealed: Mapped[str] = sealed_column()
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    rows: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    files: Mapped[int] = mapped_column(default=0)
    missing: Mapped[int] = mapped_column(default=0)
    file_key: Mapped[str | None] = mapped_column(sa.String(255))
    file_account: Mapped[UUID | None]
    size: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    ended_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class UserExport(Record):
    """What somebody took along of themselves: only they, and only with the link from their mail, get it."""

    __tablename__ = "user_exports"
    __table_args__ = (sa.Index("ix_user_exports_user_id_id", "user_id", "id"),)

    user_id: Mapped[UUID]
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    state: Mapped[ArchiveState] = enum_column(ArchiveState, default=ArchiveState.WAITING)
    file_key: Mapped[str | None] = mapped_column(sa.String(255))
    size: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    ended_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class DeletionState(enum.StrEnum):
    """ASKED can be taken back; RUNNING no longer."""

    ASKED = "asked"
    CANCELLED = "cancelled"
    RUNNING = "running"
    DONE = "done"


UNDER_WAY = (DeletionState.ASKED, DeletionState.RUNNING)


class AgencyDeletion(Owned):
    """An agency that is to be deleted. `report` says what was kept, why and until when; `swept_at`, when it was last
    looked whether the time of some of that is over."""

    __tablename__ = "agency_deletions"

    state: Mapped[DeletionState] = enum_column(DeletionState, default=DeletionState.ASKED)
    asked_by: Mapped[UUID]
    asked_name: Mapped[str] = mapped_column(sa.String(100))
    asked_email: Mapped[str] = mapped_column(sa.String(255))
    locale: Mapped[str] = mapped_column(sa.String(16))
    due_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    swept_at: Mapped[datetime | None]
    report: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)


class AccountDeletion(Record):
    """An account that is to be deleted."""

    __tablename__ = "account_deletions"
    __table_args__ = (sa.Index("ix_account_deletions_user_id_id", "user_id", "id"),)

    user_id: Mapped[UUID]
    state: Mapped[DeletionState] = enum_column(DeletionState, default=DeletionState.ASKED)
    due_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


def add(row: Record) -> UUID:
    session().add(row)
    session().flush()
    return row.id


# --- archives of agencies ----------------------------------------------------------------------------------------


def exports(limit: int = 10) -> list[AgencyExport]:
    """The agency's archives, the latest first."""
    return list(session().scalars(sa.select(AgencyExport).order_by(AgencyExport.id.desc()).limit(limit)))


def export(export_id: UUID) -> AgencyExport | None:
    return session().get(AgencyExport, export_id)


def waiting() -> AgencyExport | None:
    """One that is being made."""
    here = sa.select(AgencyExport).where(AgencyExport.state == ArchiveState.WAITING)
    return session().scalars(here.limit(1)).first()


def change_export(export_id: UUID, at: ArchiveState, **values: Any) -> bool:
    """Change an archive that is in this state right now."""
    here = sa.update(AgencyExport).where(AgencyExport.id == export_id, AgencyExport.state == at)
    return session().scalars(here.values(**values).returning(AgencyExport.id)).first() is not None


def agencies_with_old(now: datetime) -> list[UUID]:
    """Agencies with archives whose time is over; through the platform's door."""
    query = sa.select(AgencyExport.agency_id).where(_is_over(now)).distinct()
    return list(session().scalars(query))


def old_exports(now: datetime) -> list[AgencyExport]:
    return list(session().scalars(sa.select(AgencyExport).where(_is_over(now)).limit(100)))


def _is_over(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(AgencyExport.state == ArchiveState.DONE, AgencyExport.expires_at <= now)


# --- archives of people ------------------------------------------------------------------------------------------


def user_exports(user_id: UUID, limit: int = 5) -> list[UserExport]:
    """Somebody's own, the latest first."""
    query = sa.select(UserExport).where(UserExport.user_id == user_id).order_by(UserExport.id.desc())
    return list(session().scalars(query.limit(limit)))


def user_export(export_id: UUID) -> UserExport | None:
    return session().get(UserExport, export_id)


def user_export_by(token_hash: str) -> UserExport | None:
    return session().scalars(sa.select(UserExport).where(UserExport.token_hash == token_hash)).one_or_none()


def change_user_export(export_id: UUID, states: Iterable[ArchiveState], **values: Any) -> bool:
    """Change one that is in one of these states right now."""
    here = sa.update(UserExport).where(UserExport.id == export_id, UserExport.state.in_(list(states)))
    return session().scalars(here.values(**values).returning(UserExport.id)).first() is not None


def old_user_exports(now: datetime) -> list[UserExport]:
    over = (UserExport.state == ArchiveState.DONE, UserExport.expires_at <= now)
    return list(session().scalars(sa.select(UserExport).where(*over).limit(100)))


# --- deletions ---------------------------------------------------------------------------------------------------


def deletion() -> AgencyDeletion | None:
    """The one of this agency that is under way."""
    here = sa.select(AgencyDeletion).where(AgencyDeletion.state.in_(UNDER_WAY))
    return session().scalars(here.order_by(AgencyDeletion.id.desc()).limit(1)).first()


def deletion_by_id(deletion_id: UUID) -> AgencyDeletion | None:
    return session().get(AgencyDeletion, deletion_id)


def change_deletion(deletion_id: UUID, states: Iterable[DeletionState], **values: Any) -> bool:
    """Change a deletion that is in one of these states right now."""
    here = sa.update(AgencyDeletion).where(AgencyDeletion.id == deletion_id, AgencyDeletion.state.in_(list(states)))
    return session().scalars(here.values(**values).returning(AgencyDeletion.id)).first() is not None


def due_deletions(now: datetime) -> list[tuple[UUID, UUID]]:
    """Agencies whose time is over, with their deletions; also those that were begun. Through the platform's door."""
    asked = sa.and_(AgencyDeletion.state == DeletionState.ASKED, AgencyDeletion.due_at <= now)
    query = sa.select(AgencyDeletion.agency_id, AgencyDeletion.id).where(
        sa.or_(asked, AgencyDeletion.state == DeletionState.RUNNING)
    )
    return [(row[0], row[1]) for row in session().execute(query)]


def unswept(since: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """Agencies that are gone and not looked at since then, with their deletions. Through the platform's door."""
    looked = sa.func.coalesce(AgencyDeletion.swept_at, AgencyDeletion.ended_at)
    here = (AgencyDeletion.state == DeletionState.DONE, looked < since)
    query = sa.select(AgencyDeletion.agency_id, AgencyDeletion.id).where(*here).order_by(AgencyDeletion.id)
    return [(row[0], row[1]) for row in session().execute(query.limit(limit))]


def account_deletion(user_id: UUID) -> AccountDeletion | None:
    """The deletion of somebody's account that is under way."""
    here = (AccountDeletion.user_id == user_id, AccountDeletion.state.in_(UNDER_WAY))
    query = sa.select(AccountDeletion).where(*here).order_by(AccountDeletion.id.desc()).limit(1)
    return session().scalars(query).first()


def change_account_deletion(deletion_id: UUID, states: Iterable[DeletionState], **values: Any) -> bool:
    here = sa.update(AccountDeletion).where(AccountDeletion.id == deletion_id, AccountDeletion.state.in_(list(states)))
    return session().scalars(here.values(**values).returning(AccountDeletion.id)).first() is not None


def due_account_deletions(now: datetime) -> list[AccountDeletion]:
    asked = sa.and_(AccountDeletion.state == DeletionState.ASKED, AccountDeletion.due_at <= now)
    query = sa.select(AccountDeletion).where(sa.or_(asked, AccountDeletion.state == DeletionState.RUNNING))
    return list(session().scalars(query.order_by(AccountDeletion.id).limit(200)))


# --- what an agency comes with -----------------------------------------------------------------------------------


def trust(agency: UUID, keys: Iterable[str], now: datetime) -> None:
    """Believe what these keys have signed for an agency, through the platform's door."""
    own = current().keys.public_key.hex()
    session().add_all(FormerKey(agency_id=agency, public_key=key, since=now) for key in set(keys) - {own})
