"""Calls that wait for their turn, and Stripe's errors in the words of the contract."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from webkit.sdk import (
    CredentialsRejected,
    NotFoundAtProvider,
    OutcomeUnknown,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
)

if TYPE_CHECKING:
    import stripe

TURNS = (0.1, 0.2, 0.4, 0.8)
T = TypeVar("T")
_NEVER_LEFT = ("ConnectTimeout", "NewConnectionError", "NameResolutionError", "Max retries exceeded")


def in_turn(call: Callable[[], T]) -> T:
    """A call with a key. While another one with the same key runs (a second tab), wait for it to be answered."""
    for pause in TURNS:
        try:
            with translated():
                return call()
        except ProviderUnavailable as error:
            if error.code != "idempotency_key_in_use":
                raise
        time.sleep(pause)
    with translated():
        return call()


def answered(call: Callable[[], T]) -> T | Any:
    """The intent of a call, also of one that was declined: that is an outcome, which Stripe answers as an error."""
    import stripe

    try:
        return call()
    except stripe.CardError as error:
        intent = getattr(error.error, "payment_intent", None)
        if intent is None:
            raise
        return intent


@contextmanager
def translated() -> Iterator[None]:
    """Stripe's errors in the words of the contract."""
    import stripe

    try:
        yield
    except stripe.StripeError as error:
        _raise(error)


def _raise(error: stripe.StripeError) -> NoReturn:
    """Stripe's own message may repeat what somebody typed, so only its code, the parameter and the request are told."""
    import stripe

    inner = error.error
    code = error.code or (inner and (inner.code or inner.type)) or ""
    words = " ".join(filter(None, (type(error).__name__, code, getattr(error, "param", ""), error.request_id)))
    told = functools.partial(_told, code=code)
    match error:
        case stripe.APIConnectionError():
            never = any(sign in f"{error.__context__!r} {error.user_message}" for sign in _NEVER_LEFT)
            raise told(
                ProviderUnavailable if never else OutcomeUnknown, f"no answer: {type(error.__context__).__name__}"
            ) from None
        case stripe.RateLimitError():
            raise told(RateLimited, words, retry_after=_retry_after(error)) from None
        case stripe.AuthenticationError() | stripe.PermissionError():
            raise told(CredentialsRejected, f"Stripe does not accept our key: {words}") from None
        case stripe.InvalidRequestError() if error.http_status == 404 or code == "resource_missing":
            raise told(NotFoundAtProvider, words) from None
        case stripe.oauth_error.OAuthError():
            raise told(ProviderRejected, f"Stripe refused: {words}") from None
        case stripe.InvalidRequestError() | stripe.CardError() | stripe.IdempotencyError():
            raise told(ProviderRejected, f"Stripe refused: {words}") from None
    match error.http_status:  # said without Stripe's words: by somebody on the way
        case 401 | 403:
            raise told(CredentialsRejected, f"Stripe does not accept our key: {words}") from None
        case 429:
            raise told(RateLimited, words, retry_after=_retry_after(error)) from None
    raise told(ProviderUnavailable, f"{error.http_status} {words}", retry_after=_retry_after(error)) from None


def _told(kind: type[ProviderError], words: str, *, code: str, retry_after: float | None = None) -> ProviderError:
    return kind(words, provider="stripe", code=code, retry_after=retry_after)


def _retry_after(error: stripe.StripeError) -> float | None:
    headers: Any = error.headers or error.json_body or {}  # where the library keeps those of answers it cannot read
    value = next((str(value) for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(value) if re.fullmatch(r"\d{1,6}(\.\d+)?", value) else None
