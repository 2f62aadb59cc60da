"""The contract of webkit, and what happens when the vendor fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from acme_mail.plugin import webkit_register_providers
from acme_mail.provider import AcmeMail
from acme_mail.settings import AcmeMailSettings
from pydantic import SecretStr
from vendor import API_KEY, Vendor

from webkit.sdk import Doing, Observer
from webkit.sdk.testing.observing import Heard, ObservingContract


@pytest.fixture
def vendor_server() -> Iterator[Vendor]:
    with Vendor() as vendor:
        yield vendor


class TestContract(ObservingContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture
    def configured(self, webkit_data: Path, vendor_server: Vendor) -> dict[str, str]:
        return {"OBSERVERS": "acme_mail", "ACME_MAIL_API_KEY": API_KEY, "ACME_MAIL_URL": vendor_server.url}

    @pytest.fixture
    def heard(self, vendor_server: Vendor) -> Heard:
        return lambda: json.dumps(vendor_server.failures).encode() if vendor_server.failures else b""

    @pytest.fixture
    def dead(self, vendor_server: Vendor) -> Observer:
        vendor_server.fail(seconds=30, times=9)
        return AcmeMail(AcmeMailSettings(api_key=SecretStr(API_KEY), url=vendor_server.url))

    def test_what_could_not_be_told_is_told_later(self, provider: Observer, vendor_server: Vendor) -> None:
        vendor_server.fail(503)
        provider.failed(KeyError("x"), Doing.JOB, "mail.send", {})
        provider.flush()
        assert vendor_server.failures == []
        provider.flush()
        assert vendor_server.failures == [{"error": "KeyError", "doing": "job", "name": "mail.send"}]
