"""Reads what SendGrid reports: signed with its private key, many events at once."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from webkit.sdk import DeliveryEvent, DeliveryKind, ProviderRejected, SignatureInvalid

from .errors import VENDOR

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

SIGNATURE, STAMP = "x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"
ARGUMENT = "webkit_key"
TOLERANCE_SECONDS = 300
MOST_REASON, MOST_EVENTS = 500, 5_000
_KINDS = {
    "processed": DeliveryKind.ACCEPTED,
    "delivered": DeliveryKind.DELIVERED,
    "deferred": DeliveryKind.DELAYED,
    "bounce": DeliveryKind.BOUNCED,
    "dropped": DeliveryKind.FAILED,
    "spamreport": DeliveryKind.COMPLAINED,
    "open": DeliveryKind.OPENED,
}
_SUPPRESSED = ("bounced address", "spam reporting address", "invalid")
"""Why it drops a mail to an address that did not work before."""
_INSIDE = re.compile(r"\.(filter|recvd|p3|ismtpd)")
"""Where the vendor's own machines begin in the name of a mail."""


def verify(keys: tuple[str, ...], headers: Mapping[str, str], body: bytes) -> None:
    """Return if one of these keys signed these bytes in the last five minutes; else raise SignatureInvalid."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    given = {name.lower(): value for name, value in headers.items()}
    stamp = given.get(STAMP, "")
    try:
        mark = base64.b64decode(given.get(SIGNATURE, ""), validate=True)
    except (binascii.Error, ValueError):
        mark = b""
    if not (mark and stamp.isascii() and stamp.isdecimal() and len(stamp) < 13):
        raise SignatureInvalid("there is no signature", provider=VENDOR)
    if abs(time.time() - int(stamp)) > TOLERANCE_SECONDS:
        raise SignatureInvalid("the signature is too old", provider=VENDOR)
    for key in keys:
        try:
            return public_key(key).verify(mark, stamp.encode() + body, ECDSA(SHA256()))
        except InvalidSignature:
            continue
    raise SignatureInvalid("the signature does not fit the message", provider=VENDOR)


def public_key(text: str) -> EllipticCurvePublicKey:
    """The key that is written so. Raises ValueError."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    key = load_der_public_key(base64.b64decode(text, validate=True))
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("another kind of key")
    return key


def events(body: bytes) -> tuple[DeliveryEvent, ...]:
    """Every event of a body."""
    try:
        content: list[dict[str, Any]] = json.loads(body)
        if not isinstance(content, list) or not 0 < len(content) <= MOST_EVENTS:
            raise ValueError("no list of events")
        return tuple(map(_event, content))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError):
        raise ProviderRejected("this is not a webhook of SendGrid", provider=VENDOR) from None


def _event(one: dict[str, Any]) -> DeliveryEvent:
    name, mail = str(one["event"]), str(one.get("sg_message_id") or "")
    own = str(one.get("sg_event_id") or f"{name}\n{mail}\n{one['timestamp']}\n{one.get('email')}")
    return DeliveryEvent(
        id="evt_" + hashlib.sha256(own.encode()).hexdigest()[:40],
        kind=_kind(name, one),
        message_id=_INSIDE.split(mail, maxsplit=1)[0],
        key=str(one.get(ARGUMENT) or ""),
        recipient=str(one.get("email") or ""),
        reason=" ".join(str(one.get("reason") or one.get("response") or "").split())[:MOST_REASON],
        occurred_at=datetime.fromtimestamp(int(one["timestamp"]), UTC),
    )


def _kind(name: str, one: dict[str, Any]) -> DeliveryKind:
    """A mail that is dropped because its address bounced or complained before is one more that bounced."""
    if name == "dropped" and str(one.get("reason") or "").lower().startswith(_SUPPRESSED):
        return DeliveryKind.BOUNCED
    return _KINDS.get(name, DeliveryKind.IGNORED)
