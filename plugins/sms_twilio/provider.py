"""One HTTP call for each text or code. The vendor knows no keys: a call that broke off is not repeated."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from webkit.sdk import (
    FeatureNotSupported,
    Health,
    HealthReport,
    NotFoundAtProvider,
    OutcomeUnknown,
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    RateLimited,
    ReportsTexts,
    Sms,
    SmsMessage,
    SmsReceipt,
    TextEvent,
    Verdict,
    Verification,
    VerifiesPhones,
    calls_nobody,
    check_code,
    check_number,
    check_sms,
)
from webkit.sdk.http import READ_SECONDS, HttpLine

from . import webhooks
from .errors import TOO_MANY_TRIES, VENDOR, refused
from .settings import TwilioSettings

HEALTH_SECONDS = 0.8
_VERIFICATION = re.compile(r"VE[0-9a-fA-F]{32}")
_SPOKEN = frozenset({
    *("af", "ar", "ca", "cs", "da", "de", "el", "en", "en-GB", "es", "et", "fi", "fr", "he", "hi", "hr", "hu", "id"),
    *("it", "ja", "ko", "lt", "lv", "ms", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "sv", "th", "tl"),
    *("tr", "uk", "vi", "zh", "zh-CN", "zh-HK"),
})  # fmt: skip
"""Languages that Verify's texts are written in."""


class TwilioSms:
    """An account of Twilio."""

    def __init__(self, settings: TwilioSettings) -> None:
        self._settings = settings
        self._line = HttpLine(VENDOR)
        self._account = f"{settings.api_url}/2010-04-01/Accounts/{settings.account_sid}"

    def send(self, message: SmsMessage) -> SmsReceipt:
        check_sms(message)
        form = {"To": message.to, "Body": message.text, **self._from()}
        if self._settings.webhook_url:
            form["StatusCallback"] = self._settings.webhook_url
        return SmsReceipt(self._id(self._ask("POST", f"{self._account}/Messages.json", form)))

    def start_verification(self, to: str, *, locale: str = "en") -> Verification:
        form = {"To": check_number(to), "Channel": "sms"}
        if spoken := _spoken(locale):
            form["Locale"] = spoken
        return Verification(self._id(self._ask("POST", f"{self._verify()}/Verifications", form)))

    def check_verification(self, verification_id: str, code: str) -> Verdict:
        place = f"{self._verify()}/VerificationCheck"
        if not _VERIFICATION.fullmatch(verification_id):
            return Verdict.OVER
        try:
            form = {"VerificationSid": verification_id, "Code": check_code(code)}
        except ProviderRejected:
            return Verdict.WRONG
        try:
            said = self._ask("POST", place, form).get("status")
        except NotFoundAtProvider:  # Twilio forgets what was approved, has expired or was tried too often
            return Verdict.OVER
        except RateLimited as error:
            if error.code != TOO_MANY_TRIES:
                raise
            return Verdict.OVER
        known = {"approved": Verdict.RIGHT, "pending": Verdict.WRONG}
        return known.get(str(said), Verdict.OVER)

    @calls_nobody
    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        webhooks.verify(self._settings.auth_token.get_secret_value(), self._settings.webhook_url, headers, body)

    @calls_nobody
    def events(self, body: bytes) -> tuple[TextEvent, ...]:
        return webhooks.events(body)

    def health(self) -> HealthReport:
        """Asks for the account, and for the service that sends codes."""
        try:
            account = self._ask("GET", f"{self._account}.json", None, seconds=HEALTH_SECONDS)
            if self._settings.verify_service:
                self._ask("GET", self._verify(), None, seconds=HEALTH_SECONDS)
        except ProviderError as error:
            return HealthReport(Health.DOWN, str(error))
        if account.get("status") != "active":
            return HealthReport(Health.DOWN, "the account is suspended or closed")
        if account.get("type") == "Trial":
            return HealthReport(Health.DEGRADED, "a trial account: only verified numbers get texts")
        return HealthReport(Health.OK)

    def _from(self) -> dict[str, str]:
        if self._settings.messaging_service:
            return {"MessagingServiceSid": self._settings.messaging_service}
        if not self._settings.sender:
            text = "texts need TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID"
            raise ProviderMisconfigured(text, provider=VENDOR)
        return {"From": self._settings.sender}

    def _verify(self) -> str:
        if not self._settings.verify_service:
            raise FeatureNotSupported("codes need a Verify service in TWILIO_SERVICE_SID", provider=VENDOR)
        return f"{self._settings.verify_url}/v2/Services/{self._settings.verify_service}"

    def _ask(
        self, method: str, url: str, form: Mapping[str, str] | None, *, seconds: float = READ_SECONDS
    ) -> dict[str, Any]:
        who = f"{self._settings.account_sid}:{self._settings.auth_token.get_secret_value()}"
        headers = {"Authorization": "Basic " + base64.b64encode(who.encode()).decode()}
        body = None
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form).encode()
        answer = self._line.ask(method, url, headers=headers, body=body, seconds=seconds)
        if answer.status >= 300:
            raise refused(answer)
        return answer.json()

    def _id(self, answer: Mapping[str, Any]) -> str:
        id = answer.get("sid")
        if not isinstance(id, str) or not id:
            raise OutcomeUnknown("the text service answered with something else", provider=VENDOR)
        return id


def _spoken(locale: str) -> str:
    """The language of Verify that comes nearest; "" lets Twilio choose by the number's country."""
    tag = locale.replace("_", "-")
    return next((each for each in (tag, tag.partition("-")[0]) if each in _SPOKEN), "")


_checked: type[Sms] = TwilioSms
_reporting: type[ReportsTexts] = TwilioSms
_verifying: type[VerifiesPhones] = TwilioSms
