"""Keys of people and agencies, and the sign-ins of programs that exchanged one for tokens.

None of these rows is behind an agency's walls: they are what says which agency a caller may enter.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock
from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Json, Record, enum_column


class Kind(enum.StrEnum):
    """Whose a key is: a person's, for each agency they may enter, or an agency's."""

    PERSONAL = "personal"
    AGENCY = "agency"


class ApiKey(Record):
    """A key that a program calls with. The program has it, the row its hash."""

    __tablename__ = "api_keys"
    __table_args__ = (sa.Index("ix_api_keys_agency_id_id", "agency_id", "id"),)

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), index=True)
    """Who made it. It can do what they can, and nothing once they are gone."""
    agency_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("agencies.id"))
    kind: Mapped[Kind] = enum_column(Kind)
    name: Mapped[str] = mapped_column(sa.String(60))
    scopes: Mapped[list[str]] = mapped_column(Json)
    key_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    hint: Mapped[str] = mapped_column(sa.String(16))
    expires_at: Mapped[datetime | None] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]


class TokenFamily(Record):
    """All tokens that one exchange of a key has led to. Whoever uses one of its refresh tokens twice ends it."""

    __tablename__ = "token_families"

    key_id: Mapped[UUID] = mapped_column(sa.ForeignKey("api_keys.id"), index=True)
    scopes: Mapped[list[str]] = mapped_column(Json)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str] = mapped_column(sa.String(32), default="")


class RefreshToken(Record):
    """One of a family's refresh tokens; the used ones stay, so that using one again is noticed."""

    __tablename__ = "refresh_tokens"

    family_id: Mapped[UUID] = mapped_column(sa.ForeignKey("token_families.id"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


# --- Keys ---------------------------------------------------------------------------------------------------------


def add_key(row: ApiKey) -> UUID:
    session().add(row)
    session().flush()
    return row.id


def key_by_hash(key_hash: str) -> ApiKey | None:
    return session().scalars(sa.select(ApiKey).where(ApiKey.key_hash == key_hash)).one_or_none()


def key(key_id: UUID) -> ApiKey | None:
    return session().get(ApiKey, key_id)


def keys_of(user_id: UUID) -> list[ApiKey]:
    """A person's own, the latest first; those of agencies they made are listed there."""
    return _listed(ApiKey.user_id == user_id, ApiKey.kind == Kind.PERSONAL)


def keys_in(agency_id: UUID) -> list[ApiKey]:
    """An agency's, the latest first."""
    return _listed(ApiKey.agency_id == agency_id, ApiKey.kind == Kind.AGENCY)


def revoke(key_id: UUID, *whose: sa.ColumnElement[bool]) -> str | None:
    """Revoke a key once, inside a write; its name, None when there was nothing to revoke."""
    query = sa.update(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None), *whose)
    return session().scalars(query.values(revoked_at=clock.now()).returning(ApiKey.name)).one_or_none()


def revoke_own(user_id: UUID, key_id: UUID) -> str | None:
    return revoke(key_id, ApiKey.user_id == user_id, ApiKey.kind == Kind.PERSONAL)


def revoke_in(agency_id: UUID, key_id: UUID) -> str | None:
    return revoke(key_id, ApiKey.agency_id == agency_id, ApiKey.kind == Kind.AGENCY)


def ending(before: datetime, limit: int) -> list[ApiKey]:
    """Keys that end before then and of which nobody was told, the nearest end first."""
    here = (ApiKey.revoked_at.is_(None), ApiKey.warned_at.is_(None), ApiKey.expires_at <= before)
    query = sa.select(ApiKey).where(*here, ApiKey.expires_at > clock.now()).order_by(ApiKey.expires_at, ApiKey.id)
    return list(session().scalars(query.limit(limit)))


def warned(key_id: UUID) -> bool:
    """Note that its end was told, inside a write; False when somebody did already or it was revoked."""
    here = (ApiKey.id == key_id, ApiKey.warned_at.is_(None), ApiKey.revoked_at.is_(None))
    query = sa.update(ApiKey).where(*here).values(warned_at=clock.now()).returning(ApiKey.id)
    return session().scalars(query).one_or_none() is not None


def note_use(key_id: UUID, every: timedelta) -> None:
    """Say that a key was used, inside a write; once of many at once."""
    moment = clock.now()
    stale = sa.or_(ApiKey.used_at.is_(None), ApiKey.used_at <= moment - every)
    session().execute(sa.update(ApiKey).where(ApiKey.id == key_id, stale).values(used_at=moment))


def _listed(*whose: sa.ColumnElement[bool]) -> list[ApiKey]:
    return list(session().scalars(sa.select(ApiKey).where(*whose).order_by(ApiKey.id.desc()).limit(200)))


# --- Tokens -------------------------------------------------------------------------------------------------------


def add_family(row: TokenFamily) -> UUID:
    session().add(row)
    session().flush()
    return row.id


def family(family_id: UUID) -> TokenFamily | None:
    return session().get(TokenFamily, family_id)


def key_of_family(family_id: UUID) -> ApiKey | None:
    """The key behind a family that has not ended, in one question."""
    alive = (TokenFamily.id == family_id, TokenFamily.ended_at.is_(None), TokenFamily.expires_at > clock.now())
    query = sa.select(ApiKey).join(TokenFamily, TokenFamily.key_id == ApiKey.id).where(*alive)
    return session().scalars(query).one_or_none()


def key_behind(family_id: UUID) -> ApiKey:
    """The key behind a family, whatever became of it."""
    query = sa.select(ApiKey).join(TokenFamily, TokenFamily.key_id == ApiKey.id).where(TokenFamily.id == family_id)
    return session().scalars(query).one()


def refreshed(row: RefreshToken) -> None:
    """Read a token again that another request has used meanwhile."""
    session().refresh(row)


def end_family(family_id: UUID, why: str) -> bool:
    """End a family, inside a write; False when it had ended already."""
    query = sa.update(TokenFamily).where(TokenFamily.id == family_id, TokenFamily.ended_at.is_(None))
    ended = query.values(ended_at=clock.now(), ended_why=why).returning(TokenFamily.id)
    return session().scalars(ended).one_or_none() is not None


def end_families_of(key_id: UUID, why: str) -> None:
    """End all that a key was exchanged for, inside a write."""
    query = sa.update(TokenFamily).where(TokenFamily.key_id == key_id, TokenFamily.ended_at.is_(None))
    session().execute(query.values(ended_at=clock.now(), ended_why=why))


def add_refresh(row: RefreshToken) -> None:
    session().add(row)
    session().flush()


def refresh_by_hash(token_hash: str) -> RefreshToken | None:
    return session().scalars(sa.select(RefreshToken).where(RefreshToken.token_hash == token_hash)).one_or_none()


def use_refresh(token_id: UUID) -> bool:
    """Use a refresh token up, inside a write; False when somebody was faster."""
    query = sa.update(RefreshToken).where(RefreshToken.id == token_id, RefreshToken.used_at.is_(None))
    used = query.values(used_at=clock.now()).returning(RefreshToken.id)
    return session().scalars(used).one_or_none() is not None


def prune(before: datetime) -> int:
    """Delete families that ran out before a moment with their tokens, inside a write; returns how many."""
    old = list(session().scalars(sa.select(TokenFamily.id).where(TokenFamily.expires_at < before).limit(5000)))
    _forget_families(old)
    return len(old)


def _forget_families(ids: Iterable[UUID]) -> None:
    wanted = list(ids)
    session().execute(sa.delete(RefreshToken).where(RefreshToken.family_id.in_(wanted)))
    session().execute(sa.delete(TokenFamily).where(TokenFamily.id.in_(wanted)))
