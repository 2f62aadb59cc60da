"""Text messages through the vendor's API."""

from __future__ import annotations

from webkit.sdk import HealthReport, OutcomeUnknown, Sms, SmsMessage, SmsReceipt, check_sms

from .api import NAME, Api
from .settings import AcmeMailSettings


class AcmeMail:
    """One POST for each text; the message's key travels along, so that a repeated call sends nothing twice."""

    def __init__(self, settings: AcmeMailSettings) -> None:
        self._api = Api(settings)

    def send(self, message: SmsMessage) -> SmsReceipt:
        content = {"to": check_sms(message).to, "text": message.text}
        answer = self._api.json("POST", "/texts", content, key=message.key)
        if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
            raise OutcomeUnknown("the answer names no text", provider=NAME)
        return SmsReceipt(answer["id"])

    def health(self) -> HealthReport:
        return self._api.health()


_checked: type[Sms] = AcmeMail  # the type checker compares the signatures
