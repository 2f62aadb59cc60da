"""Real buckets, which must hold nothing of value: the whole contract, 100 MB, and an address that expires."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

import pytest
import urllib3

from plugins.storage_azblob.plugin import webkit_register_providers as azblob
from plugins.storage_gcs.plugin import webkit_register_providers as gcs
from plugins.storage_r2.plugin import webkit_register_providers as r2
from plugins.storage_s3.plugin import webkit_register_providers as s3
from tests.live.accounts import account, need
from webkit.sdk import Health, Storage
from webkit.sdk.testing.storage import KEY, Source, StorageContract

LARGE = int(os.environ.get("LIVE_MEGABYTES", "100")) * 2**20


class LiveStorage(StorageContract):
    """Only with LIVE_BUCKET=1: the contract overwrites and deletes."""

    @pytest.fixture
    def configured(self, webkit_data: Path) -> Iterator[dict[str, str]]:
        found = account(self.spec, webkit_data)
        need("LIVE_BUCKET")
        self.registry(found).get(self.spec.capability).delete(KEY)
        yield dict(found)
        self.registry(found).get(self.spec.capability).delete(KEY)

    def test_the_account_is_well(self, provider: Storage) -> None:
        assert provider.health().status is Health.OK

    def test_large_bodies_come_back_whole(self, provider: Storage) -> None:
        stored = provider.put(KEY, cast("BinaryIO", Source(LARGE)), content_type="application/zip")
        assert stored.size == provider.size(KEY) == LARGE
        with provider.open(KEY, start=LARGE - 3) as stream:
            assert stream.read() == b"\xa5" * 3

    def test_an_address_expires(self, provider: Storage) -> None:
        provider.put(KEY, BytesIO(b"%PDF-"), content_type="application/pdf")
        url = provider.url(KEY, expires=timedelta(seconds=5), filename="città.pdf") or ""
        assert urllib3.request("GET", url).data == b"%PDF-"
        until = time.monotonic() + 60
        while urllib3.request("GET", url).status == 200:
            assert time.monotonic() < until, "the address never expired"
            time.sleep(1)


class TestS3(LiveStorage):
    spec = s3()[0]


class TestR2(LiveStorage):
    spec = r2()[0]


class TestGcs(LiveStorage):
    spec = gcs()[0]


class TestAzure(LiveStorage):
    spec = azblob()[0]


del LiveStorage  # pytest would take it for a suite of its own
