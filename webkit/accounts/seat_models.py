"""Places in agencies: of members, and of those who sit in for an owner for a while."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.accounts.models import Membership, Role, User
from webkit.core.kernel import clock, tenancy
from webkit.core.kernel.db import session
from webkit.core.kernel.directory import Seat
from webkit.core.kernel.tables import Record


class SitIn(Record):
    """Somebody of the platform who acts for an agency's owner, for a reason, until a moment or until they leave."""

    __tablename__ = "sit_ins"
    __table_args__ = (
        sa.Index("ix_sit_ins_agency_id_user_id", "agency_id", "user_id"),
        sa.Index("ix_sit_ins_user_id", "user_id"),
    )

    agency_id: Mapped[UUID] = mapped_column(sa.ForeignKey("agencies.id"))
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    owner_id: Mapped[UUID]
    reason: Mapped[str] = mapped_column(sa.String(300))
    until: Mapped[datetime]
    ended_at: Mapped[datetime | None]


def seat(agency_id: UUID, user_id: UUID) -> Seat | None:
    """Somebody's place in an agency, asked from any unit; None for strangers."""
    if session().scope.agency == agency_id:
        return _member(user_id) or _sitting_in(agency_id, user_id)
    with tenancy.tenant(agency_id):
        return _member(user_id) or _sitting_in(agency_id, user_id)


def _member(user_id: UUID) -> Seat | None:
    query = sa.select(Membership.role, Membership.permissions).where(Membership.user_id == user_id)
    found = session().execute(query).one_or_none()
    return Seat(str(found[0]), found[1]) if found else None


def _sitting_in(agency_id: UUID, user_id: UUID) -> Seat | None:
    open_ = (SitIn.ended_at.is_(None), SitIn.until > clock.now())
    query = sa.select(SitIn.owner_id).where(SitIn.agency_id == agency_id, SitIn.user_id == user_id, *open_)
    found = session().scalars(query.order_by(SitIn.until.desc()).limit(1)).first()
    return Seat(Role.OWNER, sitting_in=f"user:{found}") if found else None


def exists(user_id: UUID) -> bool:
    """Whether somebody works in the current agency."""
    return session().scalars(sa.select(Membership.id).where(Membership.user_id == user_id)).one_or_none() is not None


def change(user_id: UUID, role: Role, role_id: UUID | None, permissions: Mapping[str, str] | None) -> bool:
    """Store another role, inside a write; the owner's is never changed this way."""
    query = sa.update(Membership).where(Membership.user_id == user_id, Membership.role != Role.OWNER)
    kept = dict(permissions) if permissions is not None else None
    changed = query.values(role=role, role_id=role_id, permissions=kept).returning(Membership.id)
    return session().scalars(changed).one_or_none() is not None


def remove(user_id: UUID) -> bool:
    """Delete a membership, inside a write; never the owner's."""
    gone = sa.delete(Membership).where(Membership.user_id == user_id, Membership.role != Role.OWNER)
    return session().scalars(gone.returning(Membership.id)).one_or_none() is not None


def hand_over(owner_id: UUID, to: UUID) -> bool:
    """Change both at once, inside a write that is undone when one of them is no longer there."""
    down = sa.update(Membership).where(Membership.user_id == owner_id, Membership.role == Role.OWNER)
    up = sa.update(Membership).where(Membership.user_id == to, Membership.role != Role.OWNER)
    nothing = {"role_id": None, "permissions": None}
    first = session().scalars(down.values(role=Role.ADMIN, **nothing).returning(Membership.id)).one_or_none()
    second = session().scalars(up.values(role=Role.OWNER, **nothing).returning(Membership.id)).one_or_none()
    return first is not None and second is not None


def follow(role_id: UUID, permissions: Mapping[str, str]) -> int:
    """Store what a role may do with everybody who has it, inside a write."""
    query = sa.update(Membership).where(Membership.role_id == role_id).values(permissions=dict(permissions))
    return len(session().scalars(query.returning(Membership.id)).all())


def begin_here(user_id: UUID, agency_id: UUID) -> bool:
    """Mark one of somebody's places and no other, inside a write through the platform's door."""
    theirs = sa.update(Membership).where(Membership.user_id == user_id)
    session().execute(theirs.where(Membership.is_default).values(is_default=False))
    chosen = theirs.where(Membership.agency_id == agency_id).values(is_default=True).returning(Membership.id)
    return session().scalars(chosen).one_or_none() is not None


def default_of(user_id: UUID) -> UUID | None:
    """The agency that is marked; needs the platform's door."""
    chosen = sa.select(Membership.agency_id).where(Membership.user_id == user_id, Membership.is_default)
    return session().scalars(chosen.limit(1)).first()


def sit_in(row: SitIn) -> UUID:
    """Begin, inside a write."""
    session().add(row)
    session().flush()
    return row.id


def end_sit_ins(user_id: UUID, agency_id: UUID | None = None) -> list[UUID]:
    """End those of a person that still run, in one agency or all, inside a write; returns their ids."""
    query = sa.update(SitIn).where(SitIn.user_id == user_id, SitIn.ended_at.is_(None))
    if agency_id is not None:
        query = query.where(SitIn.agency_id == agency_id)
    return list(session().scalars(query.values(ended_at=clock.now()).returning(SitIn.id)))


def recent_sit_ins(agency_id: UUID, limit: int = 20) -> list[SitIn]:
    """Who sat in for an agency's owner, the latest first."""
    query = sa.select(SitIn).where(SitIn.agency_id == agency_id).order_by(SitIn.id.desc()).limit(limit)
    return list(session().scalars(query))


class PlatformStaff(Record):
    """Somebody who looks after the platform: `superadmin` decides everything, `staff` looks and helps."""

    __tablename__ = "platform_staff"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), unique=True)
    role: Mapped[str] = mapped_column(sa.String(16))


def staff_role(user_id: UUID) -> str | None:
    return session().scalars(sa.select(PlatformStaff.role).where(PlatformStaff.user_id == user_id)).one_or_none()


def staff_roles() -> dict[UUID, str]:
    """Everybody's."""
    return {row[0]: row[1] for row in session().execute(sa.select(PlatformStaff.user_id, PlatformStaff.role))}


def set_staff_role(user_id: UUID, role: str) -> None:
    """Store it, or with none delete it, inside a write."""
    session().execute(sa.delete(PlatformStaff).where(PlatformStaff.user_id == user_id))
    if role:
        session().add(PlatformStaff(user_id=user_id, role=role))
    session().flush()


def lock_staff() -> None:
    """Of two who take the last superadmin's role away at once, one waits for the other."""
    session().scalars(sa.select(PlatformStaff.id).with_for_update()).all()


def people(words: str, limit: int, before: UUID | None) -> list[User]:
    """People whose name or address holds this, the newest first."""
    query = sa.select(User).order_by(User.id.desc()).limit(limit)
    if words:
        like = (User.email.icontains(words, autoescape=True), User.name.icontains(words, autoescape=True))
        query = query.where(sa.or_(*like))
    if before is not None:
        query = query.where(User.id < before)
    return list(session().scalars(query))


def names(ids: Iterable[UUID]) -> dict[UUID, str]:
    """How people are called."""
    wanted = sa.select(User.id, User.name).where(User.id.in_(list(ids)))
    return {row[0]: row[1] for row in session().execute(wanted)}


def head_counts(agency_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many people work in agencies; needs the platform's door."""
    query = sa.select(Membership.agency_id, sa.func.count()).where(Membership.agency_id.in_(list(agency_ids)))
    return {row[0]: int(row[1]) for row in session().execute(query.group_by(Membership.agency_id))}
