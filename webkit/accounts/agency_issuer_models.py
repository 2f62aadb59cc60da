"""An agency's own issuer, and which of its people an account there lets in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock
from webkit.core.kernel.db import session
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.sealed import sealed_column
from webkit.core.kernel.tables import Owned, owned_args

SECRET = "agency_issuers.client_secret"  # noqa: S105  the name of a column


class AgencyIssuer(Owned):
    """The one issuer of an agency, and what the agency is to it."""

    __tablename__ = "agency_issuers"
    __table_args__ = owned_args(sa.UniqueConstraint("agency_id"))

    label: Mapped[str] = mapped_column(sa.String(40))
    issuer: Mapped[str] = mapped_column(sa.String(255))
    client_id: Mapped[str] = mapped_column(sa.String(255))
    client_secret: Mapped[str] = sealed_column()


class AgencyIdentity(Owned):
    """Who somebody is to an agency's issuer: it lets them into this agency, and means nothing anywhere else."""

    __tablename__ = "agency_identities"
    __table_args__ = owned_args(
        sa.UniqueConstraint("agency_id", "issuer", "subject"), sa.UniqueConstraint("agency_id", "user_id")
    )

    user_id: Mapped[UUID] = mapped_column(index=True)
    issuer: Mapped[str] = mapped_column(sa.String(255))
    subject: Mapped[str] = mapped_column(sa.String(255))
    email: Mapped[str] = mapped_column(sa.String(255), default="")
    used_at: Mapped[datetime | None]


def own() -> AgencyIssuer | None:
    """The current agency's."""
    return session().scalars(sa.select(AgencyIssuer)).one_or_none()


def held() -> AgencyIssuer | None:
    """The current agency's, inside a write: until that ends nobody chooses another one or removes it."""
    query = sa.select(AgencyIssuer).with_for_update().execution_options(populate_existing=True)
    return session().scalars(query).one_or_none()


def put(row: AgencyIssuer) -> None:
    session().add(row)
    session().flush()


def drop() -> None:
    """The current agency has none any more, and nobody is anybody to it."""
    session().execute(sa.delete(AgencyIssuer))


def drop_identities() -> None:
    session().execute(sa.delete(AgencyIdentity))


def owner_of(issuer: str, subject: str) -> UUID | None:
    """Whom an identity lets into the current agency."""
    known = (AgencyIdentity.issuer == issuer, AgencyIdentity.subject == subject)
    return session().scalars(sa.select(AgencyIdentity.user_id).where(*known)).one_or_none()


def identity_of(user_id: UUID) -> AgencyIdentity | None:
    """What lets somebody into the current agency."""
    return session().scalars(sa.select(AgencyIdentity).where(AgencyIdentity.user_id == user_id)).one_or_none()


def replace(row: AgencyIdentity) -> None:
    """Link an identity instead of the one before, inside a write. Raises Conflict for a colleague's."""
    session().execute(sa.delete(AgencyIdentity).where(AgencyIdentity.user_id == row.user_id))
    session().add(row)
    try:
        session().flush()
    except sa.exc.IntegrityError:
        raise Conflict(_("That account lets in somebody else of this agency.")) from None


def unlink(user_id: UUID) -> bool:
    """An identity lets somebody in no longer, inside a write; False when there was none."""
    gone = sa.delete(AgencyIdentity).where(AgencyIdentity.user_id == user_id).returning(AgencyIdentity.id)
    return session().scalars(gone).one_or_none() is not None


def note_use(user_id: UUID) -> None:
    theirs = sa.update(AgencyIdentity).where(AgencyIdentity.user_id == user_id)
    session().execute(theirs.values(used_at=clock.now()))


def count() -> int:
    """How many of the current agency's people have linked an account there."""
    return session().scalar(sa.select(sa.func.count()).select_from(AgencyIdentity)) or 0
