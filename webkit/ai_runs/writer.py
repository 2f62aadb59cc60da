"""The job that writes a section: it listens to the model and keeps what it says."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from uuid import UUID

import structlog
from flask import current_app

from webkit.ai_runs import keeping, outcomes, pump, subjects
from webkit.ai_runs.models import RunState
from webkit.ai_runs.outcomes import Bill, Work
from webkit.ai_runs.service import WRITE
from webkit.ai_runs.subjects import Misshapen
from webkit.ai_runs.texts import Halt, Text
from webkit.ai_runs.troubles import PASSING, Trouble, of
from webkit.core.capabilities.ai_text import (
    AIText,
    Completion,
    Interruptible,
    Message,
    PricedText,
    Role,
    StopReason,
    Usage,
)
from webkit.core.capabilities.errors import BrokenOff, ProviderError, ProviderMisconfigured, TimedOut
from webkit.core.extensions import Job
from webkit.core.kernel import outbox
from webkit.core.kernel.outbox import PutBack
from webkit.core.values import dataclass

log = structlog.get_logger(__name__)

LEASE, LONGEST = 15, 1800
TRIES = 5
"""How often a vendor is asked that takes no requests, or cannot be reached, before a person has to say so."""
PATIENCE = 300.0
"""The longest a vendor may ask us to wait; longer, and a person decides."""
_ENDS = {StopReason.MAX_TOKENS: Trouble.LENGTH, StopReason.REFUSED: Trouble.REFUSED}


@dataclass(frozen=True, slots=True)
class Answer:
    """How a call of the model ended: whole, in trouble, or halted by us."""

    text: str
    bill: Bill | None
    trouble: Trouble | None = None
    halt: Halt | None = None
    wait: float | None = None


def begin(asked: Sequence[Job]) -> dict[UUID, Work]:
    """What is written now, for all jobs of an agency that were taken together."""
    return outcomes.begin({job.id: UUID(job.args["run"]) for job in asked})


def write(job: Job) -> None:
    """Make one attempt at a run. Done twice, the second finds it over; in two places, the older attempt loses."""
    work: Work | None = job.begun
    if work is None:
        return
    try:
        _write(work, job)
    except PutBack:
        raise
    except Exception:
        outcomes.end(work, RunState.FAILED, "", Trouble.INTERNAL)
        raise


def _write(work: Work, job: Job) -> None:
    text = Text(work, job, WRITE)
    answer = _listen(text)
    if answer.trouble is None and answer.halt is None and (fault := _fault(work, answer.text)):
        assert answer.bill is not None
        mended = outcomes.again(work, answer.bill, _correction(answer.text, fault))
        if mended is None:
            return
        text = Text(mended, job, WRITE)
        answer = _listen(text)
        if answer.trouble is None and answer.halt is None and _fault(mended, answer.text):
            answer = Answer(answer.text, answer.bill, Trouble.INVALID)
    _settle(text, answer, job)


def _fault(work: Work, text: str) -> str:
    """What is wrong with a structured answer; nothing when it is as it was asked for, or prose."""
    if not work.structured:
        return ""
    try:
        subjects.parse(work.subject, work.section, text)
    except Misshapen as fault:
        return str(fault)
    return ""


def _correction(text: str, fault: str) -> tuple[Message, ...]:
    ask = f"This answer does not fit the schema: {fault} Answer again with the corrected JSON only."
    return (Message(Role.ASSISTANT, text), Message(Role.USER, ask)) if text.strip() else (Message(Role.USER, ask),)


def _settle(text: Text, answer: Answer, job: Job) -> None:
    """Record how an attempt ended, then tell those who watch."""
    work = text.work
    if answer.halt in (Halt.REPLACED, Halt.ENDING):
        if answer.bill is not None:
            outcomes.pay(work, answer.bill)
        if answer.halt == Halt.ENDING:
            raise PutBack
        return
    if answer.halt is None and not answer.text.strip() and answer.trouble in PASSING and job.attempt < TRIES:
        delay = _delay(job, answer.wait)
        if delay is not None:
            if outcomes.wait(work, answer.trouble, delay):
                keeping.close(text)
            raise PutBack(delay)
    state = _state(answer)
    if outcomes.end(work, state, answer.text, answer.trouble, answer.bill, begun=text.begun):
        keeping.close(text)


def _state(answer: Answer) -> RunState:
    if answer.halt == Halt.STOPPED:
        return RunState.STOPPED
    return RunState.FAILED if answer.trouble else RunState.DONE


def _delay(job: Job, wished: float | None) -> timedelta | None:
    """When to try again; None when the vendor asks for more patience than we have."""
    if wished is not None and wished > PATIENCE:
        return None
    return outbox.backoff(job.attempt, wished)


def _listen(text: Text) -> Answer:
    """Call the model and keep what it says until it has said everything, fails, or is halted."""
    writer = text.work.writer
    carrier = pump.of(current_app._get_current_object())  # type: ignore[attr-defined]
    with carrier.carrying(text):
        try:
            if writer is None:
                raise ProviderMisconfigured("nobody is chosen to write")
            vendor = writer.connect()
            completion = _hear(vendor, text, carrier.hurry)
        except ProviderError as error:
            if text.halted:
                return Answer(text.whole, _estimate(text), halt=text.halted)
            failure = of(error, begun=bool(text.whole))
            log.warning("the model failed", trouble=failure, reason=error.code, error=type(error).__name__)
            bill = _estimate(text) if text.whole else None
            return Answer(text.whole, bill, failure, wait=error.retry_after)
    if completion is None:
        return Answer(text.whole, _estimate(text), halt=text.halted)
    bill = _bill(vendor, writer.name, completion.usage, completion.model)
    trouble = _ENDS.get(completion.stop) or (None if text.whole.strip() else Trouble.EMPTY)
    return Answer("" if trouble == Trouble.REFUSED else text.whole, bill, trouble)


def _hear(vendor: AIText, text: Text, hurry: Callable[[], None]) -> Completion | None:
    """The model's whole answer, word by word; None when we stopped listening. Raises ProviderError."""
    end = time.monotonic() + LONGEST
    answer = vendor.stream(text.work.request)
    interrupt = answer.interrupt if isinstance(answer, Interruptible) else None
    with closing(answer), text.heard_through(interrupt):  # type: ignore[type-var]
        for part in answer:
            if text.halted:
                return None
            if isinstance(part, Completion):
                return part
            text.add(part.text)
            if text.is_due:
                hurry()
            if time.monotonic() > end:
                raise TimedOut("the answer took longer than anybody waits")
    raise BrokenOff("the stream ended before the answer did")


def _bill(vendor: AIText | None, provider: str, usage: Usage, model: str, *, estimated: bool = False) -> Bill:
    cost = vendor.cost(usage, model) if isinstance(vendor, PricedText) else None
    return Bill(provider, model, usage, cost, estimated)


def _estimate(text: Text) -> Bill:
    """What a call used that ended before the vendor said: about four characters make a token."""
    request = text.work.request
    asked = len(request.system) + sum(len(message.text) for message in request.messages)
    usage = Usage(input_tokens=asked // 4, output_tokens=len(text.whole) // 4)
    writer = text.work.writer
    return _bill(writer.connect() if writer else None, writer.name if writer else "", usage, "", estimated=True)
