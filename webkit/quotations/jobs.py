"""The reminder that goes out by itself, in the morning of the agency's day."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from webkit.agencies import service as agencies
from webkit.core.extensions import Job
from webkit.core.kernel import clock, outbox, tenancy
from webkit.core.kernel.db import writing
from webkit.quotations import models, service

REMIND, REMIND_AGENCY = "quotations.remind", "quotations.remind_agency"
EVERY = 1800
MORNING = 8


def remind(job: Job) -> None:
    """Add a job for each agency that may have somebody to remind."""
    latest = clock.now().date() + timedelta(days=1)
    for agency in models.agencies_to_remind(latest):
        with tenancy.tenant(agency), writing():
            outbox.add(REMIND_AGENCY)


def remind_agency(job: Job) -> None:
    """Remind an agency's clients, once it is morning there. Each reminder is a write of its own."""
    zone = ZoneInfo(agencies.here().timezone)
    if clock.now().astimezone(zone).hour < MORNING:
        return
    for quotation_id in models.to_remind(service.today()):
        service.remind_if_due(quotation_id)
