"""What was answered to writes that carried a key, for a day."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import locks
from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Owned, owned_args


class ApiAnswer(Owned):
    """The answer to a request that somebody may send again. `key` is whose it is and what they called it, hashed;
    `asked` is what was asked for, hashed; `told` is what was answered, sealed."""

    __tablename__ = "api_answers"
    __table_args__ = owned_args(
        sa.UniqueConstraint("agency_id", "key"), sa.Index("ix_api_answers_created_at", "created_at")
    )

    key: Mapped[str] = mapped_column(sa.String(64))
    asked: Mapped[str] = mapped_column(sa.String(64))
    code: Mapped[int]
    told: Mapped[str] = mapped_column(sa.Text, default="")


def held(key: str, since: datetime) -> ApiAnswer | None:
    """The answer under a key, not older than a moment. Two at once wait for each other here."""
    locks.hold(f"api/{key}")
    row = session().scalars(sa.select(ApiAnswer).where(ApiAnswer.key == key)).one_or_none()
    if row is not None and row.created_at < since:
        session().delete(row)
        session().flush()
        return None
    return row


def keep(**values: object) -> None:
    session().add(ApiAnswer(**values))


def prune(before: datetime) -> int:
    """Delete answers that are older than a moment."""
    old = sa.delete(ApiAnswer).where(ApiAnswer.created_at < before).returning(ApiAnswer.id)
    return len(session().scalars(old).all())
