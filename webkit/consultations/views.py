"""Consultations as others see them: frozen, without a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from webkit.consultations import answers as said
from webkit.consultations.answers import Answer
from webkit.consultations.models import Consultation, ConsultationVersion, State, Why
from webkit.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Author:
    """Who types."""

    id: UUID
    name: str

    @property
    def actor(self) -> str:
        """As the chain of events names people."""
        return f"user:{self.id}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the person at a form knows of: the number of a version, and a key of the open form.

    Whoever was told of a newer version and wants theirs to stand over it knows of that one; `opened` is then the
    version the form was opened on, and only what was changed since wins.
    """

    version: int
    tab: str = ""
    opened: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultationCard:
    """A consultation in a list. `name` is empty until somebody wrote down whose it is."""

    id: UUID
    client_id: UUID | None
    name: str
    percent: int
    state: State
    author_name: str
    created_at: datetime
    updated_at: datetime
    updated_by: str
    completed_at: datetime | None
    proposal_id: UUID | None

    @classmethod
    def of(cls, row: Consultation) -> Self:
        """A row as a view."""
        return cls(**_values(cls, row))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultationView(ConsultationCard):
    """A consultation and what was answered; `version` is the number of the version that counts."""

    answers: Mapping[str, Answer]
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionCard:
    """A version in the list of all of them. `changed` names the questions it answered otherwise than `parent`."""

    number: int
    why: Why
    parent: int
    source: int
    changed: tuple[str, ...]
    percent: int
    author_name: str
    at: datetime

    @classmethod
    def of(cls, row: ConsultationVersion) -> Self:
        """A row as a view."""
        return cls(**_values(cls, row))


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView(VersionCard):
    """A version and what it says."""

    answers: Mapping[str, Answer]

    @classmethod
    def saying(cls, row: ConsultationVersion, answers: Mapping[str, Answer]) -> Self:
        """A row, which knows only what changed, and all of it."""
        return cls(**{**_values(cls, row), "answers": answers})


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save led to.

    `others` are the names of those who saved since the form was opened. `aside` is the number under which it was kept
    without counting, because they had answered the same questions, or because the consultation is no draft any more.
    """

    version: int
    percent: int
    at: datetime
    aside: int = 0
    others: str = ""


def _values(kind: type[Any], row: Any) -> dict[str, Any]:
    special: dict[str, Callable[[], Any]] = {
        "version": lambda: row.current,
        "answers": lambda: said.from_stored(row.answers),
        "changed": lambda: tuple(row.changed),
        "at": lambda: row.created_at,
    }
    return {
        each.name: special[each.name]() if each.name in special else getattr(row, each.name) for each in fields(kind)
    }
