"""Objects over HTTP. A body is never held whole: it is read and sent in pieces."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO, cast

from urllib3.exceptions import HTTPError

from webkit.sdk import (
    BrokenOff,
    HealthReport,
    NoSuchObject,
    NotFoundAtProvider,
    OutcomeUnknown,
    ProviderRejected,
    Storage,
    StoredObject,
    check_key,
)

from .api import NAME, Api
from .settings import AcmeMailSettings

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

BEHIND_THE_END = "416"


class AcmeMail:
    """One address for each object."""

    def __init__(self, settings: AcmeMailSettings) -> None:
        self._api = Api(settings)

    def put(self, key: str, body: BinaryIO, *, content_type: str) -> StoredObject:
        source = _Source(body)
        try:
            self._api.open("PUT", _path(key), source, {"Content-Type": content_type}).close()
        except OutcomeUnknown:
            if source.failed is not None:  # the body broke, not the vendor
                raise source.failed from None
            raise
        return StoredObject(key, source.size, content_type)

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> BinaryIO:
        if length == 0:
            self.size(key)
            return io.BytesIO()
        end = "" if length is None else start + length - 1
        try:
            answer = self._ask("GET", key, {} if (start, length) == (0, None) else {"Range": f"bytes={start}-{end}"})
        except ProviderRejected as error:
            if error.code == BEHIND_THE_END:
                return io.BytesIO()
            raise
        return cast("BinaryIO", io.BufferedReader(_Download(answer)))

    def size(self, key: str) -> int:
        with self._ask("HEAD", key) as answer:
            return int(answer.headers["X-Size"])

    def exists(self, key: str) -> bool:
        try:
            self.size(key)
        except NoSuchObject:
            return False
        return True

    def delete(self, key: str) -> None:
        self._api.open("DELETE", _path(key)).close()

    def url(self, key: str, *, expires: timedelta, filename: str = "", content_type: str = "") -> str | None:
        check_key(key)
        return None  # no SIGNED_URLS: downloads go through the application

    def health(self) -> HealthReport:
        return self._api.health()

    def _ask(self, method: str, key: str, headers: dict[str, str] | None = None) -> BaseHTTPResponse:
        try:
            return self._api.open(method, _path(key), None, headers)
        except NotFoundAtProvider:
            raise NoSuchObject(f"nothing is stored under {key}", provider=NAME) from None


class _Source:
    """A body that is counted, and remembers how reading it failed."""

    def __init__(self, body: BinaryIO) -> None:
        self._body, self.size = body, 0
        self.failed: Exception | None = None

    def read(self, size: int) -> bytes:
        try:
            piece = self._body.read(size)
        except Exception as error:
            self.failed = error
            raise
        self.size += len(piece)
        return piece


class _Download(io.RawIOBase):
    """An answer as a stream; one that breaks off is no shorter file."""

    def __init__(self, answer: BaseHTTPResponse) -> None:
        self._answer = answer

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        try:
            piece = self._answer.read(len(buffer))
        except (HTTPError, OSError):
            raise BrokenOff("the download broke off", provider=NAME) from None
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._answer.close()
        super().close()


def _path(key: str) -> str:
    return f"/objects/{check_key(key)}"


_checked: type[Storage] = AcmeMail  # the type checker compares the signatures
