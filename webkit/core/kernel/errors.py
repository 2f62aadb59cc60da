"""What can go wrong in a way a person can mend; messages are whole sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping


class DomainError(Exception):
    """The request was understood and cannot be done. `field` names the input that has to change, if one has."""

    code = 422

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message, self.field = message, field


class Invalid(DomainError):
    """Several inputs are wrong: field name → sentence."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = dict(errors)


class Forbidden(DomainError):
    code = 403


class SecondMissing(Forbidden):
    """The agency demands a second factor, and somebody has none yet."""


class NotFound(DomainError):
    """Not there, or not there for you: both look the same from outside."""

    code = 404


class Conflict(DomainError):
    """Somebody was faster, or the document has moved on."""

    code = 409


class Gone(DomainError):
    """It was there: an expired or revoked link."""

    code = 410


class TooMany(DomainError):
    """Slow down; `retry_after` in seconds, `limit` how many tries there are."""

    code = 429

    def __init__(self, message: str, retry_after: int, limit: int = 0) -> None:
        super().__init__(message)
        self.retry_after, self.limit = retry_after, limit

    def headers(self) -> dict[str, str]:
        """What a caller is told about when to come back."""
        told = {"Retry-After": str(self.retry_after)}
        if self.limit:
            told |= {"RateLimit-Limit": str(self.limit), "RateLimit-Remaining": "0"}
            told["RateLimit-Reset"] = str(self.retry_after)
        return told
