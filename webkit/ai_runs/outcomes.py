"""What a worker records of a run. Each step counts only while its attempt is the latest: a slow one spoils nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from webkit.ai_runs import models, quota
from webkit.ai_runs.models import ALIVE, RunState, Spending
from webkit.ai_runs.troubles import Trouble
from webkit.core.capabilities.ai_text import CompletionRequest, Cost, Message, Role, Usage
from webkit.core.kernel import clock
from webkit.core.kernel.db import writes

MICRO = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Work:
    """An attempt at a run: what a worker needs to know of it."""

    id: UUID
    attempt: int
    generation_id: UUID
    subject: str
    section: str
    structured: bool
    request: CompletionRequest

    @property
    def name(self) -> str:
        """The name of its stream."""
        return str(self.id)


@dataclass(frozen=True, slots=True)
class Bill:
    """What a call of the vendor used; `estimated` when it broke off before the vendor said."""

    provider: str
    model: str
    usage: Usage
    cost: Cost | None = None
    estimated: bool = False


@writes
def begin(run_id: UUID, job_id: UUID) -> Work | None:
    """Begin an attempt; None when the run is over, belongs to another job, or was asked to stop meanwhile."""
    run = models.fresh(run_id)
    if run is None or run.job_id != job_id or run.state not in ALIVE:
        return None
    before, now = run.attempt, clock.now()
    if run.stop_asked_at is not None:
        models.move(run_id, ALIVE, before, state=RunState.STOPPED, ended_at=now)
        quota.use(run.generation_id)
        return None
    attempt = before + (run.started_at is not None)
    work = Work(
        id=run_id,
        attempt=attempt,
        generation_id=run.generation_id,
        subject=run.subject,
        section=run.section,
        structured=run.json_schema is not None,
        request=CompletionRequest(
            messages=(Message(Role.USER, run.prompt),),
            system=run.system,
            max_tokens=run.max_tokens,
            json_schema=run.json_schema,
        ),
    )
    fresh = {"attempt": attempt, "text": "", "started_at": now, "resume_at": None, "error_code": ""}
    return work if models.move(run_id, ALIVE, before, state=RunState.RUNNING, **fresh) else None


@writes
def first_sign(work: Work) -> None:
    """Something was written: from now on the generation counts."""
    quota.use(work.generation_id)


@writes
def save(work: Work, text: str) -> tuple[bool, bool]:
    """Keep the text so far; whether this is still the latest attempt, and whether somebody asked it to stop."""
    return models.save(work.id, work.attempt, text)


@writes
def pay(work: Work, bill: Bill) -> None:
    """Record what an attempt used that leads to nothing, because another one goes on."""
    _spend(work, bill)


@writes
def again(work: Work, bill: Bill, correction: Sequence[Message]) -> Work | None:
    """Begin another attempt in which the model mends its answer; None when the run is no longer ours."""
    _spend(work, bill)
    if not models.move(work.id, (RunState.RUNNING,), work.attempt, attempt=work.attempt + 1, text=""):
        return None
    request = replace(work.request, messages=(*work.request.messages, *correction))
    return replace(work, attempt=work.attempt + 1, request=request)


@writes
def end(work: Work, state: RunState, text: str, trouble: Trouble | None = None, bill: Bill | None = None) -> bool:
    """The run is over: keep its text, pay, settle the generation. False when it was over, or another attempt's."""
    if bill is not None:
        _spend(work, bill)
    values = {"text": text, "error_code": trouble or "", "ended_at": clock.now()}
    if not models.move(work.id, (RunState.RUNNING,), work.attempt, state=state, **values):
        return False
    if text.strip() or state == RunState.STOPPED:
        quota.use(work.generation_id)
    else:
        quota.give_back(work.generation_id)
    return True


@writes
def wait(work: Work, trouble: Trouble, delay: timedelta) -> bool:
    """The run waits to be tried again, and says why and until when."""
    until: datetime = clock.now() + delay
    return models.move(
        work.id, (RunState.RUNNING,), work.attempt, state=RunState.QUEUED, error_code=trouble, resume_at=until
    )


def _spend(work: Work, bill: Bill) -> None:
    cost = bill.cost
    models.add(
        Spending(
            run_id=work.id,
            month=quota.month_of(quota.today()),
            attempt=work.attempt,
            provider=bill.provider,
            model=bill.model[:64],
            input_tokens=bill.usage.input_tokens,
            output_tokens=bill.usage.output_tokens,
            cached_tokens=bill.usage.cached_tokens,
            cost_micro=int((cost.amount * MICRO).to_integral_value(ROUND_HALF_UP)) if cost else None,
            currency=cost.currency if cost else "",
            estimated=bill.estimated,
        )
    )
