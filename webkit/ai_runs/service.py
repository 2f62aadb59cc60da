"""Asking for texts, watching them, stopping them, and saying what becomes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from webkit.ai_runs import marks, models, quota, subjects, troubles
from webkit.ai_runs.models import ALIVE, Run, RunState, Seen, Spent
from webkit.ai_runs.views import Allowance as Allowance
from webkit.ai_runs.views import Fate as Fate
from webkit.ai_runs.views import RunRequest, RunResult, RunView
from webkit.ai_runs.views import Subject as Subject
from webkit.core.kernel import clock, entitlements, outbox, streams
from webkit.core.kernel.db import after_commit, writes
from webkit.core.kernel.entitlements import Feature
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.tenancy import add_late

WRITE = "ai_runs.write"

register = subjects.register


@writes
def start(requests: Sequence[RunRequest], *, actor: str = "system") -> list[UUID]:
    """Ask for several sections at once: one generation, a run each, written side by side.

    Raises TooMany when the month's generations or the day's sections are used, Conflict for a section that is being
    written already.
    """
    entitlements.require(Feature.AI_WRITING)
    for request in requests:
        subjects.check(request)
    for subject in {request.subject for request in requests}:
        _refuse_twice(models.alive_sections(subject), {r.section for r in requests if r.subject == subject})
    generation, day = quota.reserve(actor, len(requests)), quota.today().isoformat()
    ids = [uuid7() for _ in requests]
    jobs = outbox.add_all(WRITE, [{"run": str(run_id)} for run_id in ids])
    for run_id, job, request in zip(ids, jobs, requests, strict=True):
        add_late(Run, id=run_id, job_id=job, generation_id=generation, day=day, **_asked(request))
    return ids


def _refuse_twice(alive: set[str], wanted: set[str]) -> None:
    if alive & wanted:
        raise Conflict(_("This is being written already. Wait for it, or stop it first."))


def _asked(request: RunRequest) -> dict[str, Any]:
    """The columns that a request fills."""
    return {
        "subject": request.subject,
        "section": request.section,
        "system": request.system,
        "prompt": request.prompt,
        "json_schema": dict(request.json_schema) if request.json_schema is not None else None,
        "facts": dict(request.facts),
        "sources": dict(request.sources),
        "exempt": list(request.exempt),
        "max_tokens": request.max_tokens,
        "locale": request.locale,
    }


def get(run_id: UUID) -> RunView:
    """One run of the current agency. Raises NotFound."""
    return _views([_found(run_id)])[0]


def of(subject: str) -> list[RunView]:
    """The latest run of each section of a document, in the order they were asked for."""
    return _views(models.of_subject(subject))


def demand_steering(run_id: UUID) -> None:
    """What becomes of a text is up to those who may change its document. Raises NotFound, Forbidden."""
    subject = subjects.subject_of(name := get(run_id).subject)
    if subject is not None:
        subject.demand(name)


def latest(limit: int = 50, before: UUID | None = None) -> list[RunView]:
    """The agency's runs, newest first."""
    return _views(models.latest(limit, before))


def allowance() -> Allowance:
    """What the agency has used this month and today, and what it may."""
    return quota.allowance()


def spent(month: str) -> list[Spent]:
    """What a month ("2026-11") cost, a line for each currency."""
    return models.spent_in(month)


def result(run_id: UUID) -> RunResult:
    """What a run wrote, with its citations printed and every figure without a source marked. Raises NotFound."""
    run = _found(run_id)
    return marks.result(_view(run, Spent()))


@writes
def stop(run_id: UUID) -> bool:
    """Stop a run; what is written stays. False when it is over already. A queued one, that asked nobody, is free.

    The worker that is writing hears of it within a moment, keeps the text so far and ends the vendor's work too.
    """
    run = _found(run_id)
    generation, attempt, now = run.generation_id, run.attempt, clock.now()
    if models.move(run_id, (RunState.QUEUED,), state=RunState.STOPPED, ended_at=now, resume_at=None):
        quota.give_back(generation)
    elif not models.move(run_id, (RunState.RUNNING,), stop_asked_at=now):
        return False
    after_commit(lambda: streams.ask_to_stop(str(run_id), attempt))
    return True


@writes
def retry(run_id: UUID, *, actor: str = "system") -> None:
    """Have a section written anew. What failed belongs to the generation it was paid with; else it is a new one.

    Raises Conflict while it is being written, TooMany.
    """
    run = _found(run_id)
    if run.state in ALIVE:
        raise Conflict(_("This is being written already. Wait for it, or stop it first."))
    _refuse_twice(models.alive_sections(run.subject), {run.section})
    within = run.generation_id if run.state == RunState.FAILED else None
    generation = quota.reserve(actor, 1, within=within)
    job = outbox.add(WRITE, run=str(run_id))
    if not models.anew(run_id, generation_id=generation, job_id=job, day=quota.today().isoformat()):
        raise Conflict(_("This is being written already. Wait for it, or stop it first."))


@writes
def settle_applied(run_id: UUID) -> bool:
    """The text is in the document now; call it in the write that puts it there. False when that was said before."""
    return models.settle_fate(_found(run_id).id, Fate.APPLIED, clock.now())


@writes
def discard(run_id: UUID) -> bool:
    """Nobody wants this text. False when something else was said before, or it is still being written."""
    return models.settle_fate(_found(run_id).id, Fate.DISCARDED, clock.now())


def _found(run_id: UUID) -> Seen:
    run = models.get(run_id)
    if run is None:
        raise NotFound(_("This text is not there."))
    return run


def _views(runs: Sequence[Run | Seen]) -> list[RunView]:
    # What is written for the first time has used nothing before its end, and its readers wait for their first words.
    known = [run.id for run in runs if run.state not in ALIVE or run.attempt > 1]
    spent_by = models.spent_by(known) if known else {}
    return [_view(run, spent_by.get(run.id, Spent())) for run in runs]


def _view(run: Run | Seen, usage: Spent) -> RunView:
    view = RunView(
        id=run.id,
        subject=run.subject,
        section=run.section,
        state=run.state,
        attempt=run.attempt,
        text=run.text,
        structured=run.json_schema is not None,
        facts=run.facts,
        sources=run.sources,
        exempt=tuple(run.exempt),
        locale=run.locale,
        error_code=run.error_code,
        error_sentence=troubles.sentence(run.error_code),
        resume_at=run.resume_at,
        stopping=run.stop_asked_at is not None and run.state in ALIVE,
        created_at=run.created_at,
        ended_at=run.ended_at,
        fate=run.fate,
        usage=usage,
        figures_unproven=0,
    )
    return marks.counted(view)
