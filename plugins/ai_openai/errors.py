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

_SAID = 200
_BY_CODE: Mapping[str, type[ProviderError]] = {
    "insufficient_quota": CredentialsRejected,  # nothing is left on the account: waiting does not help
    "billing_hard_limit_reached": CredentialsRejected,
    "invalid_api_key": CredentialsRejected,
    "model_not_found": NotFoundAtProvider,
    "context_length_exceeded": ProviderRejected,
    "rate_limit_exceeded": RateLimited,
    "server_error": ProviderUnavailable,
}
_BY_STATUS: Mapping[int, type[ProviderError]] = {
    401: CredentialsRejected,
    402: CredentialsRejected,
    403: CredentialsRejected,
    404: NotFoundAtProvider,
    408: TimedOut,
    409: ProviderUnavailable,
    429: RateLimited,
    503: Overloaded,
    504: TimedOut,
}


class Words:
    """The errors of one provider."""

    def __init__(self, name: str) -> None:
        self.name = name

    def answered(self, status: int, code: str, said: str, request_id: str, retry_after: str) -> ProviderError:
        """The error for an answer that is one."""
        usual = _BY_STATUS.get(status, ProviderUnavailable if status >= 500 else ProviderRejected)
        found = _BY_CODE.get(code, usual)
        word = code or f"http_{status}"
        text = f"{status} {word}: {said[:_SAID]} ({request_id or 'no request id'})"
        return found(text, provider=self.name, code=word, retry_after=seconds(retry_after))

    def midway(self, code: str) -> ProviderError:
        """The error that a stream ended with."""
        found = _BY_CODE.get(code, ProviderUnavailable)
        return found(f"{code or 'an error'} in the middle of the answer", provider=self.name, code=code or "error")

    def garbage(self) -> ProviderError:
        """What came is nothing the vendor would say: a gateway's page, a wrong address."""
        text = "what answered does not speak as the API does"
        return ProviderUnavailable(text, provider=self.name, code="garbage")


def seconds(retry_after: str) -> float | None:
    """The header, where it holds a number."""
    try:
        given = float(retry_after)
    except ValueError:
        return None
    return given if math.isfinite(given) and given >= 0 else None
