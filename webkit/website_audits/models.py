"""Audits: one row for each time a page is measured."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.capabilities.pagespeed import Strategy
from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Json, Owned, enum_column, owned_args, owned_fk


class AuditState(enum.StrEnum):
    """QUEUED waits for a worker or for the service, MEASURING is under way."""

    QUEUED = "queued"
    MEASURING = "measuring"
    DONE = "done"
    FAILED = "failed"


UNDER_WAY = (AuditState.QUEUED, AuditState.MEASURING)
TRANSITIONS: dict[AuditState, tuple[AuditState, ...]] = {
    AuditState.QUEUED: (AuditState.MEASURING,),  # the service was busy
    AuditState.MEASURING: UNDER_WAY,  # again, when the worker before was killed
    AuditState.DONE: UNDER_WAY,
    AuditState.FAILED: UNDER_WAY,
}
"""From which states each state can be reached."""


class WebsiteAudit(Owned):
    """What was asked for, how far it is, and what came back. `report` holds kept values as text, never floats."""

    __tablename__ = "website_audits"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        sa.Index("ix_website_audits_agency_id_client_id_id", "agency_id", "client_id", "id"),
        sa.Index("ix_website_audits_agency_id_created_at", "agency_id", "created_at"),
    )

    client_id: Mapped[UUID]
    url: Mapped[str] = mapped_column(sa.String(2048))
    strategy: Mapped[Strategy] = enum_column(Strategy, default=Strategy.MOBILE)
    locale: Mapped[str] = mapped_column(sa.String(16))
    actor: Mapped[str] = mapped_column(sa.String(64))
    state: Mapped[AuditState] = enum_column(AuditState, default=AuditState.QUEUED)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    provider: Mapped[str] = mapped_column(sa.String(64), default="")
    final_url: Mapped[str] = mapped_column(sa.String(2048), default="")
    measured_at: Mapped[datetime | None]
    report: Mapped[dict[str, Any] | None] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(sa.String(32), default="")


def add(audit: WebsiteAudit) -> UUID:
    session().add(audit)
    session().flush()
    return audit.id


def get(audit_id: UUID) -> WebsiteAudit | None:
    return session().get(WebsiteAudit, audit_id)


def under_way(client_id: UUID, url: str, strategy: Strategy) -> UUID | None:
    """The audit of this very page that has not ended."""
    query = _of(client_id).where(
        WebsiteAudit.url == url, WebsiteAudit.strategy == strategy, WebsiteAudit.state.in_(UNDER_WAY)
    )
    found = session().scalars(query.limit(1)).one_or_none()
    return found.id if found else None


def history(client_id: UUID, limit: int) -> list[WebsiteAudit]:
    """A client's audits, newest first."""
    return list(session().scalars(_of(client_id).limit(limit)))


def page(limit: int, *, client_id: UUID | None, before: UUID | None) -> list[WebsiteAudit]:
    """The agency's audits, newest first."""
    query = sa.select(WebsiteAudit).order_by(WebsiteAudit.id.desc()).limit(limit)
    if client_id is not None:
        query = query.where(WebsiteAudit.client_id == client_id)
    if before is not None:
        query = query.where(WebsiteAudit.id < before)
    return list(session().scalars(query))


def latest_done(client_id: UUID) -> WebsiteAudit | None:
    done = _of(client_id).where(WebsiteAudit.state == AuditState.DONE)
    return session().scalars(done.limit(1)).one_or_none()


def done_before(audit: WebsiteAudit) -> WebsiteAudit | None:
    """What the same page was measured as the time before."""
    query = _of(audit.client_id).where(
        WebsiteAudit.url == audit.url,
        WebsiteAudit.strategy == audit.strategy,
        WebsiteAudit.state == AuditState.DONE,
        WebsiteAudit.id < audit.id,
    )
    return session().scalars(query.limit(1)).one_or_none()


def asked_since(moment: datetime) -> int:
    """How many measurements the agency has asked for."""
    query = sa.select(sa.func.count()).select_from(WebsiteAudit).where(WebsiteAudit.created_at >= moment)
    return session().scalars(query).one()


def move(audit_id: UUID, to: AuditState, **values: Any) -> bool:
    """One conditional transition; False when it is stale or somebody was faster."""
    changed = session().scalars(
        sa.update(WebsiteAudit)
        .where(WebsiteAudit.id == audit_id, WebsiteAudit.state.in_(TRANSITIONS[to]))
        .values(state=to, **values)
        .returning(WebsiteAudit.id)
    )
    return changed.one_or_none() is not None


def _of(client_id: UUID) -> sa.Select[WebsiteAudit]:
    return sa.select(WebsiteAudit).where(WebsiteAudit.client_id == client_id).order_by(WebsiteAudit.id.desc())
