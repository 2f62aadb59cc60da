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

VENDOR = "postmark"
QUOTA_SECONDS = 3600.0
_ACCOUNT = {"10", "412", "413"}
"""No or a wrong token, an account that waits for its approval, or may not send."""
_QUOTA = {"405"}
"""Nothing is left to send this month."""
_MAINTENANCE = {"100"}


def refused(answer: HttpAnswer) -> ProviderError:
    """The platform's error for an answer that is not a success. Addresses are struck out of the vendor's sentence."""
    status, content = answer.status, answer.json()
    code = str(content.get("ErrorCode") or "")
    words = without_addresses(str(content.get("Message") or "")) or f"status {status}"
    named: dict[str, Any] = {"provider": VENDOR, "code": code or str(status)}
    if status in (401, 403) or code in _ACCOUNT:
        return CredentialsRejected(f"the mail service does not accept our token: {words}", **named)
    if status == 429 or code in _QUOTA:
        wait = answer.retry_after() or (QUOTA_SECONDS if code in _QUOTA else None)
        return RateLimited(f"too much mail at once: {words}", retry_after=wait, **named)
    if status == 504:
        return OutcomeUnknown("the mail service did not answer in time", **named)
    if status >= 500 or code in _MAINTENANCE:
        return ProviderUnavailable(f"the mail service has trouble: {words}", **named)
    if status == 404:
        return NotFoundAtProvider(words, **named)
    return ProviderRejected(words, **named)
