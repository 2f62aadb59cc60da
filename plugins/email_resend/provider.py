"""One HTTP call for each mail.

The vendor's library keeps the API key in a module's global, opens a connection for every call and cannot say whether a
broken call left the house. So the request is ours: each object has its own key and its own kept connections, nothing
is shared and nobody waits for a lock. The library's types describe what is sent.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from email.utils import quote
from typing import TYPE_CHECKING, Any

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
    SSLError,
)

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
    ProviderMisconfigured,
    ProviderUnavailable,
    ReportsDelivery,
    SendReceipt,
    calls_nobody,
    check_message,
)
from webkit.sdk.tags import packed

from . import webhooks
from .errors import VENDOR, refused
from .settings import ResendSettings

if TYPE_CHECKING:
    import resend

CONNECT_SECONDS, READ_SECONDS, HEALTH_SECONDS = 5.0, 30.0, 0.8
LONGEST_KEY = 256
_NOT_SENT = (NewConnectionError, ConnectTimeoutError, NameResolutionError, SSLError)
_PLAIN_NAME = re.compile(r"[^\x00-\x1f\"(),.:;<>@\[\\\]]*")


class ResendEmail:
    """An account of Resend."""

    def __init__(self, settings: ResendSettings) -> None:
        self._settings = settings
        self._pool = urllib3.PoolManager(num_pools=1, maxsize=16, retries=False)

    def send(self, message: EmailMessage) -> SendReceipt:
        body = json.dumps(_request(check_message(message)), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": _idempotency_key(message.key)}
        answer = self._call("POST", "/emails", headers, body)
        id = answer.get("id")
        if not isinstance(id, str) or not id:
            raise OutcomeUnknown("the mail service answered with something else", provider=VENDOR)
        return SendReceipt(id)

    @calls_nobody
    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        webhooks.verify(self._settings.webhook_secrets, headers, body)

    @calls_nobody
    def events(self, body: bytes) -> tuple[DeliveryEvent, ...]:
        return webhooks.events(body)

    def health(self) -> HealthReport:
        """Asks for the domains; a key that may only send is told so, which proves it too."""
        try:
            answer = self._call("GET", "/domains", {}, None, seconds=HEALTH_SECONDS)
        except ProviderError as error:
            if error.code == "restricted_api_key":
                return HealthReport(Health.OK)
            return HealthReport(Health.DOWN, str(error))
        rows = answer.get("data")
        domains = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        if not any(row.get("status") == "verified" for row in domains):
            return HealthReport(Health.DEGRADED, "no domain is verified yet: mail will be refused")
        return HealthReport(Health.OK)

    def _call(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, *, seconds: float = READ_SECONDS
    ) -> dict[str, Any]:
        key = self._settings.api_key.get_secret_value()
        common = {"Authorization": f"Bearer {key}", "Accept": "application/json", "User-Agent": "webkit"}
        timeout = urllib3.Timeout(connect=min(seconds, CONNECT_SECONDS), read=seconds)
        try:
            answer = self._pool.request(
                method,
                self._settings.api_url + path,
                body=body,
                headers={**common, **headers},
                timeout=timeout,
                redirect=False,
            )
        except _NOT_SENT as error:
            raise ProviderUnavailable(
                f"no connection to the mail service ({type(error).__name__})", provider=VENDOR
            ) from None
        except LocationValueError:
            raise ProviderMisconfigured("RESEND_API_URL is no address", provider=VENDOR) from None
        except HTTPError as error:
            text = f"the mail service did not answer ({type(error).__name__})"
            raise OutcomeUnknown(text, provider=VENDOR) from None
        content = _parsed(answer.data)
        if answer.status >= 300:
            raise refused(answer.status, content, answer.headers)
        return content


def _request(message: EmailMessage) -> resend.Emails.SendParams:
    request: resend.Emails.SendParams = {
        "from": _mailbox(Address(message.sender, message.sender_name)),
        "to": [_mailbox(address) for address in message.to],
        "subject": message.subject,
        "text": message.text,
    }
    if tag := packed(message.key, webhooks.LONGEST_TAG):
        request["tags"] = [{"name": webhooks.TAG, "value": tag}]
    if message.html:
        request["html"] = message.html
    if message.reply_to:
        request["reply_to"] = message.reply_to
    if message.headers:
        request["headers"] = dict(message.headers)
    if message.attachments:
        request["attachments"] = [_attachment(file) for file in message.attachments]
    return request


def _attachment(file: Attachment) -> resend.Attachment:
    content = base64.b64encode(file.content).decode()
    made: resend.Attachment = {"filename": file.filename, "content": content, "content_type": file.content_type}
    if file.content_id:
        made["content_id"] = file.content_id
    return made


def _mailbox(address: Address) -> str:
    if not address.name:
        return address.email
    name = address.name if _PLAIN_NAME.fullmatch(address.name) else f'"{quote(address.name)}"'
    return f"{name} <{address.email}>"


def _idempotency_key(key: str) -> str:
    fits = len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()
    return key if fits else hashlib.sha256(key.encode()).hexdigest()


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


_checked: type[Email] = ResendEmail
_reporting: type[ReportsDelivery] = ResendEmail
