from __future__ import annotations

import hashlib
import hmac
import io
import threading
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import urllib3

from plugins.storage_r2.plugin import webkit_register_providers
from plugins.storage_r2.provider import R2Storage
from plugins.storage_r2.settings import R2Settings
from tests.plugins import s3
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
    Storage,
)
from webkit.sdk.s3 import PART
from webkit.sdk.testing.storage import Source, StorageContract

SPEC = webkit_register_providers()[0]
KEY = "documents/a/invoice/1.pdf"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with s3.server() as address:
        yield address


class TestR2(StorageContract):
    spec = SPEC
    environ = s3.environ("http://127.0.0.1:9")

    @pytest.fixture
    def configured(self, webkit_data: Path, address: str) -> dict[str, str]:
        return {"WEBKIT_DATA": str(webkit_data), **s3.bucket(address)}


def storage(environ: dict[str, str]) -> R2Storage:
    provider = ProviderRegistry(environ, [SPEC], capabilities=[STORAGE]).get(STORAGE)
    assert isinstance(provider, R2Storage)
    return provider


@pytest.fixture
def vendor(address: str) -> Any:
    return s3.client(address)


# --- settings ---------------------------------------------------------------------------------------------------


def settings(**environ: str) -> R2Settings:
    found = ProviderRegistry(environ, [SPEC], capabilities=[STORAGE]).settings(SPEC)
    assert isinstance(found, R2Settings)
    return found


def test_the_account_names_the_address() -> None:
    keys = {"R2_ACCESS_KEY_ID": "k", "R2_SECRET_ACCESS_KEY": "s", "R2_BUCKET": "docs"}
    assert settings(R2_ACCOUNT_ID="abc123", **keys).address == "https://abc123.r2.cloudflarestorage.com"
    assert settings(CLOUDFLARE_ACCOUNT_ID="abc123", **keys).region == "auto"
    assert settings(R2_ENDPOINT="https://abc.eu.r2.cloudflarestorage.com/", **keys).address.endswith("storage.com")


def test_older_names_are_understood() -> None:
    found = settings(R2_ENDPOINT="https://x.example", R2_ACCESS_KEY="k", R2_SECRET_KEY="s", BUCKET_NAME="docs")
    assert (found.access_key_id.get_secret_value(), found.bucket) == ("k", "docs")
    found = settings(
        S3_ENDPOINT="https://x.example", S3_ACCESS_KEY="k", S3_SECRET_KEY="s", BUCKET_NAME="docs", S3_REGION="eu"
    )
    assert found.region == "eu"


@pytest.mark.parametrize("place", [{}, {"R2_ENDPOINT": "files"}, {"R2_ENDPOINT": "https://x.example/bucket"}])
def test_a_place_is_needed(place: dict[str, str]) -> None:
    with pytest.raises(ProviderMisconfigured):
        settings(R2_ACCESS_KEY_ID="k", R2_SECRET_ACCESS_KEY="s", R2_BUCKET="docs", **place)


# --- big bodies -------------------------------------------------------------------------------------------------


def test_a_big_body_goes_up_in_parts_with_little_memory() -> None:
    size = 13 * PART + 11
    with s3.told() as sink:  # moto would keep it all in this process
        sink.body, sink.headers = b"<r><UploadId>u</UploadId></r>", {"ETag": '"x"'}
        aimed = storage(s3.environ(sink.address))
        aimed.exists(KEY)
        tracemalloc.start()
        try:
            stored = aimed.put(KEY, cast("BinaryIO", Source(size)), content_type="application/zip")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert stored.size == size
        assert sum("partNumber" in line for line in sink.asked) == 14
    assert peak < 32 * 1024 * 1024


def test_all_parts_but_the_last_have_one_size(address: str, vendor: Any) -> None:
    """R2 demands it; a source that reads in little pieces must not show in the parts."""
    environ = s3.bucket(address)
    storage(environ).put(KEY, cast("BinaryIO", Source(2 * PART + 5)), content_type="application/zip")
    head = vendor.head_object(Bucket=environ["R2_BUCKET"], Key=KEY, PartNumber=1)
    assert head["ContentLength"] in (PART, 2 * PART + 5)
    whole = vendor.head_object(Bucket=environ["R2_BUCKET"], Key=KEY)
    assert (whole["ContentLength"], whole["ContentType"]) == (2 * PART + 5, "application/zip")
    assert whole["ETag"].endswith('-3"')


@pytest.mark.parametrize("size", [PART - 1, PART, PART + 1, 2 * PART])
def test_sizes_around_a_part(address: str, size: int) -> None:
    provider = storage(s3.bucket(address))
    content = bytes(range(256)) * (size // 256) + b"\x01" * (size % 256)
    assert provider.put(KEY, io.BytesIO(content), content_type="x/y").size == size
    with provider.open(KEY) as stream:
        assert hashlib.sha256(stream.read()).digest() == hashlib.sha256(content).digest()


def test_a_failed_upload_is_aborted(address: str, vendor: Any) -> None:
    environ = s3.bucket(address)
    provider = storage(environ)
    with pytest.raises(ConnectionResetError):
        provider.put(KEY, cast("BinaryIO", Source(5 * PART, breaks_at=3 * PART)), content_type="x/y")
    assert not provider.exists(KEY)
    assert "Uploads" not in vendor.list_multipart_uploads(Bucket=environ["R2_BUCKET"])


def test_a_vendor_that_fails_half_way_gets_its_parts_aborted() -> None:
    with s3.told() as service:
        service.body, service.headers = b"<r><UploadId>u</UploadId></r>", {"ETag": '"x"'}
        provider = storage(s3.environ(service.address))

        class Turning(Source):
            def read(self, size: int = -1) -> bytes:
                if len(service.asked) > 1:
                    service.error(403, "AccessDenied")
                return super().read(size)

        with pytest.raises(CredentialsRejected):
            provider.put(KEY, cast("BinaryIO", Turning(20 * PART)), content_type="x/y")
        assert any(line.startswith("DELETE") and "uploadId=u" in line for line in service.asked)


# --- errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "wanted"),
    [
        (404, "NoSuchKey", NoSuchObject),
        (404, "NoSuchBucket", ProviderMisconfigured),
        (403, "AccessDenied", CredentialsRejected),
        (403, "SignatureDoesNotMatch", CredentialsRejected),
        (403, "InvalidAccessKeyId", CredentialsRejected),
        (401, "Unauthorized", CredentialsRejected),
        (400, "InvalidArgument", ProviderRejected),
        (429, "TooManyRequests", RateLimited),
        (503, "SlowDown", RateLimited),
        (500, "InternalError", ProviderUnavailable),
        (502, "", ProviderUnavailable),
    ],
)
def test_what_the_vendor_says_is_told_apart(status: int, code: str, wanted: type[ProviderError]) -> None:
    with s3.told() as service:
        service.error(status, code)
        with pytest.raises(ProviderError) as caught:
            storage(s3.environ(service.address)).open(KEY)
    assert type(caught.value) is wanted
    assert caught.value.retryable == issubclass(wanted, ProviderUnavailable)
    assert KEY not in str(caught.value) and s3.SECRET not in str(caught.value)


@pytest.mark.parametrize("body", [b"<html>", b"{}", b""])
def test_garbage_is_no_success(body: bytes) -> None:
    with s3.told() as service:
        service.body = body
        provider = storage(s3.environ(service.address))
        with pytest.raises(ProviderUnavailable):
            provider.put(KEY, cast("BinaryIO", Source(2 * PART)), content_type="x/y")


def test_nobody_there_is_unavailable() -> None:
    with s3.told() as service:
        address = service.address
    provider = storage(s3.environ(address))
    for call in (provider.open, provider.size, provider.exists, provider.delete):
        with pytest.raises(ProviderUnavailable):
            call(KEY)
    with pytest.raises(ProviderUnavailable):
        provider.put(KEY, io.BytesIO(b"x"), content_type="x/y")
    assert provider.health().status is Health.DOWN


def test_a_slow_vendor_is_down_in_time() -> None:
    with s3.told() as service:
        service.stall = threading.Event()
        report = storage(s3.environ(service.address)).health()
    assert report.status is Health.DOWN


def test_a_download_that_breaks_off_is_no_shorter_file() -> None:
    with s3.told() as service:
        service.body, service.headers = b"half", {"Content-Length": "8"}
        with storage(s3.environ(service.address)).open(KEY) as stream, pytest.raises(ProviderUnavailable):
            stream.read()


@pytest.mark.parametrize(
    ("status", "code", "wanted"),
    [(404, "NoSuchKey", Health.OK), (404, "NoSuchBucket", Health.DOWN), (403, "AccessDenied", Health.DOWN)],
)
def test_health_asks_the_bucket(status: int, code: str, wanted: Health) -> None:
    with s3.told() as service:
        service.error(status, code)
        assert storage(s3.environ(service.address)).health().status is wanted
        assert len(service.asked) == 1


def test_nothing_of_the_machine_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text("[default]\nregion = mars\ns3 =\n  addressing_style = virtual\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-machine")
    url = storage(s3.environ("https://files.example")).url(KEY, expires=timedelta(minutes=1)) or ""
    assert "of-the-machine" not in url and url.startswith("https://files.example/bucket/documents/")


# --- signed addresses ---------------------------------------------------------------------------------------------


def signature(url: str, secret: str) -> str:
    """What AWS's Signature Version 4 says the signature of a GET must be, from the specification alone."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "X-Amz-Signature"]
    given = dict(query)
    _, day, region, service, end = given["X-Amz-Credential"].split("/")
    ordered = "&".join(f"{quote(n, safe='-_.~')}={quote(v, safe='-_.~')}" for n, v in sorted(query))
    canonical = "\n".join(["GET", parts.path, ordered, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"])
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", given["X-Amz-Date"], f"{day}/{region}/{service}/{end}", hashed])
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, end):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def test_a_signed_address_is_signed_expires_and_names_the_file(address: str) -> None:
    provider = storage(s3.bucket(address))
    provider.put(KEY, io.BytesIO(b"%PDF-"), content_type="application/octet-stream")
    url = provider.url(
        KEY, expires=timedelta(seconds=90), filename='Fattura "n. 1" città.pdf\r\nX: y', content_type="application/pdf"
    )
    assert url is not None
    given = dict(parse_qsl(urlsplit(url).query))
    assert given["X-Amz-Expires"] == "90"
    assert given["X-Amz-Signature"] == signature(url, s3.SECRET)
    assert given["X-Amz-Signature"] != signature(url, "another secret")
    assert s3.SECRET not in url
    answer = urllib3.request("GET", url)
    assert (answer.status, answer.data) == (200, b"%PDF-")
    assert answer.headers["Content-Type"] == "application/pdf"
    sent = answer.headers["Content-Disposition"]
    assert sent.startswith("attachment; filename=\"Fattura _n. 1_ citt_.pdfX: y\"; filename*=UTF-8''Fattura%20%22n.")


@pytest.mark.parametrize("expires", [timedelta(0), timedelta(milliseconds=5), timedelta(days=8), timedelta(seconds=-1)])
def test_no_address_lives_for_ever(address: str, expires: timedelta) -> None:
    with pytest.raises(ProviderRejected):
        storage(s3.environ(address)).url(KEY, expires=expires)


def test_two_accounts_in_threads_never_mix() -> None:
    first, second = s3.environ("https://one.example"), s3.environ("https://two.example")
    second.update(R2_ACCESS_KEY_ID="other", R2_SECRET_ACCESS_KEY="other-secret")
    providers: list[Storage] = [storage(first), storage(second)]
    wrong: list[str] = []

    def work(number: int) -> None:
        for _ in range(50):
            url = providers[number].url(KEY, expires=timedelta(minutes=5)) or ""
            given = dict(parse_qsl(urlsplit(url).query))
            if given["X-Amz-Signature"] != signature(url, (s3.SECRET, "other-secret")[number]):
                wrong.append(url)

    threads = [threading.Thread(target=work, args=(number % 2,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
