"""Telling listeners about events: after the commit, in a job of their own, at least once, never in the request."""

from __future__ import annotations

from fnmatch import fnmatchcase

from webkit.core.extensions import Happened, Job, JobSpec
from webkit.core.kernel import events, outbox
from webkit.core.kernel.db import UnitSession, before_commit, release
from webkit.core.kernel.runtime import current

KIND = "core.listener"


@before_commit
def _queue(unit: UnitSession) -> None:
    """Add a job for every listener of every event that this write has just chained."""
    for seq, kind in unit.info.pop("chained", []):
        for listener in current().listeners:
            if fnmatchcase(kind, listener.pattern):
                outbox.add(KIND, listener=listener.name, seq=str(seq))


def tell(job: Job) -> None:
    """Call one listener about one event. A listener that is no longer installed is not missed."""
    listener = next((found for found in current().listeners if found.name == job.args["listener"]), None)
    entry = events.entry(int(job.args["seq"]))
    release()
    if listener is not None and entry is not None:
        listener.run(Happened(entry.seq, entry.kind, entry.at, entry.subject, entry.facts))


JOB = JobSpec(kind=KIND, handler=tell)
