"""Reads what Postmark reports. It signs nothing: its webhooks sign in with a user and a password of ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from webkit.sdk import DeliveryEvent, DeliveryKind, ProviderRejected, SignatureInvalid
from webkit.sdk.tags import unpacked

from .errors import VENDOR

ENTRY = "webkit_key"
LONGEST_ENTRY = 80
MOST_REASON = 500
_DELAYS = {"Transient", "SoftBounce", "DnsError", "AutoResponder"}
"""Bounces after which Postmark goes on trying, or which are none."""
_REFUSALS = {"HardBounce", "BadEmailAddress", "SpamNotification", "Blocked", "ManuallyDeactivated", "AddressChange"}
_MOMENTS = ("DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt")


def verify(secrets: tuple[str, ...], headers: Mapping[str, str]) -> None:
    """Return if the webhook signed in with one of our secrets; else raise SignatureInvalid."""
    given = {name.lower(): value for name, value in headers.items()}.get("authorization", "").encode()
    wanted = [b"Basic " + base64.b64encode(secret.encode()) for secret in secrets]
    if not any([hmac.compare_digest(want, given) for want in wanted]):  # noqa: C419  each is compared, always
        raise SignatureInvalid("the webhook did not sign in", provider=VENDOR)


def events(body: bytes) -> tuple[DeliveryEvent, ...]:
    """The one event of a body."""
    try:
        content: dict[str, Any] = json.loads(body)
        kind, mail = str(content["RecordType"]), str(content["MessageID"])
        moment = next(str(content[name]) for name in _MOMENTS if content.get(name))
        to = str(content.get("Recipient") or content.get("Email") or "")
        own = f"{kind}\n{content.get('ID', '')}\n{mail}\n{to}\n{moment}"
        event = DeliveryEvent(
            id="evt_" + hashlib.sha256(own.encode()).hexdigest()[:40],
            kind=_kind(kind, str(content.get("Type") or "")),
            message_id=mail,
            key=unpacked((content.get("Metadata") or {}).get(ENTRY)),
            recipient=to,
            reason=_reason(content),
            occurred_at=_moment(moment),
        )
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration, OverflowError):
        raise ProviderRejected("this is not a webhook of Postmark", provider=VENDOR) from None
    return (event,)


def _kind(record: str, type: str) -> DeliveryKind:
    if record == "Bounce":
        if type in _DELAYS:
            return DeliveryKind.IGNORED if type == "AutoResponder" else DeliveryKind.DELAYED
        return DeliveryKind.BOUNCED if type in _REFUSALS else DeliveryKind.FAILED
    known = {"Delivery": DeliveryKind.DELIVERED, "SpamComplaint": DeliveryKind.COMPLAINED, "Open": DeliveryKind.OPENED}
    return known.get(record, DeliveryKind.IGNORED)


def _reason(content: dict[str, Any]) -> str:
    """What was said about it. Browsers and places of somebody who opened a mail are nobody's business."""
    if content["RecordType"] == "Open":
        return ""
    return " ".join(str(content.get("Details") or content.get("Description") or "").split())[:MOST_REASON]


def _moment(text: str) -> datetime:
    """Postmark writes seven digits after the dot."""
    whole, dot, rest = text.partition(".")
    digits = rest[: next((at for at, letter in enumerate(rest) if not letter.isdigit()), len(rest))]
    moment = datetime.fromisoformat(whole + dot + digits[:6] + rest[len(digits) :])
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
