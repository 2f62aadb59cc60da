"""Storage: bytes under a key, streamed."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO, Protocol

from .base import Capability, Provider, calls_nobody
from .errors import NotFoundAtProvider, ProviderRejected

KEY_LENGTH = 512
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


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
    """Return `key` if it is relative, plain ASCII, free of dot segments and at most 512 characters; else InvalidKey.

    Every provider calls this first, so that a key means the same everywhere and can never leave its place.
    """
    if len(key) > KEY_LENGTH or not all(_SEGMENT.fullmatch(segment) for segment in key.split("/")):
        raise InvalidKey(f"{key[:80]!r} is not a storage key")
    return key


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
