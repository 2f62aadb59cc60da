"""People, the agencies they belong to, and what lets them in."""

from __future__ import annotations

import enum
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock, entrances, tenancy
from webkit.core.kernel.db import session
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.tables import Base, Json, Owned, Record, enum_column, owned_args


class Role(enum.StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


class Method(enum.StrEnum):
    """How somebody proved who they are."""

    PASSWORD = "password"  # noqa: S105  the name of a method, not a secret
    LINK = "link"
    PASSKEY = "passkey"
    OIDC = "oidc"
    AGENCY = "agency"  # at the issuer of one agency: such a session reaches nothing but that agency


class User(Record):
    """A person with an account; the address is lower-case and belongs to one account only."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(sa.String(255), unique=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    locale: Mapped[str] = mapped_column(sa.String(16), default="")
    password_hash: Mapped[str | None] = mapped_column(sa.String(255))
    is_operator: Mapped[bool] = mapped_column(default=False)
    verified_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    suspended_why: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")


class Membership(Owned):
    """A person's place in an agency."""

    __tablename__ = "memberships"
    __table_args__ = owned_args(
        sa.UniqueConstraint("agency_id", "user_id"),
        sa.Index("ix_memberships_user_id_agency_id", "user_id", "agency_id"),
    )

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    role: Mapped[Role] = enum_column(Role)
    role_id: Mapped[UUID | None]
    """A role that the agency has made; `permissions` is what it may do, so that entering reads this row alone."""
    permissions: Mapped[dict[str, str] | None] = mapped_column(Json)
    is_default: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Where this person begins, of several agencies."""


class SignInSession(Record):
    """A browser somebody is signed in with; the cookie holds the token, the row its hash."""

    __tablename__ = "sessions"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    method: Mapped[Method] = enum_column(Method)
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(sa.String(64), default="")
    agent: Mapped[str] = mapped_column(sa.String(255), default="")
    second: Mapped[str] = mapped_column(sa.String(16), default="", server_default="")
    proven_at: Mapped[datetime | None]
    confined_to: Mapped[UUID | None]


class SignInToken(Record):
    """A link sent by mail: for one purpose, one person and one address, once, for a short time."""

    __tablename__ = "sign_in_tokens"

    purpose: Mapped[str] = mapped_column(sa.String(32))
    user_id: Mapped[UUID | None]
    email: Mapped[str] = mapped_column(sa.String(255))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class FirstRun(Base):
    """Its one possible row says who set the installation up: of two at once, one commits."""

    __tablename__ = "first_run"
    __table_args__ = (sa.CheckConstraint("id = 1", name="once"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)


def any_user() -> bool:
    return session().scalars(sa.select(User.id).limit(1)).first() is not None


def user(user_id: UUID) -> User | None:
    return session().get(User, user_id)


def by_email(email: str) -> User | None:
    return session().scalars(sa.select(User).where(User.email == email)).one_or_none()


def add_user(row: User) -> User:
    """Insert a person, inside a write. Raises Conflict when the address has an account."""
    session().add(row)
    try:
        session().flush()
    except sa.exc.IntegrityError:
        raise Conflict(_("There is an account with this address already."), "email") from None
    return row


def move(row: User, email: str) -> None:
    """Give somebody another address, inside a write. Raises Conflict when it has an account."""
    row.email = email
    try:
        session().flush()
    except sa.exc.IntegrityError:
        raise Conflict(_("There is an account with this address already.")) from None


def claim_first_run(user_id: UUID) -> None:
    """Say that this person set the installation up, inside the same write. Raises Conflict for the second one."""
    session().add(FirstRun(id=1, user_id=user_id))
    try:
        session().flush()
    except sa.exc.IntegrityError:
        raise Conflict(_("Somebody else has just set this up. Please sign in.")) from None


def add_membership(agency_id: UUID, user_id: UUID, role: Role) -> None:
    """Make somebody a member, inside a write of the agency or the platform."""
    session().add(Membership(agency_id=agency_id, user_id=user_id, role=role))
    session().flush()
    entrances.changed()


def member_count() -> int:
    return session().scalar(sa.select(sa.func.count()).select_from(Membership)) or 0


def role_of(agency_id: UUID, user_id: UUID) -> str | None:
    """The role in an agency, asked from any unit."""
    if session().scope.agency == agency_id:
        return _role(user_id)
    with tenancy.tenant(agency_id):
        return _role(user_id)


def _role(user_id: UUID) -> str | None:
    role = session().scalars(sa.select(Membership.role).where(Membership.user_id == user_id)).one_or_none()
    return str(role) if role else None


def agencies_of(user_id: UUID) -> list[tuple[UUID, str]]:
    """(agency, role) of everything somebody belongs to; needs the platform's door."""
    query = sa.select(Membership.agency_id, Membership.role).where(Membership.user_id == user_id)
    return [(agency, str(role)) for agency, role in session().execute(query)]


def members() -> list[tuple[User, Membership]]:
    """Who works in the current agency, in the order they came."""
    query = sa.select(User, Membership).join(Membership, Membership.user_id == User.id)
    query = query.order_by(Membership.created_at, Membership.id)
    return [(row[0], row[1]) for row in session().execute(query)]


def add_session(row: SignInSession) -> UUID:
    session().add(row)
    session().flush()
    return row.id


def live_session(token_hash: str) -> tuple[SignInSession, User] | None:
    """The session behind a token and its person, unless it ran out."""
    query = (
        sa.select(SignInSession, User)
        .join(User, User.id == SignInSession.user_id)
        .where(SignInSession.token_hash == token_hash, SignInSession.expires_at > clock.now())
        .where(User.suspended_at.is_(None))
    )
    row = session().execute(query).one_or_none()
    return (row[0], row[1]) if row else None


def sessions_of(user_id: UUID) -> list[SignInSession]:
    """Where somebody is signed in, last seen first."""
    live = (SignInSession.user_id == user_id, SignInSession.expires_at > clock.now())
    return list(session().scalars(sa.select(SignInSession).where(*live).order_by(SignInSession.seen_at.desc())))


def session_hashes(user_id: UUID) -> list[str]:
    return list(session().scalars(sa.select(SignInSession.token_hash).where(SignInSession.user_id == user_id)))


def slide(token_hash: str, seen_at: datetime, expires_at: datetime) -> bool:
    """Keep a session alive, inside a write; False when it is gone."""
    moved = session().scalars(
        sa.update(SignInSession)
        .where(SignInSession.token_hash == token_hash)
        .values(seen_at=seen_at, expires_at=expires_at)
        .returning(SignInSession.id)
    )
    return moved.one_or_none() is not None


def renew(before: str, after: str, proven_at: datetime | None) -> bool:
    """Give a session another token, inside a write; False when it is gone."""
    values: dict[str, object] = {"token_hash": after} | ({"proven_at": proven_at} if proven_at else {})
    live = (SignInSession.token_hash == before, SignInSession.expires_at > clock.now())
    changed = session().scalars(sa.update(SignInSession).where(*live).values(**values).returning(SignInSession.id))
    return changed.one_or_none() is not None


def delete_sessions(user_id: UUID, *, only: UUID | None = None, token: str = "", but: str = "") -> list[str]:
    """End sessions of a person inside a write: one by id, one by token hash, or all `but` one; returns their hashes."""
    chosen = sa.delete(SignInSession).where(SignInSession.user_id == user_id, SignInSession.token_hash != but)
    if only is not None:
        chosen = chosen.where(SignInSession.id == only)
    if token:
        chosen = chosen.where(SignInSession.token_hash == token)
    return list(session().scalars(chosen.returning(SignInSession.token_hash)))


def delete_confined(agency_id: UUID) -> list[str]:
    """End the sessions that reach one agency alone, inside a write; returns their hashes."""
    chosen = sa.delete(SignInSession).where(SignInSession.confined_to == agency_id)
    return list(session().scalars(chosen.returning(SignInSession.token_hash)))


def add_token(row: SignInToken) -> None:
    session().add(row)
    session().flush()


def token_exists(token_id: UUID) -> bool:
    return session().get(SignInToken, token_id) is not None


def open_token(token_hash: str, purpose: str) -> SignInToken | None:
    """A link that was sent, if it still opens."""
    return session().scalars(sa.select(SignInToken).where(*_open(token_hash, purpose))).one_or_none()


def use_token(token_hash: str, purpose: str) -> tuple[str, UUID | None] | None:
    """Use a link up, inside a write; the address and person it was made for, or None when somebody was faster."""
    change = sa.update(SignInToken).where(*_open(token_hash, purpose)).values(used_at=clock.now())
    used = session().execute(change.returning(SignInToken.email, SignInToken.user_id)).one_or_none()
    return (used[0], used[1]) if used else None


def close_tokens(user_id: UUID, *purposes: str) -> None:
    """Links of these purposes open nothing any more, inside a write."""
    waiting = (SignInToken.user_id == user_id, SignInToken.purpose.in_(purposes), SignInToken.used_at.is_(None))
    session().execute(sa.update(SignInToken).where(*waiting).values(used_at=clock.now()))


def _open(token_hash: str, purpose: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        SignInToken.token_hash == token_hash,
        SignInToken.purpose == purpose,
        SignInToken.used_at.is_(None),
        SignInToken.expires_at > clock.now(),
    )


def prune(before: datetime) -> None:
    """Forget sessions and links that ended before a moment, inside a write."""
    session().execute(sa.delete(SignInSession).where(SignInSession.expires_at < before))
    session().execute(sa.delete(SignInToken).where(SignInToken.expires_at < before))
