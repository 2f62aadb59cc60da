"""One HTTP call for each mail. The vendor knows no keys: a call that broke off is not repeated."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from email.utils import quote
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
    ReportsDelivery,
    SendReceipt,
    calls_nobody,
    check_message,
)
from webkit.sdk.http import READ_SECONDS, HttpLine
from webkit.sdk.tags import packed

from . import webhooks
from .errors import VENDOR, refused
from .settings import PostmarkSettings

HEALTH_SECONDS = 0.8


class PostmarkEmail:
    """A server at Postmark."""

    def __init__(self, settings: PostmarkSettings) -> None:
        self._settings = settings
        self._line = HttpLine(VENDOR)

    def send(self, message: EmailMessage) -> SendReceipt:
        request = _request(check_message(message)) | {"MessageStream": self._settings.stream}
        answer = self._ask("POST", "/email", json.dumps(request, ensure_ascii=False).encode())
        id = answer.get("MessageID")
        if not isinstance(id, str) or not id:
            raise OutcomeUnknown("the mail service answered with something else", provider=VENDOR)
        return SendReceipt(id)

    @calls_nobody
    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        webhooks.verify(self._settings.webhook_secrets, headers)

    @calls_nobody
    def events(self, body: bytes) -> tuple[DeliveryEvent, ...]:
        return webhooks.events(body)

    def health(self) -> HealthReport:
        """Asks for the server behind the token."""
        try:
            server = self._ask("GET", "/server", None, seconds=HEALTH_SECONDS)
        except ProviderError as error:
            return HealthReport(Health.DOWN, str(error))
        if "ID" not in server:
            return HealthReport(Health.DOWN, "what answers is not the mail service")
        if server.get("DeliveryType") == "Sandbox":
            return HealthReport(Health.DEGRADED, "the server is a sandbox: nobody gets mail")
        return HealthReport(Health.OK)

    def _ask(self, method: str, path: str, body: bytes | None, *, seconds: float = READ_SECONDS) -> dict[str, Any]:
        headers = {"X-Postmark-Server-Token": self._settings.server_token.get_secret_value()}
        if body is not None:
            headers["Content-Type"] = "application/json"
        url = self._settings.api_url + path
        answer = self._line.ask(method, url, headers=headers, body=body, seconds=seconds)
        content = answer.json()
        if answer.status >= 300 or content.get("ErrorCode"):
            raise refused(answer)
        return content


def _request(message: EmailMessage) -> dict[str, Any]:
    request: dict[str, Any] = {
        "From": _mailbox(Address(message.sender, message.sender_name)),
        "To": ", ".join(map(_mailbox, message.to)),
        "Subject": message.subject,
        "TextBody": message.text,
    }
    if tag := packed(message.key, webhooks.LONGEST_ENTRY):
        request["Metadata"] = {webhooks.ENTRY: tag}
    if message.html:
        request["HtmlBody"] = message.html
    if message.reply_to:
        request["ReplyTo"] = message.reply_to
    if message.headers:
        request["Headers"] = [{"Name": name, "Value": value} for name, value in message.headers.items()]
    if message.attachments:
        request["Attachments"] = [_attachment(file) for file in message.attachments]
    return request


def _mailbox(address: Address) -> str:
    return f'"{quote(address.name)}" <{address.email}>' if address.name else address.email


def _attachment(file: Attachment) -> dict[str, str]:
    content = base64.b64encode(file.content).decode()
    made = {"Name": file.filename, "Content": content, "ContentType": file.content_type}
    return made | {"ContentID": f"cid:{file.content_id}"} if file.content_id else made


_checked: type[Email] = PostmarkEmail
_reporting: type[ReportsDelivery] = PostmarkEmail
