"""The audit log: sign-ins, refusals, autosaves, exports. Unchained; weightier acts belong to `events`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import g, has_request_context, request
from flask_login import current_user
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import UnitSession, before_commit, session, writes
from webkit.core.kernel.tables import Json, Record
from webkit.core.values import dataclass

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
NOTED, BY_THE_WAY, TRACED = "audit.noted", "audit.by_the_way", "webkit.traced"
UNTRACED = {"webhooks.receive": "what a vendor delivers is kept itself, with all it says"}
"""Addresses whose writes leave no entry, and why."""


class AuditEntry(Record):
    """Who did what from where; platform acts have no agency. An entry stays as it was written until its time is over;
    erasure takes the details and the address out of it."""

    __tablename__ = "audit_log"
    __table_args__ = (
        sa.Index("ix_audit_log_agency_id_id", "agency_id", "id"),
        {"info": {"append_only": True, "may_go": True, "may_empty": ("detail", "address")}},
    )

    agency_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(sa.String(64), index=True)
    subject: Mapped[str] = mapped_column(sa.String(64), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    request_id: Mapped[str] = mapped_column(sa.String(64), default="")
    address: Mapped[str] = mapped_column(sa.String(64), default="")


@writes
def log(action: str, *, subject: str = "", detail: Mapping[str, Any] | None = None) -> None:
    """Note `action` with the request's user and address, in the current write or one of its own."""
    entry = AuditEntry(
        agency_id=session().scope.agency, action=action, subject=subject, detail=dict(detail or {}), address=""
    )
    if has_request_context():
        entry.address = (request.remote_addr or "")[:64]
        entry.request_id = g.get("request_id", "")
        if (bearer := g.get("bearer")) is not None:  # a program with somebody's key
            entry.user_id = bearer.user_id
            entry.detail = {**entry.detail, "key": str(bearer.token_id)}
        elif current_user and current_user.is_authenticated:
            entry.user_id = current_user.id
        if whom := g.get("sitting_in"):
            entry.detail = {**entry.detail, "for": whom}
    session().add(entry)
    session().info[NOTED] = True


def by_the_way() -> None:
    """Say of the current write that it is nobody's act: a session that goes on, and the like."""
    session().info[BY_THE_WAY] = True


@before_commit(rank=-1)
def _trace(current: UnitSession) -> None:
    """Whatever a request changes leaves a trace. What its feature neither records nor logs is logged here, by the name
    of its address, in the same write; once in a request."""
    noted = current.info.pop(NOTED, False) or bool(current.info.get("events"))
    if current.info.pop(BY_THE_WAY, False) or not has_request_context() or request.method in SAFE:
        return
    if not noted and TRACED not in request.environ and (endpoint := request.endpoint or "") not in UNTRACED:
        log(endpoint[:64], subject=_named(request.view_args or {}))
        current.info.pop(NOTED)
    request.environ[TRACED] = True


def _named(given: Mapping[str, Any]) -> str:
    """The object that an address names, as a subject."""
    for name, value in given.items():
        if name.endswith("_id") and isinstance(value, UUID):
            return f"{name[:-3]}:{value}"
    return ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries are looked for; what is empty leaves nothing out."""

    agency_id: UUID | None = None
    user_id: UUID | None = None
    action: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry as people read it."""

    id: UUID
    at: datetime
    agency_id: UUID | None
    user_id: UUID | None
    action: str
    subject: str
    detail: dict[str, Any]
    address: str


def entries(asked: Asked, *, limit: int, before: UUID | None = None) -> list[EntryView]:
    """What was noted, the latest first. The caller has checked who may read it."""
    query = sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if asked.agency_id is not None:
        query = query.where(AuditEntry.agency_id == asked.agency_id)
    if asked.user_id is not None:
        query = query.where(AuditEntry.user_id == asked.user_id)
    if asked.action:
        query = query.where(AuditEntry.action.startswith(asked.action, autoescape=True))
    if asked.subject:
        query = query.where(AuditEntry.subject == asked.subject)
    if asked.words:
        texts = (AuditEntry.action, AuditEntry.subject, AuditEntry.address, sa.type_coerce(AuditEntry.detail, sa.Text))
        query = query.where(sa.or_(*(text.icontains(asked.words, autoescape=True) for text in texts)))
    if asked.since is not None:
        query = query.where(AuditEntry.created_at >= asked.since)
    if asked.until is not None:
        query = query.where(AuditEntry.created_at < asked.until)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    return [_entry(row) for row in session().scalars(query)]


def _entry(row: AuditEntry) -> EntryView:
    about = (row.agency_id, row.user_id, row.action, row.subject)
    return EntryView(row.id, row.created_at, *about, row.detail, row.address)
