"""Carrying erasures out. Killed anywhere, a job goes on where it was: what is gone is not found again."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from webkit.core.extensions import Job, JobSpec, Schedule
from webkit.core.kernel import audit, clock, jobs, tenancy
from webkit.core.kernel.db import writing
from webkit.core.kernel.runtime import current
from webkit.privacy import erasing_models, register, service, trace_models
from webkit.privacy.outside import throw_away
from webkit.privacy.scope_models import Found

BATCH = 100
TRACES = "privacy.sweep_traces"
AT_ONCE, MOST_A_DAY = 1000, 200_000
"""How many traces go in one write, and of each table on one day."""


def erase(job: Job) -> None:
    """Look and erase until there is nothing left to erase, then write the receipt."""
    erasure_id = UUID(job.args["erasure_id"])
    while (found := service.find(erasure_id)) is not None:
        service.remember(erasure_id, found)
        if not _pass(erasure_id, found) and service.finish(erasure_id, found):
            return


def _pass(erasure_id: UUID, found: Found) -> int:
    """Everything that was found, a batch in each write; how many rows it was."""
    keep, done = erasing_models.kept_files(found), 0
    for name in erasing_models.in_order(found):
        rows = found.goes[name]
        for start in range(0, len(rows), BATCH):
            keys = rows[start : start + BATCH]
            things = erasing_models.things(name, keys, keep)
            throw_away(things)
            done += service.erase(erasure_id, name, keys, things)
    return done


def sweep(_job: Job) -> None:
    """Once a day: what a law kept until yesterday goes."""
    for agency_id in current().directory.all_ids():
        with tenancy.tenant(agency_id):
            service.sweep_agency()


def sweep_traces(_job: Job) -> None:
    """Once a day: traces of use go when their time is over. What is more than a day's work goes the next day."""
    before = clock.now() - timedelta(days=current().settings.trace_days)
    for name, table in register.ending().items():
        removed, batch = 0, AT_ONCE
        while batch == AT_ONCE and removed < MOST_A_DAY and not jobs.stopping.is_set():
            with writing():
                batch = trace_models.remove(name, table.ends, before, AT_ONCE)
            removed += batch
        if removed:
            audit.log("traces.removed", detail={"table": name, "rows": removed, "before": before.date().isoformat()})


JOBS = [
    JobSpec(service.ERASE, erase, queue="long", lease=900),
    JobSpec(service.SWEEP, sweep, queue="long", lease=900),
    JobSpec(TRACES, sweep_traces, queue="long", lease=900),
]
SCHEDULES = [
    Schedule(service.SWEEP, service.SWEEP, daily_at="04:10"),
    Schedule(TRACES, TRACES, daily_at="04:20"),
]
