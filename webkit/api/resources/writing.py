"""Texts that a model writes: asked for, followed, stopped, and put into the draft by whoever wants them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, JsonValue

from webkit.ai_runs import service
from webkit.ai_runs.subjects import Misshapen
from webkit.ai_runs.views import Allowance, Fate, RunState, RunView
from webkit.api.operations import Call, Operation
from webkit.api.paging import of_all, of_rows
from webkit.api.resources.proposals import Proposal
from webkit.api.shapes import Input, View
from webkit.proposals import service as proposals
from webkit.proposals import writing
from webkit.proposals.sections import WRITTEN
from webkit.proposals.views import Author, ProposalView

Section = Literal[*(each.key for each in WRITTEN)]  # type: ignore[valid-type]


class SectionsIn(Input):
    """Which sections are written, side by side."""

    sections: list[Section] = Field(min_length=1, max_length=len(WRITTEN))  # type: ignore[valid-type]


class ApplyIn(Input):
    """`replace` what stands in the section, or `add` to it."""

    how: Literal["replace", "add"]


class VouchIn(Input):
    """A figure without a source, by its id in the proposal."""

    id: str = Field(min_length=1, max_length=40)


class Spent(View):
    """What was used, and what it cost, in millionths of `currency`; null where no price is known."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost_micro: int | None
    currency: str
    estimated: bool


class Run(View):
    """A section that is, or was, written. `fate` is what became of it."""

    id: UUID
    subject: str
    section: str
    state: RunState
    attempt: int
    fate: Fate
    locale: str
    error_code: str
    error: str = Field(validation_alias="error_sentence")
    resume_at: datetime | None
    stopping: bool
    created_at: datetime
    ended_at: datetime | None
    usage: Spent
    figures_unproven: int


class Mark(View):
    """A figure without a source: where it stands in `text`, or in the string at `path` of `parsed`."""

    start: int
    end: int
    text: str
    path: list[str | int]


class WrittenRun(Run):
    """The same with its text. While it is being written `text` is what there is so far; `parsed` is what a section that
    is a list holds."""

    text: str
    parsed: JsonValue
    marks: list[Mark]


class Runs(View):
    """What was begun."""

    runs: list[Run]


class Usage(View):
    """What was used of the month and of the day, and what it cost; `limit` is null where there is none."""

    month: str
    used: int
    limit: int | None
    resets_at: datetime
    day_used: int
    day_limit: int
    spent: list[Spent]


def _usage(_call: Call) -> dict[str, Any]:
    known: Allowance = service.allowance()
    told = {name: getattr(known, name) for name in Usage.model_fields if name != "spent"}
    return {**told, "spent": service.spent(known.month)}


def _latest(_call: Call, limit: int, before: UUID | None) -> Sequence[RunView]:
    return service.latest(limit, before)


def _get(call: Call) -> dict[str, Any]:
    run = service.get(call.id("run_id"))
    told = Run.model_validate(run).model_dump()
    try:
        written = service.result(run.id) if run.text and not run.alive else None
    except Misshapen:
        written = None  # it ended before its list was whole
    if written is None:
        return {**told, "text": run.text, "parsed": None, "marks": []}
    return {**told, "text": written.text, "parsed": written.parsed, "marks": written.marks}


def _stop(call: Call) -> dict[str, Any]:
    service.demand_steering(call.id("run_id"))
    service.stop(call.id("run_id"))
    return _get(call)


def _retry(call: Call) -> dict[str, Any]:
    service.demand_steering(call.id("run_id"))
    service.retry(call.id("run_id"), actor=call.actor)
    return _get(call)


def _discard(call: Call) -> dict[str, Any]:
    service.demand_steering(call.id("run_id"))
    service.discard(call.id("run_id"))
    return _get(call)


def _of_proposal(call: Call) -> Sequence[RunView]:
    return writing.runs(proposals.get(call.id("proposal_id")).id)


def _start(call: Call) -> dict[str, Any]:
    made = writing.start(call.id("proposal_id"), call.body.sections, call.actor)
    return {"runs": [service.get(each) for each in made]}


def _apply(call: Call) -> ProposalView:
    proposal = proposals.get(call.id("proposal_id"))
    add = call.body.how == "add"
    writing.apply(proposal.id, call.id("run_id"), proposal.revision, add=add, actor=call.actor)
    return proposals.get(proposal.id)


def _vouch(call: Call) -> ProposalView:
    writing.vouch(call.id("proposal_id"), call.body.id, Author(call.user_id, call.name, call.email))
    return proposals.get(call.id("proposal_id"))


RUN, OF, USE, EDIT = "/ai-runs/{run_id}", "/proposals/{proposal_id}", "ai.use", "proposals.edit"
OPERATIONS = (
    Operation("ai.usage", "GET", "/ai-usage", "ai.usage", "Read what was used of the month", _usage, answer=Usage),
    Operation("ai.list", "GET", "/ai-runs", "ai.usage", "List texts that were asked for", of_rows(_latest), paged=True,
              answer=Run, about="The latest first."),
    Operation("ai.get", "GET", RUN, USE, "Read a text", _get, answer=WrittenRun,
              about="Also while it is being written: ask again with its `ETag`."),
    Operation("ai.stop", "POST", f"{RUN}/stop", USE, "Stop writing; what is there stays", _stop, answer=WrittenRun),
    Operation("ai.retry", "POST", f"{RUN}/retry", USE, "Have it written anew", _retry, answer=WrittenRun),
    Operation("ai.discard", "POST", f"{RUN}/discard", USE, "Put a text away", _discard, answer=WrittenRun),
    Operation("proposals.texts", "GET", f"{OF}/writing", EDIT, "List texts that were written for it",
              of_all(_of_proposal), paged=True, answer=Run),
    Operation("proposals.write", "POST", f"{OF}/writing", EDIT, "Have sections written", _start, body=SectionsIn,
              answer=Runs, code=201, about="By the chosen AI provider, one generation of the month for all of them."),
    Operation("proposals.apply", "POST", f"{OF}/writing/{{run_id}}/apply", EDIT, "Put a text into the draft", _apply,
              body=ApplyIn, answer=Proposal),
    Operation("proposals.vouch", "POST", f"{OF}/vouch", EDIT, "Stand for a figure that has no source", _vouch,
              body=VouchIn, answer=Proposal),
)  # fmt: skip
