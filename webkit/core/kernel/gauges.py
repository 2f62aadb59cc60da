"""How much waits, and for how long: what whoever watches the platform reads again and again."""

from __future__ import annotations

from collections.abc import Mapping

from webkit.core.kernel import clock, inbox, jobs, outbox, tenancy
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Gauges:
    """What waits at one moment."""

    queues: Mapping[str, int]
    """Ids in each queue that answers."""
    oldest_due_seconds: float
    """For how long the job waits that has waited longest for its first attempt; 0 when none does."""
    waiting: int
    """Jobs that are yet to be done, or tried again."""
    dead: int
    """Jobs that gave up and need a person."""
    webhooks: int
    """What vendors reported and no job has applied yet."""


def gauges() -> Gauges:
    """Ask the database and the queues."""
    names = sorted({spec.queue for spec in current().jobs.values()})
    lengths: dict[str, int] = {name: length for name in names if (length := jobs.length(name)) is not None}
    with tenancy.platform("count what waits"):
        counted, oldest = outbox.counts(), outbox.oldest_due()
        return Gauges(
            queues=lengths,
            oldest_due_seconds=max((clock.now() - oldest).total_seconds(), 0.0) if oldest else 0.0,
            waiting=counted.get(outbox.State.WAITING, 0),
            dead=counted.get(outbox.State.DEAD, 0),
            webhooks=inbox.waiting(),
        )
