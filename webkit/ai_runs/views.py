"""What others ask of runs, and what they are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from webkit.ai_runs.models import Fate as Fate
from webkit.ai_runs.models import RunState as RunState
from webkit.ai_runs.models import Spent as Spent
from webkit.core.values import dataclass


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One section to write for `subject` ("proposal:<uuid>").

    `facts` are what may be cited, as it is printed, by id, and `sources` say what each of them is; `exempt` are figures
    of the agency's own plan.
    """

    subject: str
    section: str
    system: str
    prompt: str
    json_schema: Mapping[str, Any] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    exempt: tuple[str, ...] = ()
    max_tokens: int = 4096
    locale: str = "en"


@dataclass(frozen=True, slots=True)
class Mark:
    """A figure without a source: where it stands in the printed text, or in the string at `path` of a parsed one."""

    start: int
    end: int
    text: str
    path: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished text with its citations printed; `parsed` is what a structured section holds, also printed."""

    text: str
    parsed: Any
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as pages show it. `text` is as the model wrote it, citations and all."""

    id: UUID
    subject: str
    section: str
    state: RunState
    attempt: int
    text: str
    structured: bool
    facts: Mapping[str, str]
    sources: Mapping[str, str]
    exempt: tuple[str, ...]
    locale: str
    error_code: str
    error_sentence: str
    resume_at: datetime | None
    stopping: bool
    created_at: datetime
    ended_at: datetime | None
    fate: Fate
    usage: Spent
    figures_unproven: int

    @property
    def alive(self) -> bool:
        return self.state in (RunState.QUEUED, RunState.RUNNING)

    @property
    def usable(self) -> bool:
        """Whether there is something to apply: whole lists, and prose however far it came."""
        if self.alive or not self.text.strip() or self.fate != Fate.OPEN:
            return False
        return self.state == RunState.DONE or not self.structured


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much an agency may still ask for. `limit` None is no limit; `day_limit` is the operator's cap."""

    tier: str
    month: str
    used: int
    limit: int | None
    resets_at: datetime
    day_used: int
    day_limit: int


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of document that has runs: how its sections are called, what lists look like, where buttons lead.

    `apply_url` takes the text into the document; `page_url` shows the document. `shapes` are the sections that are
    no prose: what the model wrote must be such a model, or the run fails; `prints` says how their values of some names
    read ("high" as "High"). `demand`, given the name of the document, raises Forbidden
    where the person at work may only read it; without it everybody in the agency may stop and repeat its runs.
    """

    kind: str
    label: Callable[[str], str]
    page_url: Callable[[RunView], str]
    apply_url: Callable[[RunView], str]
    shapes: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    prints: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    demand: Callable[[str], None] = lambda _name: None
