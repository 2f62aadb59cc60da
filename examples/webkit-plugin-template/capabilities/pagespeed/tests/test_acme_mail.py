"""The contract of webkit, and what happens when the vendor fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from acme_mail.plugin import webkit_register_providers
from vendor import API_KEY, BUSY, EMPTY, PAGES, QUICK, SLOW, UNREACHABLE, Vendor

from webkit.sdk import (
    AuditRequest,
    CredentialsRejected,
    MetricKey,
    PageSpeed,
    ProviderUnavailable,
    RateLimited,
    ScoreKey,
)
from webkit.sdk.testing.pagespeed import Measured, PageSpeedContract


@pytest.fixture
def vendor_server() -> Iterator[Vendor]:
    with Vendor() as vendor:
        yield vendor


def measured(url: str) -> Measured:
    """A page as the contract describes it."""
    page: dict[str, Any] = PAGES[url]
    metrics = {key: page["metrics"].get(key.value) for key in MetricKey}
    return Measured(url, metrics, {key: page["scores"].get(key.value) for key in ScoreKey})


class TestContract(PageSpeedContract):
    spec = webkit_register_providers()[0]
    slow, quick = measured(SLOW), measured(QUICK)
    empty, unreachable, busy = EMPTY, UNREACHABLE, BUSY

    @pytest.fixture
    def configured(self, webkit_data: Path, vendor_server: Vendor) -> dict[str, str]:
        return {"PAGESPEED_PROVIDER": "acme_mail", "ACME_MAIL_API_KEY": API_KEY, "ACME_MAIL_URL": vendor_server.url}

    @pytest.mark.parametrize(
        ("status", "error"), [(401, CredentialsRejected), (429, RateLimited), (503, ProviderUnavailable)]
    )
    def test_refusals_are_told_apart(
        self, provider: PageSpeed, vendor_server: Vendor, status: int, error: type[Exception]
    ) -> None:
        vendor_server.fail(status)
        with pytest.raises(error):
            provider.audit(AuditRequest(SLOW))

    def test_an_answer_without_a_report_may_be_asked_for_again(
        self, provider: PageSpeed, vendor_server: Vendor
    ) -> None:
        vendor_server.fail(200, {"metrics": {}})
        with pytest.raises(ProviderUnavailable):
            provider.audit(AuditRequest(SLOW))
