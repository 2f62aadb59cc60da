"""A puppet in the place of the model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from pydantic import BaseModel

from tests.ai_runs import model
from tests.ai_runs.model import Script
from webkit.ai_runs import keeping, pump, service, subjects
from webkit.ai_runs.views import RunRequest, Subject
from webkit.core.capabilities.ai_text import AI_TEXT
from webkit.core.kernel import runtime as runtimes


class Steps(BaseModel):
    """A structured section."""

    steps: list[str]


SCHEMA = {"type": "object", "properties": {"steps": {"type": "array", "items": {"type": "string"}}}}
LETTER = Subject(
    kind="letter",
    label=lambda section: section.title(),
    page_url=lambda run: "/northwind",
    apply_url=lambda run: f"/northwind/letters/{run.id}/apply",
    shapes={"steps": Steps},
)


@pytest.fixture
def puppet(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    """What the model says; it is saved again and again."""
    script = Script()
    monkeypatch.setattr(model, "SCRIPT", script)
    monkeypatch.setattr(keeping, "SAVE", 0.0)
    monkeypatch.setattr(keeping, "GRACE", 0.0)
    monkeypatch.setattr(pump, "TICK", 0.005)
    monkeypatch.setitem(subjects._known, "letter", LETTER)
    registry = runtimes.of(app).registry
    monkeypatch.setitem(registry._specs, (AI_TEXT.key, "puppet"), model.SPEC)
    monkeypatch.setitem(registry._environ, AI_TEXT.env, "puppet")
    yield script


def request(section: str = "summary", **values: object) -> RunRequest:
    """A section of a letter."""
    wanted = {"subject": "letter:1", "system": "You write letters.", "prompt": "Write.", "locale": "en", **values}
    return RunRequest(section=section, **wanted)  # type: ignore[arg-type]


def steps() -> RunRequest:
    """A structured one."""
    return request("steps", json_schema=SCHEMA)


__all__ = ["SCHEMA", "puppet", "request", "service", "steps"]
