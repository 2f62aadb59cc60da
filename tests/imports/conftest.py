"""What tests of imports share."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from webkit.imports import service
from webkit.imports.models import ImportRow, Kind

ACTOR = "user:test"
Looked = Callable[..., UUID]


@pytest.fixture
def looked_through(run_jobs: Callable[[], int]) -> Looked:
    """Uploads a text, decides what it is told to, and has it looked through."""

    def look(kind: Kind, text: str | bytes, *, once: str = "", **decided: Any) -> UUID:
        body = text.encode() if isinstance(text, str) else text
        made = service.upload(kind, "old.csv", io.BytesIO(body), len(body), ACTOR, "en", once)
        service.look_through(made, replace(service.get(made).reading, **decided))
        run_jobs()
        return made

    return look


@pytest.fixture
def brought_in(looked_through: Looked, run_jobs: Callable[[], int]) -> Looked:
    """The same, and brings it in."""

    def bring(kind: Kind, text: str | bytes, **decided: Any) -> UUID:
        made = looked_through(kind, text, **decided)
        service.bring_in(made, ACTOR)
        run_jobs()
        return made

    return bring


def outcomes(import_id: UUID) -> list[tuple[int, str, str]]:
    """(line, outcome, step) of every record."""
    return [(row.line, row.outcome.value, row.step.value) for row in rows(import_id)]


def rows(import_id: UUID) -> list[ImportRow]:
    """Its records in the order of the file."""
    return service.rows(import_id, "all", 0)
