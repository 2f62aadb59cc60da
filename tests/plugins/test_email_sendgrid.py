from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from plugins.email_sendgrid.plugin import webkit_register_providers
from plugins.email_sendgrid.provider import SendGridEmail
from tests.plugins.sendgrid_vendor import KEY, SendGrid, arrived, errors
from webkit.core.providers import ProviderRegistry
from webkit.sdk import (
    EMAIL,
    CredentialsRejected,
    DeliveryKind,
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
from webkit.sdk.testing.email import MESSAGE, Arrivals, EmailContract

SPEC = webkit_register_providers()[0]


@pytest.fixture
def double() -> Iterator[SendGrid]:
    with SendGrid() as double:
        yield double


class TestSendGrid(EmailContract):
    spec = SPEC
    environ: ClassVar = {"SENDGRID_API_KEY": KEY}

    @pytest.fixture
    def configured(self, webkit_data: Path, double: SendGrid) -> dict[str, str]:
        place = {"SENDGRID_API_URL": double.url, "SENDGRID_WEBHOOK_PUBLIC_KEY": double.public}
        return {"WEBKIT_DATA": str(webkit_data), "EMAIL_PROVIDER": "sendgrid", **self.environ, **place}

    @pytest.fixture
    def arrivals(self, double: SendGrid) -> Arrivals:
        return lambda: [arrived(mail) for mail in double.mails.values()]

    @pytest.fixture
    def vendor(self, double: SendGrid) -> SendGrid:
        return double

    @pytest.mark.xfail(reason="a canary is no public key, and a wrong one is refused at boot")
    def test_no_secret_shows_in_a_representation(self, configured: dict[str, str]) -> None:
        super().test_no_secret_shows_in_a_representation(configured)


def sendgrid(double: SendGrid, key: str = KEY, **environ: str) -> SendGridEmail:
    given = {"SENDGRID_API_KEY": key, "SENDGRID_API_URL": double.url, "EMAIL_PROVIDER": "sendgrid", **environ}
    provider = ProviderRegistry(given, [SPEC], capabilities=[EMAIL]).get(EMAIL)
    assert isinstance(provider, SendGridEmail)
    return provider


@pytest.mark.parametrize(
    ("status", "field", "wanted"),
    [
        (400, "subject", ProviderRejected),
        (401, None, CredentialsRejected),
        (403, None, CredentialsRejected),
        (403, "from", ProviderRejected),
        (404, None, NotFoundAtProvider),
        (409, None, ProviderRejected),
        (413, None, ProviderRejected),
        (429, None, RateLimited),
        (500, None, ProviderUnavailable),
        (503, None, ProviderUnavailable),
        (504, None, OutcomeUnknown),
    ],
)
def test_what_the_vendor_says_is_told_apart(
    double: SendGrid, status: int, field: str | None, wanted: type[ProviderError]
) -> None:
    double.fail(status, errors("ada@example.org is on a list", field))
    with pytest.raises(ProviderError) as caught:
        sendgrid(double).send(MESSAGE)
    assert type(caught.value) is wanted
    assert caught.value.code == (field or str(status))
    assert "ada@example.org" not in str(caught.value) and KEY not in str(caught.value)


def test_the_vendor_says_when_it_listens_again(double: SendGrid) -> None:
    later = datetime.now(UTC) + timedelta(seconds=90)
    for headers in (
        {"Retry-After": "7"},
        {"Retry-After": format_datetime(later, usegmt=True)},
        {"X-RateLimit-Reset": str(int(time.time()) + 60)},
        {"X-RateLimit-Reset": "soon"},
    ):
        double.fail(429, errors("too many requests"), headers=headers)
    waits = []
    for _ in range(4):
        with pytest.raises(RateLimited) as caught:
            sendgrid(double).send(MESSAGE)
        waits.append(caught.value.retry_after)
    assert waits[0] == 7.0 and waits[3] is None
    assert 60 < (waits[1] or 0) <= 90 and 30 < (waits[2] or 0) <= 60


@pytest.mark.parametrize("drop", ["before", "after", "half"])
def test_a_connection_that_dies_leaves_doubt(double: SendGrid, drop: str) -> None:
    double.fail(200, b"x" * 100, drop=drop) if drop == "half" else double.fail(drop=drop)
    with pytest.raises(OutcomeUnknown):
        sendgrid(double).send(MESSAGE)
    assert len(double.mails) == (drop == "after")


@pytest.mark.parametrize(("status", "body"), [(200, b"<html>"), (202, b""), (202, b"[]")])
def test_garbage_is_no_receipt(double: SendGrid, status: int, body: bytes) -> None:
    double.fail(status, body)
    with pytest.raises(OutcomeUnknown):
        sendgrid(double).send(MESSAGE)
    double.fail(418, b"\xff<html>")
    with pytest.raises(ProviderRejected):
        sendgrid(double).send(MESSAGE)


def test_nobody_there_never_sent() -> None:
    with SendGrid() as other:
        gone = sendgrid(other)
    with pytest.raises(ProviderUnavailable):
        gone.send(MESSAGE)
    assert gone.health().status is Health.DOWN


def test_a_wrong_key_and_a_foreign_domain(double: SendGrid) -> None:
    with pytest.raises(CredentialsRejected):
        sendgrid(double, "SG.wrong").send(MESSAGE)
    with pytest.raises(ProviderRejected, match="verified"):
        sendgrid(double).send(replace(MESSAGE, sender="studio@elsewhere.example"))
    with pytest.raises(ProviderRejected, match="itself"):
        sendgrid(double).send(replace(MESSAGE, headers={"DKIM-Signature": "x"}))


def test_health_knows_what_the_key_may_do(double: SendGrid) -> None:
    assert sendgrid(double).health().status is Health.OK
    assert sendgrid(double, "SG.wrong").health().status is Health.DOWN
    double.scopes = ["user.profile.read"]
    assert sendgrid(double).health().status is Health.DOWN
    assert double.mails == {}


@pytest.mark.parametrize("key", ["canary", "MFkw", "c2hvcnQ="])
def test_a_key_that_cannot_verify_is_refused_at_boot(double: SendGrid, key: str) -> None:
    with pytest.raises(ProviderMisconfigured):
        sendgrid(double, SENDGRID_WEBHOOK_PUBLIC_KEY=key)


def test_two_keys_while_one_replaces_the_other_and_none_without(double: SendGrid) -> None:
    with SendGrid() as other:
        both = sendgrid(double, SENDGRID_WEBHOOK_PUBLIC_KEY=f"{other.public}, {double.public}")
        webhook = double.unknown_webhook()
        both.verify(webhook.headers, webhook.body)
        with pytest.raises(SignatureInvalid):
            sendgrid(double, SENDGRID_WEBHOOK_PUBLIC_KEY=other.public).verify(webhook.headers, webhook.body)
        with pytest.raises(SignatureInvalid):
            sendgrid(double).verify(webhook.headers, webhook.body)


@pytest.mark.parametrize(
    ("kind", "more", "wanted"),
    [
        (DeliveryKind.FAILED, {"reason": "Bounced Address"}, DeliveryKind.BOUNCED),
        (DeliveryKind.FAILED, {"reason": "Spam Content"}, DeliveryKind.FAILED),
        (DeliveryKind.OPENED, {"event": "click", "url": "https://example.com"}, DeliveryKind.IGNORED),
        (DeliveryKind.OPENED, {"event": "group_unsubscribe"}, DeliveryKind.IGNORED),
        (DeliveryKind.BOUNCED, {"sg_event_id": None}, DeliveryKind.BOUNCED),
    ],
)
def test_reports_in_our_words(double: SendGrid, kind: DeliveryKind, more: dict[str, Any], wanted: DeliveryKind) -> None:
    provider = sendgrid(double)
    double.tell(provider.send(MESSAGE).id, kind, **more)
    (event,) = provider.events(double.bodies[0])
    assert (event.kind, event.key) == (wanted, MESSAGE.key)
    assert event == provider.events(double.bodies[0])[0]


def test_many_events_come_at_once(double: SendGrid) -> None:
    provider = sendgrid(double)
    id = provider.send(MESSAGE).id
    for kind in (DeliveryKind.ACCEPTED, DeliveryKind.DELIVERED):
        double.tell(id, kind)
    found = provider.events(json.dumps([json.loads(body)[0] for body in double.bodies]).encode())
    assert [event.kind for event in found] == [DeliveryKind.ACCEPTED, DeliveryKind.DELIVERED]
