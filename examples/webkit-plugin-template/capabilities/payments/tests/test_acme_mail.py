"""The contract of webkit, and what happens when the vendor fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from acme_mail.plugin import webkit_register_providers
from vendor import API_KEY, SECRET, Vendor

from webkit.sdk import CredentialsRejected, OutcomeUnknown, Payments, ProviderRejected, ProviderUnavailable, RateLimited
from webkit.sdk.testing.payments import ORDER, PaymentsContract, Webhook


@pytest.fixture
def vendor_server() -> Iterator[Vendor]:
    with Vendor() as vendor:
        yield vendor


class Payer:
    """The vendor in the contract's words."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor

    def pay(self, checkout_id: str) -> None:
        self._vendor.pay(checkout_id)

    def fail(self, checkout_id: str) -> None:
        self._vendor.fail_payment(checkout_id)

    def dispute(self, checkout_id: str) -> None:
        self._vendor.dispute(checkout_id)

    def webhooks(self) -> Sequence[Webhook]:
        return self._vendor.webhooks()

    def unknown_webhook(self) -> Webhook:
        return self._vendor.unknown_webhook()

    def aged(self, webhook: Webhook, by: timedelta) -> Webhook:
        return self._vendor.aged(webhook, by)


class TestContract(PaymentsContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture
    def configured(self, webkit_data: Path, vendor_server: Vendor) -> dict[str, str]:
        return {
            "PAYMENTS_PROVIDER": "acme_mail",
            "ACME_MAIL_API_KEY": API_KEY,
            "ACME_MAIL_WEBHOOK_SECRET": SECRET,
            "ACME_MAIL_URL": vendor_server.url,
        }

    @pytest.fixture
    def vendor(self, provider: Payments, vendor_server: Vendor) -> Payer:
        return Payer(vendor_server)

    @pytest.mark.parametrize(
        ("status", "error"),
        [(401, CredentialsRejected), (429, RateLimited), (503, ProviderUnavailable), (422, ProviderRejected)],
    )
    def test_refusals_are_told_apart(
        self, provider: Payments, vendor_server: Vendor, status: int, error: type[Exception]
    ) -> None:
        vendor_server.fail(status)
        with pytest.raises(error):
            provider.create_checkout(ORDER)

    def test_a_connection_that_dies_leaves_the_outcome_open(self, provider: Payments, vendor_server: Vendor) -> None:
        vendor_server.fail(drop="after")
        with pytest.raises(OutcomeUnknown):
            provider.create_checkout(ORDER)
        provider.create_checkout(ORDER)
        assert len(vendor_server.sales) == 1
