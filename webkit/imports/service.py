"""What can be done with imports: upload, say how a file is read, look it through, bring it in, take it back."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, BinaryIO
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.core.kernel import audit, clock, once, outbox
from webkit.core.kernel.crypto import digest
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.ids import uuid7
from webkit.core.values import dataclass
from webkit.imports import export, files, models, reading
from webkit.imports.models import BEFORE_WRITING, WORKING, Import, ImportRow, ImportState, Kind, Outcome
from webkit.imports.reading import Table
from webkit.imports.settings import Reading, proposed
from webkit.imports.working import CHECK, RUN, UNDO

UNDO_DAYS = 30
ROWS = 50
SAMPLE = 6


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import as its pages show it."""

    id: UUID
    kind: Kind
    state: ImportState
    filename: str
    size: int
    reading: Reading
    counts: Mapping[str, int]
    total: int
    done: int
    reason: str
    created_at: datetime
    changed_at: datetime
    finished_at: datetime | None

    @property
    def working(self) -> bool:
        """Whether a job is at it."""
        return self.state in WORKING

    @property
    def undo_until(self) -> datetime | None:
        """Until when it can be taken back."""
        if self.state is not ImportState.DONE or self.finished_at is None:
            return None
        return self.finished_at + timedelta(days=UNDO_DAYS)

    @property
    def can_undo(self) -> bool:
        """Whether it can still be taken back."""
        return self.undo_until is not None and clock.now() < self.undo_until

    @property
    def can_delete(self) -> bool:
        """Whether nothing of it is in the books."""
        return self.state in (*BEFORE_WRITING, ImportState.UNDONE)

    @property
    def to_bring_in(self) -> int:
        """How many records would do something."""
        changes = self.reading.update or self.kind is Kind.INVOICES
        changed = self.counts.get("changed", 0) if changes else 0
        return self.counts.get("new", 0) + changed

    def count(self, name: str) -> int:
        """How many records there are of an outcome."""
        return self.counts.get(name, 0)


def get(import_id: UUID) -> ImportView:
    """One import of the agency. Raises NotFound."""
    return _view(_import(import_id))


def page(limit: int, before: UUID | None = None) -> list[ImportView]:
    """Newest first."""
    return [_view(row) for row in models.page(limit, before)]


def upload(kind: Kind, filename: str, body: BinaryIO, size: int, actor: str, locale: str, once_key: str = "") -> UUID:
    """Keep a file; what cannot be a table is refused before. Raises Unreadable, which is a DomainError of `file`.

    Not inside a write: the file goes to the storage.
    """
    if known := once.result(once_key):
        return UUID(known)
    if size > reading.MOST_BYTES:
        most = reading.MOST_BYTES // 1024 // 1024
        raise reading.Unreadable(_("The file is larger than %(most)s MB. Divide it, please.", most=most), "file")
    encoding = reading.encoding_of(body)
    body.seek(0)
    head = body.read(reading.HEAD)
    separator = reading.separator_of(reading.text_of(head, encoding))
    reading.beginning(head, encoding, separator, whole=size <= len(head))
    release()
    import_id = uuid7()
    key, account = files.keep(import_id, body)
    row = Import(
        id=import_id, kind=kind, filename=_name(filename), size=size, file_key=key, file_account=account,
        head=base64.b64encode(head).decode(), encoding=encoding, signature="", actor=actor, locale=locale,
        reading=Reading(encoding, separator).to_dict(), changed_at=clock.now(),
    )  # fmt: skip
    return _keep(row, once_key)


@writes
def _keep(row: Import, once_key: str) -> UUID:
    if known := once.result(once_key):
        return UUID(known)
    kept = Reading.from_dict(row.reading)
    row.reading = _proposed(row, kept.encoding, kept.separator).to_dict()
    row.signature = signature(_beginning(row, kept.encoding, kept.separator))
    import_id = models.add(row)
    once.keep(once_key, str(import_id))
    audit.log("import.uploaded", subject=ref("import", import_id), detail={"kind": row.kind.value, "bytes": row.size})
    return import_id


def table(import_id: UUID, encoding: str = "", separator: str = "") -> Table:
    """The beginning of the file, as it is or would be read. Raises Unreadable."""
    row = _import(import_id)
    kept = Reading.from_dict(row.reading)
    return _beginning(row, encoding or kept.encoding, separator or kept.separator)


def propose(import_id: UUID, encoding: str, separator: str) -> Reading:
    """What is most likely right for a file that is read so. Raises Unreadable."""
    return _proposed(_import(import_id), encoding, separator)


def _proposed(row: Import, encoding: str, separator: str) -> Reading:
    found = _beginning(row, encoding, separator)
    alike = models.latest_read(row.kind, signature(found), row.id)
    like = Reading.from_dict(alike.reading) if alike else None
    here = agencies.here()
    made = proposed(row.kind, found, encoding, separator, like)
    return made if like else replace(made, currency=here.currency, country=here.country)


def _beginning(row: Import, encoding: str, separator: str) -> Table:
    head = base64.b64decode(row.head)
    return reading.beginning(head, encoding, separator, whole=row.size <= len(head))


def signature(found: Table) -> str:
    """By what the next file of the same kind is recognised."""
    return digest("\n".join(found.columns).encode())


@writes
def look_through(import_id: UUID, kept: Reading) -> None:
    """Ask for every record to be looked through. Raises Invalid with the fields that are missing."""
    row = _import(import_id)
    if wrong := kept.missing(row.kind):
        raise Invalid(wrong)
    signed = signature(_beginning(row, kept.encoding, kept.separator))
    values: dict[str, Any] = {
        "reading": kept.to_dict(),
        "signature": signed,
        "counts": {},
        "done": 0,
        "total": 0,
        "reason": "",
    }
    if not models.move(import_id, ImportState.CHECKING, changed_at=clock.now(), **values):
        raise _moved_on()
    outbox.add(CHECK, **{"import": str(import_id)})


@writes
def bring_in(import_id: UUID, actor: str) -> None:
    """Ask for what is new to be stored; asked twice it is once."""
    row = _import(import_id)
    if row.state is ImportState.RUNNING:
        return
    if not models.move(
        import_id, ImportState.RUNNING, actor=actor, reason="", done=0, total=_planned(row), changed_at=clock.now()
    ):
        raise _moved_on()
    outbox.add(RUN, **{"import": str(import_id)})


@writes
def take_back(import_id: UUID, actor: str) -> None:
    """Ask for everything that was brought in to be taken out again; asked twice it is once. Raises Conflict."""
    row = _import(import_id)
    if row.state in (ImportState.UNDOING, ImportState.UNDONE):
        return
    view = _view(row)
    if view.undo_until is not None and not view.can_undo:
        raise Conflict(_("This import is older than %(days)s days: it cannot be taken back any more.", days=UNDO_DAYS))
    if not models.move(
        import_id, ImportState.UNDOING, actor=actor, reason="", done=0, total=_planned(row), changed_at=clock.now()
    ):
        raise _moved_on()
    outbox.add(UNDO, **{"import": str(import_id)})


def delete(import_id: UUID) -> None:
    """Forget an import of which nothing is in the books, and its file. Raises Conflict. Not inside a write."""
    row = _import(import_id)
    key, account = row.file_key, row.file_account
    _only_uploaded(import_id)
    while _forget(import_id):
        pass
    files.drop(key, account)


@writes
def _only_uploaded(import_id: UUID) -> None:
    """Nobody can bring in any more what is about to go."""
    if not models.move(import_id, ImportState.UPLOADED, counts={}, total=0, done=0, reason="", changed_at=clock.now()):
        raise _moved_on()


@writes
def _forget(import_id: UUID) -> bool:
    row = models.get(import_id)
    if row is None:
        return False
    if row.state is not ImportState.UPLOADED:
        raise _moved_on()
    if models.forget_rows(import_id, 1000):
        return True
    if not models.forget(import_id):
        raise _moved_on()
    audit.log("import.deleted", subject=ref("import", import_id))
    return False


def rows(import_id: UUID, which: str, after: int, shown: int = ROWS) -> list[ImportRow]:
    """Records of an outcome behind a line of the file, one more than are shown."""
    return models.listed(import_id, which, after, shown + 1)


def refused(import_id: UUID) -> bytes:
    """What was refused, as CSV."""
    return export.refused(table(import_id).columns, models.refused(import_id))


def _planned(row: Import) -> int:
    return sum(row.counts.get(each.value, 0) for each in Outcome if each is not Outcome.REFUSED)


def _moved_on() -> Conflict:
    return Conflict(_("This import has moved on meanwhile. Look at where it is now."))


def _name(filename: str) -> str:
    """What the file is called, without the folders of somebody's computer."""
    bare = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in bare if sign.isprintable()).strip()[:200] or "import.csv"


def _import(import_id: UUID) -> Import:
    if (row := models.get(import_id)) is None:
        raise NotFound(_("There is no such import."))
    return row


def _view(row: Import) -> ImportView:
    return ImportView(
        id=row.id, kind=row.kind, state=row.state, filename=row.filename, size=row.size,
        reading=Reading.from_dict(row.reading), counts=row.counts, total=row.total, done=row.done, reason=row.reason,
        created_at=row.created_at, changed_at=row.changed_at, finished_at=row.finished_at,
    )  # fmt: skip
