"""The audit log: sign-ins, refusals, autosaves, exports. Unchained; weightier acts belong to `events`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import g, has_request_context, request
from flask_login import current_user
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import session, writes
from webkit.core.kernel.tables import Json, Record


class AuditEntry(Record):
    """Who did what from where; platform acts have no agency."""

    __tablename__ = "audit_log"
    __table_args__ = (sa.Index("ix_audit_log_agency_id_id", "agency_id", "id"),)

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
        if current_user and current_user.is_authenticated:
            entry.user_id = current_user.id
    session().add(entry)
