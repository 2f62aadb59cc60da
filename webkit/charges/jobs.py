"""Asking vendors for charges, and the sweep of invoices that are charged by themselves."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.charges import charging, collecting, models
from webkit.core.extensions import Job
from webkit.core.kernel import clock, outbox, tenancy
from webkit.core.kernel.db import writing
from webkit.core.kernel.outbox import PutBack

SWEEP, RUN = "charges.sweep", "charges.run"
SHARE = 40
AGAIN = timedelta(seconds=1)


def carry_out(job: Job) -> None:
    """Ask the vendor for one charge."""
    charging.carry_out(UUID(job.args["charge"]))


def sweep(job: Job) -> None:
    """Ask for a job of each agency with an invoice whose moment has come; each waits with one."""
    due = set(models.agencies_due(clock.now())) - agencies.closed_ids()
    for agency_id in sorted(due - outbox.asked_for(RUN)):
        with tenancy.tenant(agency_id), writing():
            outbox.add(RUN)


def run(job: Job) -> None:
    """Make the tries of an agency that are due, so many at a time."""
    found = models.due(clock.now(), SHARE)
    for invoice_id in found:
        collecting.look(invoice_id)
    if len(found) == SHARE:
        raise PutBack(AGAIN)
