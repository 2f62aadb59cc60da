"""Telling listeners about events: after the commit, in a job of their own, at least once, never in the request."""

from __future__ import annotations

from fnmatch import fnmatchcase

from webkit.core.extensions import Happened, Job, JobSpec, Listener
from webkit.core.kernel import events, isolation, outbox, switches
from webkit.core.kernel.db import UnitSession, before_commit, release
from webkit.core.kernel.runtime import current

KIND, GUESTS_KIND = "core.listener", "core.guest_listener"


@before_commit(rank=3)
def _queue(unit: UnitSession) -> None:
    """Add a job for every listener of every event that this write has just chained."""
    for seq, kind in unit.info.pop("chained", []):
        for listener in current().listeners:
            if fnmatchcase(kind, listener.pattern):
                _add(listener, seq)


def _add(listener: Listener, seq: int) -> None:
    """A guest's job waits with other long ones; a guest that is switched off misses what happens."""
    owner = current().owners.get(listener.name)
    if owner is None:
        outbox.add(KIND, listener=listener.name, seq=str(seq))
    elif not switches.is_off(owner):
        outbox.add(GUESTS_KIND, listener=listener.name, seq=str(seq))


def tell(job: Job) -> None:
    """Call one listener about one event. A listener that is no longer installed is not missed."""
    listener = next((found for found in current().listeners if found.name == job.args["listener"]), None)
    entry = events.entry(int(job.args["seq"]))
    release()
    if listener is None or entry is None:
        return
    happened = Happened(entry.seq, entry.kind, entry.at, entry.subject, entry.facts)
    if owner := current().owners.get(listener.name):
        seconds = min(isolation.LISTENER_SECONDS, outbox.time_limit(GUESTS_KIND) - 1.0)
        isolation.call(owner, f"listener {listener.name}", seconds, listener.run, happened, attempt=job.attempt)
    else:
        listener.run(happened)


JOBS = (JobSpec(kind=KIND, handler=tell), JobSpec(kind=GUESTS_KIND, handler=tell, queue="long"))
