"""What the vendor's refusals mean."""

from __future__ import annotations

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

VENDOR = "twilio"
CODES_SECONDS = 600.0
TOO_MANY_TRIES, TOO_MANY_CODES = "60202", "60203"
_ACCOUNT = {"20003", "20005", "20008", "20403"}
"""Wrong keys, an account that is not active, a key of the test account."""
_SLOW = {"20429", "14107", "30022", "63038"}


def refused(answer: HttpAnswer) -> ProviderError:
    """The platform's error for an answer that is not a success. Numbers are struck out of the vendor's sentence."""
    status, content = answer.status, answer.json()
    code = str(content.get("code") or status)
    words = without_addresses(str(content.get("message") or "")) or f"status {status}"
    named: dict[str, Any] = {"provider": VENDOR, "code": code}
    if code == TOO_MANY_CODES:
        return RateLimited(f"too many codes to one number: {words}", retry_after=CODES_SECONDS, **named)
    if status == 429 or code in _SLOW:
        return RateLimited(f"too many texts at once: {words}", retry_after=answer.retry_after(), **named)
    if status == 401 or code in (*_ACCOUNT, "403"):
        return CredentialsRejected(f"the text service does not accept our account: {words}", **named)
    if status == 504:
        return OutcomeUnknown("the text service did not answer in time", **named)
    if status >= 500:
        return ProviderUnavailable(f"the text service has trouble: {words}", **named)
    if status == 404:
        return NotFoundAtProvider(words, **named)
    return ProviderRejected(words, **named)
