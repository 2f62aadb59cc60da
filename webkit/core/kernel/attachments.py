"""Files that people attach to documents: looked at, never believed, kept where the agency keeps its files.

A document keeps the list of its files in its own row; the bytes lie in the storage under the hash they came with, and
whoever reads them is told when they are other ones.
"""

from __future__ import annotations

import codecs
import hashlib
import lzma
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from typing import IO, Any, BinaryIO, cast
from uuid import UUID

from webkit.core.capabilities.storage import STORAGE
from webkit.core.extensions import Job
from webkit.core.kernel import ids, outbox, tenancy, vendors
from webkit.core.kernel.db import release
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass

LIMIT, TOGETHER, MOST = 8 * 1024 * 1024, 16 * 1024 * 1024, 10
"""Bytes of one file, of all files of a document (they travel in one mail), and how many there may be."""
MEGA = 1024 * 1024
NAME = 120
DROP = "attachments.drop"
CHUNK = 256 * 1024
OFFICE = "application/vnd.openxmlformats-officedocument"
TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "docx": f"{OFFICE}.wordprocessingml.document",
    "xlsx": f"{OFFICE}.spreadsheetml.sheet",
    "pptx": f"{OFFICE}.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "zip": "application/zip",
    "txt": "text/plain",
    "csv": "text/csv",
}
"""What may be attached, by the end of its name."""
_HEADS = ((b"%PDF-", "pdf"), (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"PK\x03\x04", "zip"))
_INSIDE = (("word/document.xml", "docx"), ("xl/workbook.xml", "xlsx"), ("ppt/presentation.xml", "pptx"))
_RESERVED = re.compile(r'[\\/:*?"<>|]+')


@dataclass(frozen=True, slots=True)
class Received:
    """A file as it came, looked at."""

    name: str
    content_type: str
    size: int
    sha256: str
    body: IO[bytes]


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of a document, as its row keeps it: `key` and `account` say where the bytes are."""

    id: UUID
    name: str
    content_type: str
    size: int
    sha256: str
    key: str
    account: UUID | None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, for the document's row."""
        return {**self.shown(), "key": self.key, "account": str(self.account) if self.account else ""}

    def shown(self) -> dict[str, Any]:
        """What a snapshot says of it: not where it is kept."""
        return {
            "id": str(self.id),
            "name": self.name,
            "content_type": self.content_type,
            "size": self.size,
            "sha256": self.sha256,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Attached:
        """What `to_dict()` gave."""
        account = UUID(stored["account"]) if stored["account"] else None
        rest = {name: stored[name] for name in ("name", "content_type", "size", "sha256", "key")}
        return cls(id=UUID(stored["id"]), account=account, **rest)


def receive(filename: str, body: IO[bytes]) -> Received:
    """Look at a file somebody sends. Raises Invalid (`file`) with what is wrong with it."""
    if not filename:
        raise Invalid({"file": _("Choose the file to attach.")})
    name = clean(filename)
    size, hashed = _measure(body)
    if not size:
        raise Invalid({"file": _("%(name)s is empty.", name=name)})
    if size > LIMIT:
        raise Invalid({"file": _("%(name)s is too large: at most %(most)d MB.", name=name, most=LIMIT // MEGA)})
    ending = name.rpartition(".")[2].lower()
    if ending not in TYPES:
        raise Invalid(
            {
                "file": _(
                    "Attach PDF, pictures (PNG, JPEG, WebP), Word, Excel, PowerPoint, OpenDocument, ZIP, text or CSV."
                )
            }
        )
    if TYPES[ending] not in _found(body):
        raise Invalid({"file": _("%(name)s does not hold what its name says.", name=name)})
    body.seek(0)
    return Received(name, TYPES[ending], size, hashed, body)


def clean(filename: str) -> str:
    """A name that is safe in every folder and every header: one line, no path, nothing invisible."""
    last = unicodedata.normalize("NFC", filename).replace("\\", "/").rpartition("/")[2]
    seen = "".join(sign for sign in last if not unicodedata.category(sign).startswith(("C", "Zl", "Zp")))
    plain = " ".join(_RESERVED.sub("_", seen).split()).strip(". ")
    stem, dot, ending = plain.rpartition(".")
    return f"{stem[: NAME - len(ending) - 1]}{dot}{ending}"[-NAME:] if stem else (plain[:NAME] or "file")


def _measure(body: IO[bytes]) -> tuple[int, str]:
    """Size and hash; nothing is read far beyond what is accepted."""
    size, hashed = 0, hashlib.sha256()
    body.seek(0)
    while size <= LIMIT and (part := body.read(CHUNK)):
        size += len(part)
        hashed.update(part)
    return size, hashed.hexdigest()


def _found(body: IO[bytes]) -> set[str]:
    """What the bytes can be, whatever the name says."""
    body.seek(0)
    head = body.read(16)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return {TYPES["webp"]}
    ending = next((ending for sign, ending in _HEADS if head.startswith(sign)), None)
    if ending == "zip":
        return _packed(body)
    if ending is not None:
        return {TYPES[ending]}
    return {TYPES["txt"], TYPES["csv"]} if _is_text(body) else set()


def _packed(body: IO[bytes]) -> set[str]:
    """Documents are ZIP files that hold certain names; those with macros are not taken. Nothing is unpacked."""
    try:
        with zipfile.ZipFile(body) as packed:
            names = set(packed.namelist())
            mime = packed.getinfo("mimetype") if "mimetype" in names else None
            said = packed.read(mime).decode("ascii", "replace") if mime and mime.file_size < 100 else ""
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OSError,
        ValueError,
    ):
        return set()
    if any(name.endswith("vbaProject.bin") for name in names):
        return set()
    document = next((TYPES[ending] for name, ending in _INSIDE if name in names), said)
    return {document} if document in TYPES.values() else {TYPES["zip"]}


def _is_text(body: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    body.seek(0)
    try:
        while part := body.read(CHUNK):
            if set(part) & _NO_TEXT:
                return False
            decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


_NO_TEXT = frozenset(range(32)) - {9, 10, 12, 13}


def store(received: Received) -> Attached:
    """Keep the bytes; the caller then writes the file into its document's row. Not inside a write."""
    file_id, vendor = ids.uuid7(), vendors.chosen(STORAGE)
    key = f"attachments/{tenancy.agency_id()}/{file_id}/{received.sha256}"
    release()
    vendor.connect().put(key, cast("BinaryIO", received.body), content_type=received.content_type)
    return Attached(
        file_id, received.name, received.content_type, received.size, received.sha256, key, vendor.account_id
    )


def demand_room(there: Iterable[Attached], new: Attached) -> None:
    """Raises Invalid (`file`) when a document takes no more."""
    files = [*there, new]
    if len(files) > MOST:
        raise Invalid({"file": _("At most %(most)d files, please.", most=MOST)})
    if sum(file.size for file in files) > TOGETHER:
        raise Invalid({"file": _("Together the files are too large: at most %(most)d MB.", most=TOGETHER // MEGA)})


def content(file: Attached) -> bytes:
    """The bytes, the very ones that came. Raises Conflict when they are other ones."""
    vendor = vendors.keeper(STORAGE, file.account)
    release()
    with vendor.connect().open(file.key) as stored:
        found = stored.read()
    if hashlib.sha256(found).hexdigest() != file.sha256:
        raise Conflict(_("%(name)s is not what was attached: its bytes were changed.", name=file.name))
    return found


def drop(files: Iterable[Attached]) -> None:
    """Throw bytes away that no document names any more, inside a write; a job does it."""
    for file in files:
        outbox.add(DROP, key=file.key, account=str(file.account) if file.account else "")


def dropped(job: Job) -> None:
    """The job of `drop`; bytes that are gone already are fine."""
    account = UUID(job.args["account"]) if job.args["account"] else None
    vendor = vendors.find_keeper(STORAGE, account)
    release()
    if vendor is not None:
        vendor.connect().delete(job.args["key"])
