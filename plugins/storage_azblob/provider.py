"""Blobs in a container. A body goes up in blocks and comes down in pieces, one of which is in memory at a time.

A blob appears when its blocks are committed; a download stays with the version it began with.
"""

from __future__ import annotations

import binascii
import io
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.storage.blob import (
    BlobBlock,
    BlobClient,
    BlobSasPermissions,
    BlobServiceClient,
    ContentSettings,
    LinearRetry,
    generate_blob_sas,
)

from webkit.sdk import (
    CredentialsRejected,
    Health,
    HealthReport,
    NoSuchObject,
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    Storage,
    StoredObject,
    check_key,
    disposition,
)

from .settings import AzureSettings

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

VENDOR = "azblob"
BLOCK = 4 * 1024 * 1024
CONNECT_SECONDS, READ_SECONDS, HEALTH_SECONDS = 5, 30, 0.8
LONGEST_URL = timedelta(days=7)
_OUR_KEY = {"AuthenticationFailed", "AuthorizationFailure", "InvalidAuthenticationInfo", "AccountIsDisabled"}
_LOST_BLOCKS = {"InvalidBlockList", "InvalidBlobOrBlock"}


class AzureStorage:
    """One container."""

    def __init__(self, settings: AzureSettings) -> None:
        self._settings = settings

    def put(self, key: str, body: BinaryIO, *, content_type: str) -> StoredObject:
        blob, kind = self._blob(key), ContentSettings(content_type=content_type)
        piece = _full(body)
        size = len(piece)
        if size < BLOCK:
            with _in_our_words(missing_is_container=True):
                blob.upload_blob(piece, overwrite=True, content_settings=kind)
            return StoredObject(key, size, content_type)
        blocks: list[BlobBlock] = []
        upload = secrets.token_hex(8)  # two uploads of one key must not take each other's blocks
        while piece:
            block = BlobBlock(f"{upload}-{len(blocks):06}")
            with _in_our_words(missing_is_container=True):
                blob.stage_block(block.id, piece)
            blocks.append(block)
            piece = _full(body)
            size += len(piece)
        with _in_our_words(missing_is_container=True):
            blob.commit_block_list(blocks, content_settings=kind)
        return StoredObject(key, size, content_type)

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> BinaryIO:
        blob = self._blob(key)
        if length == 0:
            self.size(key)
            return io.BytesIO()
        try:
            with _in_our_words():
                answer = blob.download_blob(offset=start or (None if length is None else 0), length=length)
        except _BehindTheEnd:
            return io.BytesIO()
        return cast("BinaryIO", _Download(answer))

    def size(self, key: str) -> int:
        blob = self._blob(key)
        with _in_our_words():
            return int(blob.get_blob_properties().size)

    def exists(self, key: str) -> bool:
        try:
            self.size(key)
        except NoSuchObject:
            return False
        return True

    def delete(self, key: str) -> None:
        blob = self._blob(key)
        try:
            with _in_our_words():
                blob.delete_blob(delete_snapshots="include")
        except NoSuchObject:
            return

    def url(self, key: str, *, expires: timedelta, filename: str = "", content_type: str = "") -> str | None:
        blob = self._blob(key)
        if not timedelta(seconds=1) <= expires <= LONGEST_URL:
            raise ProviderRejected("a signed address lives between a second and a week", provider=VENDOR)
        with _in_our_words():
            signed = generate_blob_sas(
                self._settings.account,
                self._settings.container,
                key,
                account_key=self._settings.key.get_secret_value(),
                permission=BlobSasPermissions(read=True),
                expiry=datetime.now(UTC) + expires,
                content_disposition=disposition(filename) if filename else None,
                content_type=content_type or None,
            )
        return f"{blob.url}?{signed}"

    def health(self) -> HealthReport:
        """Asks for the names of no blobs: proves address, key and container."""
        try:
            with _in_our_words(missing_is_container=True):
                container = self._quick_client.get_container_client(self._settings.container)
                next(iter(container.list_blobs(name_starts_with="webkit-health", results_per_page=1)), None)
        except ProviderError as error:
            return HealthReport(Health.DOWN, str(error))
        return HealthReport(Health.OK)

    def _blob(self, key: str) -> BlobClient:
        with _in_our_words():
            return self._client.get_blob_client(self._settings.container, check_key(key))

    @cached_property
    def _client(self) -> BlobServiceClient:
        return self._connect(CONNECT_SECONDS, READ_SECONDS, tries=3)

    @cached_property
    def _quick_client(self) -> BlobServiceClient:
        return self._connect(HEALTH_SECONDS, HEALTH_SECONDS, tries=1)

    def _connect(self, connect: float, read: float, *, tries: int) -> BlobServiceClient:
        name, key = self._settings.account, self._settings.key.get_secret_value()
        return BlobServiceClient(
            self._settings.address,
            credential={"account_name": name, "account_key": key},
            connection_timeout=connect,
            read_timeout=read,
            retry_policy=LinearRetry(backoff=1, retry_total=tries - 1, random_jitter_range=1),
            max_single_get_size=BLOCK,
            max_chunk_get_size=BLOCK,
        )


class _BehindTheEnd(ProviderRejected):
    """The part that was asked for begins behind the end."""


class _Download(io.RawIOBase):
    """The vendor's stream with our errors."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        piece = self._read(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def read(self, size: int | None = -1, /) -> bytes:
        return self._read(-1 if size is None else size)

    def readall(self) -> bytes:
        return self._read(-1)

    def _read(self, size: int) -> bytes:
        with _in_our_words():
            return cast("bytes", self._answer.read(size))


def _full(body: BinaryIO) -> bytes:
    """The next block, whole however little the source gives at a time."""
    pieces, missing = [], BLOCK
    while missing > 0 and (piece := body.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


@contextmanager
def _in_our_words(*, missing_is_container: bool = False) -> Iterator[None]:
    try:
        yield
    except HttpResponseError as error:
        raise _answered(error, missing_is_container) from None
    except (ServiceRequestError, ServiceResponseError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderUnavailable(f"the storage does not answer ({type(error).__name__})", provider=VENDOR) from None
    except (AzureError, binascii.Error) as error:
        raise ProviderMisconfigured(f"the storage cannot be used ({type(error).__name__})", provider=VENDOR) from None


def _answered(error: HttpResponseError, missing_is_container: bool) -> ProviderError:
    """The platform's error for an answer. The message names neither keys nor objects."""
    status = error.status_code or 0
    word = getattr(error, "error_code", None)
    code = str(getattr(word, "value", word) or status)
    if code == "ContainerNotFound" or (status == 404 and missing_is_container):
        return ProviderMisconfigured("there is no such container", provider=VENDOR, code=code)
    if status == 404:
        return NoSuchObject("nothing is stored under this key", provider=VENDOR, code=code)
    if status in (401, 403) or code in _OUR_KEY or not status:  # what cannot be signed is never sent
        return CredentialsRejected("the storage does not accept our key", provider=VENDOR, code=code)
    if status == 416:
        return _BehindTheEnd("the part begins behind the end", provider=VENDOR, code=code)
    if status == 412:
        return ProviderUnavailable("the object was replaced while it was read", provider=VENDOR, code=code)
    if code in _LOST_BLOCKS:
        return ProviderUnavailable("another upload of the same key came first", provider=VENDOR, code=code)
    if status == 429 or code == "ServerBusy":
        return RateLimited("the storage asks us to slow down", provider=VENDOR, code=code, retry_after=_seconds(error))
    if status >= 500 or status == 408 or 0 < status < 400:  # a success that is none: something else answered
        return ProviderUnavailable(f"the storage has trouble ({code})", provider=VENDOR, code=code)
    return ProviderRejected(f"the storage refused ({code})", provider=VENDOR, code=code)


def _seconds(error: HttpResponseError) -> float | None:
    headers: Any = getattr(error.response, "headers", {})
    after = headers.get("Retry-After", "")
    return float(after) if after.isdigit() else None


_checked: type[Storage] = AzureStorage
