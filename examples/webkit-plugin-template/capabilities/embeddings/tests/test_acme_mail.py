"""The contract of webkit, and what happens when the vendor fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from acme_mail.plugin import webkit_register_providers
from vendor import API_KEY, Vendor

from webkit.sdk import CredentialsRejected, Embeddings, ProviderUnavailable, RateLimited
from webkit.sdk.testing.embeddings import EmbeddingsContract


@pytest.fixture
def vendor_server() -> Iterator[Vendor]:
    with Vendor() as vendor:
        yield vendor


class TestContract(EmbeddingsContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture
    def configured(self, webkit_data: Path, vendor_server: Vendor) -> dict[str, str]:
        return {"EMBEDDINGS_PROVIDER": "acme_mail", "ACME_MAIL_API_KEY": API_KEY, "ACME_MAIL_URL": vendor_server.url}

    @pytest.mark.parametrize(
        ("status", "error"), [(401, CredentialsRejected), (429, RateLimited), (503, ProviderUnavailable)]
    )
    def test_refusals_are_told_apart(
        self, provider: Embeddings, vendor_server: Vendor, status: int, error: type[Exception]
    ) -> None:
        vendor_server.fail(status)
        with pytest.raises(error):
            provider.embed(["words"])

    @pytest.mark.parametrize("answer", [{}, {"directions": []}, {"directions": [[1.0]]}, {"directions": [[0] * 64]}])
    def test_half_an_answer_is_none(
        self, provider: Embeddings, vendor_server: Vendor, answer: dict[str, object]
    ) -> None:
        vendor_server.fail(200, answer)
        with pytest.raises(ProviderUnavailable):
            provider.embed(["words"])
