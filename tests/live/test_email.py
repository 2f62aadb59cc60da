"""Mail through the vendors themselves: `LIVE_EMAIL_FROM` sends to `LIVE_EMAIL_TO`, whose mailbox a person looks into.

Each suite sends a handful of mails. The vendor's answer is what is tried; what arrived nobody reads here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import pytest

from plugins.email_msgraph.plugin import webkit_register_providers as msgraph
from plugins.email_postmark.plugin import webkit_register_providers as postmark
from plugins.email_resend.plugin import webkit_register_providers as resend
from plugins.email_sendgrid.plugin import webkit_register_providers as sendgrid
from plugins.email_ses.plugin import webkit_register_providers as ses
from plugins.email_smtp.plugin import webkit_register_providers as smtp
from tests.live.accounts import account, need, only
from webkit.sdk import Address, Attachment, CredentialsRejected, Email, Health
from webkit.sdk.testing import email as contract

TRIED = frozenset(
    {
        "test_no_field_can_add_a_header",
        "test_what_is_no_address_is_refused",
        "test_who_declares_reports_can_report",
        "test_everything_is_taken",
        "test_large_files_are_taken",
        "test_the_account_is_well",
        "test_a_wrong_secret_is_told",
    }
)


class LiveEmail(contract.EmailContract):
    """What may be done to a real account."""

    secret: ClassVar[str]
    """The variable that is changed to see a refusal."""
    simulator: ClassVar[str] = ""
    """An address of the vendor that takes everything; else `LIVE_EMAIL_TO`."""

    @pytest.fixture(autouse=True)
    def _tried(self, request: pytest.FixtureRequest) -> None:
        only(TRIED, request)

    @pytest.fixture
    def configured(self, webkit_data: Path) -> dict[str, str]:
        return account(self.spec, webkit_data)

    @pytest.fixture
    def arrivals(self) -> contract.Arrivals:
        return list  # whatever the contract wants refused was refused before the vendor was asked

    @pytest.fixture
    def message(self) -> Callable[..., Any]:
        to = os.environ.get("LIVE_EMAIL_TO") or self.simulator or need("LIVE_EMAIL_TO")
        sender = need("LIVE_EMAIL_FROM")
        headers = {
            "List-Unsubscribe": "<https://example.com/leave>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        base = replace(
            contract.MESSAGE, sender=sender, reply_to=sender, to=(Address(to, "Ada Łovelace"),), headers=headers
        )
        return lambda **change: replace(base, key=f"live-{uuid4()}", **change)

    def test_the_account_is_well(self, provider: Email) -> None:
        assert provider.health().status is not Health.DOWN

    def test_everything_is_taken(self, provider: Email, message: Callable[..., Any]) -> None:
        logo = Attachment("logo.png", "image/png", b"\x89PNG\r\n\x1a\n", content_id="logo@example.com")
        files = (*contract.MESSAGE.attachments, logo)
        assert provider.send(
            message(html='<p>Città 東京 <img src="cid:logo@example.com" alt=""></p>', attachments=files)
        ).id

    def test_large_files_are_taken(self, provider: Email, message: Callable[..., Any]) -> None:
        big = Attachment("größer.pdf", "application/pdf", b"%PDF-1.7\n" + bytes(range(256)) * 20_000)
        assert provider.send(message(attachments=(big,))).id

    def test_a_wrong_secret_is_told(self, configured: dict[str, str], message: Callable[..., Any]) -> None:
        if self.secret not in configured:
            pytest.skip(f"{self.secret} is not set")
        wrong = {**configured, self.secret: "x" + configured[self.secret][1:]}
        with pytest.raises(CredentialsRejected):
            self.registry(wrong).get(self.spec.capability).send(message())


class TestResend(LiveEmail):
    spec = resend()[0]
    secret = "RESEND_API_KEY"
    simulator = "delivered@resend.dev"


class TestSmtp(LiveEmail):
    spec = smtp()[0]
    secret = "SMTP_PASSWORD"


class TestSendGrid(LiveEmail):
    spec = sendgrid()[0]
    secret = "SENDGRID_API_KEY"


class TestPostmark(LiveEmail):
    spec = postmark()[0]
    secret = "POSTMARK_SERVER_TOKEN"


class TestSes(LiveEmail):
    spec = ses()[0]
    secret = "SES_SECRET_KEY"
    simulator = "success@simulator.amazonses.com"


class TestGraph(LiveEmail):
    spec = msgraph()[0]
    secret = "MSGRAPH_CLIENT_SECRET"


del LiveEmail  # pytest would take it for a suite of its own
