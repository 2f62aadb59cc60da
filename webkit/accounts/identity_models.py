"""Accounts elsewhere that open accounts here."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.accounts.factor_models import Passkey
from webkit.accounts.models import User
from webkit.core.kernel import clock
from webkit.core.kernel.db import session
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.tables import Record


class ExternalIdentity(Record):
    """Who somebody is to an issuer. Its subject is the key; the address is what the issuer said, to know it by."""

    __tablename__ = "external_identities"
    __table_args__ = (sa.UniqueConstraint("issuer", "subject"),)

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"), index=True)
    provider: Mapped[str] = mapped_column(sa.String(32))
    issuer: Mapped[str] = mapped_column(sa.String(255))
    subject: Mapped[str] = mapped_column(sa.String(255))
    email: Mapped[str] = mapped_column(sa.String(255), default="")
    used_at: Mapped[datetime | None]


def owner_of(issuer: str, subject: str) -> UUID | None:
    """Whose account an identity opens."""
    known = (ExternalIdentity.issuer == issuer, ExternalIdentity.subject == subject)
    return session().scalars(sa.select(ExternalIdentity.user_id).where(*known)).one_or_none()


def of(user_id: UUID) -> list[ExternalIdentity]:
    """What opens somebody's account, in the order it was linked."""
    theirs = sa.select(ExternalIdentity).where(ExternalIdentity.user_id == user_id)
    return list(session().scalars(theirs.order_by(ExternalIdentity.id)))


def add(row: ExternalIdentity) -> None:
    """Link an identity, inside a write. Raises Conflict for one that opens an account already."""
    session().add(row)
    try:
        session().flush()
    except sa.exc.IntegrityError:
        raise Conflict(_("That account opens an account here already.")) from None


def note_use(issuer: str, subject: str) -> None:
    """Say that an identity has just opened its account, inside a write."""
    known = (ExternalIdentity.issuer == issuer, ExternalIdentity.subject == subject)
    session().execute(sa.update(ExternalIdentity).where(*known).values(used_at=clock.now()))


def drop(user_id: UUID, identity_id: UUID) -> str | None:
    """Unlink one of somebody's identities, inside a write; returns its provider."""
    gone = sa.delete(ExternalIdentity).where(ExternalIdentity.user_id == user_id, ExternalIdentity.id == identity_id)
    return session().scalars(gone.returning(ExternalIdentity.provider)).one_or_none()


def ways_in(user_id: UUID) -> int:
    """How many keys an account has, inside a write: password, passkeys, identities, and the mailbox if it is proven.

    The person is locked, so that of two keys that are taken away at once the second one is counted after the first.
    """
    person = session().scalars(sa.select(User).where(User.id == user_id).with_for_update()).one()
    keys = [person.password_hash is not None, person.verified_at is not None]
    held = (ExternalIdentity, Passkey)
    counts = [session().scalar(sa.select(sa.func.count()).where(table.user_id == user_id)) or 0 for table in held]
    return sum(keys) + sum(counts)
