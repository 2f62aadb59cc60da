"""Asking the vendor how retainers stand: when there is news, and now and then though nobody told of any."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from webkit.core.extensions import Job
from webkit.core.kernel import clock, outbox, tenancy
from webkit.core.kernel.db import writing
from webkit.retainers import models, selling

SWEEP, LOOK = "retainers.sweep", "retainers.look"
AGAIN = timedelta(hours=1)
AT_ONCE = 50


def sync(job: Job) -> None:
    """Ask about one retainer."""
    selling.sync(UUID(job.args["retainer"]))


def sweep(job: Job) -> None:
    """Ask for a job of each agency with a retainer that was not looked at lately; each waits with one."""
    stale = set(models.agencies_stale(clock.now() - AGAIN))
    for agency_id in sorted(stale - outbox.asked_for(LOOK)):
        with tenancy.tenant(agency_id), writing():
            outbox.add(LOOK)


def look(job: Job) -> None:
    """Ask about the retainers of an agency that were not looked at lately; a vendor that is silent is asked later."""
    for retainer_id in models.stale(clock.now() - AGAIN, AT_ONCE):
        if not selling.try_sync(retainer_id):
            return
