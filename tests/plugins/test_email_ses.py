from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import boto3
import pytest
from moto.server import ThreadedMotoServer
from moto.ses.models import ses_backends

from plugins.email_ses import notices
from plugins.email_ses.plugin import webkit_register_providers
from plugins.email_ses.provider import SesEmail
from tests.plugins.doubles import arrived_mime
from tests.plugins.ses_vendor import CERTIFICATE, KEY_ID, REGION, SECRET, TOPIC, Ses, certificate, error
from webkit.core.kernel import outbound
from webkit.core.providers import ProviderRegistry
from webkit.sdk import (
    EMAIL,
    Address,
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
from webkit.sdk.http import HttpAnswer, fetch_public
from webkit.sdk.testing.email import MESSAGE, Arrivals, EmailContract

SPEC = webkit_register_providers()[0]
ACCOUNT = {"SES_ACCESS_KEY": KEY_ID, "SES_SECRET_KEY": SECRET, "SES_REGION": REGION}


@pytest.fixture
def double() -> Iterator[Ses]:
    with Ses() as double:
        yield double


@pytest.fixture(autouse=True)
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was fetched at Amazon's: the certificate lies there, everything else is said yes to."""
    asked: list[str] = []

    def fetch(url: str) -> HttpAnswer:
        asked.append(url)
        return HttpAnswer(200, {}, certificate() if url == CERTIFICATE else b"<ConfirmSubscriptionResponse/>")

    monkeypatch.setattr(notices, "fetch_public", fetch)
    monkeypatch.setattr(notices, "_keys", {})
    return asked


class TestSes(EmailContract):
    spec = SPEC
    environ: ClassVar = {**ACCOUNT, "SES_SNS_TOPIC": TOPIC}

    @pytest.fixture
    def configured(self, webkit_data: Path, double: Ses) -> dict[str, str]:
        return {"WEBKIT_DATA": str(webkit_data), "EMAIL_PROVIDER": "ses", "SES_API_URL": double.url, **self.environ}

    @pytest.fixture
    def arrivals(self, double: Ses) -> Arrivals:
        return lambda: [arrived_mime(raw) for raw, _ in double.mails.values()]

    @pytest.fixture
    def vendor(self, double: Ses) -> Ses:
        return double


def ses(url: str, **environ: str) -> SesEmail:
    given = {**ACCOUNT, "SES_API_URL": url, "EMAIL_PROVIDER": "ses", "SES_SNS_TOPIC": TOPIC, **environ}
    provider = ProviderRegistry(given, [SPEC], capabilities=[EMAIL]).get(EMAIL)
    assert isinstance(provider, SesEmail)
    return provider


@pytest.mark.slow
def test_moto_takes_it_from_who_is_verified() -> None:
    """moto looks at senders, recipients and the mail; not at the signature, nor at tags or configuration sets."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        with pytest.raises(ProviderRejected) as caught:
            ses(url).send(MESSAGE)
        assert caught.value.code == "MessageRejected"
        keys = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET, "region_name": REGION}
        boto3.client("sesv2", endpoint_url=url, **keys).create_email_identity(EmailIdentity="example.com")
        receipt = ses(url).send(replace(MESSAGE, to=(Address("ada@example.org", "Ada Łovelace"),)))
        (sent,) = ses_backends["123456789012"][REGION].sent_messages
    finally:
        server.stop()
    assert sent.id == receipt.id
    mail = arrived_mime(sent.raw_data.encode())
    assert (mail.subject, mail.attachments, mail.to) == (MESSAGE.subject, MESSAGE.attachments, ("ada@example.org",))


@pytest.mark.parametrize(
    ("status", "code", "wanted"),
    [
        (400, "MessageRejected", ProviderRejected),
        (400, "BadRequestException", ProviderRejected),
        (400, "MailFromDomainNotVerifiedException", ProviderRejected),
        (400, "AccountSuspendedException", CredentialsRejected),
        (400, "SendingPausedException", CredentialsRejected),
        (400, "LimitExceededException", RateLimited),
        (401, "", CredentialsRejected),
        (403, "InvalidClientTokenId", CredentialsRejected),
        (403, "SignatureDoesNotMatch", CredentialsRejected),
        (403, "AccessDeniedException", CredentialsRejected),
        (404, "NotFoundException", NotFoundAtProvider),
        (409, "ConflictException", ProviderRejected),
        (429, "TooManyRequestsException", RateLimited),
        (500, "InternalFailure", ProviderUnavailable),
        (503, "", ProviderUnavailable),
        (504, "", OutcomeUnknown),
    ],
)
def test_what_the_vendor_says_is_told_apart(double: Ses, status: int, code: str, wanted: type[ProviderError]) -> None:
    body, headers = error(code, "ada@example.org is on a list")
    double.fail(status, body, headers={**headers, "Retry-After": "7"})
    with pytest.raises(ProviderError) as caught:
        ses(double.url).send(MESSAGE)
    assert type(caught.value) is wanted
    assert caught.value.code == (code or str(status))
    assert caught.value.retry_after == (7.0 if wanted is RateLimited else None)
    assert "ada@example.org" not in str(caught.value) and SECRET not in str(caught.value)


def test_the_name_of_an_error_may_be_in_the_body(double: Ses) -> None:
    double.fail(400, {"__type": "com.amazonaws.ses#LimitExceededException", "Message": "daily"})
    with pytest.raises(RateLimited) as caught:
        ses(double.url).send(MESSAGE)
    assert (caught.value.code, caught.value.retry_after) == ("LimitExceededException", 3600.0)


@pytest.mark.parametrize("drop", ["before", "after", "half"])
def test_a_connection_that_dies_leaves_doubt(double: Ses, drop: str) -> None:
    double.fail(drop=drop)
    with pytest.raises(OutcomeUnknown):
        ses(double.url).send(MESSAGE)
    assert len(double.mails) == (drop != "before")


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b'{"MessageId": 7}'])
def test_garbage_is_no_receipt(double: Ses, body: bytes) -> None:
    double.fail(200, body)
    with pytest.raises(OutcomeUnknown):
        ses(double.url).send(MESSAGE)


def test_nobody_there_never_sent() -> None:
    with Ses() as other:
        gone = ses(other.url)
    with pytest.raises(ProviderUnavailable):
        gone.send(MESSAGE)
    assert gone.health().status is Health.DOWN


def test_keys_and_sets_that_are_not_there(double: Ses) -> None:
    with pytest.raises(CredentialsRejected):
        ses(double.url, SES_SECRET_KEY="wrong").send(MESSAGE)
    with pytest.raises(CredentialsRejected):
        ses(double.url, SES_REGION="eu-south-1").send(MESSAGE)
    with pytest.raises(NotFoundAtProvider):
        ses(double.url, SES_CONFIGURATION_SET="other").send(MESSAGE)
    assert ses(double.url, SES_CONFIGURATION_SET="webkit").send(MESSAGE).id


def test_health_knows_the_account(double: Ses) -> None:
    assert ses(double.url).health().status is Health.OK
    assert ses(double.url, SES_SECRET_KEY="wrong").health().status is Health.DOWN
    double.fail(403, *_denied())
    assert ses(double.url).health().status is Health.OK
    double.account["ProductionAccessEnabled"] = False
    assert ses(double.url).health().status is Health.DEGRADED
    double.account["SendingEnabled"] = False
    assert ses(double.url).health().status is Health.DOWN


def _denied() -> Any:
    body, _ = error("")
    return ({**body, "__type": "AccessDeniedException"},)


def test_without_an_address_it_is_amazons_own() -> None:
    assert ses("")._settings.address == "https://email.eu-west-1.amazonaws.com"
    assert ses("", SES_REGION="cn-north-1")._settings.address == "https://email.cn-north-1.amazonaws.com.cn"


@pytest.mark.parametrize(
    "environ", [{"SES_REGION": "evil.example/"}, {"SES_SNS_TOPIC": "mail"}, {"SES_API_URL": "here"}]
)
def test_settings_that_cannot_work_are_refused_at_boot(environ: dict[str, str]) -> None:
    with pytest.raises(ProviderMisconfigured):
        ses("http://127.0.0.1:9", **environ)


# --- notices ------------------------------------------------------------------------------------------------------


def test_the_certificate_is_fetched_once(double: Ses, fetched: list[str]) -> None:
    provider = ses(double.url)
    for version in ("1", "2"):
        webhook = double.signed(double.notices[0] if double.notices else _note(double), version=version)
        provider.verify(webhook.headers, webhook.body)
    assert fetched == [CERTIFICATE]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-0123456789abcdef.pem",
        "https://evil.example/?sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-west-1.amazonaws.com/other/SimpleNotificationService-0123456789abcdef.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem?x=1",
        "https://bucket.s3.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
        "https://[sns",
        "",
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_fetched(double: Ses, fetched: list[str], url: str) -> None:
    webhook = double.signed({**_note(double), "SigningCertURL": url})
    with pytest.raises(SignatureInvalid):
        ses(double.url).verify(webhook.headers, webhook.body)
    assert fetched == []


def test_a_topic_of_somebody_else_is_genuine_and_not_ours(double: Ses) -> None:
    webhook = double.signed({**_note(double), "TopicArn": TOPIC.replace("123456789012", "999999999999")})
    with pytest.raises(SignatureInvalid):
        ses(double.url).verify(webhook.headers, webhook.body)
    ours = double.signed(_note(double))
    with pytest.raises(SignatureInvalid):
        ses(double.url, SES_SNS_TOPIC="").verify(ours.headers, ours.body)


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (HttpAnswer(404, {}, b""), ProviderUnavailable),
        (HttpAnswer(200, {}, b"no certificate"), SignatureInvalid),
        (HttpAnswer(200, {}, certificate(-1)), SignatureInvalid),
    ],
)
def test_a_certificate_that_is_none_proves_nothing(
    double: Ses, monkeypatch: pytest.MonkeyPatch, answer: HttpAnswer, wanted: type[ProviderError]
) -> None:
    monkeypatch.setattr(notices, "fetch_public", lambda url: answer)
    webhook = double.signed(_note(double))
    with pytest.raises(wanted):
        ses(double.url).verify(webhook.headers, webhook.body)
    assert notices._keys == {}


def test_the_guard_fetches_nothing_private(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = SimpleNamespace(allow_hosts=())
    monkeypatch.setattr(outbound, "current", lambda: SimpleNamespace(settings=settings))
    monkeypatch.setattr(outbound, "lookup", lambda host: ["10.0.0.1"])
    with pytest.raises(ProviderUnavailable, match="private"):
        fetch_public(CERTIFICATE)


def test_a_subscription_of_our_topic_is_confirmed(double: Ses, fetched: list[str]) -> None:
    where = f"https://sns.{REGION}.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t"
    webhook = double.notice("You have chosen…", "SubscriptionConfirmation", SubscribeURL=where, Token="t")
    provider = ses(double.url)
    provider.verify(webhook.headers, webhook.body)
    assert fetched == [CERTIFICATE, where]
    assert [event.kind for event in provider.events(webhook.body)] == [DeliveryKind.IGNORED]
    evil = double.notice("…", "SubscriptionConfirmation", SubscribeURL="https://evil.example/", Token="t")
    with pytest.raises(SignatureInvalid):
        provider.verify(evil.headers, evil.body)
    assert len(fetched) == 2


def test_each_recipient_has_an_event(double: Ses) -> None:
    provider = ses(double.url)
    receipt = provider.send(replace(MESSAGE, to=(Address("a@example.org"), Address("b@example.org"))))
    double.tell(receipt.id, DeliveryKind.BOUNCED, "smtp; 550 no")
    found = provider.events(double.webhooks()[0].body)
    assert [(event.recipient, event.reason) for event in found] == [
        ("a@example.org", "smtp; 550 no"),
        ("b@example.org", "smtp; 550 no"),
    ]
    assert len({event.id for event in found}) == 2


@pytest.mark.parametrize(
    ("kind", "more", "wanted"),
    [
        (DeliveryKind.FAILED, {}, DeliveryKind.FAILED),
        (DeliveryKind.COMPLAINED, {"complaintFeedbackType": "not-spam"}, DeliveryKind.IGNORED),
        (DeliveryKind.BOUNCED, {"bounceType": "Transient"}, DeliveryKind.BOUNCED),
    ],
)
def test_reports_in_our_words(double: Ses, kind: DeliveryKind, more: dict[str, Any], wanted: DeliveryKind) -> None:
    provider = ses(double.url)
    double.tell(provider.send(MESSAGE).id, kind, **more)
    (event,) = provider.events(double.webhooks()[0].body)
    assert (event.kind, event.key) == (wanted, MESSAGE.key)


def test_notices_of_an_identity_are_read_too(double: Ses) -> None:
    """Without a configuration set they are called otherwise, and carry no tags."""
    mail = {"messageId": "m1", "timestamp": "2026-01-01T00:00:00.000Z", "destination": ["ada@example.org"]}
    details = {"timestamp": "2026-01-01T00:00:01.000Z", "recipients": ["ada@example.org"]}
    webhook = double.notice({"notificationType": "Delivery", "mail": mail, "delivery": details})
    (event,) = ses(double.url).events(webhook.body)
    assert (event.kind, event.message_id, event.key) == (DeliveryKind.DELIVERED, "m1", "")
    assert json.loads(webhook.body)["Type"] == "Notification"


def _note(double: Ses) -> dict[str, Any]:
    double.unknown_webhook()
    return double.notices[-1]
