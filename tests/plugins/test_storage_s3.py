from __future__ import annotations

import io
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import boto3
import pytest
import urllib3

from plugins.storage_s3.plugin import webkit_register_providers
from plugins.storage_s3.provider import AmazonStorage
from webkit.core.providers import ProviderRegistry
from webkit.sdk import STORAGE, CredentialsRejected, ProviderMisconfigured
from webkit.sdk.testing.doubles.s3 import S3
from webkit.sdk.testing.storage import Source, StorageContract

SPEC = webkit_register_providers()[0]
GATEWAY = shutil.which("versitygw") or shutil.which(str(Path.home() / "go/bin/versitygw"))
KEY = "documents/à/1.pdf"
KEYS = {"S3_REGION": "eu-south-1", "S3_ACCESS_KEY": "AKIA1", "S3_SECRET_KEY": "secret-1", "S3_BUCKET": "files"}
NOWHERE = {"STORAGE_PROVIDER": "s3", **KEYS, "S3_ENDPOINT": "http://127.0.0.1:9"}


def storage(environ: dict[str, str]) -> AmazonStorage:
    provider = ProviderRegistry({"STORAGE_PROVIDER": "s3", **environ}, [SPEC], capabilities=[STORAGE]).get(STORAGE)
    assert isinstance(provider, AmazonStorage)
    return provider


@pytest.fixture
def vendor() -> Iterator[S3]:
    with S3(buckets=("files",)) as vendor:
        yield vendor


@pytest.mark.slow  # 5 s: what both share is tried quickly as R2
class TestS3(StorageContract):
    """Against a service that checks every signature."""

    spec = SPEC
    environ = NOWHERE

    @pytest.fixture
    def configured(self, webkit_data: Path, vendor: S3) -> dict[str, str]:
        return {"WEBKIT_DATA": str(webkit_data), "STORAGE_PROVIDER": "s3", **environ_of(vendor)}


def environ_of(vendor: S3) -> dict[str, str]:
    return {
        "S3_REGION": vendor.region,
        "S3_ACCESS_KEY": vendor.key_id,
        "S3_SECRET_KEY": vendor.secret,
        "BUCKET_NAME": "files",
        "S3_ENDPOINT": vendor.url,
    }


def test_without_an_address_it_is_amazons_own() -> None:
    url = storage(KEYS).url("a/b.pdf", expires=timedelta(minutes=1)) or ""
    assert re.match(r"https://files\.s3\.(eu-south-1\.)?amazonaws\.com/a/b\.pdf\?", url)
    assert "AKIA1%2F" in url and "eu-south-1" in url and "secret-1" not in url


@pytest.mark.parametrize("place", [{"S3_ENDPOINT": "files"}, {"S3_REGION": "Milan!"}, {"S3_ACCESS_KEY": ""}])
def test_what_cannot_be_an_account_is_refused(place: dict[str, str]) -> None:
    with pytest.raises(ProviderMisconfigured):
        storage({**KEYS, **place})


# --- a real server --------------------------------------------------------------------------------------------------

needs_gateway = pytest.mark.skipif(GATEWAY is None, reason="versitygw is not installed")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a bucket in Versity's gateway, which checks signatures and their time."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {**os.environ, "ROOT_ACCESS_KEY": "root-key", "ROOT_SECRET_KEY": "root-secret"}
    folder = tmp_path_factory.mktemp("gateway")
    for name in ("objects", "notes"):
        (folder / name).mkdir()
    where = ["posix", "--sidecar", str(folder / "notes"), str(folder / "objects")]
    command = [str(GATEWAY), "--port", f"127.0.0.1:{port}", "--region", "eu-south-1", *where]
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(port)
            session = boto3.session.Session("root-key", "root-secret", region_name="eu-south-1")
            session.client("s3", endpoint_url=address).create_bucket(Bucket="files")
            yield {
                "STORAGE_PROVIDER": "s3",
                "S3_REGION": "eu-south-1",
                "S3_ACCESS_KEY": "root-key",
                "S3_SECRET_KEY": "root-secret",
                "S3_BUCKET": "files",
                "S3_ENDPOINT": address,
            }
        finally:
            process.terminate()


def _wait(port: int) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.1)


@pytest.mark.slow
@needs_gateway
class TestRealServer(StorageContract):
    spec = SPEC
    environ = NOWHERE

    @pytest.fixture
    def configured(self, webkit_data: Path, gateway: dict[str, str]) -> Iterator[dict[str, str]]:
        yield {"WEBKIT_DATA": str(webkit_data), **gateway}
        session = boto3.session.Session("root-key", "root-secret", region_name="eu-south-1")
        client = session.client("s3", endpoint_url=gateway["S3_ENDPOINT"])
        for stored in client.list_objects_v2(Bucket="files").get("Contents", ()):
            client.delete_object(Bucket="files", Key=stored["Key"])


@pytest.mark.slow
@needs_gateway
def test_a_real_server_takes_our_signature_and_no_other(gateway: dict[str, str]) -> None:
    aimed = storage(gateway)
    aimed.put(KEY, io.BytesIO(b"%PDF-"), content_type="application/pdf")
    url = aimed.url(KEY, expires=timedelta(seconds=2), filename="città.pdf") or ""
    assert urllib3.request("GET", url).data == b"%PDF-"
    parts = urlsplit(url)
    longer = urlencode({**dict(parse_qsl(parts.query)), "X-Amz-Expires": "3600"})
    assert urllib3.request("GET", parts._replace(query=longer).geturl()).status == 403
    assert urllib3.request("GET", url.replace("1.pdf", "2.pdf")).status == 403
    until = time.monotonic() + 20
    while urllib3.request("GET", url).status == 200:
        assert time.monotonic() < until, "the address never expired"
        time.sleep(0.3)
    with pytest.raises(CredentialsRejected):
        storage({**gateway, "S3_SECRET_KEY": "another"}).size(KEY)


@pytest.mark.slow
@needs_gateway
def test_a_hundred_megabytes_come_back_whole(gateway: dict[str, str]) -> None:
    aimed, size = storage(gateway), 100 * 1024 * 1024
    assert aimed.put("big", Source(size), content_type="application/zip").size == aimed.size("big") == size  # type: ignore[arg-type]
    with aimed.open("big", start=size - 3) as stream:
        assert stream.read() == b"\xa5" * 3
    aimed.delete("big")
