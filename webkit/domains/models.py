"""Domains of agencies. Not scoped on purpose: like a link, a domain is what finds the agency."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import tenancy
from webkit.core.kernel.db import session
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.tables import Record, enum_column


class DomainState(enum.StrEnum):
    """`waiting` for its record, `active` since that was seen, `lost` when it was there and is no more."""

    WAITING = "waiting"
    ACTIVE = "active"
    LOST = "lost"


class Problem(enum.StrEnum):
    """Why the last look did not end well."""

    NONE = ""
    MISSING = "missing"
    SILENT = "silent"
    TAKEN = "taken"
    ASTRAY = "astray"


ACTIVE = sa.text("state = 'active'")


class AgencyDomain(Record):
    """The one domain of an agency. Many may wait for the same name, whoever proves that it is theirs has it alone."""

    __tablename__ = "agency_domains"
    __table_args__ = (
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]),
        sa.UniqueConstraint("agency_id"),
        sa.Index("uq_agency_domains_host", "host", unique=True, sqlite_where=ACTIVE, postgresql_where=ACTIVE),
        sa.Index("ix_agency_domains_next_at", "next_at"),
    )

    agency_id: Mapped[UUID]
    host: Mapped[str] = mapped_column(sa.String(253))
    token: Mapped[str] = mapped_column(sa.String(64))
    """What the record says. Not a secret: it proves only that somebody could write it there."""
    state: Mapped[DomainState] = enum_column(DomainState, default=DomainState.WAITING)
    leads: Mapped[bool] = mapped_column(default=False)
    """Whether the platform answered under this name when it was last looked."""
    problem: Mapped[str] = mapped_column(sa.String(16), default=Problem.NONE)
    changed_at: Mapped[datetime]
    proven_at: Mapped[datetime | None]
    """When the record was last seen."""
    checked_at: Mapped[datetime | None]
    next_at: Mapped[datetime]


def own(*, lock: bool = False) -> AgencyDomain | None:
    """The current agency's; locked for a write."""
    query = sa.select(AgencyDomain).where(AgencyDomain.agency_id == tenancy.agency_id())
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session().scalars(query).one_or_none()


def add(row: AgencyDomain) -> None:
    """Raises Conflict for the second of two at once."""
    session().add(row)
    flush()


def flush() -> None:
    """Raises Conflict where somebody else has proven the same name meanwhile."""
    try:
        session().flush()
    except sa.exc.IntegrityError:
        raise Conflict(_("Another agency of this platform uses this domain.")) from None


def remove(row: AgencyDomain) -> None:
    session().delete(row)


def is_taken(host: str) -> bool:
    """Whether another agency has proven that a name is its own."""
    other = (AgencyDomain.host == host, AgencyDomain.state == DomainState.ACTIVE)
    query = sa.select(AgencyDomain.id).where(*other, AgencyDomain.agency_id != tenancy.agency_id())
    return session().scalars(query).first() is not None


def hasten(host: str, moment: datetime) -> None:
    """Have whoever holds a name looked at now: another agency has just shown that it can write its records."""
    holder = (AgencyDomain.host == host, AgencyDomain.state == DomainState.ACTIVE)
    session().execute(sa.update(AgencyDomain).where(*holder).values(next_at=moment))


def active() -> dict[str, UUID]:
    """Every active name, and whose it is."""
    query = sa.select(AgencyDomain.host, AgencyDomain.agency_id).where(AgencyDomain.state == DomainState.ACTIVE)
    return {row[0]: row[1] for row in session().execute(query)}


def due(moment: datetime, limit: int) -> Sequence[UUID]:
    """Agencies whose domain is to be looked at, the longest waiting first."""
    query = sa.select(AgencyDomain.agency_id).where(AgencyDomain.next_at <= moment)
    return session().scalars(query.order_by(AgencyDomain.next_at).limit(limit)).all()
