"""The contract of webkit, and what happens when the vendor fails."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from acme_mail.plugin import webkit_register_providers
from vendor import API_KEY, Vendor

from webkit.sdk import (
    Attachment,
    CredentialsRejected,
    Email,
    OutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
)
from webkit.sdk.testing.email import MESSAGE, Arrivals, Arrived, EmailContract


@pytest.fixture
def vendor_server() -> Iterator[Vendor]:
    with Vendor() as vendor:
        yield vendor


class TestContract(EmailContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture
    def configured(self, webkit_data: Path, vendor_server: Vendor) -> dict[str, str]:
        return {"EMAIL_PROVIDER": "acme_mail", "ACME_MAIL_API_KEY": API_KEY, "ACME_MAIL_URL": vendor_server.url}

    @pytest.fixture
    def arrivals(self, vendor_server: Vendor) -> Arrivals:
        return lambda: [arrived(message) for message in vendor_server.messages]

    @pytest.mark.parametrize(
        ("status", "error"),
        [(401, CredentialsRejected), (429, RateLimited), (503, ProviderUnavailable), (422, ProviderRejected)],
    )
    def test_refusals_are_told_apart(
        self, provider: Email, vendor_server: Vendor, status: int, error: type[Exception]
    ) -> None:
        vendor_server.fail(status)
        with pytest.raises(error):
            provider.send(MESSAGE)
        assert vendor_server.messages == []

    def test_a_connection_that_dies_leaves_the_outcome_open(self, provider: Email, vendor_server: Vendor) -> None:
        vendor_server.fail(drop="after")
        with pytest.raises(OutcomeUnknown):
            provider.send(MESSAGE)
        provider.send(MESSAGE)
        assert len(vendor_server.messages) == 1


def arrived(message: dict[str, object]) -> Arrived:
    """What the vendor was sent, in the contract's words."""
    sender, files = message["from"], message["attachments"]
    assert isinstance(sender, dict)
    assert isinstance(files, list)
    to, headers = message["to"], message["headers"]
    assert isinstance(to, list)
    assert isinstance(headers, dict)
    return Arrived(
        sender=sender["email"],
        sender_name=sender["name"],
        to=tuple(address["email"] for address in to),
        reply_to=str(message["reply_to"]),
        subject=str(message["subject"]),
        text=str(message["text"]),
        html=str(message["html"]),
        attachments=tuple(Attachment(f["filename"], f["type"], base64.b64decode(f["content"])) for f in files),
        headers=headers,
    )
