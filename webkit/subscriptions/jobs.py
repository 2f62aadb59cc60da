"""The periodic pull, and asking about one agency."""

from __future__ import annotations

from datetime import timedelta

from webkit.agencies import service as agencies
from webkit.core.extensions import Job
from webkit.core.kernel import clock, outbox, tenancy
from webkit.core.kernel.db import writing
from webkit.core.kernel.runtime import current
from webkit.subscriptions import buying, ending

PULL = "subscriptions.pull"
PULL_EVERY = 900
REMIND, REMIND_EVERY = "subscriptions.remind", 3600
TOLD_BEFORE = timedelta(days=3)
"""So long before its end the owner is told of the end of a trial."""
ASKED_EVERY, AT_ONCE = timedelta(hours=1), 500


def pull(_job: Job) -> None:
    """One question for each agency whose subscription was not asked about for an hour, the longest silent first; where
    one is still to be asked, as while the vendor is down, none is added."""
    asked = outbox.asked_for(buying.SYNC)
    for agency in buying.due_for_sync(clock.now() - ASKED_EVERY, AT_ONCE):
        if agency in asked:
            continue
        with tenancy.tenant(agency), writing():
            outbox.add(buying.SYNC)


def remind(_job: Job) -> None:
    """Tell the owners of agencies whose trial is over soon, once each."""
    settings, now = current().settings, clock.now()
    if not settings.billing or not settings.trial_days:
        return
    begun = now - timedelta(days=settings.trial_days)
    for agency in agencies.founded(begun, begun + TOLD_BEFORE):
        with tenancy.tenant(agency), writing():
            ending.tell()


def sync(_job: Job) -> None:
    """Ask the vendor how the subscription of this agency stands."""
    buying.sync()
