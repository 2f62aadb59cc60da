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

VENDOR = "msgraph"
_APP = {
    *("Authorization_RequestDenied", "ErrorAccessDenied", "ErrorInvalidUser", "InvalidAuthenticationToken"),
    *("MailboxNotEnabledForRESTAPI", "ErrorSendAsDenied", "AuthenticationError"),
}
"""The app is not allowed, or has no such mailbox: an operator must act."""
_SLOW = {"ApplicationThrottled", "TooManyRequests", "ErrorMailboxStoreUnavailable", "MailboxConcurrency"}
_QUOTA = {"ErrorExceededMessageLimit", "ErrorQuotaExceeded"}
QUOTA_SECONDS = 3600.0


def refused(answer: HttpAnswer) -> ProviderError:
    """The platform's error for an answer that is not a success. Addresses are struck out of the vendor's sentence."""
    status, said = answer.status, answer.json().get("error")
    said = said if isinstance(said, dict) else {}
    code = str(said.get("code") or "")
    words = without_addresses(str(said.get("message") or "")) or f"status {status}"
    named: dict[str, Any] = {"provider": VENDOR, "code": code or str(status)}
    if status == 429 or code in _SLOW or code in _QUOTA:
        wait = answer.retry_after() or (QUOTA_SECONDS if code in _QUOTA else None)
        return RateLimited(f"too much mail at once: {words}", retry_after=wait, **named)
    if status in (401, 403) or code in _APP:
        return CredentialsRejected(f"the mail service does not let our app do this: {words}", **named)
    if status == 504:
        return OutcomeUnknown("the mail service did not answer in time", **named)
    if status >= 500:
        return ProviderUnavailable(f"the mail service has trouble: {words}", retry_after=answer.retry_after(), **named)
    if status == 404:
        return NotFoundAtProvider(words, **named)
    return ProviderRejected(words, **named)


def not_signed_in(answer: HttpAnswer) -> ProviderError:
    """The platform's error for a sign-in that failed. What the vendor says there is long; its code is enough."""
    content = answer.json()
    found = content.get("error_codes")
    code = f"AADSTS{found[0]}" if isinstance(found, list) and found else str(content.get("error") or answer.status)
    if answer.status == 429:
        wait = answer.retry_after()
        return RateLimited("the app signs in too often", provider=VENDOR, code=code, retry_after=wait)
    if answer.status >= 500 or content.get("error") == "temporarily_unavailable":
        return ProviderUnavailable("the app cannot sign in now", provider=VENDOR, code=code)
    return CredentialsRejected(f"the app cannot sign in: {code}", provider=VENDOR, code=code)
