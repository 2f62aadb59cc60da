"""Everything a provider may raise. The kind says whether trying again can help."""

from __future__ import annotations


class ProviderError(Exception):
    """Base of all. The message is for operators and logs: it holds no secret and no personal data.

    `retryable` decides whether a job tries again, `retry_after` (seconds) when, if the vendor said so; `code` is the
    vendor's own, for support.
    """

    retryable = False

    def __init__(self, message: str, *, provider: str = "", code: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.provider, self.code, self.retry_after = provider, code, retry_after


class ProviderUnavailable(ProviderError):
    """Nothing happened at the vendor: no connection, an overload, a 5xx. Later may work."""

    retryable = True


class RateLimited(ProviderUnavailable):
    """Too many calls; `retry_after` says when the vendor listens again."""


class Overloaded(ProviderUnavailable):
    """The vendor is there, but has no room for anybody at the moment."""


class OutcomeUnknown(ProviderError):
    """The connection died after the request left: the vendor may have done it. Repeat only a call that has a key."""

    retryable = True


class TimedOut(OutcomeUnknown):
    """The vendor took the request and said nothing for as long as we wait."""


class BrokenOff(OutcomeUnknown):
    """An answer was coming in and stopped before its end."""


class ProviderRejected(ProviderError):
    """The vendor understood and said no: the same request will never work."""


class NotFoundAtProvider(ProviderRejected):
    """The vendor has nothing under this id or key."""


class CredentialsRejected(ProviderError):
    """The vendor does not accept our key: an operator must act before anything works again."""


class FeatureNotSupported(ProviderRejected):
    """The caller asked for something the chosen provider does not declare; it is refused, never ignored."""


class ProviderMisconfigured(ProviderError):
    """Unknown name, wrong or missing settings, wrong API version, missing package."""


class SignatureInvalid(ProviderError):
    """A webhook did not come from the vendor, was changed on the way, or is too old."""
