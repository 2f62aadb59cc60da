"""Consultations, every version of them, and the lists an agency wrote for itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, defer, mapped_column

from webkit.core.kernel import clock, locks
from webkit.core.kernel.db import session
from webkit.core.kernel.schema import NEVER_CHANGED
from webkit.core.kernel.tables import Authored, Json, Owned, enum_column, owned_args, owned_fk
from webkit.core.values import dataclass


class State(StrEnum):
    """How far a consultation got."""

    DRAFT = "draft"
    COMPLETED = "completed"
    CONVERTED = "converted"
    ARCHIVED = "archived"


TRANSITIONS: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.COMPLETED, State.ARCHIVED}),
    State.COMPLETED: frozenset({State.DRAFT, State.CONVERTED, State.ARCHIVED}),
    State.CONVERTED: frozenset({State.COMPLETED}),
    State.ARCHIVED: frozenset({State.DRAFT, State.COMPLETED}),
}
"""From where to where. Converted goes back only when the proposal's draft is thrown away."""


class Why(StrEnum):
    """How a version came about. One kept aside was typed over something newer and does not count."""

    STARTED = "started"
    SAVED = "saved"
    ASIDE = "aside"
    RESTORED = "restored"


class Consultation(Authored, Owned):
    """What is known now. `current` is the number of the version that counts, `last` the highest number given."""

    __tablename__ = "consultations"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        sa.Index("ix_consultations_agency_id_state_id", "agency_id", "state", "id"),
        sa.Index("ix_consultations_agency_id_client_id_id", "agency_id", "client_id", "id"),
    )

    client_id: Mapped[UUID | None]
    name: Mapped[str] = mapped_column(sa.String(255), default="")
    search: Mapped[str] = mapped_column(sa.Text, default="")
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    percent: Mapped[int]
    state: Mapped[State] = enum_column(State, default=State.DRAFT)
    current: Mapped[int] = mapped_column(default=1)
    last: Mapped[int] = mapped_column(default=1)
    author_id: Mapped[UUID] = mapped_column(nullable=False)
    author_name: Mapped[str] = mapped_column(sa.String(255))
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_by: Mapped[str] = mapped_column(sa.String(255))
    completed_at: Mapped[datetime | None]
    proposal_id: Mapped[UUID | None]


class ConsultationVersion(Owned):
    """What one save changed. Written once, never changed itself.

    `answers` are only those that differ from version `parent`, empty where one was taken away: somebody who types for
    an hour leaves hundreds of versions. `source` is the version that was brought back.
    """

    __tablename__ = "consultation_versions"
    __table_args__ = owned_args(
        owned_fk("consultation_id", "consultations"),
        sa.UniqueConstraint("agency_id", "consultation_id", "number"),
        NEVER_CHANGED,
    )

    consultation_id: Mapped[UUID]
    number: Mapped[int]
    why: Mapped[Why] = enum_column(Why)
    parent: Mapped[int]
    source: Mapped[int] = mapped_column(default=0)
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    changed: Mapped[list[str]] = mapped_column(Json)
    percent: Mapped[int]
    author_id: Mapped[UUID]
    author_name: Mapped[str] = mapped_column(sa.String(255))
    tab: Mapped[str] = mapped_column(sa.String(64), default="")


class OptionList(Owned):
    """An agency's own list of choices for one question, instead of the preset."""

    __tablename__ = "consultation_options"
    __table_args__ = owned_args(sa.UniqueConstraint("agency_id", "name"))

    name: Mapped[str] = mapped_column(sa.String(64))
    options: Mapped[list[dict[str, Any]]] = mapped_column(Json)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which consultations a list shows; archived ones only when they are asked for."""

    state: str = ""
    words: str = ""
    client_id: UUID | None = None
    before: UUID | None = None


def add(row: Consultation) -> Consultation:
    session().add(row)
    session().flush()
    return row


def add_version(version: ConsultationVersion) -> None:
    session().add(version)
    session().flush()


def by_id(consultation_id: UUID) -> Consultation | None:
    return session().get(Consultation, consultation_id)


def held(consultation_id: UUID) -> Consultation | None:
    """The same for a write that nobody else does at once; read after the wait."""
    locks.hold(f"consultation/{consultation_id}")
    return session().get(Consultation, consultation_id, populate_existing=True)


def listed(which: Filter, limit: int) -> list[Consultation]:
    """A page of a list, newest first."""
    query = sa.select(Consultation).options(defer(Consultation.answers, raiseload=True))
    for word in which.words.casefold().split()[:8]:
        query = query.where(Consultation.search.contains(word, autoescape=True))
    if which.client_id:
        query = query.where(Consultation.client_id == which.client_id)
    if which.before:
        query = query.where(Consultation.id < which.before)
    shown = Consultation.state == which.state if which.state else Consultation.state != State.ARCHIVED
    return list(session().scalars(query.where(shown).order_by(Consultation.id.desc()).limit(limit)))


def latest_for(client_id: UUID) -> Consultation | None:
    """The newest that is not archived."""
    query = sa.select(Consultation).where(Consultation.client_id == client_id, Consultation.state != State.ARCHIVED)
    return session().scalars(query.order_by(Consultation.id.desc()).limit(1)).one_or_none()


def begun_since(moment: datetime) -> int:
    query = sa.select(sa.func.count()).select_from(Consultation).where(Consultation.created_at >= moment)
    return session().scalar(query) or 0


def any_consultation() -> bool:
    return session().scalars(sa.select(Consultation.id).limit(1)).first() is not None


def version(consultation_id: UUID, number: int) -> ConsultationVersion | None:
    found: ConsultationVersion | None = session().scalar(
        _versions(consultation_id).where(ConsultationVersion.number == number)
    )
    return found


def answers_at(consultation_id: UUID, number: int) -> dict[str, Any]:
    """What a version says: what it and the ones it stands on changed."""
    each = ConsultationVersion
    query = sa.select(each.number, each.parent, each.answers)
    rows = session().execute(query.where(each.consultation_id == consultation_id, each.number <= number))
    steps = {row[0]: (row[1], row[2]) for row in rows}
    trail: list[dict[str, Any]] = []
    while number:
        number, changed = steps[number]
        trail.append(changed)
    answers: dict[str, Any] = {}
    for changed in reversed(trail):
        answers |= changed
    return {name: value for name, value in answers.items() if value}


def versions(consultation_id: UUID, before: int | None, limit: int) -> list[ConsultationVersion]:
    """Newest first, without what they say."""
    query = _versions(consultation_id).options(defer(ConsultationVersion.answers, raiseload=True))
    if before is not None:
        query = query.where(ConsultationVersion.number < before)
    return list(session().scalars(query.order_by(ConsultationVersion.number.desc()).limit(limit)))


def since(consultation_id: UUID, number: int, tab: str) -> list[ConsultationVersion]:
    """Versions that count, made after `number` by others than `tab`."""
    others = (ConsultationVersion.number > number, ConsultationVersion.why != Why.ASIDE)
    query = _versions(consultation_id).where(*others, sa.or_(ConsultationVersion.tab != tab, sa.literal(not tab)))
    answers = defer(ConsultationVersion.answers, raiseload=True)
    return list(session().scalars(query.options(answers).order_by(ConsultationVersion.number)))


def last_aside(consultation_id: UUID, tab: str) -> ConsultationVersion | None:
    """What was last kept aside of a tab."""
    query = _versions(consultation_id).where(ConsultationVersion.why == Why.ASIDE, ConsultationVersion.tab == tab)
    found: ConsultationVersion | None = session().scalar(query.order_by(ConsultationVersion.number.desc()).limit(1))
    return found


def own_lists() -> Sequence[OptionList]:
    return session().scalars(sa.select(OptionList)).all()


def put_list(name: str, options: list[dict[str, Any]]) -> None:
    """Keep an agency's own list."""
    locks.hold(f"consultation-options/{name}")
    row = _own_list(name)
    if row is None:
        session().add(OptionList(name=name, options=options))
    else:
        row.options = options
    session().flush()


def drop_list(name: str) -> None:
    """Go back to the preset."""
    if row := _own_list(name):
        session().delete(row)


def _own_list(name: str) -> OptionList | None:
    return session().scalars(sa.select(OptionList).where(OptionList.name == name)).one_or_none()


def _versions(consultation_id: UUID) -> sa.Select[Any]:
    return sa.select(ConsultationVersion).where(ConsultationVersion.consultation_id == consultation_id)
