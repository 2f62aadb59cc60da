"""Storage: bytes under a key, streamed."""

from __future__ import annotations

import enum
import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO, Protocol
from urllib.parse import quote

from .base import Capability, Provider, calls_nobody
from .errors import NotFoundAtProvider, ProviderRejected

KEY_BYTES, SEGMENT_BYTES = 512, 200
_SEGMENT = re.compile(r"[\w-][\w.-]*")


class StorageFeature(enum.StrEnum):
    """What a storage provider may do beyond the contract's core."""

    SIGNED_URLS = "signed_urls"  # url() answers; otherwise downloads go through the application


class InvalidKey(ProviderRejected):
    """The key is not one that every storage in the world accepts."""


class NoSuchObject(NotFoundAtProvider):
    """Nothing is stored under this key."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What was stored: `size` in bytes, as counted while writing."""

    key: str
    size: int
    content_type: str


def check_key(key: str) -> str:
    """Return `key` if every storage takes it and none can leave its place by it; else InvalidKey.

    Segments of letters and digits of any script, `-`, `_` and `.`, none beginning with a dot, joined by single slashes;
    in Unicode's composed form (NFC), because two forms of one name would be two objects here and one file there.
    At most 512 bytes of UTF-8, 200 in a segment. Every provider calls this first.
    """
    segments = key.split("/")
    fits = len(key.encode("utf-8", "replace")) <= KEY_BYTES and unicodedata.is_normalized("NFC", key)
    if not fits or not all(_SEGMENT.fullmatch(part) and len(part.encode()) <= SEGMENT_BYTES for part in segments):
        raise InvalidKey(f"{key[:80]!r} is not a storage key")
    return key


def disposition(filename: str) -> str:
    """The header that names a download: plain letters for old programs, the real name for all others."""
    name = "".join(letter for letter in filename if letter.isprintable() and letter not in "/\\")[:200]
    plain = "".join(letter if letter.isascii() and letter not in '"%;' else "_" for letter in name)
    full = f"; filename*=UTF-8''{quote(name, safe='')}" if plain != name else ""
    return f'attachment; filename="{plain}"{full}'


class Storage(Provider, Protocol):
    """Keys look like `documents/<agency>/<kind>/<id>/<sha256>.pdf`; see check_key."""

    def put(self, key: str, body: BinaryIO, *, content_type: str) -> StoredObject:
        """Store all of `body`, replacing what was there. All or nothing: a failed put leaves the former object."""
        ...

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> BinaryIO:
        """A readable binary stream, closed by the caller: everything, or `length` bytes from `start` on.

        What lies behind the end is simply not there: a range may come out shorter, or empty. Raises NoSuchObject.
        """
        ...

    def size(self, key: str) -> int:
        """Size in bytes. Raises NoSuchObject."""
        ...

    def exists(self, key: str) -> bool:
        """Whether something is stored under this key."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object. Deleting what is not there is fine."""
        ...

    @calls_nobody
    def url(self, key: str, *, expires: timedelta, filename: str = "", content_type: str = "") -> str | None:
        """A signed address that downloads the object until `expires` from now; None without SIGNED_URLS.

        With `filename` the browser saves it under that name, with `content_type` it is served as that.
        """
        ...


STORAGE: Capability[Storage] = Capability(
    key="storage",
    env="STORAGE_PROVIDER",
    aliases=("FILE_PROVIDER",),
    protocol=Storage,
    default="local",
    agencies=True,
)
