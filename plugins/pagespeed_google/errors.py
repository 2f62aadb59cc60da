"""Google's errors in the words of the contract: is it the page, the service, the key or the quota?"""

from __future__ import annotations

import re
from typing import Any

from webkit.sdk import (
    CredentialsRejected,
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
)
from webkit.sdk.lighthouse import not_measured

NAME = "google"
MINUTE, DAY = 60.0, 86_400.0
_LIGHTHOUSE = re.compile(r"Lighthouse returned error: ([A-Z_]+)")


def failure(status: int, answer: Any, retry_after: str = "") -> ProviderError:
    """The error for an answer that is not 200. Google itself says when to come back only in its words."""
    error = _error(answer)
    reason, text = _reason(error), str(error.get("message", ""))
    if found := _LIGHTHOUSE.search(text):
        return not_measured(found[1], NAME)
    if status == 429:
        usual = DAY if "per day" in text else MINUTE
        given = min(float(retry_after), DAY) if retry_after.isascii() and retry_after.isdecimal() else usual
        return RateLimited(_quota(text), provider=NAME, code=reason, retry_after=given)
    if status in (401, 403) or reason.startswith("API_KEY"):
        return CredentialsRejected(f"Google refuses the key ({reason or status})", provider=NAME, code=reason)
    if status >= 500 or status == 408:
        return ProviderUnavailable(f"Google answers {status}", provider=NAME, code=reason)
    if status == 404 or 300 <= status < 400:
        return ProviderMisconfigured(f"PAGESPEED_API_URL answers {status}", provider=NAME, code=reason)
    return ProviderRejected(f"Google refuses the request ({status})", provider=NAME, code=reason)


def _error(answer: Any) -> dict[str, Any]:
    error = answer.get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, dict) else {}


def _reason(error: dict[str, Any]) -> str:
    """The most telling of Google's reasons."""
    for place in ("details", "errors"):
        listed = error.get(place)
        for item in listed if isinstance(listed, list) else []:
            if isinstance(item, dict) and item.get("reason"):
                return str(item["reason"])[:64]
    return str(error.get("status", ""))[:64]


def _quota(text: str) -> str:
    return "the quota of the day is used up" if "per day" in text else "too many requests in a minute"
