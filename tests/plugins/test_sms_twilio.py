from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlencode

import pytest

from plugins.sms_twilio import webhooks
from plugins.sms_twilio.plugin import webkit_register_providers
from plugins.sms_twilio.provider import TwilioSms
from tests.plugins.twilio_vendor import FROM, SERVICE, SID, TOKEN, VERIFY, WEBHOOK, Twilio, error
from webkit.core.providers import ProviderRegistry
from webkit.sdk import (
    SMS,
    CredentialsRejected,
    FeatureNotSupported,
    Health,
    NotFoundAtProvider,
    OutcomeUnknown,
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    SignatureInvalid,
    TextKind,
    Verdict,
)
from webkit.sdk.testing.sms import TEXT, ArrivedText, SmsContract, Texts

SPEC = webkit_register_providers()[0]
ACCOUNT = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_FROM": FROM, "TWILIO_SERVICE_SID": VERIFY}


@pytest.fixture
def double() -> Iterator[Twilio]:
    with Twilio() as double:
        yield double


class TestTwilio(SmsContract):
    spec = SPEC
    environ: ClassVar = {**ACCOUNT, "TWILIO_WEBHOOK_URL": WEBHOOK}

    @pytest.fixture
    def configured(self, webkit_data: Path, double: Twilio) -> dict[str, str]:
        place = {"TWILIO_API_URL": double.url, "TWILIO_VERIFY_URL": double.url}
        return {"WEBKIT_DATA": str(webkit_data), "SMS_PROVIDER": "twilio", **self.environ, **place}

    @pytest.fixture
    def texts(self, double: Twilio) -> Texts:
        return lambda: [ArrivedText(form["To"], form["Body"]) for form in double.texts.values()]

    @pytest.fixture
    def vendor(self, double: Twilio) -> Twilio:
        return double


def twilio(double: Twilio, **environ: str) -> TwilioSms:
    place = {"TWILIO_API_URL": double.url, "TWILIO_VERIFY_URL": double.url, "SMS_PROVIDER": "twilio"}
    provider = ProviderRegistry({**ACCOUNT, **place, **environ}, [SPEC], capabilities=[SMS]).get(SMS)
    assert isinstance(provider, TwilioSms)
    return provider


@pytest.mark.parametrize(
    ("status", "code", "wanted"),
    [
        (400, 21211, ProviderRejected),
        (400, 21610, ProviderRejected),
        (401, 20003, CredentialsRejected),
        (403, 20403, CredentialsRejected),
        (403, 21408, ProviderRejected),
        (404, 20404, NotFoundAtProvider),
        (409, 0, ProviderRejected),
        (429, 20429, RateLimited),
        (500, 20500, ProviderUnavailable),
        (503, 0, ProviderUnavailable),
        (504, 0, OutcomeUnknown),
    ],
)
def test_what_the_vendor_says_is_told_apart(
    double: Twilio, status: int, code: int, wanted: type[ProviderError]
) -> None:
    double.fail(status, error(code, "The number +393331234567 is not valid", status), headers={"Retry-After": "7"})
    with pytest.raises(ProviderError) as caught:
        twilio(double).send(TEXT)
    assert type(caught.value) is wanted
    assert caught.value.code == str(code or status)
    assert caught.value.retry_after == (7.0 if wanted is RateLimited else None)
    assert TEXT.to not in str(caught.value) and TOKEN not in str(caught.value)


@pytest.mark.parametrize("drop", ["before", "after", "half"])
def test_a_connection_that_dies_leaves_doubt(double: Twilio, drop: str) -> None:
    double.fail(drop=drop)
    with pytest.raises(OutcomeUnknown):
        twilio(double).send(TEXT)
    assert len(double.texts) == (drop != "before")


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b'{"sid": 7}'])
def test_garbage_is_no_receipt(double: Twilio, body: bytes) -> None:
    double.fail(200, body, times=2)
    with pytest.raises(OutcomeUnknown):
        twilio(double).send(TEXT)
    with pytest.raises(OutcomeUnknown):
        twilio(double).start_verification(TEXT.to)


def test_nobody_there_never_sent() -> None:
    with Twilio() as other:
        gone = twilio(other)
    for call in (lambda: gone.send(TEXT), lambda: gone.start_verification(TEXT.to)):
        with pytest.raises(ProviderUnavailable):
            call()
    assert gone.health().status is Health.DOWN


def test_who_it_comes_from(double: Twilio) -> None:
    service = twilio(double, TWILIO_FROM="", TWILIO_MESSAGING_SERVICE_SID=SERVICE)
    assert double.texts[service.send(TEXT).id]["MessagingServiceSid"] == SERVICE
    with pytest.raises(ProviderMisconfigured):
        twilio(double, TWILIO_FROM="").send(TEXT)
    with pytest.raises(ProviderRejected) as caught:
        twilio(double, TWILIO_FROM="+12025550199").send(TEXT)
    assert caught.value.code == "21606"


def test_codes_need_a_service(double: Twilio) -> None:
    without = twilio(double, TWILIO_SERVICE_SID="")
    for call in (lambda: without.start_verification(TEXT.to), lambda: without.check_verification("VE", "1234")):
        with pytest.raises(FeatureNotSupported):
            call()


def test_too_many_codes_to_one_number(double: Twilio) -> None:
    provider = twilio(double)
    ids = {provider.start_verification(TEXT.to).id for _ in range(5)}
    assert len(ids) == 1
    with pytest.raises(RateLimited) as caught:
        provider.start_verification(TEXT.to)
    assert (caught.value.code, caught.value.retry_after) == ("60203", 600.0)


def test_a_busy_vendor_says_nothing_about_the_code(double: Twilio) -> None:
    provider = twilio(double)
    started = provider.start_verification(TEXT.to)
    double.fail(429, error(20429, "Too many requests", 429))
    with pytest.raises(RateLimited):
        provider.check_verification(started.id, "123456")
    double.fail(drop="before")
    with pytest.raises(OutcomeUnknown):
        provider.check_verification(started.id, "123456")
    assert provider.check_verification(started.id, double.code(started.id)) is Verdict.RIGHT


@pytest.mark.parametrize(("locale", "wanted"), [("it-IT", "it"), ("pt_BR", "pt-BR"), ("xx", None), ("", None)])
def test_codes_come_in_the_nearest_language(double: Twilio, locale: str, wanted: str | None) -> None:
    twilio(double).start_verification(TEXT.to, locale=locale)
    assert (b"Locale=" + (wanted or "").encode() in double.calls[-1].body) == (wanted is not None)


def test_health_knows_the_account(double: Twilio) -> None:
    assert twilio(double).health().status is Health.OK
    assert twilio(double, TWILIO_AUTH_TOKEN="f" * 32).health().status is Health.DOWN
    assert twilio(double, TWILIO_SERVICE_SID="VA" + "ff" * 16).health().status is Health.DOWN
    double.account["type"] = "Trial"
    assert twilio(double).health().status is Health.DEGRADED
    double.account["status"] = "suspended"
    assert twilio(double).health().status is Health.DOWN
    assert not double.texts and not double.open


@pytest.mark.parametrize(
    "environ",
    [
        {"TWILIO_ACCOUNT_SID": "AC1"},
        {"TWILIO_FROM": "12025550100"},
        {"TWILIO_SERVICE_SID": "../VA"},
        {"TWILIO_API_URL": "here"},
        {"TWILIO_WEBHOOK_URL": "http://127.0.0.1:8000/webhooks/sms/twilio/platform"},
        {"TWILIO_FROM": "", "TWILIO_SERVICE_SID": ""},
    ],
)
def test_settings_that_cannot_work_are_refused_at_boot(double: Twilio, environ: dict[str, str]) -> None:
    with pytest.raises(ProviderMisconfigured):
        twilio(double, **environ)


# --- callbacks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "signature"),
    [
        (
            [
                *(("CallSid", "CA1234567890ABCDE"), ("From", "+14158675309"), ("Digits", "1234")),
                *(("To", "+18005551212"), ("Caller", "+14158675309")),
            ],
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        ),
        (
            [("Sid", "CA123"), ("SidAccount", "AC123"), ("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")],
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        ),
    ],
)
def test_the_signature_is_the_vendors(fields: list[tuple[str, str]], signature: str) -> None:
    """The examples of its manual and of its libraries."""
    address, headers = "https://mycompany.com/myapp.php?foo=1&bar=2", {"X-Twilio-Signature": signature}
    webhooks.verify("12345", address, headers, urlencode(fields).encode())


def test_callbacks_are_asked_for_where_twilio_reaches_us(double: Twilio) -> None:
    assert "StatusCallback" not in double.texts[twilio(double).send(TEXT).id]
    assert double.texts[twilio(double, TWILIO_WEBHOOK_URL=WEBHOOK).send(TEXT).id]["StatusCallback"] == WEBHOOK


def test_a_signature_for_another_address_is_not_ours(double: Twilio) -> None:
    provider = twilio(double, TWILIO_WEBHOOK_URL=WEBHOOK)
    double.tell(provider.send(TEXT).id, TextKind.DELIVERED)
    elsewhere = double.signed(double.reports[0], "https://other.example/webhooks/sms/twilio/platform")
    with pytest.raises(SignatureInvalid):
        provider.verify(elsewhere.headers, elsewhere.body)
    ours = double.webhooks()[0]
    with pytest.raises(SignatureInvalid):
        twilio(double).verify(ours.headers, ours.body)


def test_a_form_without_end_is_no_form(double: Twilio) -> None:
    body = b"&".join(b"a%d=1" % number for number in range(1_000))
    with pytest.raises(SignatureInvalid):
        twilio(double, TWILIO_WEBHOOK_URL=WEBHOOK).verify({}, body)
    with pytest.raises(ProviderRejected):
        twilio(double).events(body)


def test_two_texts_are_never_taken_for_one(double: Twilio) -> None:
    """The vendor knows no keys: whoever calls twice sends twice, and says so by not declaring `idempotent`."""
    provider = twilio(double)
    assert provider.send(TEXT) != provider.send(replace(TEXT))
