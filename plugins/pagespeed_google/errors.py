"""Google's errors in the words of the contract: is it the page, the service, the key or the quota?"""

from __future__ import annotations

import re
from typing import Any

from webkit.sdk import (
    CredentialsRejected,
    PageNotMeasured,
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    Trouble,
)

NAME = "google"
MINUTE, DAY = 60.0, 86_400.0
TROUBLES = {
    "DNS_FAILURE": Trouble.UNREACHABLE,
    "FAILED_DOCUMENT_REQUEST": Trouble.UNREACHABLE,
    "ERRORED_DOCUMENT_REQUEST": Trouble.UNREACHABLE,
    "INSECURE_DOCUMENT_REQUEST": Trouble.UNREACHABLE,
    "CHROME_INTERSTITIAL_ERROR": Trouble.UNREACHABLE,
    "INVALID_URL": Trouble.UNREACHABLE,
    "NO_DOCUMENT_REQUEST": Trouble.UNREACHABLE,
    "NOT_HTML": Trouble.NOT_A_PAGE,
    "NO_FCP": Trouble.BLANK,
    "NO_LCP": Trouble.BLANK,
    "NO_SCREENSHOTS": Trouble.BLANK,
    "PAGE_HUNG": Trouble.TOO_SLOW,
    "CRI_TIMEOUT": Trouble.TOO_SLOW,
    "PROTOCOL_TIMEOUT": Trouble.TOO_SLOW,
    "NO_NAVSTART": Trouble.TOO_SLOW,
}
"""What Lighthouse says about a page that it could not measure; other codes are UNKNOWN."""
_LIGHTHOUSE = re.compile(r"Lighthouse returned error: ([A-Z_]+)")


def failure(status: int, answer: Any) -> ProviderError:
    """The error for an answer that is not 200."""
    error = _error(answer)
    reason, text = _reason(error), str(error.get("message", ""))
    if found := _LIGHTHOUSE.search(text):
        return _not_measured(found[1])
    if status == 429:
        return RateLimited(_quota(text), provider=NAME, code=reason, retry_after=DAY if "per day" in text else MINUTE)
    if status in (401, 403) or reason.startswith("API_KEY"):
        return CredentialsRejected(f"Google refuses the key ({reason or status})", provider=NAME, code=reason)
    if status >= 500 or status == 408:
        return ProviderUnavailable(f"Google answers {status}", provider=NAME, code=reason)
    if status == 404 or 300 <= status < 400:
        return ProviderMisconfigured(f"PAGESPEED_API_URL answers {status}", provider=NAME, code=reason)
    return ProviderRejected(f"Google refuses the request ({status})", provider=NAME, code=reason)


def runtime_error(lighthouse: dict[str, Any]) -> ProviderError | None:
    """What a report says that is no report: Google sends some of them with status 200."""
    error = lighthouse.get("runtimeError")
    code = error.get("code") if isinstance(error, dict) else None
    return _not_measured(str(code)) if code and code != "NO_ERROR" else None


def _not_measured(code: str) -> PageNotMeasured:
    trouble = TROUBLES.get(code, Trouble.UNKNOWN)
    return PageNotMeasured(f"Lighthouse could not measure the page ({code})", trouble=trouble, provider=NAME, code=code)


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
