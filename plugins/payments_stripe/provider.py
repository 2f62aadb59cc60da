"""What the platform asks of Stripe. Each provider has its own client; nothing is kept in the SDK's module globals.

The SDK is imported with the first call: pages that call nobody do not pay for it.
"""

from __future__ import annotations

import functools
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from webkit.sdk import (
    Checkout,
    CheckoutRequest,
    CheckoutState,
    CheckoutStatus,
    CredentialsRejected,
    Health,
    HealthReport,
    NotFoundAtProvider,
    OutcomeUnknown,
    PaymentEvent,
    Payments,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    Refund,
    RefundRequest,
    RefundState,
    calls_nobody,
)

from . import webhooks
from .amounts import from_stripe, to_stripe
from .settings import StripeSettings

if TYPE_CHECKING:
    import stripe

CONNECT_SECONDS, ANSWER_SECONDS = 1.5, 3.5
"""Together what a person waits at most."""
TURNS = (0.1, 0.2, 0.4, 0.8)
PAGE, MOST_EVENTS = 100, 5_000
_SESSION = re.compile(r"cs_\w{1,120}")
_REFUNDS = {"succeeded": RefundState.SUCCEEDED, "failed": RefundState.FAILED, "canceled": RefundState.FAILED}
T = TypeVar("T")
_NEVER_LEFT = ("ConnectTimeout", "NewConnectionError", "NameResolutionError", "Max retries exceeded")


class Stripe:
    """Checkout on the platform's own account."""

    def __init__(self, settings: StripeSettings) -> None:
        self._settings = settings
        given = (settings.webhook_secret, settings.billing_webhook_secret)
        self._secrets = [secret.get_secret_value() for secret in given if secret is not None]

    @functools.cached_property
    def _client(self) -> stripe.StripeClient:
        import stripe

        return stripe.StripeClient(
            self._settings.secret_key.get_secret_value(),
            base_addresses={"api": self._settings.api_base},
            http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, ANSWER_SECONDS)),
            max_network_retries=0,  # jobs repeat, with a pause that the vendor may name; a person presses Pay again
        )

    def create_checkout(self, request: CheckoutRequest) -> Checkout:
        amount = to_stripe(request.amount_minor, request.currency)
        metadata = {**request.metadata, webhooks.REFERENCE: request.reference}
        name = request.description[:250] or request.reference
        price = {"currency": request.currency.lower(), "unit_amount": amount, "product_data": {"name": name}}
        order: Any = {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price}],
            "client_reference_id": request.reference,
            "success_url": request.success_url,
            "cancel_url": request.cancel_url,
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata, "description": name},
        }
        if request.customer_email:
            order["customer_email"] = request.customer_email
        session = _in_turn(lambda: self._client.v1.checkout.sessions.create(order, {"idempotency_key": request.key}))
        return Checkout(session.id, session.url or "", datetime.fromtimestamp(session.expires_at, UTC))

    def get_checkout(self, id: str) -> CheckoutStatus:
        if not _SESSION.fullmatch(id):
            raise NotFoundAtProvider("this is not the id of a checkout", provider="stripe")
        with _translated():
            session = self._client.v1.checkout.sessions.retrieve(id, {"expand": ["payment_intent"]})
        return _status(session)

    def close_checkout(self, id: str) -> CheckoutStatus:
        """Stripe expires only what is open: of anything else it is told how that stands."""
        before = self.get_checkout(id)
        if before.state is not CheckoutState.OPEN:
            return before
        try:
            with _translated():
                return _status(self._client.v1.checkout.sessions.expire(id, {"expand": ["payment_intent"]}))
        except ProviderRejected:
            now = self.get_checkout(id)
            if now.state is CheckoutState.OPEN:
                raise
            return now

    def refund(self, request: RefundRequest) -> Refund:
        order: Any = {
            "payment_intent": request.payment_id,
            "amount": to_stripe(request.amount_minor, request.currency),
            "metadata": {webhooks.KEY: request.key},
        }
        refund = _in_turn(lambda: self._client.v1.refunds.create(order, {"idempotency_key": request.key}))
        currency = refund.currency.upper()
        return Refund(
            id=refund.id,
            payment_id=request.payment_id,
            state=_REFUNDS.get(refund.status or "", RefundState.PENDING),
            amount_minor=from_stripe(refund.amount, currency),
            currency=currency,
        )

    def recent_events(self, since: datetime) -> Iterator[bytes]:
        """Asked newest first, as Stripe lists them, and turned round."""
        found: list[dict[str, Any]] = []
        page: dict[str, Any] = {
            "limit": PAGE,
            "types": list(webhooks.TYPES),
            "created": {"gte": int(since.timestamp())},
        }
        while len(found) < MOST_EVENTS:
            with _translated():
                answer: Any = self._client.raw_request("get", "/v1/events", **page).data
            found += answer["data"]
            if not answer["has_more"]:
                break
            page["starting_after"] = found[-1]["id"]
        return (json.dumps(event).encode() for event in reversed(found))

    @calls_nobody
    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        webhooks.verify(self._secrets, headers, body)

    @calls_nobody
    def events(self, body: bytes) -> tuple[PaymentEvent, ...]:
        return webhooks.events(body, live=self._settings.live)

    @calls_nobody
    def form_action_origins(self) -> tuple[str, ...]:
        return (self._settings.checkout_origin,)

    def health(self) -> HealthReport:
        try:
            with _translated():
                self._client.v1.balance.retrieve()
        except CredentialsRejected as error:
            return HealthReport(Health.DOWN, str(error))
        except ProviderError as error:
            return HealthReport(Health.DEGRADED if error.retryable else Health.DOWN, str(error))
        return HealthReport(Health.OK, "" if self._settings.live else "test mode: no money moves")


def _status(session: stripe.checkout.Session) -> CheckoutStatus:
    currency, intent, state = (session.currency or "").upper(), session.payment_intent, _state(session)
    return CheckoutStatus(
        id=session.id,
        state=state,
        amount_minor=from_stripe(session.amount_total or 0, currency),
        currency=currency,
        reference=session.client_reference_id or "",
        payment_id="" if state is CheckoutState.OPEN or intent is None else getattr(intent, "id", str(intent)),
    )


def _state(session: stripe.checkout.Session) -> CheckoutState:
    """A complete session is paid, or its money is on its way, or it turned back."""
    if session.status == "open":
        return CheckoutState.OPEN
    if session.status == "expired":
        return CheckoutState.EXPIRED
    if session.payment_status == "paid":
        return CheckoutState.PAID
    processing = getattr(session.payment_intent, "status", "processing") == "processing"
    return CheckoutState.PENDING if processing else CheckoutState.BOUNCED


def _in_turn(call: Callable[[], T]) -> T:
    """A call with a key. While another one with the same key runs (a second tab), wait for it to be answered."""
    for pause in TURNS:
        try:
            with _translated():
                return call()
        except ProviderUnavailable as error:
            if error.code != "idempotency_key_in_use":
                raise
        time.sleep(pause)
    with _translated():
        return call()


@contextmanager
def _translated() -> Iterator[None]:
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
        case stripe.InvalidRequestError() | stripe.CardError() | stripe.IdempotencyError():
            raise told(ProviderRejected, f"Stripe refused: {words}") from None
    raise told(ProviderUnavailable, f"{error.http_status} {words}", retry_after=_retry_after(error)) from None


def _told(kind: type[ProviderError], words: str, *, code: str, retry_after: float | None = None) -> ProviderError:
    return kind(words, provider="stripe", code=code, retry_after=retry_after)


def _retry_after(error: stripe.StripeError) -> float | None:
    value = next((value for name, value in (error.headers or {}).items() if name.lower() == "retry-after"), "")
    return float(value) if re.fullmatch(r"\d{1,6}(\.\d+)?", value) else None


_checked: type[Payments] = Stripe
