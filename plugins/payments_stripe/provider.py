"""What the platform asks of Stripe. Each provider has its own client; nothing is kept in the SDK's module globals.

The SDK is imported with the first call: pages that call nobody do not pay for it.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from webkit.sdk import (
    Checkout,
    CheckoutRequest,
    CheckoutState,
    CheckoutStatus,
    Health,
    HealthReport,
    NotFoundAtProvider,
    PaymentEvent,
    Payments,
    ProviderError,
    ProviderRejected,
    RateLimited,
    Refund,
    RefundRequest,
    RefundState,
    calls_nobody,
)

from . import webhooks
from .amounts import from_stripe, share_to_stripe, to_stripe
from .billing import Sells
from .connect import Connect
from .errors import in_turn, translated
from .payouts import PaidOut
from .retained import Retained
from .saved import Saved
from .settings import StripeSettings

if TYPE_CHECKING:
    import stripe

CONNECT_SECONDS, ANSWER_SECONDS, HEALTH_SECONDS = 1.5, 3.5, 0.8
"""Together what a person waits at most."""
CONFIRM_ORIGIN = "https://hooks.stripe.com"
"""Where a payer's bank is asked."""
PAGE, MOST_EVENTS, MOST_TYPES = 100, 5_000, 20
_SESSION = re.compile(r"cs_\w{1,120}")
_REFUNDS = {"succeeded": RefundState.SUCCEEDED, "failed": RefundState.FAILED, "canceled": RefundState.FAILED}


class Stripe(Connect, PaidOut, Retained, Saved, Sells):
    """Checkout on the platform's own account, or on a connected one (`account`) with the platform's key."""

    def __init__(self, settings: StripeSettings, account: str = "") -> None:
        self._settings, self._account = settings, account
        given = (settings.webhook_secret, settings.billing_webhook_secret, settings.connect_webhook_secret)
        self._secrets = [secret.get_secret_value() for secret in given if secret is not None]

    @functools.cached_property
    def _client(self) -> stripe.StripeClient:
        return self._connect(CONNECT_SECONDS, ANSWER_SECONDS)

    @functools.cached_property
    def _quick_client(self) -> stripe.StripeClient:
        return self._connect(HEALTH_SECONDS, HEALTH_SECONDS)

    def _connect(self, connect: float, answer: float) -> stripe.StripeClient:
        import stripe

        from .wire import Line

        return stripe.StripeClient(
            self._settings.secret_key.get_secret_value(),
            base_addresses={"api": self._settings.api_base, "connect": self._settings.connect_base},
            client_id=self._settings.connect_client_id or None,
            http_client=Line(timeout=(connect, answer)),
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
        if request.payer_id:
            order["customer"] = request.payer_id
            order["payment_intent_data"]["setup_future_usage"] = "off_session"
        elif request.customer_email:
            order["customer_email"] = request.customer_email
        if self._account and (share := self._share(request)):
            order["payment_intent_data"]["application_fee_amount"] = share
        session = in_turn(lambda: self._client.v1.checkout.sessions.create(order, self._options(request.key)))
        return Checkout(session.id, session.url or "", datetime.fromtimestamp(session.expires_at, UTC))

    def get_checkout(self, id: str) -> CheckoutStatus:
        if not _SESSION.fullmatch(id):
            raise NotFoundAtProvider("this is not the id of a checkout", provider="stripe")
        with translated():
            asked: Any = {"expand": ["payment_intent"]}
            return _status(self._client.v1.checkout.sessions.retrieve(id, asked, self._options()))

    def close_checkout(self, id: str) -> CheckoutStatus:
        """Stripe expires only what is open: of anything else it is told how that stands."""
        before = self.get_checkout(id)
        if before.state is not CheckoutState.OPEN:
            return before
        try:
            with translated():
                asked: Any = {"expand": ["payment_intent"]}
                return _status(self._client.v1.checkout.sessions.expire(id, asked, self._options()))
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
        if self._account and self._kept_a_fee(request.payment_id):
            order["refund_application_fee"] = True  # as much of it as of the payment
        refund = in_turn(lambda: self._client.v1.refunds.create(order, self._options(request.key)))
        currency = refund.currency.upper()
        return Refund(
            id=refund.id,
            payment_id=request.payment_id,
            state=_REFUNDS.get(refund.status or "", RefundState.PENDING),
            amount_minor=from_stripe(refund.amount, currency),
            currency=currency,
        )

    def _share(self, request: CheckoutRequest) -> int:
        return share_to_stripe(self._settings.fee(request.amount_minor, request.currency), request.currency)

    def _kept_a_fee(self, payment_id: str) -> bool:
        with translated():
            return bool(
                self._client.v1.payment_intents.retrieve(payment_id, None, self._options()).application_fee_amount
            )

    def recent_events(self, since: datetime) -> Iterator[bytes]:
        """Asked newest first, as Stripe lists them, and turned round; so many types at a time as it takes."""
        found: list[dict[str, Any]] = []
        for start in range(0, len(webhooks.TYPES), MOST_TYPES):
            found += self._listed(webhooks.TYPES[start : start + MOST_TYPES], since)
        whose = {"account": self._account} if self._account else {}
        found.sort(key=lambda event: int(event["created"]))
        return (json.dumps({**event, **whose}).encode() for event in found)

    def _listed(self, types: Sequence[str], since: datetime) -> list[dict[str, Any]]:
        """Events of these types, oldest first."""
        found: list[dict[str, Any]] = []
        page: dict[str, Any] = {"limit": PAGE, "types": list(types), "created": {"gte": int(since.timestamp())}}
        while len(found) < MOST_EVENTS:
            with translated():
                answer: Any = self._client.raw_request("get", "/v1/events", **page, **self._options()).data
            found += answer["data"]
            if not answer["has_more"]:
                break
            page["starting_after"] = found[-1]["id"]
        return found[::-1]

    @calls_nobody
    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        webhooks.verify(self._secrets, headers, body)

    @calls_nobody
    def events(self, body: bytes) -> tuple[PaymentEvent, ...]:
        return webhooks.events(body, live=self._settings.live, connect=self._settings.connect)

    @calls_nobody
    def form_action_origins(self) -> tuple[str, ...]:
        connect = (self._settings.connect_base,) if self._settings.connect else ()
        return (self._settings.checkout_origin, CONFIRM_ORIGIN, self._settings.portal_origin, *connect)

    def health(self) -> HealthReport:
        try:
            with translated():
                self._quick_client.v1.balance.retrieve(None, self._options())
        except ProviderError as error:
            busy = isinstance(error, RateLimited)
            return HealthReport(Health.DEGRADED if busy else Health.DOWN, str(error))
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


_checked: type[Payments] = Stripe
