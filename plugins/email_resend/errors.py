"""What the vendor's refusals mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
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

VENDOR = "resend"
QUOTA_SECONDS = 3600.0
_KEYS = {"missing_api_key", "invalid_api_key", "restricted_api_key", "suspended_api_key", "invalid_access"}
_ADDRESS = re.compile(r"[^\s@<>()`'\"]+@[^\s@<>()`'\"]+")


def refused(status: int, content: Mapping[str, Any], headers: Mapping[str, str]) -> ProviderError:
    """The platform's error for an answer that is not a success. Addresses are struck out of the vendor's sentence."""
    name = str(content.get("name", ""))
    words = _ADDRESS.sub("…", str(content.get("message", "")))[:300] or f"status {status}"
    if status == 401 or (status == 403 and not name) or name in _KEYS:
        return CredentialsRejected(f"the mail service does not accept our key: {words}", provider=VENDOR, code=name)
    if status == 429:
        wait = _seconds(headers.get("retry-after")) or (QUOTA_SECONDS if "quota" in name else None)
        return RateLimited(f"too much mail at once: {words}", provider=VENDOR, code=name, retry_after=wait)
    if name == "concurrent_idempotent_requests":
        return OutcomeUnknown("the same mail is being taken right now", provider=VENDOR, code=name)
    if status == 504:
        return OutcomeUnknown("the mail service did not answer in time", provider=VENDOR, code=name)
    if status >= 500:
        return ProviderUnavailable(f"the mail service has trouble: {words}", provider=VENDOR, code=name)
    if status == 404:
        return NotFoundAtProvider(words, provider=VENDOR, code=name)
    return ProviderRejected(words, provider=VENDOR, code=name)


def _seconds(given: str | None) -> float | None:
    return float(given) if given and given.isdecimal() else None
