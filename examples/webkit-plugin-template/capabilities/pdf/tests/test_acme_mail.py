"""The contract of webkit, and what happens when the vendor fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from acme_mail.plugin import webkit_register_providers
from vendor import API_KEY, Vendor

from webkit.sdk import CredentialsRejected, DocumentRejected, Pdf, PdfRequest, ProviderUnavailable, RateLimited
from webkit.sdk.testing.pdf import PdfContract

REQUEST = PdfRequest("<p>Hello</p>", "Hello")


@pytest.fixture
def vendor_server() -> Iterator[Vendor]:
    with Vendor() as vendor:
        yield vendor


class TestContract(PdfContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture
    def configured(self, webkit_data: Path, vendor_server: Vendor) -> dict[str, str]:
        return {"PDF_PROVIDER": "acme_mail", "ACME_MAIL_API_KEY": API_KEY, "ACME_MAIL_URL": vendor_server.url}

    @pytest.mark.parametrize(
        ("status", "error"),
        [(401, CredentialsRejected), (429, RateLimited), (503, ProviderUnavailable), (422, DocumentRejected)],
    )
    def test_refusals_are_told_apart(
        self, provider: Pdf, vendor_server: Vendor, status: int, error: type[Exception]
    ) -> None:
        vendor_server.fail(status)
        with pytest.raises(error):
            provider.render(REQUEST)

    @pytest.mark.parametrize("drop", ["before", "half"])
    def test_a_connection_that_dies_may_be_tried_again(self, provider: Pdf, vendor_server: Vendor, drop: str) -> None:
        vendor_server.fail(drop=drop)
        with pytest.raises(ProviderUnavailable):
            provider.render(REQUEST)
