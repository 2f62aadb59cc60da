"""Looking at domains by the clock: each once a day, and every ten minutes while something is missing."""

from __future__ import annotations

from webkit.core.extensions import Job
from webkit.core.kernel import clock, outbox, tenancy
from webkit.core.kernel.db import writing
from webkit.domains import checking, models

SWEEP, CHECK = "domains.sweep", "domains.check"
EVERY, AT_ONCE = 60, 100


def is_wanted() -> bool:
    """Whether any domain is due. In `platform`, once a minute."""
    return bool(models.due(clock.now(), 1))


def sweep(_job: Job) -> None:
    """Have every domain that is due looked at, each in a job of its own."""
    for agency_id in models.due(clock.now(), AT_ONCE):
        with tenancy.tenant(agency_id), writing():
            if checking.put_off():
                outbox.add(CHECK)


def check(_job: Job) -> None:
    """Look at the domain of one agency."""
    checking.check(seconds=checking.UNHURRIED_SECONDS)
