"""What the vendor's refusals mean."""

from __future__ import annotations

import time
from typing import Any

from webkit.sdk import (
    CredentialsRejected,
    NotFoundAtProvider,
    OutcomeUnknown,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
)
from webkit.sdk.http import HttpAnswer, without_addresses

VENDOR = "sendgrid"
LONGEST_PAUSE = 3600.0
_OF_THE_MESSAGE = ("from", "personalizations", "content", "attachments", "subject", "reply_to", "headers")


def refused(answer: HttpAnswer) -> ProviderError:
    """The platform's error for an answer that is not a success. Addresses are struck out of the vendor's sentence."""
    status, first = answer.status, _first(answer)
    field = str(first.get("field") or "")
    words = without_addresses(str(first.get("message") or "")) or f"status {status}"
    named: dict[str, Any] = {"provider": VENDOR, "code": field or str(status)}
    if status == 401 or (status == 403 and not field.startswith(_OF_THE_MESSAGE)):
        return CredentialsRejected(f"the mail service does not accept our key: {words}", **named)
    if status == 429:
        return RateLimited(f"too much mail at once: {words}", retry_after=_pause(answer), **named)
    if status == 404:
        return NotFoundAtProvider(words, **named)
    if status == 504:
        return OutcomeUnknown("the mail service did not answer in time", **named)
    if status >= 500:
        return ProviderUnavailable(f"the mail service has trouble: {words}", **named)
    return ProviderRejected(words, **named)


def _first(answer: HttpAnswer) -> dict[str, Any]:
    """The first of its errors, which it lists."""
    errors = answer.json().get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    return first if isinstance(first, dict) else {}


def _pause(answer: HttpAnswer) -> float | None:
    """Until when it does not listen: as seconds, or as the moment its window begins anew."""
    if (given := answer.retry_after()) is not None:
        return given
    at = answer.headers.get("x-ratelimit-reset", "")
    if not (at.isascii() and at.isdecimal() and len(at) < 12):
        return None
    return min(max(float(at) - time.time(), 0.0), LONGEST_PAUSE)
