"""The contract of webkit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from acme_mail.plugin import webkit_register_providers
from vendor import Vendor

from webkit.sdk import Identities, IdentityRefused
from webkit.sdk.testing.identity import IdentityContract


class TestContract(IdentityContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture
    def vendor(self) -> Iterator[Vendor]:
        with Vendor() as vendor:
            vendor.be(0, "ada@example.org", True)
            yield vendor

    @pytest.fixture
    def configured(self, webkit_data: Path, vendor: Vendor) -> dict[str, str]:
        client = {"ACME_MAIL_CLIENT_ID": "webkit", "ACME_MAIL_CLIENT_SECRET": "double-secret"}
        return {"AUTH_PROVIDERS": "acme_mail", "ACME_MAIL_ISSUER": vendor.url, **client}

    def test_a_token_for_somebody_else_signs_nobody_in(self, provider: Identities, vendor: Vendor) -> None:
        vendor.spoil(aud="another-client")
        with pytest.raises(IdentityRefused):
            self.signed_in(provider)
