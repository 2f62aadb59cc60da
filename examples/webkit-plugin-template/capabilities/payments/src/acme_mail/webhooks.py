"""What the vendor tells: whether it is genuine, and what it means."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from webkit.sdk import PaymentEvent, PaymentEventKind, ProviderRejected, SignatureInvalid

from .api import NAME

HEADER = "acme-signature"
OLDEST = timedelta(minutes=5)
_SIGNATURE = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")
_KINDS = {
    "checkout.paid": PaymentEventKind.PAID,
    "checkout.failed": PaymentEventKind.FAILED,
    "payment.refunded": PaymentEventKind.REFUNDED,
    "payment.disputed": PaymentEventKind.DISPUTED,
}


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Return if these bytes were signed with `secret` lately. Raises SignatureInvalid."""
    given = next((value for name, value in headers.items() if name.lower() == HEADER), "")
    found = _SIGNATURE.fullmatch(given)
    if found is None:
        raise SignatureInvalid("there is no signature", provider=NAME)
    wanted = hmac.digest(secret.encode(), f"{found[1]}.".encode() + body, "sha256").hex()
    if not hmac.compare_digest(wanted, found[2]):
        raise SignatureInvalid("the signature does not fit", provider=NAME)
    if abs(now - datetime.fromtimestamp(int(found[1]), UTC)) > OLDEST:
        raise SignatureInvalid("it was signed too long ago", provider=NAME)


def events(body: bytes) -> tuple[PaymentEvent, ...]:
    """What a verified body reports. Raises ProviderRejected."""
    try:
        told = json.loads(body)
        kind = _KINDS.get(told["type"], PaymentEventKind.IGNORED)
        about = told.get("about", {})
        event = PaymentEvent(
            id=_text(told["id"]),
            kind=kind,
            checkout_id=about.get("checkout", ""),
            payment_id=about.get("payment", ""),
            reference=about.get("reference", ""),
            amount_minor=about.get("amount", 0),
            currency=about.get("currency", ""),
            occurred_at=datetime.fromisoformat(told["at"]).astimezone(UTC),
            part_id=about.get("part", ""),
            key=about.get("key", ""),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ProviderRejected("that is no event", provider=NAME) from None
    return (event,)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("an id is a text")
    return value
