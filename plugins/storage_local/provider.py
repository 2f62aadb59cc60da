"""Each object is a file below one folder; a file appears only when it is complete and on the disk."""

from __future__ import annotations

import io
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from webkit.sdk import HealthReport, InvalidKey, NoSuchObject, Storage, StoredObject, check_key
from webkit.sdk.files import replacing, writable

from .settings import LocalStorageSettings

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

CHUNK = 1024 * 1024
ABANDONED_SECONDS = 24 * 3600


class LocalStorage:
    """Keys are paths below the folder. Half-written files live in `.scratch`, which no key can name."""

    def __init__(self, settings: LocalStorageSettings) -> None:
        self._root = settings.place
        self._scratch = self._root / ".scratch"

    def put(self, key: str, body: BinaryIO, *, content_type: str) -> StoredObject:
        path = self._path(key)
        self._forget_abandoned()
        try:
            with replacing(path, self._scratch) as stream:
                while chunk := body.read(CHUNK):
                    stream.write(chunk)
                size = stream.tell()
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            raise InvalidKey(f"{key!r} and another key are folder and file at once", provider="local") from None
        return StoredObject(key, size, content_type)

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> BinaryIO:
        stream = self._existing(key).open("rb")
        if start:
            stream.seek(start)
        return stream if length is None else cast("BinaryIO", io.BufferedReader(_Part(stream, length)))

    def size(self, key: str) -> int:
        return self._existing(key).stat().st_size

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            self._path(key).unlink()

    def url(self, key: str, *, expires: timedelta, filename: str = "", content_type: str = "") -> str | None:
        check_key(key)
        return None

    def health(self) -> HealthReport:
        return writable(self._root)

    def _path(self, key: str) -> Path:
        """The file of a key. Even a link that somebody put into the folder leads nowhere else."""
        path = self._root / check_key(key)
        if not path.resolve().is_relative_to(self._root.resolve()):
            raise InvalidKey(f"{key!r} leads out of the folder", provider="local")
        return path

    def _existing(self, key: str) -> Path:
        path = self._path(key)
        if not path.is_file():
            raise NoSuchObject(f"nothing is stored under {key!r}", provider="local")
        return path

    def _forget_abandoned(self) -> None:
        """Remove what writers left that were killed long ago."""
        oldest = time.time() - ABANDONED_SECONDS
        with suppress(FileNotFoundError):
            for path in self._scratch.iterdir():
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < oldest:
                        path.unlink()


class _Part(io.RawIOBase):
    """The next `length` bytes of a stream, which it closes."""

    def __init__(self, stream: BinaryIO, length: int) -> None:
        self._stream, self._left = stream, length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        piece = self._stream.read(min(len(view), self._left))
        view[: len(piece)] = piece
        self._left -= len(piece)
        return len(piece)

    def close(self) -> None:
        self._stream.close()
        super().close()


_checked: type[Storage] = LocalStorage
