"""Writes the archive of an agency: its rows as they were at one moment, then the files they name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.metadata import version
from typing import Any, BinaryIO
from uuid import UUID

from webkit.core.capabilities.errors import NotFoundAtProvider
from webkit.core.capabilities.storage import STORAGE, Storage
from webkit.core.kernel import tenancy, vendors
from webkit.core.kernel.db import release
from webkit.core.kernel.passphrases import Box, place
from webkit.core.kernel.sealed import unseal
from webkit.core.values import dataclass
from webkit.portability import row_models
from webkit.portability.archive import CHUNK, FOLDER, INDEX, Part, Writer, Written
from webkit.portability.content import FILE_LISTS, FILES, FORMAT, LINKS
from webkit.portability.plugs import leave
from webkit.portability.row_models import Row
from webkit.portability.spool_models import Spool

TABLES, TOLD = "tables/", "platform/"
Step = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    rows: int
    files: int
    missing: int


def name_of(table: str) -> str:
    """The part that holds the rows of a table."""
    return f"{TABLES}{table}.jsonl"


class Export:
    """One archive in the making. `step` hears how many parts of how many are done."""

    def __init__(self, agency: UUID, until: datetime, passphrase: str, step: Step) -> None:
        self._agency, self._until, self._step = agency, until, step
        self._box = Box(passphrase, agency) if passphrase else None
        self._chain: dict[str, Any] = {"seq": 0, "hash": "", "signed_heads": 0}
        self._keys: set[str] = set()
        self._files = Spool()
        self._names: dict[str, str] = {}

    def write(self, into: BinaryIO) -> Exported:
        """Write all of it, inside the agency's door; nothing of it is in memory as a whole."""
        archive = Writer(into)
        with self._files:
            parts = self._tables(archive)
            index, count, missing = self._stored(archive)
        parts.append(index)
        archive.finish(self._manifest(parts, count, missing))
        return Exported(sum(each.rows for each in parts) - index.rows, count, missing)

    def _tables(self, archive: Writer) -> list[Written]:
        release()
        row_models.stand_still()
        names = [(name_of(each), each) for each in row_models.tables()]
        names += [(f"{TOLD}{each}.jsonl", each) for each in row_models.told()]
        written = []
        for done, (name, table) in enumerate(names):
            self._step(done, len(names))
            with archive.part(name) as part:
                for row in self._rows(table):
                    part.row(row)
            written.append(part.done())
        release()
        return written

    def _rows(self, table: str) -> Iterator[Row]:
        for row in row_models.rows(table, self._agency, self._until):
            if table == LINKS and self._box is None:
                continue  # a link is nothing but its secret
            self._note_files(table, row)
            self._seal(table, row)
            found = row_models.plain(row)
            self._note(table, found)
            yield found

    def _note_files(self, table: str, row: Row) -> None:
        """Remember the files that a row names. Which account keeps them is no content: elsewhere it is another one."""
        if (here := FILES.get(table)) is not None:
            if row[here.key]:
                self._files.add(row[here.key], str(row[here.account] or ""), here.content_type)
            row[here.account] = None
        if (named := FILE_LISTS.get(table)) is not None and row[named]:
            for file in row[named]:
                self._files.add(file["key"], file["account"], file["content_type"])
            row[named] = [{**file, "account": ""} for file in row[named]]

    def _seal(self, table: str, row: Row) -> None:
        for column in row_models.sealed(table):
            if not row[column] or self._box is None:
                row[column] = ""
            else:
                text = unseal(f"{table}.{column}", self._agency, row[column])
                row[column] = self._box.seal(text, place(table, column, row["id"]))
        leave(table, row)

    def _note(self, table: str, row: Row) -> None:
        if table == row_models.AGENCIES:
            self._names = {"id": row["id"], "slug": row["slug"], "name": row["name"]}
        elif table == "event_heads":
            self._chain |= {"seq": row["seq"], "hash": row["hash"]}
        elif table == "signed_heads":
            self._chain["signed_heads"] += 1
            self._keys.add(row["public_key"])
        elif table == "frozen_documents" and row["seal"]:
            self._keys.add(str(row["seal"].get("statement", {}).get("public_key", "")))

    def _stored(self, archive: Writer) -> tuple[Written, int, int]:
        """The files, by the order of their keys, and the part that lists them; how many there are and are nowhere."""
        keepers: dict[str, Storage | None] = {}
        missing = 0
        with Spool() as index:
            for done, (key, account, content_type) in enumerate(self._files):
                self._step(done, len(self._files))
                if account not in keepers:
                    keepers[account] = self._keeper(account)
                found = _copy(archive, keepers[account], key)
                missing += found is None
                index.add(key, content_type, f"{found.sha256} {found.size}" if found else "")
            with archive.part(INDEX) as part:
                for key, content_type, measured in index:
                    part.row(_listed(key, content_type, measured))
        return part.done(), part.rows - missing, missing

    def _keeper(self, account: str) -> Storage | None:
        vendor = vendors.find_keeper(STORAGE, UUID(account) if account else None)
        release()
        return vendor.connect() if vendor else None

    def _manifest(self, parts: list[Written], files: int, missing: int) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "product": "webkit",
            "version": version("webkit"),
            "agency": self._names,
            "secrets": self._box.described() if self._box else None,
            "chain": {**self._chain, "public_keys": sorted(self._keys - {""})},
            "parts": [each.to_dict() for each in parts],
            "files": {"count": files, "missing": missing},
        }


def _listed(key: str, content_type: str, measured: str) -> dict[str, Any]:
    sha256, _space, size = measured.partition(" ")
    return {"key": key, "content_type": content_type, "sha256": sha256 or None, "size": int(size or 0)}


def _copy(archive: Writer, storage: Storage | None, key: str) -> Written | None:
    """Stream one file into the archive; None when nobody has it."""
    if storage is None:
        return None
    try:
        stream = storage.open(key)
    except NotFoundAtProvider:
        return None
    with stream, archive.part(f"{FOLDER}{key}", packed=False) as part:
        _pour(stream, part)
    return part.done()


def _pour(stream: BinaryIO, part: Part) -> None:
    while chunk := stream.read(CHUNK):
        part.write(chunk)


def export(into: BinaryIO, until: datetime, passphrase: str = "", step: Step = lambda _done, _all: None) -> Exported:
    """Write the archive of the agency whose door is open. `passphrase` seals its secrets; without one they stay."""
    return Export(tenancy.agency_id(), until, passphrase, step).write(into)


def measured(file: BinaryIO) -> tuple[int, str]:
    """The size of an archive and the hash of all of it."""
    file.seek(0)
    hashed, size = hashlib.sha256(), 0
    while chunk := file.read(CHUNK):
        hashed.update(chunk)
        size += len(chunk)
    return size, hashed.hexdigest()
