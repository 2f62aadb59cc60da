"""Roles that agencies make, invitations, and offers of ownership."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock
from webkit.core.kernel.db import session
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.tables import Json, Owned, enum_column, owned_args, owned_fk


class Step(enum.StrEnum):
    """What became of something that another person has to agree to."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class CustomRole(Owned):
    """A role that an agency has made: for each permission that it has, `own` or `all`."""

    __tablename__ = "custom_roles"
    __table_args__ = owned_args(sa.UniqueConstraint("agency_id", "name"))

    name: Mapped[str] = mapped_column(sa.String(60))
    permissions: Mapped[dict[str, str]] = mapped_column(Json)


class Invitation(Owned):
    """Somebody was asked to work here. The mail holds the token, the row its hash; a new mail has a new token."""

    __tablename__ = "invitations"
    __table_args__ = owned_args(
        owned_fk("role_id", "custom_roles"),
        sa.Index(
            "uq_invitations_email",
            "agency_id",
            "email",
            unique=True,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        ),
        sa.Index("ix_invitations_agency_id_role_id", "agency_id", "role_id"),
    )

    email: Mapped[str] = mapped_column(sa.String(255))
    role: Mapped[str] = mapped_column(sa.String(16))
    role_id: Mapped[UUID | None]
    token_hash: Mapped[str] = mapped_column(sa.String(64), index=True)
    invited_by: Mapped[UUID]
    inviter: Mapped[str] = mapped_column(sa.String(100))
    state: Mapped[Step] = enum_column(Step, default=Step.PENDING)
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class Transfer(Owned):
    """An owner offered the agency to a colleague, who has to take it."""

    __tablename__ = "ownership_transfers"
    __table_args__ = owned_args(
        sa.Index(
            "uq_ownership_transfers_pending",
            "agency_id",
            unique=True,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        ),
    )

    from_user: Mapped[UUID]
    to_user: Mapped[UUID]
    state: Mapped[Step] = enum_column(Step, default=Step.PENDING)
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


def roles() -> list[CustomRole]:
    """By name."""
    return list(session().scalars(sa.select(CustomRole).order_by(CustomRole.name)))


def role(role_id: UUID) -> CustomRole | None:
    return session().get(CustomRole, role_id)


def add_role(row: CustomRole) -> UUID:
    session().add(row)
    _flush(_("There is a role of this name already."), "name")
    return row.id


def change_role(row: CustomRole, name: str, permissions: Mapping[str, str]) -> None:
    row.name, row.permissions = name, dict(permissions)
    _flush(_("There is a role of this name already."), "name")


def delete_role(row: CustomRole) -> None:
    """Old invitations keep their words, not the role."""
    told = sa.update(Invitation).where(Invitation.role_id == row.id, Invitation.state != Step.PENDING)
    session().execute(told.values(role_id=None))
    session().delete(row)
    session().flush()


def is_invited_to(role_id: UUID) -> bool:
    query = sa.select(Invitation.id).where(Invitation.role_id == role_id, Invitation.state == Step.PENDING)
    return session().scalars(query.limit(1)).first() is not None


def add_invitation(row: Invitation) -> UUID:
    session().add(row)
    _flush(_("This address has been invited already. You can send the invitation again."), "email")
    return row.id


def invitations(limit: int = 100) -> list[Invitation]:
    """Those that wait, then the answered ones, the latest first."""
    order = (sa.case((Invitation.state == Step.PENDING, 0), else_=1), Invitation.id.desc())
    return list(session().scalars(sa.select(Invitation).order_by(*order).limit(limit)))


def invitation(invitation_id: UUID) -> Invitation | None:
    return session().get(Invitation, invitation_id)


def by_token(token_hash: str) -> Invitation | None:
    """Whosesoever it is; needs the platform's door."""
    return session().scalars(sa.select(Invitation).where(Invitation.token_hash == token_hash)).one_or_none()


def renew(invitation_id: UUID, token_hash: str, until: datetime) -> Invitation | None:
    """Another token for one that waits, inside a write; the one before opens nothing any more."""
    query = sa.update(Invitation).where(Invitation.id == invitation_id, Invitation.state == Step.PENDING)
    values = {"token_hash": token_hash, "sent_at": clock.now(), "expires_at": until}
    return session().scalars(query.values(**values).returning(Invitation)).one_or_none()


def waiting_of(user_id: UUID) -> list[Invitation]:
    """Those that somebody sent and nobody has answered."""
    query = sa.select(Invitation).where(Invitation.invited_by == user_id, Invitation.state == Step.PENDING)
    return list(session().scalars(query))


def answer(invitation_id: UUID, state: Step, *, in_time: bool = True) -> bool:
    """Settle one that waits, inside a write; False when somebody was faster, or it ran out."""
    query = sa.update(Invitation).where(Invitation.id == invitation_id, Invitation.state == Step.PENDING)
    if in_time:
        query = query.where(Invitation.expires_at > clock.now())
    settled = query.values(state=state, answered_at=clock.now()).returning(Invitation.id)
    return session().scalars(settled).one_or_none() is not None


def add_transfer(row: Transfer) -> UUID:
    session().add(row)
    _flush(_("The agency has been offered already. Take that offer back first."), "to")
    return row.id


def pending_transfer() -> Transfer | None:
    """The offer that waits, if it still can be taken."""
    query = sa.select(Transfer).where(Transfer.state == Step.PENDING, Transfer.expires_at > clock.now())
    return session().scalars(query).one_or_none()


def settle_transfer(state: Step, *, to: UUID | None = None, late: bool = False) -> Transfer | None:
    """Settle the offer that waits, inside a write: the one to somebody, or one that ran out."""
    query = sa.update(Transfer).where(Transfer.state == Step.PENDING)
    query = query.where(Transfer.expires_at <= clock.now() if late else Transfer.expires_at > clock.now())
    if to is not None:
        query = query.where(Transfer.to_user == to)
    return session().scalars(query.values(state=state, answered_at=clock.now()).returning(Transfer)).one_or_none()


def _flush(taken: str, field: str) -> None:
    try:
        session().flush()
    except sa.exc.IntegrityError:
        raise Conflict(taken, field) from None
