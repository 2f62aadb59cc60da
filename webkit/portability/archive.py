"""The ZIP file of an archive: written as a stream, the same bytes for the same content, and read with suspicion.

`manifest.json` comes last: it says what every other part is. Nothing in it tells when the archive was made.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, BinaryIO

from webkit.core.capabilities.storage import InvalidKey, check_key
from webkit.core.kernel.crypto import canonical
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass

MANIFEST, INDEX, FOLDER = "manifest.json", "files.jsonl", "files/"
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
CHUNK = 256 * 1024
GIGA = 1024**3
MOST_BYTES, MOST_PARTS, MOST_MANIFEST, LONGEST_LINE = 64 * GIGA, 1_000_000, 4 * 1024**2, 32 * 1024**2
"""What an archive may hold unpacked, in how many parts, and how large its manifest and one row may be."""


class Broken(Exception):
    """The archive cannot be brought in; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Written:
    """A part that was written."""

    name: str
    rows: int
    size: int
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "rows": self.rows, "size": self.size, "sha256": self.sha256}


class Part:
    """What a part is written through."""

    def __init__(self, name: str, into: IO[bytes]) -> None:
        self.name, self.rows, self.size = name, 0, 0
        self._into, self._hash = into, hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self.size += len(data)
        self._into.write(data)

    def row(self, row: object) -> None:
        """One line of JSON, in the one form it has."""
        self.write(line(row))
        self.rows += 1

    def done(self) -> Written:
        return Written(self.name, self.rows, self.size, self._hash.hexdigest())


def line(row: object) -> bytes:
    """A row as a line."""
    text = json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass") + b"\n"


class Writer:
    """Writes an archive; whoever gives the same parts in the same order gets the same bytes."""

    def __init__(self, into: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(into, "w", allowZip64=True)

    @contextmanager
    def part(self, name: str, *, packed: bool = True) -> Iterator[Part]:
        """One part. What is packed already is not packed again."""
        info = zipfile.ZipInfo(name, FIRST_DAY)
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info.create_system, info.external_attr = 3, 0o600 << 16
        with self._zip.open(info, "w", force_zip64=True) as into:
            yield Part(name, into)

    def finish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest and close the archive."""
        with self.part(MANIFEST) as part:
            part.write(canonical(manifest).encode() + b"\n")
        self._zip.close()


class Reader:
    """Reads an archive of which nothing is believed. Names lead nowhere: nothing is ever unpacked to them."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise Broken(_("This is no archive of an agency: it is no ZIP file.")) from error
        self._parts = self._checked()

    def _checked(self) -> dict[str, zipfile.ZipInfo]:
        entries = self._zip.infolist()
        if len(entries) > MOST_PARTS or sum(each.file_size for each in entries) > MOST_BYTES:
            raise Broken(_("The archive is too large when it is unpacked."))
        found: dict[str, zipfile.ZipInfo] = {}
        for each in entries:
            if each.filename in found or each.is_dir() or each.flag_bits & 1 or not is_name(each.filename):
                raise Broken(_("The archive holds a part that has no place in it: %(name)s", name=each.filename[:120]))
            if each.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise Broken(_("The archive holds a part that has no place in it: %(name)s", name=each.filename[:120]))
            found[each.filename] = each
        if MANIFEST not in found:
            raise Broken(_("This is no archive of an agency: it has no manifest."))
        return found

    def names(self) -> set[str]:
        return set(self._parts)

    def size(self, name: str) -> int:
        return self._parts[name].file_size

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """A part as a stream, which ends with an error where it is not what the archive says of it."""
        if name not in self._parts:
            raise Broken(_("The archive lacks a part: %(name)s", name=name[:120]))
        try:
            with self._zip.open(self._parts[name]) as stream:
                yield stream
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise Broken(_("A part of the archive is damaged: %(name)s", name=name[:120])) from error

    def manifest(self) -> dict[str, Any]:
        """What the archive says of itself. Raises Broken for what is no object."""
        if self.size(MANIFEST) > MOST_MANIFEST:
            raise Broken(_("The manifest of the archive cannot be read."))
        with self.open(MANIFEST) as stream:
            text = stream.read(MOST_MANIFEST + 1)
        found = _json(text, MANIFEST)
        if not isinstance(found, dict):
            raise Broken(_("The manifest of the archive cannot be read."))
        return found

    def rows(self, name: str, heard: Callable[[bytes], object] = len) -> Iterator[dict[str, Any]]:
        """The rows of a part; `heard` is given every line as it stands."""
        with self.open(name) as stream:
            while text := stream.readline(LONGEST_LINE + 1):
                if len(text) > LONGEST_LINE or not text.endswith(b"\n"):
                    raise Broken(_("%(name)s holds a row that is too long or cut off.", name=name))
                heard(text)
                found = _json(text, name)
                if not isinstance(found, dict):
                    raise Broken(_("%(name)s holds something that is no row.", name=name))
                yield found

    def measure(self, name: str) -> Written:
        """How large a part is, and its hash; rows are not counted."""
        with self.open(name) as stream:
            size, hashed = 0, hashlib.sha256()
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                hashed.update(chunk)
        return Written(name, 0, size, hashed.hexdigest())


def _json(text: bytes, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Broken(_("%(name)s holds something that cannot be read.", name=name)) from error


def is_name(name: str) -> bool:
    """Whether a part may be called so: no way out of a folder, however it is spelt."""
    try:
        return check_key(name) == name
    except InvalidKey:
        return False
