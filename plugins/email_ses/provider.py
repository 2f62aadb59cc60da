"""One HTTP call for each mail, which goes along as a whole. The vendor knows no keys: a call that broke off is not
repeated.

Amazon's library signs the call; its clients, whose descriptions of all services fill memory, are not needed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from webkit.sdk import (
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
from webkit.sdk.http import READ_SECONDS, HttpLine
from webkit.sdk.mime import build
from webkit.sdk.tags import packed

from . import webhooks
from .errors import VENDOR, refused
from .settings import SesSettings

HEALTH_SECONDS = 0.8
LARGEST = 40 * 2**20
RESTRICTED = "AccessDeniedException"


class SesEmail:
    """An account of Amazon SES in one region."""

    def __init__(self, settings: SesSettings) -> None:
        self._settings = settings
        self._line = HttpLine(VENDOR)
        self._signer = SigV4Auth(
            Credentials(settings.access_key_id.get_secret_value(), settings.secret_access_key.get_secret_value()),
            VENDOR,
            settings.region,
        )

    def send(self, message: EmailMessage) -> SendReceipt:
        request = _request(check_message(message), self._settings.configuration_set)
        answer = self._ask("POST", "/v2/email/outbound-emails", json.dumps(request).encode())
        id = answer.get("MessageId")
        if not isinstance(id, str) or not id:
            raise OutcomeUnknown("the mail service answered with something else", provider=VENDOR)
        return SendReceipt(id)

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        webhooks.verify(self._settings.topics, headers, body)

    @calls_nobody
    def events(self, body: bytes) -> tuple[DeliveryEvent, ...]:
        return webhooks.events(body)

    def health(self) -> HealthReport:
        """Asks how the account is; a user that may only send is told so, which proves the key too."""
        try:
            account = self._ask("GET", "/v2/email/account", None, seconds=HEALTH_SECONDS)
        except ProviderError as error:
            if error.code == RESTRICTED:
                return HealthReport(Health.OK)
            return HealthReport(Health.DOWN, str(error))
        if "SendingEnabled" not in account:
            return HealthReport(Health.DOWN, "what answers is not the mail service")
        if account["SendingEnabled"] is False:
            return HealthReport(Health.DOWN, "Amazon has stopped the sending of this account")
        if account.get("ProductionAccessEnabled") is False:
            return HealthReport(Health.DEGRADED, "the account is in the sandbox: only verified addresses get mail")
        return HealthReport(Health.OK)

    def _ask(self, method: str, path: str, body: bytes | None, *, seconds: float = READ_SECONDS) -> dict[str, Any]:
        url = self._settings.address + path
        headers = {"X-Amz-Content-SHA256": hashlib.sha256(body or b"").hexdigest()}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = AWSRequest(method, url, headers, body or b"")
        self._signer.add_auth(request)
        answer = self._line.ask(method, url, headers=dict(request.headers.items()), body=body, seconds=seconds)
        if answer.status >= 300:
            raise refused(answer)
        return answer.json()


def _request(message: EmailMessage, configuration_set: str) -> dict[str, Any]:
    raw = build(message, datetime.now(UTC))
    if len(raw) > LARGEST:
        raise ProviderRejected("a mail may have 40 MB with everything in it", provider=VENDOR)
    request: dict[str, Any] = {
        "FromEmailAddress": message.sender,
        "Destination": {"ToAddresses": [address.email for address in message.to]},
        "Content": {"Raw": {"Data": base64.b64encode(raw).decode()}},
    }
    if tag := packed(message.key, webhooks.LONGEST_TAG):
        request["EmailTags"] = [{"Name": webhooks.TAG, "Value": tag}]
    if configuration_set:
        request["ConfigurationSetName"] = configuration_set
    return request


_checked: type[Email] = SesEmail
_reporting: type[ReportsDelivery] = SesEmail
