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

VENDOR = "ses"
QUOTA_SECONDS = 3600.0
_KEYS = {
    *("AccessDeniedException", "AccountSuspendedException", "ExpiredTokenException", "IncompleteSignature"),
    *(
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
    ),
    *("MissingAuthenticationTokenException", "NotAuthorized", "OptInRequired", "SendingPausedException"),
    *("SignatureDoesNotMatch", "UnrecognizedClientException"),
}
_SLOW = {"TooManyRequestsException", "ThrottlingException", "Throttling"}
_QUOTA = {"LimitExceededException"}


def code_of(answer: HttpAnswer) -> str:
    """The vendor's name of an error: in a header, or in the body, with or without a namespace."""
    content = answer.json()
    named = answer.headers.get("x-amzn-errortype") or str(content.get("__type") or content.get("code") or "")
    return named.partition(":")[0].rpartition("#")[2]


def refused(answer: HttpAnswer) -> ProviderError:
    """The platform's error for an answer that is not a success. Addresses are struck out of the vendor's sentence."""
    status, code, content = answer.status, code_of(answer), answer.json()
    words = without_addresses(str(content.get("message") or content.get("Message") or "")) or f"status {status}"
    named: dict[str, Any] = {"provider": VENDOR, "code": code or str(status)}
    if code in _QUOTA or code in _SLOW or status == 429:
        wait = answer.retry_after() or (QUOTA_SECONDS if code in _QUOTA else None)
        return RateLimited(f"too much mail at once: {words}", retry_after=wait, **named)
    if code in _KEYS or status in (401, 403):
        return CredentialsRejected(f"the mail service does not accept our account: {words}", **named)
    if status == 504:
        return OutcomeUnknown("the mail service did not answer in time", **named)
    if status >= 500:
        return ProviderUnavailable(f"the mail service has trouble: {words}", **named)
    if status == 404:
        return NotFoundAtProvider(words, **named)
    return ProviderRejected(words, **named)
