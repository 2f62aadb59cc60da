"""Plans, reminders and a clock that is moved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.client import let_go
from tests.factories import documents
from webkit.agencies import service as agencies
from webkit.core.kernel import clock, db
from webkit.core.kernel.outbox import PutBack
from webkit.invoices.service import Figures, LineInput
from webkit.recurring import dunning, jobs, models, planning
from webkit.recurring.calendar import Rhythm
from webkit.recurring.dunning import StepInput
from webkit.recurring.planning import PlanInput

ACTOR = "user:test"
STEPS = (StepInput(-3), StepInput(3, "Have you forgotten us?"), StepInput(10), StepInput(30))


def plan_input(client_id: UUID, start: date, price: str = "100", **values: Any) -> PlanInput:
    """A plan of one line; the calendar's own words are taken out of `values`."""
    rhythm = {name: values.pop(name) for name in ("unit", "every", "day", "hour") if name in values}
    line = LineInput("Care from {from} to {to}", Decimal(1), Decimal(price))
    total = int(Decimal(price) * 122)
    head = {
        "client_id": client_id,
        "title": "Care {month} {year}",
        "lines": (line,),
        "figures": Figures(),
        "total": total,
    }
    return PlanInput(**{**head, "rhythm": Rhythm(start, **rhythm), **values})


def plan(start: date, price: str = "100", client_id: UUID | None = None, **values: Any) -> UUID:
    """A plan that is kept."""
    return planning.create(plan_input(client_id or documents.client(), start, price, **values), ACTOR)


def run() -> None:
    """What the sweep would have asked for, here and now."""
    for job in (jobs.run, jobs.remind):
        again = True
        while again:
            let_go()
            again = _once(job)


def _once(job: Callable[[Any], None]) -> bool:
    try:
        job(None)
    except PutBack:
        return True
    return False


def remind(**values: Any) -> None:
    """Remind from now on."""
    steps = values.pop("steps", STEPS)
    usual = {"active": True, "since_hour": 9, "until_hour": 18, "weekends": True}
    dunning.save({**usual, **values}, steps, wake=jobs.WATCH)
    jobs.watch(None)  # type: ignore[arg-type]


@db.writes
def live_in(zone: str) -> None:
    """Move the agency."""
    agencies.change({"timezone": zone})


def billed(plan_id: UUID) -> list[tuple[str, str]]:
    """Day and outcome of each period that was dealt with, oldest first."""
    db.release()
    return [(row.on.isoformat(), row.outcome.value) for row in reversed(models.periods(plan_id, 10_000))]


def days(plan_id: UUID) -> list[str]:
    """The days alone."""
    return [day for day, _outcome in billed(plan_id)]


def at(moment: datetime) -> Any:
    """Hold the clock there."""
    return clock.frozen(moment)
