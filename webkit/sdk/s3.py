"""For storages that speak S3 (needs boto3): a provider is this class, told where its bucket is.

A big body goes up in parts, of which only a few are in memory at a time. Nothing is read from the machine's AWS files,
and every object has its own client: two accounts never mix.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import boto3
import botocore.loaders
import botocore.session
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    ParamValidationError,
    ResponseStreamingError,
)
from botocore.exceptions import ConnectionError as NotConnected
from botocore.parsers import ResponseParserError

from webkit.core.capabilities.base import Health, HealthReport
from webkit.core.capabilities.errors import (
    CredentialsRejected,
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
)
from webkit.core.capabilities.storage import NoSuchObject, Storage, StoredObject, check_key, disposition
from webkit.sdk.guarded import Guard

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

__all__ = ["Bucket", "S3Storage"]

PART = 5 * 1024 * 1024
"""The smallest part S3 takes; 10,000 of them make the biggest object, 48 GiB."""
PARTS_IN_MEMORY = 2
CONNECT_SECONDS, READ_SECONDS, HEALTH_SECONDS = 5, 30, 0.8
LONGEST_URL = timedelta(days=7)
NOBODY = "webkit-health"
RANGE_BEHIND_END = "InvalidRange"
_MISSING = {"NoSuchKey", "NotFound", "404"}
_KEYS = {
    "401",
    "403",
    "AccessDenied",
    "ExpiredToken",
    "Forbidden",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "Unauthorized",
}
_SLOW = {"429", "SlowDown", "TooManyRequests", "ServiceUnavailable.SlowDown"}
_DESCRIPTIONS = botocore.loaders.create_loader()
"""Remembers the big descriptions of services for all accounts; they say nothing about any of them."""
_UNREACHED = (NotConnected, HTTPClientError, IncompleteReadError, ResponseParserError, ResponseStreamingError)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where it is, and who we are there. `vendor` names the provider in errors; no `address` means Amazon's own.

    `guard` judges each connection: for an address that an agency typed.
    """

    vendor: str
    name: str
    region: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    address: str = ""
    guard: Guard | None = None


class S3Storage:
    """One bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self._place = bucket
        self._bucket = bucket.name
        self._lock = Lock()

    def put(self, key: str, body: BinaryIO, *, content_type: str) -> StoredObject:
        into = {"Bucket": self._bucket, "Key": check_key(key)}
        source = _Source(body)
        first = source.read(PART)
        try:
            if len(first) < PART:
                answer = self._client.put_object(**into, Body=first, ContentType=content_type)
                if not answer.get("ETag"):  # a gateway that welcomes everybody has kept nothing
                    raise ResponseParserError
            else:
                source.unread(first)
                del first
                self._client.upload_fileobj(source, **into, ExtraArgs={"ContentType": content_type}, Config=_TRANSFER)
        except Exception as error:
            if source.error is error:  # the sender broke off, not the vendor
                raise
            raise self._mapped(error) from None
        return StoredObject(key, source.size, content_type)

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> BinaryIO:
        wanted: dict[str, str] = {}
        if start or length is not None:
            if length == 0:
                self.size(key)
                return io.BytesIO()
            wanted["Range"] = f"bytes={start}-{'' if length is None else start + length - 1}"
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=check_key(key), **wanted)
        except ClientError as error:
            if _code(error) == RANGE_BEHIND_END:
                return io.BytesIO()
            raise self._mapped(error) from None
        except BotoCoreError as error:
            raise self._mapped(error) from None
        return cast("BinaryIO", _Download(answer["Body"], self._mapped))

    def size(self, key: str) -> int:
        try:
            return int(self._client.head_object(Bucket=self._bucket, Key=check_key(key))["ContentLength"])
        except (BotoCoreError, ClientError) as error:
            raise self._mapped(error) from None

    def exists(self, key: str) -> bool:
        try:
            self.size(key)
        except NoSuchObject:
            return False
        return True

    def delete(self, key: str) -> None:
        try:
            self._client.delete_object(Bucket=self._bucket, Key=check_key(key))
        except (BotoCoreError, ClientError) as error:
            raise self._mapped(error) from None

    def url(self, key: str, *, expires: timedelta, filename: str = "", content_type: str = "") -> str | None:
        wanted = {"Bucket": self._bucket, "Key": check_key(key)}
        if not timedelta(seconds=1) <= expires <= LONGEST_URL:
            raise ProviderRejected("a signed address lives between a second and a week", provider=self._place.vendor)
        if filename:
            wanted["ResponseContentDisposition"] = disposition(filename)
        if content_type:
            wanted["ResponseContentType"] = content_type
        seconds = int(expires.total_seconds())
        return cast("str", self._client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=seconds))

    def health(self) -> HealthReport:
        """Asks for an object that nobody stored: "not there" proves address, key and bucket."""
        try:
            answer = self._quick_client.get_object(Bucket=self._bucket, Key=NOBODY)
            answer["Body"].close()
            if not answer.get("ETag"):  # a gateway that welcomes everybody
                raise ResponseParserError
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            found = self._mapped(error)
            if not isinstance(found, NoSuchObject):
                return HealthReport(Health.DOWN, str(found))
        return HealthReport(Health.OK)

    def _mapped(self, error: Exception) -> ProviderError:
        return _mapped(error, self._place.vendor)

    @cached_property
    def _session(self) -> Any:
        core = botocore.session.Session()
        core.register_component("data_loader", _DESCRIPTIONS)
        for name in ("config_file", "credentials_file"):
            core.set_config_variable(name, os.devnull)
        return boto3.session.Session(
            aws_access_key_id=self._place.access_key_id,
            aws_secret_access_key=self._place.secret_access_key,
            region_name=self._place.region,
            botocore_session=core,
        )

    @cached_property
    def _client(self) -> Any:
        return self._connect(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, attempts=3)

    @cached_property
    def _quick_client(self) -> Any:
        return self._connect(connect_timeout=HEALTH_SECONDS, read_timeout=HEALTH_SECONDS, attempts=1)

    def _connect(self, *, connect_timeout: float, read_timeout: float, attempts: int) -> Any:
        """A client of our own. Other services than AWS do not know its newer checksums, so only asked for ones."""
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if self._place.address else "auto"},
            retries={"mode": "standard", "total_max_attempts": attempts},
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            proxies=None if self._place.guard is None else {},
        )
        with self._lock:  # making clients is the one thing that is not safe among threads
            made = self._session.client("s3", endpoint_url=self._place.address or None, config=config)
        if self._place.guard is not None:
            made._endpoint.http_session._manager.pool_classes_by_scheme = self._place.guard.s3_pools()
        return made


def _transfer() -> Any:
    config: Any = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=PARTS_IN_MEMORY)
    config.max_in_memory_upload_chunks = PARTS_IN_MEMORY
    return config


_TRANSFER = _transfer()


class _Source:
    """A body read once, counted, in full pieces: a short read would become a part that is too small."""

    def __init__(self, body: BinaryIO) -> None:
        self._body, self._kept, self.size = body, b"", 0
        self.error: Exception | None = None

    def unread(self, piece: bytes) -> None:
        self._kept = piece

    def read(self, size: int) -> bytes:
        if self._kept:
            kept, self._kept = self._kept[:size], self._kept[size:]
            return kept
        pieces, missing = [], size
        try:
            while missing > 0 and (piece := self._body.read(missing)):
                pieces.append(piece)
                missing -= len(piece)
        except Exception as error:
            self.error = error
            raise
        self.size += size - missing
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class _Download(io.RawIOBase):
    """The vendor's stream with our errors."""

    def __init__(self, body: Any, mapped: Callable[[Exception], ProviderError]) -> None:
        self._body, self._mapped = body, mapped

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        piece = self._read(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def read(self, size: int | None = -1, /) -> bytes:
        return self._read(None if size is None or size < 0 else size)

    def readall(self) -> bytes:
        return self._read(None)

    def close(self) -> None:
        self._body.close()
        super().close()

    def _read(self, size: int | None) -> bytes:
        try:
            return cast("bytes", self._body.read(size))
        except BotoCoreError as error:
            raise self._mapped(error) from None


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _mapped(error: Exception, vendor: str) -> ProviderError:
    if isinstance(error, ClientError):
        answer = error.response.get("ResponseMetadata", {})
        after = str(answer.get("HTTPHeaders", {}).get("retry-after", ""))
        seconds = float(after) if after.isascii() and after.isdecimal() else None
        return _answered(_code(error), int(answer.get("HTTPStatusCode", 0)), vendor, seconds)
    what = type(error).__name__
    if isinstance(error, _UNREACHED):
        return ProviderUnavailable(f"the storage does not answer ({what})", provider=vendor)
    if isinstance(error, ParamValidationError):
        return ProviderRejected("the storage cannot be asked for that", provider=vendor)
    if isinstance(error, BotoCoreError):
        return ProviderMisconfigured(f"the storage cannot be used ({what})", provider=vendor)
    return ProviderUnavailable(f"the storage answered with something else ({what})", provider=vendor)


def _answered(code: str, status: int, vendor: str, after: float | None) -> ProviderError:
    """The platform's error for an answer; `code` is the vendor's word, or the status where the answer has no body.

    The message names neither keys nor objects.
    """
    if code == "NoSuchBucket":
        return ProviderMisconfigured("there is no such bucket", provider=vendor, code=code)
    if code in _MISSING:
        return NoSuchObject("nothing is stored under this key", provider=vendor, code=code)
    if code in _KEYS or status in (401, 403):
        return CredentialsRejected("the storage does not accept our key for this bucket", provider=vendor, code=code)
    if code in _SLOW or status == 429:
        return RateLimited("the storage asks us to slow down", provider=vendor, code=code, retry_after=after)
    if status == 404:  # said by somebody who is no storage: it is no proof that nothing is stored
        return ProviderMisconfigured("there is no storage at this address", provider=vendor, code=code)
    if status >= 500 or code in ("RequestTimeout", "InternalError"):
        return ProviderUnavailable(f"the storage has trouble ({code or status})", provider=vendor, code=code)
    return ProviderRejected(f"the storage refused ({code or status})", provider=vendor, code=code)


_checked: type[Storage] = S3Storage
