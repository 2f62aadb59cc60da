"""The periodic pull."""

from __future__ import annotations

from datetime import timedelta

from webkit.core.extensions import Job
from webkit.core.kernel import clock, outbox, tenancy
from webkit.core.kernel.db import writing
from webkit.payments import models, service

PULL, PULL_AGENCY = "payments.pull", "payments.pull_agency"


def pull(job: Job) -> None:
    """Add one pull for each agency that has something unsettled."""
    agencies = models.agencies_with_unsettled(clock.now() - timedelta(days=service.PULL_DAYS))
    for agency in agencies:
        with tenancy.tenant(agency), writing():
            outbox.add(PULL_AGENCY)


def pull_agency(job: Job) -> None:
    """Ask the vendor about one agency's unsettled payments."""
    service.pull()
