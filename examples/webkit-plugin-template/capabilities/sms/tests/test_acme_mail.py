"""The contract of webkit, and what happens when the vendor fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from acme_mail.plugin import webkit_register_providers
from vendor import API_KEY, Vendor

from webkit.sdk import CredentialsRejected, OutcomeUnknown, ProviderUnavailable, RateLimited, Sms
from webkit.sdk.testing.sms import TEXT, ArrivedText, SmsContract, Texts


@pytest.fixture
def vendor_server() -> Iterator[Vendor]:
    with Vendor() as vendor:
        yield vendor


class TestContract(SmsContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture
    def configured(self, webkit_data: Path, vendor_server: Vendor) -> dict[str, str]:
        return {"SMS_PROVIDER": "acme_mail", "ACME_MAIL_API_KEY": API_KEY, "ACME_MAIL_URL": vendor_server.url}

    @pytest.fixture
    def texts(self, vendor_server: Vendor) -> Texts:
        return lambda: [ArrivedText(text["to"], text["text"]) for text in vendor_server.texts]

    @pytest.mark.parametrize(
        ("status", "error"), [(401, CredentialsRejected), (429, RateLimited), (503, ProviderUnavailable)]
    )
    def test_refusals_are_told_apart(
        self, provider: Sms, vendor_server: Vendor, status: int, error: type[Exception]
    ) -> None:
        vendor_server.fail(status)
        with pytest.raises(error):
            provider.send(TEXT)

    def test_a_lost_answer_sends_nothing_twice(self, provider: Sms, vendor_server: Vendor) -> None:
        vendor_server.fail(drop="after")
        with pytest.raises(OutcomeUnknown):
            provider.send(TEXT)
        assert provider.send(TEXT).id == "t1"
        assert len(vendor_server.texts) == 1
