"""Carrying erasures out. Killed anywhere, a job goes on where it was: what is gone is not found again."""

from __future__ import annotations

from uuid import UUID

from webkit.core.capabilities.email import EMAIL, ErasableOutbox
from webkit.core.capabilities.storage import STORAGE
from webkit.core.extensions import Job, JobSpec, Schedule
from webkit.core.kernel import streams, tenancy, vendors
from webkit.core.kernel.db import release
from webkit.core.kernel.runtime import current
from webkit.privacy import erasing_models, service
from webkit.privacy.erasing_models import Things
from webkit.privacy.scope_models import Found

BATCH = 100


def erase(job: Job) -> None:
    """Look and erase until there is nothing left to erase, then write the receipt."""
    erasure_id = UUID(job.args["erasure_id"])
    while (found := service.find(erasure_id)) is not None:
        service.remember(erasure_id, found)
        if not _pass(erasure_id, found) and service.finish(erasure_id, found):
            return


def _pass(erasure_id: UUID, found: Found) -> int:
    """Everything that was found, a batch in each write; how many rows it was."""
    keep, done = erasing_models.kept_files(found), 0
    for name in erasing_models.in_order(found):
        rows = found.goes[name]
        for start in range(0, len(rows), BATCH):
            keys = rows[start : start + BATCH]
            things = erasing_models.things(name, keys, keep)
            _throw_away(things)
            done += service.erase(erasure_id, name, keys, things)
    return done


def _throw_away(things: Things) -> None:
    """What lies outside the database goes first: while its row is there, a repeated job finds it again."""
    stores = [(vendors.find_keeper(STORAGE, account), key) for key, account in things.files]
    boxes = [(vendors.find_keeper(EMAIL, account, by), sent) for sent, account, by in things.messages]
    release()
    for store, key in stores:
        if store is not None:
            store.connect().delete(key)
    for box, sent in boxes:
        provider: object = box.connect() if box else None
        if isinstance(provider, ErasableOutbox):
            provider.forget(sent)
    streams.forget(things.streams)


def sweep(_job: Job) -> None:
    """Once a day: what a law kept until yesterday goes."""
    for agency_id in current().directory.all_ids():
        with tenancy.tenant(agency_id):
            service.sweep_agency()


JOBS = [
    JobSpec(service.ERASE, erase, queue="long", lease=900),
    JobSpec(service.SWEEP, sweep, queue="long", lease=900),
]
SCHEDULES = [Schedule(service.SWEEP, service.SWEEP, daily_at="04:10")]
