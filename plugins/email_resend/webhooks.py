"""Reads what Resend reports, signed as Svix does."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from webkit.sdk import DeliveryEvent, DeliveryKind, ProviderRejected, SignatureInvalid
from webkit.sdk.tags import unpacked

from .errors import VENDOR

TAG = "webkit_key"
TOLERANCE_SECONDS = 300
MOST_REASON = 500
LONGEST_TAG = 256
_KINDS = {
    "email.sent": DeliveryKind.ACCEPTED,
    "email.delivered": DeliveryKind.DELIVERED,
    "email.delivery_delayed": DeliveryKind.DELAYED,
    "email.failed": DeliveryKind.FAILED,
    "email.bounced": DeliveryKind.BOUNCED,
    "email.suppressed": DeliveryKind.BOUNCED,
    "email.complained": DeliveryKind.COMPLAINED,
    "email.opened": DeliveryKind.OPENED,
}


def verify(secrets: tuple[bytes, ...], headers: Mapping[str, str], body: bytes) -> None:
    """Return if one of our secrets signed these bytes in the last five minutes; else raise SignatureInvalid."""
    given = {name.lower(): value for name, value in headers.items()}
    message_id, stamp = given.get("svix-id", ""), given.get("svix-timestamp", "")
    marks = [mark.removeprefix("v1,") for mark in given.get("svix-signature", "").split() if mark.startswith("v1,")]
    if not (message_id and marks and stamp.isascii() and stamp.isdecimal() and len(stamp) < 13):
        raise SignatureInvalid("there is no signature", provider=VENDOR)
    if abs(time.time() - int(stamp)) > TOLERANCE_SECONDS:
        raise SignatureInvalid("the signature is too old", provider=VENDOR)
    content = f"{message_id}.{stamp}.".encode() + body
    wanted = [hmac.new(secret, content, hashlib.sha256).digest() for secret in secrets]
    if not any(hmac.compare_digest(want, _decoded(mark)) for want in wanted for mark in marks):
        raise SignatureInvalid("the signature does not fit the message", provider=VENDOR)


def events(body: bytes) -> tuple[DeliveryEvent, ...]:
    """The one event of a body. Its id is made of what the event says: the one in the headers is a delivery's."""
    try:
        content: dict[str, Any] = json.loads(body)
        kind, created = str(content["type"]), str(content["created_at"])
        data: dict[str, Any] = content["data"]
        mail = str(data.get("email_id") or data.get("id") or "")
        to = data.get("to") or [""]
        event = DeliveryEvent(
            id="evt_" + hashlib.sha256(f"{kind}\n{mail}\n{created}".encode()).hexdigest()[:40],
            kind=_KINDS.get(kind, DeliveryKind.IGNORED),
            message_id=mail,
            key=_key_of(data.get("tags")),
            recipient=str(to[0] if isinstance(to, list) else to),
            reason=_reason(kind, data),
            occurred_at=_moment(created),
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise ProviderRejected("this is not a webhook of Resend", provider=VENDOR) from None
    return (event,)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _key_of(tags: Any) -> str:
    """Our tag; the vendor writes tags as an object, or as a list of names and values."""
    if isinstance(tags, list):
        tags = {tag.get("name"): tag.get("value") for tag in tags if isinstance(tag, dict)}
    return unpacked(tags.get(TAG)) if isinstance(tags, dict) else ""


def _reason(kind: str, data: dict[str, Any]) -> str:
    """What was said about it. The vendor sends suppressed mail nowhere: the address bounced or complained before."""
    said = next((part for name in ("bounce", "failed", "suppressed") if isinstance(part := data.get(name), dict)), {})
    words = str(said.get("message") or said.get("reason") or "")
    if kind == "email.suppressed":
        words = words or "the address bounced or complained before"
    return " ".join(words.split())[:MOST_REASON]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.replace(" ", "T", 1))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
