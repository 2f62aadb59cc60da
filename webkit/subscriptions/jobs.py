"""The periodic pull, and asking about one agency."""

from __future__ import annotations

from datetime import timedelta

from webkit.core.extensions import Job
from webkit.core.kernel import clock, outbox, tenancy
from webkit.core.kernel.db import writing
from webkit.subscriptions import buying

PULL = "subscriptions.pull"
PULL_EVERY = 900
ASKED_EVERY, AT_ONCE = timedelta(hours=1), 500


def pull(_job: Job) -> None:
    """One question for each agency whose subscription was not asked about for an hour, the longest silent first."""
    for agency in buying.due_for_sync(clock.now() - ASKED_EVERY, AT_ONCE):
        with tenancy.tenant(agency), writing():
            outbox.add(buying.SYNC)


def sync(_job: Job) -> None:
    """Ask the vendor how the subscription of this agency stands."""
    buying.sync()
