"""What the vendor's errors mean for us. Messages hold the vendor's words about the request, never the request."""

from __future__ import annotations

import math
from collections.abc import Mapping

from webkit.sdk import (
    CredentialsRejected,
    NotFoundAtProvider,
    Overloaded,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    TimedOut,
)

NAME = "claude"
_SAID = 200
_BY_TYPE: Mapping[str, type[ProviderError]] = {
    "invalid_request_error": ProviderRejected,
    "authentication_error": CredentialsRejected,
    "billing_error": CredentialsRejected,
    "permission_error": CredentialsRejected,
    "not_found_error": NotFoundAtProvider,
    "request_too_large": ProviderRejected,
    "rate_limit_error": RateLimited,
    "timeout_error": TimedOut,
    "overloaded_error": Overloaded,
    "api_error": ProviderUnavailable,
}
_BY_STATUS: Mapping[int, type[ProviderError]] = {
    401: CredentialsRejected,
    402: CredentialsRejected,
    403: CredentialsRejected,
    404: NotFoundAtProvider,
    408: TimedOut,
    409: ProviderUnavailable,
    429: RateLimited,
    504: TimedOut,
    529: Overloaded,
}
# The vendor answers these two with its general error; only its words tell them apart.
_BY_WORDS: tuple[tuple[str, type[ProviderError], str], ...] = (
    ("credit balance is too low", CredentialsRejected, "billing_error"),
    ("prompt is too long", ProviderRejected, "prompt_too_long"),
)


def answered(status: int, kind: str, said: str, request_id: str, retry_after: str) -> ProviderError:
    """The error for an answer that is one."""
    found = _BY_STATUS.get(status, ProviderUnavailable if status >= 500 else ProviderRejected)
    code = kind or f"http_{status}"
    for words, meant, name in _BY_WORDS if status == 400 else ():
        if words in said.lower():
            found, code = meant, name
    text = f"{status} {code}: {said[:_SAID]} ({request_id or 'no request id'})"
    return found(text, provider=NAME, code=code, retry_after=seconds(retry_after))


def midway(kind: str) -> ProviderError:
    """The error that a stream ended with."""
    found = _BY_TYPE.get(kind, ProviderUnavailable)
    return found(f"{kind} in the middle of the answer", provider=NAME, code=kind)


def garbage() -> ProviderError:
    """What came is nothing the vendor would say: a gateway's page, a wrong address."""
    return ProviderUnavailable("what answered does not speak as the API does", provider=NAME, code="garbage")


def seconds(retry_after: str) -> float | None:
    """The header, where it holds a number."""
    try:
        given = float(retry_after)
    except ValueError:
        return None
    return max(given, 0.0) if math.isfinite(given) else None
