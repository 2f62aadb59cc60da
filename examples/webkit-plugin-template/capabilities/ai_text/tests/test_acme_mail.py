"""The contract of webkit, and what happens when the vendor fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from acme_mail.plugin import webkit_register_providers
from vendor import API_KEY, Vendor

from webkit.sdk import AIText, BrokenOff, CredentialsRejected, ProviderRejected, ProviderUnavailable, RateLimited
from webkit.sdk.testing.ai_text import AITextContract


@pytest.fixture
def vendor_server() -> Iterator[Vendor]:
    with Vendor() as vendor:
        yield vendor


class TestContract(AITextContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture
    def configured(self, webkit_data: Path, vendor_server: Vendor) -> dict[str, str]:
        return {"AI_PROVIDER": "acme_mail", "ACME_MAIL_API_KEY": API_KEY, "ACME_MAIL_URL": vendor_server.url}

    @pytest.mark.parametrize(
        ("status", "error"),
        [(401, CredentialsRejected), (429, RateLimited), (503, ProviderUnavailable), (422, ProviderRejected)],
    )
    def test_refusals_are_told_apart(
        self, provider: AIText, vendor_server: Vendor, status: int, error: type[Exception]
    ) -> None:
        vendor_server.fail(status, times=2)
        with pytest.raises(error):
            provider.complete(self.ask)
        with pytest.raises(error):
            list(provider.stream(self.ask))

    def test_a_text_that_stops_is_broken_off(self, provider: AIText, vendor_server: Vendor) -> None:
        vendor_server.fail(drop="half")
        with pytest.raises(BrokenOff):
            list(provider.stream(self.ask))
