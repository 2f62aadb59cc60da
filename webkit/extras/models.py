"""Answers of plugins: one row for what a card or a merge field says about one subject."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock, tenancy
from webkit.core.kernel.db import insert_missing, session
from webkit.core.kernel.tables import Json, Owned, owned_args


class PluginAnswer(Owned):
    """`question` is the digest of everything the answer may depend on; asked about something else it is another row.

    Waiting since `asked_at` while `made_at` is not later.
    """

    __tablename__ = "plugin_answers"
    __table_args__ = owned_args(
        sa.UniqueConstraint("agency_id", "subject", "name", "question"),
        sa.Index("ix_plugin_answers_agency_id_asked_at", "agency_id", "asked_at"),
    )

    name: Mapped[str] = mapped_column(sa.String(64))
    subject: Mapped[str] = mapped_column(sa.String(64))
    question: Mapped[str] = mapped_column(sa.String(64))
    content: Mapped[dict[str, Any] | None] = mapped_column(Json)
    problem: Mapped[str] = mapped_column(sa.Text, default="")
    asked_at: Mapped[datetime] = mapped_column(default=clock.now)
    made_at: Mapped[datetime | None]


def answers(subject: str, names: Collection[str], question: str) -> dict[str, PluginAnswer]:
    """What is known, by name."""
    wanted = (PluginAnswer.subject == subject, PluginAnswer.name.in_(names), PluginAnswer.question == question)
    return {row.name: row for row in session().scalars(sa.select(PluginAnswer).where(*wanted))}


def asked(subject: str, name: str, question: str, moment: datetime, since: datetime) -> bool:
    """Note that an answer is wanted; False when it has been asked for since `since` and is still awaited."""
    insert_missing(
        PluginAnswer,
        agency_id=tenancy.agency_id(), name=name, subject=subject, question=question, content=None, problem="",
        asked_at=since, made_at=since,
    )  # fmt: skip
    awaited = sa.and_(
        PluginAnswer.asked_at > since,
        sa.or_(PluginAnswer.made_at.is_(None), PluginAnswer.made_at < PluginAnswer.asked_at),
    )
    changed = (
        sa.update(PluginAnswer)
        .where(*_one(subject, name, question), sa.not_(awaited))
        .values(asked_at=moment)
        .returning(PluginAnswer.id)
    )
    return session().scalars(changed).one_or_none() is not None


def keep(subject: str, name: str, question: str, content: dict[str, Any] | None, problem: str) -> None:
    """Store what was answered, or why nothing was; an older answer goes on being known."""
    values: dict[str, Any] = {"problem": problem, "made_at": clock.now()}
    if not problem:
        values["content"] = content
    session().execute(sa.update(PluginAnswer).where(*_one(subject, name, question)).values(**values))


def forget(before: datetime) -> int:
    """Delete what nobody has asked about since."""
    gone = sa.delete(PluginAnswer).where(PluginAnswer.asked_at < before).returning(PluginAnswer.id)
    return len(session().scalars(gone).all())


def of_plugin(prefix: str) -> int:
    """How many answers there are under names that begin so."""
    return session().scalars(sa.select(sa.func.count()).where(_named(prefix))).one()


def forget_plugin(prefix: str) -> int:
    """Delete them, in every agency."""
    return len(session().scalars(sa.delete(PluginAnswer).where(_named(prefix)).returning(PluginAnswer.id)).all())


def _named(prefix: str) -> sa.ColumnElement[bool]:
    return PluginAnswer.name.startswith(prefix, autoescape=True)


def _one(subject: str, name: str, question: str) -> Iterable[sa.ColumnElement[bool]]:
    return (PluginAnswer.subject == subject, PluginAnswer.name == name, PluginAnswer.question == question)


def subject(slot: str, subject_id: UUID) -> str:
    """How a subject is written."""
    return f"{slot}:{subject_id}"
