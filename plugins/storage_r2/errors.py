"""What the vendor's errors mean."""

from __future__ import annotations

from webkit.sdk import (
    CredentialsRejected,
    NoSuchObject,
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
)

VENDOR = "r2"
RANGE_BEHIND_END = "InvalidRange"
_MISSING = {"NoSuchKey", "NotFound", "404"}
_KEYS = {
    "401",
    "403",
    "AccessDenied",
    "ExpiredToken",
    "Forbidden",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "Unauthorized",
}
_SLOW = {"429", "SlowDown", "TooManyRequests", "ServiceUnavailable.SlowDown"}


def answered(code: str, status: int) -> ProviderError:
    """The platform's error for an answer; `code` is the vendor's word, or the status where the answer has no body.

    The message names neither keys nor objects.
    """
    if code == "NoSuchBucket":
        return ProviderMisconfigured("there is no such bucket", provider=VENDOR, code=code)
    if code in _MISSING:
        return NoSuchObject("nothing is stored under this key", provider=VENDOR, code=code)
    if code in _KEYS or status in (401, 403):
        return CredentialsRejected("the storage does not accept our key for this bucket", provider=VENDOR, code=code)
    if code in _SLOW or status == 429:
        return RateLimited("the storage asks us to slow down", provider=VENDOR, code=code)
    if status >= 500 or code in ("RequestTimeout", "InternalError"):
        return ProviderUnavailable(f"the storage has trouble ({code or status})", provider=VENDOR, code=code)
    return ProviderRejected(f"the storage refused ({code or status})", provider=VENDOR, code=code)
