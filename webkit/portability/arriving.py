"""Archives that the platform's people upload: kept, looked through by a job, brought in or refused with the reason."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from typing import BinaryIO, cast
from uuid import UUID

from webkit.core.capabilities.storage import STORAGE, Storage
from webkit.core.extensions import Job
from webkit.core.kernel import audit, clock, i18n, locks, outbox, sealed, vendors
from webkit.core.kernel.db import release, writes, writing
from webkit.core.kernel.errors import Conflict, DomainError, NotFound
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.outbox import PutBack
from webkit.portability import arrival_models as models
from webkit.portability import importing
from webkit.portability.archive import GIGA, Broken
from webkit.portability.arrival_models import AgencyArrival, ArrivalState
from webkit.portability.judging import Judged

ARRIVE, TIDY = "portability.bring_in", "portability.tidy_arrivals"
SEALED = "agency_arrivals.sealed"
MOST_BYTES = 2 * GIGA
"""What is uploaded through a page; larger ones come in by `webkit import`."""
LEASE, MOST_SECONDS = 600, 6 * 3600
PAUSE = 2.0
SHOWN = 20
KEPT = timedelta(days=365)
ZIP = "application/zip"


def latest() -> list[AgencyArrival]:
    """What was uploaded lately, the latest first."""
    return models.page(SHOWN)


def get(arrival_id: UUID) -> AgencyArrival:
    """One of them. Raises NotFound."""
    if (found := models.get(arrival_id)) is None:
        raise NotFound(_("There is no such archive."))
    return found


def receive(filename: str, body: BinaryIO, passphrase: str, user_id: UUID, name: str) -> UUID:
    """Keep an archive and ask for it to be brought in. Raises DomainError of `file`. Not inside a write."""
    size = body.seek(0, 2)
    if size > MOST_BYTES:
        raise too_large()
    body.seek(0)
    if body.read(2) != b"PK":
        raise DomainError(_("This is no archive of an agency: it is no ZIP file."), "file")
    if models.waiting():
        raise _busy()
    release()
    arrival_id = uuid7()
    key = f"arrivals/{arrival_id}.zip"
    body.seek(0)
    _storage().put(key, body, content_type=ZIP)
    kept = sealed.seal(SEALED, None, passphrase)
    row = AgencyArrival(
        id=arrival_id, asked_by=user_id, asked_name=name, locale=i18n.current_locale(), filename=_bare(filename),
        size=size, sealed=kept, file_key=key,
    )  # fmt: skip
    try:
        _keep(row)
    except BaseException:
        _storage().delete(key)
        raise
    return arrival_id


def too_large() -> DomainError:
    """The refusal of what is larger than a page takes."""
    most = MOST_BYTES // GIGA
    return DomainError(_("The file is larger than %(most)s GB. Bring it in with webkit import.", most=most), "file")


def _busy() -> Conflict:
    return Conflict(_("Another archive is being brought in. Wait until it is done."), "file")


@writes
def _keep(row: AgencyArrival) -> None:
    locks.hold("portability.arrive")
    if models.waiting():
        raise _busy()
    detail = {"bytes": row.size, "secrets": bool(row.sealed)}
    arrival_id = models.add(row)
    audit.log("agency.archive_uploaded", subject=ref("arrival", arrival_id), detail=detail)
    outbox.add(ARRIVE, arrival_id=str(arrival_id))


def _bare(filename: str) -> str:
    """What the file is called, without the folders of somebody's computer."""
    name = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in name if sign.isprintable()).strip()[:200] or "archive.zip"


def bring_in(job: Job) -> None:
    """The job: look the archive through and bring it in, all of it or nothing."""
    arrival_id = UUID(job.args["arrival_id"])
    row = models.get(arrival_id)
    if row is None or row.state is not ArrivalState.WAITING or row.file_key is None:
        return
    passphrase = sealed.unseal(SEALED, None, row.sealed)
    key, locale = row.file_key, row.locale
    release()
    with i18n.use_locale(locale):
        try:
            _look(job, arrival_id, key, passphrase)
        except PutBack:
            raise
        except (Broken, DomainError) as error:
            _end(arrival_id, ArrivalState.REFUSED, str(getattr(error, "message", error)))
        except Exception as error:
            if outbox.gives_up(job, error):
                _end(arrival_id, ArrivalState.FAILED, _("Something went wrong here. Please upload it again."))
                _drop(arrival_id, key)
            raise
    _drop(arrival_id, key)


def _look(job: Job, arrival_id: UUID, key: str, passphrase: str) -> None:
    with tempfile.TemporaryFile() as copy:
        with _storage().open(key) as stored:
            shutil.copyfileobj(stored, copy)
        copy.seek(0)
        closed = _("This agency has just moved here. It opens when the move is over.")
        importing.bring_in(
            cast("BinaryIO", copy),
            passphrase,
            closed=closed,
            step=_steps(job, arrival_id),
            written=lambda found: _brought_in(arrival_id, found),
        )


def _brought_in(arrival_id: UUID, found: Judged) -> None:
    """In the very write that brings it in: whoever repeats the job finds it done."""
    counted = {"rows": found.rows, "files": found.files, "missing": found.missing}
    ended = {"state": ArrivalState.DONE, "sealed": "", "ended_at": clock.now()}
    if not models.change(arrival_id, became=found.agency, slug=found.slug, **counted, **ended):
        raise Conflict(_("This agency is here already."))


@writes
def _end(arrival_id: UUID, state: ArrivalState, reason: str) -> None:
    """Unless another attempt has ended it."""
    if models.change(arrival_id, state=state, sealed="", reason=reason[:2000], ended_at=clock.now()):
        audit.log(f"agency.archive_{state}", subject=ref("arrival", arrival_id), detail={"why": reason[:500]})


def _drop(arrival_id: UUID, key: str) -> None:
    _storage().delete(key)
    with writing():
        models.emptied(arrival_id)


def _steps(job: Job, arrival_id: UUID) -> Callable[[int, int], None]:
    """Notes now and then how far it is, and stops where another attempt goes on; not in the write of the rows."""
    last = 0.0

    def step(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last < PAUSE or models.is_writing():
            return
        last = time.monotonic()
        release()
        if not outbox.renew([job], ARRIVE):
            raise PutBack
        with writing():
            models.change(arrival_id, done=done, total=total)

    return step


def tidy(_job: Job) -> None:
    """The daily job: no file stays behind, and what ended a year ago is forgotten."""
    for arrival_id, key in models.left():
        _drop(arrival_id, key)
    with writing():
        models.forget(clock.now() - KEPT)


def _storage() -> Storage:
    """The platform's, whatever any agency has chosen."""
    vendor = vendors.keeper(STORAGE, None)
    release()
    return vendor.connect()
