from __future__ import annotations

import base64
import gc
import hashlib
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import requests
import urllib3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from plugins.storage_gcs.plugin import webkit_register_providers
from plugins.storage_gcs.provider import CHUNK, GcsStorage
from tests.plugins import google_cloud
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
from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble
from webkit.sdk.testing.storage import Source, StorageContract

SPEC = webkit_register_providers()[0]
KEY = "documents/à/1.pdf"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with google_cloud.emulator() as address:
        yield address


@pytest.fixture(scope="module")
def sign_in() -> Iterator[google_cloud.SignIn]:
    with google_cloud.SignIn() as server:
        yield server


@pytest.fixture
def told() -> Iterator[google_cloud.Told]:
    with google_cloud.Told() as server:
        yield server


def registry(environ: dict[str, str]) -> ProviderRegistry:
    return ProviderRegistry(environ, [SPEC], capabilities=[STORAGE])


def storage(environ: dict[str, str]) -> GcsStorage:
    provider = registry(environ).get(STORAGE)
    assert isinstance(provider, GcsStorage)
    return provider


class TestGcs(StorageContract):
    spec = SPEC
    environ = google_cloud.environ("http://127.0.0.1:9", "http://127.0.0.1:9")

    @pytest.fixture
    def configured(self, webkit_data: Path, address: str, sign_in: google_cloud.SignIn) -> dict[str, str]:
        return {"WEBKIT_DATA": str(webkit_data), **google_cloud.bucket(address, sign_in.url)}


# --- settings ---------------------------------------------------------------------------------------------------------


def test_the_operators_file_is_never_an_agencys(tmp_path: Path) -> None:
    environ = google_cloud.environ("https://x.example", "https://x.example")
    (tmp_path / "key.json").write_text(environ.pop("GCS_CREDENTIALS"))
    environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(tmp_path / "key.json")
    assert (storage(environ).url("a", expires=timedelta(minutes=1)) or "").startswith("https://x.example/bucket/a?")
    with pytest.raises(ValueError, match="set GCS_CREDENTIALS"):
        registry(environ).settings_of(SPEC, {"bucket": "mine"})
    with pytest.raises(ValueError, match="set GCS_CREDENTIALS"):
        registry(environ).settings_of(SPEC, {"bucket": "mine", "key_file": str(tmp_path / "key.json")})
    with pytest.raises(ProviderMisconfigured, match="cannot be read"):
        storage({**environ, "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "none.json")}).size(KEY)


@pytest.mark.parametrize("key", ["", "{", "[]", '{"client_email": "a"}', json.dumps({"private_key": 7})])
def test_a_key_that_is_none_is_refused_unseen(key: str) -> None:
    environ = {**google_cloud.environ("https://x.example", "https://x.example"), "GCS_CREDENTIALS": key}
    with pytest.raises(ProviderMisconfigured) as caught:
        storage(environ).size(KEY)
    assert "BEGIN" not in str(caught.value)


def test_a_damaged_key_says_so() -> None:
    environ = google_cloud.environ("https://x.example", "https://x.example")
    account = json.loads(environ["GCS_CREDENTIALS"])
    account["private_key"] = account["private_key"].replace("M", "N")
    with pytest.raises(ProviderMisconfigured):
        storage({**environ, "GCS_CREDENTIALS": json.dumps(account)}).size(KEY)


# --- bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, CHUNK + 1])
def test_sizes_around_a_chunk(address: str, sign_in: google_cloud.SignIn, size: int) -> None:
    provider = storage(google_cloud.bucket(address, sign_in.url))
    assert provider.put(KEY, cast("BinaryIO", Source(size)), content_type="x/y").size == provider.size(KEY) == size
    with provider.open(KEY, start=size - 2) as stream:
        assert stream.read() == b"\xa5\xa5"


class Uploads(HttpDouble):
    """Takes bodies in pieces."""

    def answer(self, call: Call) -> Answer:
        if call.method == "POST":
            return Answer(200, {}, {"Location": f"{self.url}/upload/1"})
        end = call.headers["content-range"].removeprefix("bytes ").partition("/")[0].partition("-")[2]
        return Answer(308, b"", {"Range": f"bytes=0-{end}"})


def test_half_a_body_never_becomes_an_object(sign_in: google_cloud.SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even when taking it back fails as well, and the library's writer is thrown away still open."""
    monkeypatch.setattr("plugins.storage_gcs.provider.RETRY", None)
    monkeypatch.setattr("plugins.storage_gcs.provider.BlobWriter.terminate", _cannot)
    with Uploads() as service:
        provider = storage(google_cloud.environ(service.url, sign_in.url))
        with pytest.raises(ConnectionResetError):
            provider.put(KEY, cast("BinaryIO", Source(3 * CHUNK, breaks_at=2 * CHUNK)), content_type="x/y")
        gc.collect()
        sizes = [call.headers["content-range"].partition("/")[2] for call in service.calls if call.method == "PUT"]
    assert sizes and set(sizes) == {"*"}, "the size was said: that makes it an object"


def _cannot(_writer: object) -> None:
    raise requests.ConnectionError


def test_a_download_stays_with_what_it_began_with(told: google_cloud.Told, sign_in: google_cloud.SignIn) -> None:
    told.body = json.dumps({"name": "a", "bucket": "bucket", "size": "4", "generation": "17"}).encode()
    stream = storage(google_cloud.environ(told.url, sign_in.url)).open("a")
    told.status = 412
    with pytest.raises(ProviderUnavailable, match="replaced"):
        stream.read()
    reads = [call.query.get("ifGenerationMatch") for call in told.calls if "/download/" in call.target]
    assert set(reads) == {"17"}, told.calls


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        (400, ProviderRejected),
        (401, CredentialsRejected),
        (403, CredentialsRejected),
        (404, NoSuchObject),
        (409, ProviderRejected),
    ],
)
def test_what_the_vendor_says_is_told_apart(
    told: google_cloud.Told, sign_in: google_cloud.SignIn, status: int, wanted: type[ProviderError]
) -> None:
    told.status = status
    with pytest.raises(ProviderError) as caught:
        storage(google_cloud.environ(told.url, sign_in.url)).size(KEY)
    assert type(caught.value) is wanted
    assert KEY not in str(caught.value)


def test_trouble_is_tried_again_for_a_while(
    told: google_cloud.Told, sign_in: google_cloud.SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = storage(google_cloud.environ(told.url, sign_in.url))
    monkeypatch.setattr("plugins.storage_gcs.provider.RETRY", None)
    for status, wanted in ((429, RateLimited), (500, ProviderUnavailable), (503, ProviderUnavailable)):
        told.status = status
        with pytest.raises(ProviderError) as caught:
            provider.size(KEY)
        assert type(caught.value) is wanted
        assert caught.value.retry_after == (7 if status == 429 else None)


def test_a_missing_bucket_is_not_a_missing_object(address: str, sign_in: google_cloud.SignIn) -> None:
    provider = storage(google_cloud.environ(address, sign_in.url, "nowhere"))
    with pytest.raises(ProviderMisconfigured):
        provider.put(KEY, io.BytesIO(b"x"), content_type="x/y")
    assert "bucket" in provider.health().detail
    assert storage(google_cloud.bucket(address, sign_in.url)).health().status is Health.OK


@pytest.mark.parametrize("body", [b"<html>", b"[", b""])
def test_garbage_is_no_success(told: google_cloud.Told, sign_in: google_cloud.SignIn, body: bytes) -> None:
    told.body = body
    with pytest.raises(ProviderError):
        storage(google_cloud.environ(told.url, sign_in.url)).put(KEY, io.BytesIO(b"x"), content_type="x/y")


def test_nobody_there_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.storage_gcs.provider.RETRY", None)
    provider = storage(google_cloud.environ("http://127.0.0.1:9", "http://127.0.0.1:9"))
    for call in (provider.open, provider.size, provider.delete):
        with pytest.raises(ProviderUnavailable):
            call(KEY)
    assert provider.health().status is Health.DOWN


def test_a_key_google_does_not_know_is_rejected(address: str, sign_in: google_cloud.SignIn) -> None:
    sign_in.fail(400, {"error": "invalid_grant"})
    with pytest.raises(CredentialsRejected):
        storage(google_cloud.environ(address, sign_in.url)).size(KEY)


# --- signed addresses -------------------------------------------------------------------------------------------------


def signed(url: str) -> bool:
    """Whether the account's key signed exactly this address, by the specification of V4 signatures alone."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "X-Goog-Signature"]
    given = dict(parse_qsl(parts.query))
    ordered = "&".join(f"{quote(n, safe='-_.~')}={quote(v, safe='-_.~')}" for n, v in sorted(query))
    canonical = "\n".join(["GET", parts.path, ordered, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"])
    scope = given["X-Goog-Credential"].partition("/")[2]
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["GOOG4-RSA-SHA256", given["X-Goog-Date"], scope, hashed])
    key = serialization.load_pem_public_key(google_cloud.public_key().encode())
    assert isinstance(key, RSAPublicKey)
    try:
        key.verify(bytes.fromhex(given["X-Goog-Signature"]), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def test_a_signed_address_is_signed_expires_and_names_the_file(address: str, sign_in: google_cloud.SignIn) -> None:
    provider = storage(google_cloud.bucket(address, sign_in.url))
    provider.put(KEY, io.BytesIO(b"%PDF-"), content_type="application/octet-stream")
    url = provider.url(KEY, expires=timedelta(seconds=90), filename="città.pdf", content_type="application/pdf") or ""
    given = dict(parse_qsl(urlsplit(url).query))
    assert given["X-Goog-Expires"] == "90"
    assert given["response-content-type"] == "application/pdf"
    assert given["response-content-disposition"].startswith("attachment; filename=")
    assert signed(url)
    assert not signed(url.replace("X-Goog-Expires=90", "X-Goog-Expires=900"))
    assert urllib3.request("GET", url).data == b"%PDF-"


@pytest.mark.parametrize("expires", [timedelta(0), timedelta(milliseconds=5), timedelta(days=8), timedelta(seconds=-1)])
def test_no_address_lives_for_ever(expires: timedelta) -> None:
    with pytest.raises(ProviderRejected):
        storage(google_cloud.environ("https://x.example", "https://x.example")).url(KEY, expires=expires)


def test_what_is_uploaded_is_checked(address: str, sign_in: google_cloud.SignIn) -> None:
    environ = google_cloud.bucket(address, sign_in.url)
    storage(environ).put("a", io.BytesIO(b"hello"), content_type="text/plain")
    found = json.loads(urllib3.request("GET", f"{address}/storage/v1/b/{environ['GCS_BUCKET']}/o/a").data)
    assert base64.b64decode(found["md5Hash"]) == hashlib.md5(b"hello").digest()
    assert found["contentType"] == "text/plain"
