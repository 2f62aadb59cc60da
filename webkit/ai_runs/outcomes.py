"""What a worker records of a run. Each step counts only while its attempt is the latest: a slow one spoils nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from webkit.ai_runs import models, quota
from webkit.ai_runs.models import RunState, Spending
from webkit.ai_runs.troubles import Trouble
from webkit.core.capabilities.ai_text import AI_TEXT, AIText, CompletionRequest, Cost, Message, Role, Usage
from webkit.core.kernel import clock, vendors
from webkit.core.kernel.db import writes
from webkit.core.kernel.vendors import Vendor
from webkit.core.values import dataclass

MICRO = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Work:
    """An attempt at a run: what a worker needs to know of it; `writer` is None where nobody can be asked."""

    id: UUID
    attempt: int
    generation_id: UUID
    subject: str
    section: str
    structured: bool
    request: CompletionRequest
    writer: Vendor[AIText] | None

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
def begin(asked: Mapping[UUID, UUID]) -> dict[UUID, Work]:
    """Begin an attempt at each of these runs, given by their jobs, and say what it is.

    None for a run that is over, belongs to another job, or was asked to stop meanwhile.
    """
    now = clock.now()
    begun = models.begin(asked.values(), asked.keys(), now)
    for generation in models.stop_unheard(asked.values(), asked.keys(), now):
        quota.use(generation)
    writer = vendors.find_chosen(AI_TEXT)
    return {row.job_id: _work(row, writer) for row in begun}


def _work(row: models.Begun, writer: Vendor[AIText] | None) -> Work:
    return Work(
        id=row.id,
        attempt=row.attempt,
        generation_id=row.generation_id,
        subject=row.subject,
        section=row.section,
        structured=row.json_schema is not None,
        request=CompletionRequest(
            messages=(Message(Role.USER, row.prompt),),
            system=row.system,
            max_tokens=row.max_tokens,
            json_schema=row.json_schema,
        ),
        writer=writer,
    )


@writes
def save(texts: Sequence[tuple[Work, str, bool]]) -> list[tuple[bool, bool]]:
    """Keep texts so far, which may have begun: from then on the generation counts.

    For each, whether this is still the latest attempt, and whether somebody asked it to stop. Runs are locked before
    their generation, here as everywhere: one that ends at this moment would else wait for us, and we for it.
    """
    answers = [models.save(work.id, work.attempt, text) for work, text, _ in texts]
    for generation in sorted({work.generation_id for work, _, begun in texts if begun}):
        quota.use(generation)
    return answers


@writes
def pay(work: Work, bill: Bill) -> None:
    """Record what an attempt used that leads to nothing, because another one goes on."""
    _spend(work, bill)


@writes
def again(work: Work, bill: Bill, correction: Sequence[Message]) -> Work | None:
    """Begin another attempt in which the model mends its answer; None when the run is no longer ours."""
    _spend(work, bill)
    living = models.move(work.id, (RunState.RUNNING,), work.attempt, attempt=work.attempt + 1, text="")
    quota.use(work.generation_id)
    if not living:
        return None
    request = replace(work.request, messages=(*work.request.messages, *correction))
    return replace(work, attempt=work.attempt + 1, request=request)


@writes
def end(
    work: Work,
    state: RunState,
    text: str,
    trouble: Trouble | None = None,
    bill: Bill | None = None,
    *,
    begun: bool = False,
) -> bool:
    """The run is over: keep its text, pay, settle the generation. False when it was over, or another attempt's.

    `begun` when something was written, also if the text is not to be kept.
    """
    if bill is not None:
        _spend(work, bill)
    values = {"text": text, "error_code": trouble or "", "ended_at": clock.now()}
    if not models.move(work.id, (RunState.RUNNING,), work.attempt, state=state, **values):
        return False
    if begun or text.strip() or state == RunState.STOPPED:
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
