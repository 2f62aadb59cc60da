"""One HTTP call for each mail. The vendor knows no keys: a call that broke off is not repeated."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from webkit.sdk import (
    Address,
    Attachment,
    DeliveryEvent,
    Email,
    EmailMessage,
    Health,
    HealthReport,
    OutcomeUnknown,
    ProviderError,
    ProviderRejected,
    ReportsDelivery,
    SendReceipt,
    calls_nobody,
    check_message,
)
from webkit.sdk.http import READ_SECONDS, HttpAnswer, HttpLine

from . import webhooks
from .errors import VENDOR, refused
from .settings import SendGridSettings

HEALTH_SECONDS = 0.8
MAY_SEND = "mail.send"
RESERVED = frozenset(
    {"x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding"}
    | {"to", "from", "subject", "reply-to", "cc", "bcc"}
)
"""Headers that the vendor writes itself and takes from nobody."""


class SendGridEmail:
    """An account of SendGrid."""

    def __init__(self, settings: SendGridSettings) -> None:
        self._settings = settings
        self._line = HttpLine(VENDOR)

    def send(self, message: EmailMessage) -> SendReceipt:
        body = json.dumps(_request(check_message(message)), ensure_ascii=False).encode()
        answer = self._ask("POST", "/v3/mail/send", body)
        id = answer.headers.get("x-message-id", "")
        if answer.status != 202 or not id:
            raise OutcomeUnknown("the mail service answered with something else", provider=VENDOR)
        return SendReceipt(id)

    @calls_nobody
    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        webhooks.verify(self._settings.webhook_keys, headers, body)

    @calls_nobody
    def events(self, body: bytes) -> tuple[DeliveryEvent, ...]:
        return webhooks.events(body)

    def health(self) -> HealthReport:
        """Asks what the key may do."""
        try:
            scopes = self._ask("GET", "/v3/scopes", None, seconds=HEALTH_SECONDS).json().get("scopes")
        except ProviderError as error:
            return HealthReport(Health.DOWN, str(error))
        if not isinstance(scopes, list) or MAY_SEND not in scopes:
            return HealthReport(Health.DOWN, "the key may not send mail")
        return HealthReport(Health.OK)

    def _ask(self, method: str, path: str, body: bytes | None, *, seconds: float = READ_SECONDS) -> HttpAnswer:
        headers = {"Authorization": f"Bearer {self._settings.api_key.get_secret_value()}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        url = self._settings.api_url + path
        answer = self._line.ask(method, url, headers=headers, body=body, seconds=seconds)
        if answer.status >= 300:
            raise refused(answer)
        return answer


def _request(message: EmailMessage) -> dict[str, Any]:
    if any(name.lower() in RESERVED for name in message.headers):
        raise ProviderRejected("the mail service writes this header itself", provider=VENDOR)
    content = [{"type": "text/plain", "value": message.text}]
    if message.html:
        content.append({"type": "text/html", "value": message.html})
    request: dict[str, Any] = {
        "personalizations": [{"to": [_mailbox(address) for address in message.to]}],
        "from": _mailbox(Address(message.sender, message.sender_name)),
        "subject": message.subject,
        "content": content,
        "custom_args": {webhooks.ARGUMENT: message.key},
    }
    if message.reply_to:
        request["reply_to"] = {"email": message.reply_to}
    if message.headers:
        request["headers"] = dict(message.headers)
    if message.attachments:
        request["attachments"] = [_attachment(file) for file in message.attachments]
    return request


def _mailbox(address: Address) -> dict[str, str]:
    return {"email": address.email, "name": address.name} if address.name else {"email": address.email}


def _attachment(file: Attachment) -> dict[str, str]:
    made = {
        "content": base64.b64encode(file.content).decode(),
        "type": file.content_type,
        "filename": file.filename,
        "disposition": "attachment",
    }
    return made | {"disposition": "inline", "content_id": file.content_id} if file.content_id else made


_checked: type[Email] = SendGridEmail
_reporting: type[ReportsDelivery] = SendGridEmail
