"""Objects in a bucket. A body goes up in chunks and comes down in chunks: two are in memory at a time.

An object appears when its last chunk is there; a download stays with the generation it began with.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from google.api_core import exceptions as google
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.fileio import BlobWriter
from google.cloud.storage.retry import DEFAULT_RETRY
from google.oauth2 import service_account
from requests import RequestException

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

from .settings import GcsSettings

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

VENDOR = "gcs"
CHUNK = 4 * 1024 * 1024
TIMEOUT = (5, 30)
RETRY = DEFAULT_RETRY.with_timeout(30)
HEALTH_SECONDS = 0.8
LONGEST_URL = timedelta(days=7)
SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"


class GcsStorage:
    """One bucket."""

    def __init__(self, settings: GcsSettings) -> None:
        self._settings = settings

    def put(self, key: str, body: BinaryIO, *, content_type: str) -> StoredObject:
        blob = self._blob(key)
        size = 0
        with _in_our_words(missing_is_bucket=True):
            writer = BlobWriter(blob, chunk_size=CHUNK, content_type=content_type, timeout=TIMEOUT, retry=RETRY)
        try:
            while piece := body.read(CHUNK):
                size += len(piece)
                with _in_our_words(missing_is_bucket=True):
                    writer.write(piece)
            with _in_our_words(missing_is_bucket=True):
                writer.close()
        except BaseException:
            _give_up(writer)
            raise
        return StoredObject(key, size, content_type)

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> BinaryIO:
        blob = self._blob(key)
        with _in_our_words():
            blob.reload(timeout=TIMEOUT, retry=RETRY)
        size = int(blob.size or 0)
        end = size if length is None else min(size, start + length)
        return cast("BinaryIO", io.BufferedReader(_Download(blob, min(start, end), end), CHUNK))

    def size(self, key: str) -> int:
        blob = self._blob(key)
        with _in_our_words():
            blob.reload(timeout=TIMEOUT, retry=RETRY)
        return int(blob.size or 0)

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
                blob.delete(timeout=TIMEOUT, retry=RETRY)
        except NoSuchObject:
            return

    def url(self, key: str, *, expires: timedelta, filename: str = "", content_type: str = "") -> str | None:
        blob = self._blob(key)
        if not timedelta(seconds=1) <= expires <= LONGEST_URL:
            raise ProviderRejected("a signed address lives between a second and a week", provider=VENDOR)
        return cast(
            "str",
            blob.generate_signed_url(
                version="v4",
                expiration=expires,
                method="GET",
                api_access_endpoint=self._settings.endpoint,
                response_disposition=disposition(filename) if filename else None,
                response_type=content_type or None,
            ),
        )

    def health(self) -> HealthReport:
        """Asks for the names of no objects: proves address, key and bucket."""
        try:
            with _in_our_words(missing_is_bucket=True):
                names = self._client.list_blobs(
                    self._settings.bucket, prefix="webkit-health", max_results=1, timeout=HEALTH_SECONDS, retry=None
                )
                list(names)
        except ProviderError as error:
            return HealthReport(Health.DOWN, str(error))
        return HealthReport(Health.OK)

    def _blob(self, key: str) -> Any:
        return self._client.bucket(self._settings.bucket).blob(check_key(key))

    @cached_property
    def _client(self) -> Any:
        try:
            account = self._settings.account()
        except ValueError as error:
            raise ProviderMisconfigured(str(error), provider=VENDOR) from None
        try:
            signer: Any = service_account.Credentials
            credentials = signer.from_service_account_info(account, scopes=[SCOPE])
        except ValueError:
            raise ProviderMisconfigured("the service account's key is damaged", provider=VENDOR) from None
        options = {"api_endpoint": self._settings.endpoint}
        return storage.Client(account["project_id"], credentials, client_options=options)


class _Download(io.RawIOBase):
    """Bytes `start` to `end` of one generation of an object."""

    def __init__(self, blob: Any, start: int, end: int) -> None:
        self._blob, self._at, self._end = blob, start, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        wanted = min(len(view), self._end - self._at)
        if wanted <= 0:
            return 0
        with _in_our_words():
            piece = self._blob.download_as_bytes(
                start=self._at,
                end=self._at + wanted - 1,
                if_generation_match=self._blob.generation,
                checksum=None,
                timeout=TIMEOUT,
                retry=RETRY,
            )
        if len(piece) != wanted:
            raise ProviderUnavailable("the storage broke off", provider=VENDOR)
        view[:wanted] = piece
        self._at += wanted
        return wanted


def _give_up(writer: Any) -> None:
    """Take back what was sent. What stays after a failure Google removes within a week; nobody sees it."""
    try:
        writer.terminate()
    except (GoogleAuthError, RequestException):
        return
    finally:  # an open writer that nobody holds any more would send the rest, and half a body would be an object
        writer._buffer.close()


@contextmanager
def _in_our_words(*, missing_is_bucket: bool = False) -> Iterator[None]:
    try:
        yield
    except (google.GoogleAPICallError, InvalidResponse) as error:
        raise _answered(error, missing_is_bucket) from None
    except google.RetryError as error:
        if isinstance(error.cause, google.GoogleAPICallError | InvalidResponse):
            raise _answered(error.cause, missing_is_bucket) from None
        raise ProviderUnavailable("the storage does not answer", provider=VENDOR) from None
    except TransportError as error:
        raise ProviderUnavailable(f"the storage does not answer ({type(error).__name__})", provider=VENDOR) from None
    except RefreshError as error:
        if error.retryable:
            raise ProviderUnavailable("Google's sign-in has trouble", provider=VENDOR) from None
        raise CredentialsRejected("Google does not accept the service account's key", provider=VENDOR) from None
    except GoogleAuthError as error:
        raise ProviderMisconfigured(f"the storage cannot be used ({type(error).__name__})", provider=VENDOR) from None
    except (RequestException, DataCorruption, ValueError) as error:
        raise ProviderUnavailable(f"the storage does not answer ({type(error).__name__})", provider=VENDOR) from None


def _answered(error: google.GoogleAPICallError | InvalidResponse, missing_is_bucket: bool) -> ProviderError:
    """The platform's error for an answer. The message names neither keys nor objects."""
    if isinstance(error, InvalidResponse):
        status, after = int(error.response.status_code), error.response.headers.get("Retry-After", "")
    else:
        status = int(error.code or 0)
        after = error.response.headers.get("Retry-After", "") if error.response is not None else ""
    code = str(status)
    if status == 404:
        if missing_is_bucket or "bucket does not exist" in str(error):
            return ProviderMisconfigured("there is no such bucket", provider=VENDOR, code=code)
        return NoSuchObject("nothing is stored under this key", provider=VENDOR, code=code)
    if status in (401, 403):
        return CredentialsRejected("the storage does not accept our key for this bucket", provider=VENDOR, code=code)
    if status == 412:
        return ProviderUnavailable("the object was replaced while it was read", provider=VENDOR, code=code)
    if status == 429:
        seconds = float(after) if after.isdigit() else None
        return RateLimited("the storage asks us to slow down", provider=VENDOR, code=code, retry_after=seconds)
    if status >= 500 or status == 408 or 0 < status < 400:  # a success that is none: something else answered
        return ProviderUnavailable(f"the storage has trouble ({code})", provider=VENDOR, code=code)
    return ProviderRejected(f"the storage refused ({code})", provider=VENDOR, code=code)


_checked: type[Storage] = GcsStorage
