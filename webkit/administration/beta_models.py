"""Invitations to try the platform: sent by its own people, to somebody who is to found an agency."""

from __future__ import annotations

import enum
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock
from webkit.core.kernel.db import session
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.tables import Record, enum_column


class BetaState(enum.StrEnum):
    """What became of one. That it ran out is seen from `expires_at`."""

    PENDING = "pending"
    USED = "used"
    CANCELLED = "cancelled"


class BetaInvitation(Record):
    """Somebody may found an agency, with a tier lent until a day. The mail holds the token, the row its hash.

    A new mail has a new token. `founded` is the agency that came of it, also when it is gone by now.
    """

    __tablename__ = "beta_invitations"
    __table_args__ = (
        sa.Index(
            "uq_beta_invitations_email",
            "email",
            unique=True,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        ),
        sa.UniqueConstraint("token_hash"),
    )

    email: Mapped[str] = mapped_column(sa.String(255))
    tier: Mapped[str] = mapped_column(sa.String(16))
    lent_until: Mapped[datetime]
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    token_hash: Mapped[str] = mapped_column(sa.String(64))
    invited_by: Mapped[UUID]
    state: Mapped[BetaState] = enum_column(BetaState, default=BetaState.PENDING)
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    founded: Mapped[UUID | None]


def add(row: BetaInvitation) -> UUID:
    """Keep a new one, inside a write. Raises Conflict when one waits for this address."""
    session().add(row)
    try:
        session().flush()
    except sa.exc.IntegrityError:
        taken = _("This address has been invited already. You can send the invitation again.")
        raise Conflict(taken, "email") from None
    return row.id


def get(invitation_id: UUID) -> BetaInvitation | None:
    return session().get(BetaInvitation, invitation_id)


def by_token(token_hash: str) -> BetaInvitation | None:
    return session().scalars(sa.select(BetaInvitation).where(BetaInvitation.token_hash == token_hash)).one_or_none()


def newest(words: str, state: BetaState | None, limit: int, before: UUID | None) -> list[BetaInvitation]:
    """Those whose address or note holds this, the newest first."""
    query = sa.select(BetaInvitation).order_by(BetaInvitation.id.desc()).limit(limit)
    if words:
        held = (column.icontains(words, autoescape=True) for column in (BetaInvitation.email, BetaInvitation.note))
        query = query.where(sa.or_(*held))
    if state is not None:
        query = query.where(BetaInvitation.state == state)
    if before is not None:
        query = query.where(BetaInvitation.id < before)
    return list(session().scalars(query))


def renew(invitation_id: UUID, token_hash: str, until: datetime) -> BetaInvitation | None:
    """Another token for one that waits, inside a write; the one before opens nothing any more."""
    query = sa.update(BetaInvitation).where(
        BetaInvitation.id == invitation_id, BetaInvitation.state == BetaState.PENDING
    )
    values = {"token_hash": token_hash, "sent_at": clock.now(), "expires_at": until}
    return session().scalars(query.values(**values).returning(BetaInvitation)).one_or_none()


def cancel(invitation_id: UUID) -> bool:
    """Take one back that waits, inside a write; False when somebody was faster."""
    waits = (BetaInvitation.id == invitation_id, BetaInvitation.state == BetaState.PENDING)
    query = sa.update(BetaInvitation).where(*waits).values(state=BetaState.CANCELLED, answered_at=clock.now())
    return session().scalars(query.returning(BetaInvitation.id)).one_or_none() is not None


def use(token_hash: str, agency_id: UUID) -> BetaInvitation | None:
    """Use one up for an agency, inside the write that founds it; None when somebody was faster, or it is too late."""
    waits = (
        BetaInvitation.token_hash == token_hash,
        BetaInvitation.state == BetaState.PENDING,
        BetaInvitation.expires_at > clock.now(),
    )
    values = {"state": BetaState.USED, "answered_at": clock.now(), "founded": agency_id}
    query = sa.update(BetaInvitation).where(*waits).values(**values)
    return session().scalars(query.returning(BetaInvitation)).one_or_none()
