"""Mail through the vendor's API."""

from __future__ import annotations

import base64
from typing import Any

from webkit.sdk import Email, EmailMessage, HealthReport, OutcomeUnknown, SendReceipt, check_message

from .api import NAME, Api
from .settings import AcmeMailSettings


class AcmeMail:
    """One POST for each mail; the message's key travels along, so that a repeated call sends nothing twice."""

    def __init__(self, settings: AcmeMailSettings) -> None:
        self._api = Api(settings)

    def send(self, message: EmailMessage) -> SendReceipt:
        answer = self._api.json("POST", "/messages", _content(check_message(message)), key=message.key)
        if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
            raise OutcomeUnknown("the answer names no message", provider=NAME)
        return SendReceipt(answer["id"])

    def health(self) -> HealthReport:
        return self._api.health()


def _content(message: EmailMessage) -> dict[str, Any]:
    return {
        "from": {"email": message.sender, "name": message.sender_name},
        "to": [{"email": to.email, "name": to.name} for to in message.to],
        "reply_to": message.reply_to,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "headers": dict(message.headers),
        "attachments": [
            {"filename": f.filename, "type": f.content_type, "content": base64.b64encode(f.content).decode()}
            for f in message.attachments
        ],
    }


_checked: type[Email] = AcmeMail  # the type checker compares the signatures
