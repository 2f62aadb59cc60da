"""Archives of agencies: asked for, made by a job, kept for a week, downloaded by the owner."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import BinaryIO, cast
from uuid import UUID

from webkit.core.capabilities.storage import STORAGE, Storage
from webkit.core.extensions import Job
from webkit.core.kernel import audit, clock, locks, outbox, sealed, tenancy, vendors
from webkit.core.kernel.db import release, writes, writing
from webkit.core.kernel.errors import Conflict, DomainError, NotFound
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.outbox import PutBack
from webkit.core.kernel.passphrases import LONGEST, SHORTEST
from webkit.core.kernel.vendors import Vendor
from webkit.portability import exporting, models
from webkit.portability.models import AgencyExport, ArchiveState

EXPORT, TIDY, TIDY_AGENCY = "portability.export_agency", "portability.tidy", "portability.tidy_agency"
KEPT = timedelta(days=7)
LEASE, MOST_SECONDS = 120, 6 * 3600
SEALED = "agency_exports.sealed"
PAUSE = 2.0
"""Seconds between two notes of how far a job is."""
ZIP = "application/zip"


@writes
def ask(user_id: UUID, name: str, passphrase: str) -> UUID:
    """Ask for an archive of the agency whose door is open. Raises Conflict while another one is being made."""
    if passphrase and not SHORTEST <= len(passphrase) <= LONGEST:
        raise DomainError(_("A passphrase has at least %(least)d characters.", least=SHORTEST), "passphrase")
    locks.hold("portability.export")
    if models.waiting() is not None:
        raise Conflict(_("An archive is being made already. Wait until it is done."))
    kept = sealed.seal(SEALED, tenancy.agency_id(), passphrase)
    export_id = models.add(AgencyExport(asked_by=user_id, asked_name=name, sealed=kept))
    audit.log("agency.export_asked", subject=ref("export", export_id), detail={"secrets": bool(passphrase)})
    outbox.add(EXPORT, export_id=str(export_id))
    return export_id


def latest() -> list[AgencyExport]:
    """The agency's archives, the latest first."""
    return models.exports()


def get(export_id: UUID) -> AgencyExport:
    """One of them. Raises NotFound."""
    if (found := models.export(export_id)) is None:
        raise NotFound(_("There is no such archive."))
    return found


def open_file(export_id: UUID) -> tuple[AgencyExport, Vendor[Storage]]:
    """An archive that can be downloaded, and who keeps it. Raises NotFound; whoever downloads it is noted."""
    found = get(export_id)
    ready = found.state is ArchiveState.DONE and found.file_key  # the erasure of a person takes files away
    if not ready or found.expires_at is None or found.expires_at <= clock.now():
        raise NotFound(_("This archive is not kept any more. Ask for another one."))
    with writing():
        audit.log("agency.export_downloaded", subject=ref("export", export_id))
    found = get(export_id)
    return found, vendors.keeper(STORAGE, found.file_account)


def take_back(export_id: UUID) -> None:
    """Delete an archive before its time."""
    found = get(export_id)
    if found.state is ArchiveState.DONE:
        _drop(found)
        with writing():
            audit.log("agency.export_deleted", subject=ref("export", export_id))


def make(job: Job) -> None:
    """The job: write the archive to a file here, then store it. Nothing of it stays in memory."""
    export_id = UUID(job.args["export_id"])
    row = models.export(export_id)
    if row is None or row.state is not ArchiveState.WAITING:
        return
    passphrase = sealed.unseal(SEALED, row.agency_id, row.sealed)
    until = row.created_at
    release()
    try:
        with tempfile.TemporaryFile() as file:
            _store(export_id, cast("BinaryIO", file), until, passphrase, _steps(job, export_id))
    except PutBack:
        raise
    except Exception as error:
        if outbox.gives_up(job, error):
            with writing():
                failed = {"state": ArchiveState.FAILED, "sealed": "", "ended_at": clock.now()}
                models.change_export(export_id, ArchiveState.WAITING, **failed)
        raise


def _store(export_id: UUID, file: BinaryIO, until: datetime, passphrase: str, step: Callable[[int, int], None]) -> None:
    made = exporting.export(file, until, passphrase, step)
    agency = tenancy.agency_id()
    size, sha256 = exporting.measured(file)
    vendor = vendors.chosen(STORAGE)
    release()
    key = f"exports/{agency}/{export_id}.zip"  # another attempt writes to the same place
    file.seek(0)
    vendor.connect().put(key, file, content_type=ZIP)
    values = {"rows": made.rows, "files": made.files, "missing": made.missing, "size": size, "sha256": sha256}
    with writing():
        models.change_export(
            export_id, ArchiveState.WAITING, state=ArchiveState.DONE, sealed="", file_key=key,
            file_account=vendor.account_id, ended_at=clock.now(), expires_at=clock.now() + KEPT, **values,
        )  # fmt: skip


def _steps(job: Job, export_id: UUID) -> Callable[[int, int], None]:
    """Notes now and then how far it is, in a unit of its own: the read goes on. Stops where another attempt goes on."""
    agency, last = tenancy.agency_id(), 0.0

    def step(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last < PAUSE:
            return
        last = time.monotonic()
        if not outbox.renew([job], EXPORT):
            raise PutBack
        with tenancy.tenant(agency), writing():
            models.change_export(export_id, ArchiveState.WAITING, done=done, total=total)

    return step


def tidy(_job: Job) -> None:
    """The daily job: forget archives whose time is over."""
    for agency in models.agencies_with_old(clock.now()):
        with tenancy.tenant(agency), writing():
            outbox.add(TIDY_AGENCY)


def tidy_agency(_job: Job) -> None:
    """The same for one agency."""
    for row in models.old_exports(clock.now()):
        _drop(row)


def _drop(row: AgencyExport) -> None:
    export_id, key = row.id, row.file_key
    vendor = vendors.find_keeper(STORAGE, row.file_account)
    release()
    if vendor is not None and key:
        vendor.connect().delete(key)
    with writing():
        models.change_export(export_id, ArchiveState.DONE, state=ArchiveState.GONE, file_key=None)
