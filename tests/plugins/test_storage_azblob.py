from __future__ import annotations

import io
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import parse_qsl, urlsplit

import pytest
import urllib3

from plugins.storage_azblob.plugin import webkit_register_providers
from plugins.storage_azblob.provider import BLOCK, AzureStorage
from tests.plugins import azure
from webkit.core.providers import ProviderRegistry
from webkit.sdk import (
    STORAGE,
    CredentialsRejected,
    Health,
    NoSuchObject,
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
)
from webkit.sdk.testing.storage import Source, StorageContract

SPEC = webkit_register_providers()[0]
KEY = "documents/à/1.pdf"
needs_azurite = pytest.mark.skipif(azure.AZURITE is None, reason="Azurite is not installed")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with azure.emulator() as address:
        yield address


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[azure.Told]:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between tries
    with azure.Told() as server:
        yield server


def storage(environ: dict[str, str]) -> AzureStorage:
    provider = ProviderRegistry(environ, [SPEC], capabilities=[STORAGE]).get(STORAGE)
    assert isinstance(provider, AzureStorage)
    return provider


# --- beside Azurite ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
@needs_azurite
class TestAzure(StorageContract):
    spec = SPEC
    environ = azure.environ("http://127.0.0.1:9/x")

    @pytest.fixture
    def configured(self, webkit_data: Path, address: str) -> dict[str, str]:
        return {"WEBKIT_DATA": str(webkit_data), **azure.container(address)}


@pytest.mark.slow
@needs_azurite
@pytest.mark.parametrize("size", [BLOCK - 1, BLOCK, BLOCK + 1])
def test_sizes_around_a_block(address: str, size: int) -> None:
    provider = storage(azure.container(address))
    assert provider.put(KEY, cast("BinaryIO", Source(size)), content_type="x/y").size == provider.size(KEY) == size
    with provider.open(KEY, start=size - 2) as stream:
        assert stream.read() == b"\xa5\xa5"


@pytest.mark.slow
@needs_azurite
def test_a_signed_address_is_signed_expires_and_names_the_file(address: str) -> None:
    provider = storage(azure.container(address))
    provider.put(KEY, io.BytesIO(b"%PDF-"), content_type="application/octet-stream")
    url = provider.url(KEY, expires=timedelta(seconds=3), filename="città.pdf", content_type="application/pdf") or ""
    answer = urllib3.request("GET", url)
    assert (answer.status, answer.data) == (200, b"%PDF-")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    longer = urlsplit(url)._replace(query=urlsplit(url).query.replace("se=2", "se=3")).geturl()
    assert longer != url and urllib3.request("GET", longer).status == 403
    assert urllib3.request("PUT", url, body=b"x", headers={"x-ms-blob-type": "BlockBlob"}).status == 403
    until = time.monotonic() + 20
    while urllib3.request("GET", url).status == 200:
        assert time.monotonic() < until, "the address never expired"
        time.sleep(0.3)


@pytest.mark.slow
@needs_azurite
def test_a_missing_container_and_a_wrong_key_are_told_apart(address: str) -> None:
    environ = azure.container(address)
    provider = storage({**environ, "AZBLOB_CONTAINER": "nowhere"})
    with pytest.raises(ProviderMisconfigured):
        provider.put(KEY, io.BytesIO(b"x"), content_type="x/y")
    assert "container" in provider.health().detail
    assert storage(environ).health().status is Health.OK
    other = storage({**environ, "AZBLOB_ACCOUNT_KEY": "QUJD" * 10})
    with pytest.raises(CredentialsRejected):
        other.size(KEY)
    assert other.health().status is Health.DOWN


# --- settings ---------------------------------------------------------------------------------------------------------


def test_the_account_names_the_address() -> None:
    provider = storage({**azure.environ("", "docs"), "BUCKET_NAME": "older"})
    url = provider.url("a/b.pdf", expires=timedelta(minutes=5)) or ""
    assert url.startswith("https://devstoreaccount1.blob.core.windows.net/docs/a/b.pdf?")
    assert dict(parse_qsl(urlsplit(url).query))["sp"] == "r" and azure.KEY not in url


@pytest.mark.parametrize(
    "wrong", [{"AZBLOB_ACCOUNT_NAME": "Not One"}, {"AZBLOB_CONTAINER": "a--b"}, {"AZBLOB_ENDPOINT": "x"}]
)
def test_what_cannot_be_an_account_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ProviderMisconfigured):
        storage({**azure.environ("", "docs"), **wrong})


def test_a_key_that_is_none_is_told() -> None:
    provider = storage({**azure.environ("http://127.0.0.1:9/x"), "AZBLOB_ACCOUNT_KEY": "not base64!"})
    with pytest.raises((CredentialsRejected, ProviderMisconfigured)):
        provider.size(KEY)
    with pytest.raises((CredentialsRejected, ProviderMisconfigured)):
        provider.url(KEY, expires=timedelta(minutes=1))


@pytest.mark.parametrize("expires", [timedelta(0), timedelta(milliseconds=5), timedelta(days=8), timedelta(seconds=-1)])
def test_no_address_lives_for_ever(expires: timedelta) -> None:
    with pytest.raises(ProviderRejected):
        storage(azure.environ("")).url(KEY, expires=expires)


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "wanted"),
    [
        (404, "BlobNotFound", NoSuchObject),
        (404, "ContainerNotFound", ProviderMisconfigured),
        (401, "NoAuthenticationInformation", CredentialsRejected),
        (403, "AuthenticationFailed", CredentialsRejected),
        (400, "InvalidUri", ProviderRejected),
        (409, "LeaseIdMissing", ProviderRejected),
        (412, "ConditionNotMet", ProviderUnavailable),
        (429, "TooManyRequests", RateLimited),
        (503, "ServerBusy", RateLimited),
        (500, "InternalError", ProviderUnavailable),
        (502, "", ProviderUnavailable),
    ],
)
def test_what_the_vendor_says_is_told_apart(
    told: azure.Told, status: int, code: str, wanted: type[ProviderError]
) -> None:
    told.status, told.code = status, code
    with pytest.raises(ProviderError) as caught:
        storage(azure.environ(f"{told.url}/x")).size(KEY)
    assert type(caught.value) is wanted
    assert caught.value.retryable == issubclass(wanted, ProviderUnavailable)
    assert KEY not in str(caught.value) and azure.KEY not in str(caught.value)
    assert caught.value.retry_after == (7 if wanted is RateLimited else None)


def test_an_upload_whose_blocks_another_took_is_tried_again(told: azure.Told) -> None:
    told.status, told.code = 400, "InvalidBlockList"
    with pytest.raises(ProviderUnavailable):
        storage(azure.environ(f"{told.url}/x")).put(KEY, io.BytesIO(b"x"), content_type="x/y")


def test_nobody_there_is_unavailable(told: azure.Told) -> None:
    provider = storage(azure.environ("http://127.0.0.1:9/x"))
    for call in (provider.open, provider.size, provider.exists, provider.delete):
        with pytest.raises(ProviderUnavailable):
            call(KEY)
    assert provider.health().status is Health.DOWN
