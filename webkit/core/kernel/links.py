"""Links that people without an account hold: 128-bit tokens, encrypted at rest, revocable, expiring.

A link is a door: its token alone says which agency and which document. Looked up by a keyed hash, so the table
alone opens nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock, hosts, ids, tenancy
from webkit.core.kernel.db import session
from webkit.core.kernel.runtime import current
from webkit.core.kernel.sealed import seal, sealed_column, unseal
from webkit.core.kernel.tables import Record
from webkit.core.values import dataclass

SEALED = "links.token_sealed"


class Link(Record):
    """Not scoped on purpose: it is what finds the agency."""

    __tablename__ = "links"
    __table_args__ = (
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]),
        sa.Index("ix_links_agency_id_kind_document_id", "agency_id", "kind", "document_id"),
    )

    agency_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(sa.String(16))
    document_id: Mapped[UUID]
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    token_sealed: Mapped[str] = sealed_column()
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """Where a token leads; `open` is False once it expired or was revoked."""

    agency_id: UUID
    kind: str
    document_id: UUID
    expires_at: datetime | None
    open: bool


def create(kind: str, document_id: UUID, expires_at: datetime | None = None, *, token: str | None = None) -> str:
    """Make a link of the current agency inside a write and return its token."""
    token = token or ids.token()
    keys = current().keys
    tenancy.add_late(
        Link,
        agency_id=tenancy.agency_id(),
        kind=kind,
        document_id=document_id,
        token_hash=keys.token_hash(f"{kind}/{token}"),
        token_sealed=seal(SEALED, tenancy.agency_id(), token),
        expires_at=expires_at,
    )
    return token


def resolve(kind: str, token: str) -> LinkTarget | None:
    """Find a link by its token, in any unit; None when there never was one."""
    hashed = current().keys.token_hash(f"{kind}/{token}")
    link = session().scalars(sa.select(Link).where(Link.token_hash == hashed)).one_or_none()
    if link is None:
        return None
    is_open = link.revoked_at is None and (link.expires_at is None or link.expires_at > clock.now())
    return LinkTarget(link.agency_id, link.kind, link.document_id, link.expires_at, is_open)


def token_for(kind: str, document_id: UUID) -> str | None:
    """The newest token of a document that still opens it, for staff who want to copy the link."""
    found = _sealed(kind=kind, document_id=document_id, now=clock.now())
    return unseal(SEALED, tenancy.agency_id(), found[0][0]) if found else None


@tenancy.prepared
def _sealed() -> sa.Executable:
    here = (Link.agency_id == sa.bindparam("agency"), Link.kind == sa.bindparam("kind"))
    alive = sa.or_(Link.expires_at.is_(None), Link.expires_at > sa.bindparam("now", type_=Link.expires_at.type))
    query = sa.select(Link.token_sealed).where(*here, Link.document_id == sa.bindparam("document_id"))
    return query.where(Link.revoked_at.is_(None), alive).order_by(Link.id.desc()).limit(1)


def tokens(kind: str, document_ids: Collection[UUID]) -> dict[UUID, str]:
    """The same for many documents; those whose link is closed are left out."""
    here = (Link.agency_id == tenancy.agency_id(), Link.kind == kind, Link.document_id.in_(document_ids))
    alive = sa.or_(Link.expires_at.is_(None), Link.expires_at > clock.now())
    query = sa.select(Link).where(*here, Link.revoked_at.is_(None), alive).order_by(Link.id)
    found = {link.document_id: link.token_sealed for link in session().scalars(query)} if document_ids else {}
    here_is = tenancy.agency_id()
    return {document_id: unseal(SEALED, here_is, sealed) for document_id, sealed in found.items()}


def revoke(kind: str, document_id: UUID) -> int:
    """Close every link of a document, inside a write; returns how many were open."""
    links = session().scalars(_of(kind, document_id).where(Link.revoked_at.is_(None))).all()
    for link in links:
        link.revoked_at = clock.now()
    return len(links)


def url(kind: str, token: str) -> str:
    """The absolute address of a public page of the current agency, at its own domain if it has one."""
    return f"{hosts.address()}/{kind}/{token}"


def staff_url(kind: str, token: str) -> str:
    """The same at the platform, where staff are known as such: their looking is no client's reading."""
    return f"{current().settings.base_url}/{kind}/{token}"


def _of(kind: str, document_id: UUID) -> sa.Select[Link]:
    return sa.select(Link).where(
        Link.agency_id == tenancy.agency_id(), Link.kind == kind, Link.document_id == document_id
    )
