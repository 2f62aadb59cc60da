"""The files of documents: one folder for each kind of document, the same rules for all of them.

While a document is a draft its files come and go. What was sent names them, so their bytes stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, Generic, Protocol, TypeVar
from uuid import UUID

import sqlalchemy as sa

from webkit.core.kernel import attachments, audit, entitlements, events, once
from webkit.core.kernel.attachments import Attached
from webkit.core.kernel.db import session, writes
from webkit.core.kernel.entitlements import Limit
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass

SENT, TAKEN_OFF = "sent", "off"
"""Mark a file that something which was sent names, and one that the document no longer has all the same."""


class Holder(Protocol):
    """A document's row, as far as its files go."""

    files: Any


H = TypeVar("H", bound=Holder)


@dataclass(frozen=True, slots=True)
class Folder(Generic[H]):
    """The files of one kind of document.

    `find` and `lock` give its row or raise NotFound, `demand_open` raises Conflict when its files are fixed.
    """

    kind: str
    find: Callable[[UUID], H]
    lock: Callable[[UUID], H]
    demand_open: Callable[[H], None]


def of(folder: Folder[H], document_id: UUID) -> tuple[Attached, ...]:
    """The files of a document, in the order they were attached. Raises NotFound."""
    return named(folder.find(document_id).files)


def get(folder: Folder[H], document_id: UUID, file_id: UUID) -> Attached:
    """One of them, or one that an earlier version has. Raises NotFound."""
    return _one(folder.find(document_id).files, file_id)


def attach(
    folder: Folder[H], document_id: UUID, filename: str, body: IO[bytes], actor: str, *, key: str = ""
) -> Attached:
    """Attach a file. Raises Invalid (`file`) with what is wrong with it, Conflict where files are fixed. The same `key`
    answers with the first one.

    The bytes are stored first, then the row names them: what is stored for nothing is thrown away again.
    """
    folder.demand_open(folder.find(document_id))
    received = attachments.receive(filename, body)
    file = attachments.store(received)
    try:
        kept = _add(folder, document_id, file, actor, key)
    except Exception:
        _forget(file)
        raise
    if kept.id != file.id:
        _forget(file)
    return kept


@writes
def _add(folder: Folder[H], document_id: UUID, file: Attached, actor: str, key: str) -> Attached:
    row = folder.lock(document_id)
    if made := once.result(key):
        return _one(row.files, UUID(made))
    folder.demand_open(row)
    attachments.demand_room(named(row.files), file)
    entitlements.within(Limit.STORAGE, file.size)
    row.files = [*(row.files or ()), file.to_dict()]
    detail = file.shown() | {"actor": actor}
    audit.log(f"{folder.kind}.attached", subject=events.ref(folder.kind, document_id), detail=detail)
    once.keep(key, str(file.id))
    return file


@writes
def detach(folder: Folder[H], document_id: UUID, file_id: UUID) -> None:
    """Take a file off again."""
    row = folder.lock(document_id)
    folder.demand_open(row)
    gone, others = _one(row.files, file_id), [each for each in row.files if each["id"] != str(file_id)]
    kept = next(each for each in row.files if each["id"] == str(file_id))
    if kept.get(SENT):
        row.files = [*others, {**kept, TAKEN_OFF: True}]
        return
    row.files = others
    attachments.drop([gone])


def named(stored: Sequence[Mapping[str, Any]] | None) -> tuple[Attached, ...]:
    """The files that a document has now, from its row."""
    return tuple(Attached.from_dict(each) for each in stored or () if not each.get(TAKEN_OFF))


def weight(table: Any) -> int:
    """The bytes of all files that documents of a table keep, of the current agency."""
    kept = session().scalars(sa.select(table.files).where(table.files.is_not(None)))
    return sum(file["size"] for files in kept for file in files or ())


def as_sent(stored: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]] | None:
    """The same for the row of a document that is sent: it names its files from now on."""
    return [{**each, SENT: True} for each in stored] if stored else None


def _one(stored: Sequence[Mapping[str, Any]] | None, file_id: UUID) -> Attached:
    found = next((each for each in stored or () if each["id"] == str(file_id)), None)
    if found is None:
        raise NotFound(_("There is no such file."))
    return Attached.from_dict(found)


@writes
def _forget(file: Attached) -> None:
    attachments.drop([file])
