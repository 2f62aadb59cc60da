"""Reads what Twilio tells of a text: a form, signed with the account's token together with the address it is sent to.

Nothing says when it was signed. A report that is played again is the same report, and is kept once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from webkit.sdk import ProviderRejected, SignatureInvalid, TextEvent, TextKind

from .errors import VENDOR

SIGNATURE = "x-twilio-signature"
MOST_FIELDS = 100
MOST_REASON = 200
_KINDS = {
    "accepted": TextKind.ACCEPTED,
    "scheduled": TextKind.ACCEPTED,
    "queued": TextKind.ACCEPTED,
    "sending": TextKind.ACCEPTED,
    "sent": TextKind.SENT,
    "delivered": TextKind.DELIVERED,
    "read": TextKind.DELIVERED,
    "undelivered": TextKind.FAILED,
    "failed": TextKind.FAILED,
    "canceled": TextKind.FAILED,
}


def verify(token: str, address: str, headers: Mapping[str, str], body: bytes) -> None:
    """Return if who has the token signed this form for this address; else raise SignatureInvalid."""
    given = {name.lower(): value for name, value in headers.items()}.get(SIGNATURE, "")
    try:
        fields = sorted(set(_fields(body)))
    except ValueError:
        raise SignatureInvalid("this is no form", provider=VENDOR) from None
    text = address + "".join(name + value for name, value in fields)
    want = base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest())
    if not address or not fields or not hmac.compare_digest(want, given.encode()):
        raise SignatureInvalid("the signature does not fit the message", provider=VENDOR)


def events(body: bytes) -> tuple[TextEvent, ...]:
    """The one event of a form."""
    try:
        form = dict(_fields(body))
    except ValueError:
        form = {}
    mail, state = (
        form.get("MessageSid") or form.get("SmsSid", ""),
        form.get("MessageStatus") or form.get("SmsStatus", ""),
    )
    if not (mail and state):
        raise ProviderRejected("this is not a status callback of Twilio", provider=VENDOR)
    own = hashlib.sha256(f"{mail}\n{state}".encode()).hexdigest()[:40]
    reason = form.get("ErrorCode", "") or form.get("ErrorMessage", "")
    kind = _KINDS.get(state, TextKind.IGNORED)
    return (TextEvent("evt_" + own, kind, mail, form.get("To", ""), reason[:MOST_REASON]),)


def _fields(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(
        body.decode(), keep_blank_values=True, strict_parsing=bool(body), errors="strict", max_num_fields=MOST_FIELDS
    )
