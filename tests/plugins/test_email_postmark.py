from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from plugins.email_postmark.plugin import webkit_register_providers
from plugins.email_postmark.provider import PostmarkEmail
from tests.plugins.postmark_vendor import SECRET, TOKEN, Postmark, arrived, error
from webkit.core.providers import ProviderRegistry
from webkit.sdk import (
    EMAIL,
    Attachment,
    CredentialsRejected,
    DeliveryKind,
    Email,
    Health,
    NotFoundAtProvider,
    OutcomeUnknown,
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    SignatureInvalid,
)
from webkit.sdk.testing.email import MESSAGE, Arrivals, EmailContract, Vendor

SPEC = webkit_register_providers()[0]


@pytest.fixture
def double() -> Iterator[Postmark]:
    with Postmark() as double:
        yield double


class TestPostmark(EmailContract):
    spec = SPEC
    environ: ClassVar = {"POSTMARK_SERVER_TOKEN": TOKEN, "POSTMARK_WEBHOOK_SECRET": SECRET}

    @pytest.fixture
    def configured(self, webkit_data: Path, double: Postmark) -> dict[str, str]:
        place = {"POSTMARK_API_URL": double.url}
        return {"WEBKIT_DATA": str(webkit_data), "EMAIL_PROVIDER": "postmark", **self.environ, **place}

    @pytest.fixture
    def arrivals(self, double: Postmark) -> Arrivals:
        return lambda: [arrived(mail) for mail in double.mails.values()]

    @pytest.fixture
    def vendor(self, double: Postmark) -> Postmark:
        return double

    @pytest.mark.xfail(reason="the vendor signs no bodies: its webhooks sign in with a password")
    def test_a_changed_report_is_refused(self, provider: Email, vendor: Vendor) -> None:
        super().test_a_changed_report_is_refused(provider, vendor)

    @pytest.mark.xfail(reason="the vendor signs no moment: an old report looks like a new one, and changes nothing")
    def test_an_old_report_played_again_is_refused(self, provider: Email, vendor: Vendor) -> None:
        super().test_an_old_report_played_again_is_refused(provider, vendor)

    @pytest.mark.xfail(reason="a canary is no user:password, and a wrong one is refused at boot")
    def test_no_secret_shows_in_a_representation(self, configured: dict[str, str]) -> None:
        super().test_no_secret_shows_in_a_representation(configured)


def postmark(double: Postmark, token: str = TOKEN, **environ: str) -> PostmarkEmail:
    given = {"POSTMARK_API_KEY": token, "POSTMARK_API_URL": double.url, "EMAIL_PROVIDER": "postmark", **environ}
    provider = ProviderRegistry(given, [SPEC], capabilities=[EMAIL]).get(EMAIL)
    assert isinstance(provider, PostmarkEmail)
    return provider


@pytest.mark.parametrize(
    ("status", "code", "wanted"),
    [
        (401, 10, CredentialsRejected),
        (403, 0, CredentialsRejected),
        (404, 0, NotFoundAtProvider),
        (409, 0, ProviderRejected),
        (413, 0, ProviderRejected),
        (422, 300, ProviderRejected),
        (422, 406, ProviderRejected),
        (422, 412, CredentialsRejected),
        (422, 405, RateLimited),
        (200, 405, RateLimited),
        (200, 300, ProviderRejected),
        (429, 0, RateLimited),
        (500, 0, ProviderUnavailable),
        (503, 100, ProviderUnavailable),
        (504, 0, OutcomeUnknown),
    ],
)
def test_what_the_vendor_says_is_told_apart(
    double: Postmark, status: int, code: int, wanted: type[ProviderError]
) -> None:
    double.fail(status, error(code, "ada@example.org is on a list"), headers={"Retry-After": "7"})
    with pytest.raises(ProviderError) as caught:
        postmark(double).send(MESSAGE)
    assert type(caught.value) is wanted
    assert caught.value.code == str(code or status)
    assert caught.value.retry_after == (7.0 if wanted is RateLimited else None)
    assert "ada@example.org" not in str(caught.value) and TOKEN not in str(caught.value)


@pytest.mark.parametrize("drop", ["before", "after", "half"])
def test_a_connection_that_dies_leaves_doubt(double: Postmark, drop: str) -> None:
    double.fail(drop=drop)
    with pytest.raises(OutcomeUnknown):
        postmark(double).send(MESSAGE)
    assert len(double.mails) == (drop != "before")


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b'{"MessageID": 7}'])
def test_garbage_is_no_receipt(double: Postmark, body: bytes) -> None:
    double.fail(200, body)
    with pytest.raises(OutcomeUnknown):
        postmark(double).send(MESSAGE)


def test_nobody_there_never_sent() -> None:
    with Postmark() as other:
        gone = postmark(other)
    with pytest.raises(ProviderUnavailable):
        gone.send(MESSAGE)
    assert gone.health().status is Health.DOWN


def test_what_the_account_does_not_have_is_refused(double: Postmark) -> None:
    with pytest.raises(CredentialsRejected):
        postmark(double, "wrong").send(MESSAGE)
    double.inactive = {"ada@example.org"}
    for provider, message, code in (
        (postmark(double), replace(MESSAGE, sender="studio@elsewhere.example"), "400"),
        (postmark(double), MESSAGE, "406"),
        (postmark(double, POSTMARK_MESSAGE_STREAM="nowhere"), MESSAGE, "1235"),
        (postmark(double), replace(MESSAGE, attachments=(Attachment("a.exe", "a/b", b""),)), "300"),
    ):
        with pytest.raises(ProviderRejected) as caught:
            provider.send(message)
        assert caught.value.code == code
    assert double.mails == {}


def test_health_knows_the_token_and_the_sandbox(double: Postmark) -> None:
    assert postmark(double).health().status is Health.OK
    assert postmark(double, "wrong").health().status is Health.DOWN
    double.delivery = "Sandbox"
    assert postmark(double).health().status is Health.DEGRADED


@pytest.mark.parametrize("secret", ["short:1", "without-a-colon-at-all", ":0123456789abcdef", "canary"])
def test_a_secret_that_protects_nothing_is_refused_at_boot(double: Postmark, secret: str) -> None:
    with pytest.raises(ProviderMisconfigured):
        postmark(double, POSTMARK_WEBHOOK_SECRET=secret)


def test_two_secrets_while_one_replaces_the_other_and_none_without(double: Postmark) -> None:
    webhook = double.unknown_webhook()
    postmark(double, POSTMARK_WEBHOOK_SECRET=f"other:0123456789abcdef, {SECRET}").verify(webhook.headers, webhook.body)
    for environ in ({}, {"POSTMARK_WEBHOOK_SECRET": "other:0123456789abcdef"}):
        with pytest.raises(SignatureInvalid):
            postmark(double, **environ).verify(webhook.headers, webhook.body)


@pytest.mark.parametrize(
    ("type", "wanted"),
    [
        ("SoftBounce", DeliveryKind.DELAYED),
        ("BadEmailAddress", DeliveryKind.BOUNCED),
        ("AutoResponder", DeliveryKind.IGNORED),
        ("SMTPApiError", DeliveryKind.FAILED),
    ],
)
def test_bounces_are_of_many_kinds(double: Postmark, type: str, wanted: DeliveryKind) -> None:
    provider = postmark(double)
    double.tell(provider.send(MESSAGE).id, DeliveryKind.BOUNCED, "no\n such mailbox", Type=type)
    (event,) = provider.events(double.bodies[0])
    assert (event.kind, event.reason) == (wanted, "no such mailbox")


@pytest.mark.parametrize(
    "moment", ["2014-08-01T13:28:10.2735393-04:00", "2014-08-01T17:28:10.273539Z", "2014-08-01T17:28:10Z"]
)
def test_moments_have_any_number_of_digits(double: Postmark, moment: str) -> None:
    provider = postmark(double)
    body = json.dumps({"RecordType": "Delivery", "MessageID": "m", "DeliveredAt": moment, "Recipient": "a@b.example"})
    (event,) = provider.events(body.encode())
    assert event.occurred_at.replace(microsecond=0) == datetime(2014, 8, 1, 17, 28, 10, tzinfo=UTC)
    assert (event.key, event.reason) == ("", "")


def test_a_key_that_is_too_long_is_not_carried(double: Postmark) -> None:
    provider = postmark(double)
    long: Any = provider.send(replace(MESSAGE, key="k" * 70))
    assert "Metadata" not in double.mails[long.id]
