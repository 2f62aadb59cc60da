"""Reads what the courier brings."""

from __future__ import annotations

import hmac
import json
import re
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from webkit.sdk import PaymentEvent, PaymentEventKind, ProviderRejected, SignatureInvalid

from .courier import SIGNATURE, signature

TOLERANCE_SECONDS = 300
_FORM = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")
_KINDS = {
    "checkout.paid": PaymentEventKind.PAID,
    "checkout.failed": PaymentEventKind.FAILED,
    "payment.disputed": PaymentEventKind.DISPUTED,
    "refund.succeeded": PaymentEventKind.REFUNDED,
    "method.left": PaymentEventKind.METHOD,
}


def verify(secret: bytes, headers: Mapping[str, str], body: bytes) -> None:
    """Return if these bytes were signed with our secret in the last five minutes; else raise SignatureInvalid."""
    given = next((value for name, value in headers.items() if name.lower() == SIGNATURE.lower()), "")
    match = _FORM.fullmatch(given)
    if match is None:
        raise SignatureInvalid("there is no signature", provider="local")
    if abs(time.time() - int(match[1])) > TOLERANCE_SECONDS:
        raise SignatureInvalid("the signature is too old", provider="local")
    if not hmac.compare_digest(signature(secret, body, int(match[1])), given):
        raise SignatureInvalid("the signature does not fit the message", provider="local")


def events(body: bytes) -> tuple[PaymentEvent, ...]:
    """The one event of a body. A type we do not know is IGNORED, under its own id."""
    try:
        content: dict[str, Any] = json.loads(body)
        event = PaymentEvent(
            id=str(content["id"]),
            kind=_KINDS.get(content["type"], PaymentEventKind.IGNORED),
            checkout_id=str(content.get("checkout", "")),
            payment_id=str(content.get("payment", "")),
            reference=str(content.get("reference", "")),
            amount_minor=int(content.get("amount", 0)),
            currency=str(content.get("currency", "")),
            occurred_at=datetime.fromisoformat(content["created"]),
            part_id=str(content.get("part", "")),
            key=str(content.get("key", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ProviderRejected("this is not a webhook of the local checkout", provider="local") from None
    return (event,)
