"""Checkouts at the vendor, how they stand, and money given back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

from webkit.sdk import (
    Checkout,
    CheckoutRequest,
    CheckoutState,
    CheckoutStatus,
    FeatureNotSupported,
    HealthReport,
    OutcomeUnknown,
    PaymentEvent,
    Payments,
    ProviderRejected,
    Refund,
    RefundRequest,
    RefundState,
)

from . import webhooks
from .api import NAME, Api
from .settings import AcmeMailSettings

R = TypeVar("R")


class AcmeMail:
    """Every call that moves money carries its key: repeated, it does nothing twice."""

    def __init__(self, settings: AcmeMailSettings) -> None:
        self._api = Api(settings)
        self._secret = settings.webhook_secret.get_secret_value()

    def create_checkout(self, request: CheckoutRequest) -> Checkout:
        if request.amount_minor <= 0:
            raise ProviderRejected("an amount is more than nothing", provider=NAME)
        answer = self._api.json("POST", "/checkouts", _content(request), key=request.key)
        return _read(lambda: Checkout(answer["id"], answer["url"], _moment(answer["expires_at"])))

    def get_checkout(self, id: str) -> CheckoutStatus:
        answer = self._api.json("GET", f"/checkouts/{quote(id, safe='') or '-'}")
        return _read(
            lambda: CheckoutStatus(
                id=answer["id"],
                state=CheckoutState(answer["state"]),
                amount_minor=answer["amount"],
                currency=answer["currency"],
                reference=answer["reference"],
                payment_id=answer["payment_id"] or "",
            )
        )

    def refund(self, request: RefundRequest) -> Refund:
        if request.amount_minor <= 0:
            raise ProviderRejected("an amount is more than nothing", provider=NAME)
        content = {"payment": request.payment_id, "amount": request.amount_minor, "currency": request.currency}
        answer = self._api.json("POST", "/refunds", content, key=request.key)
        return _read(
            lambda: Refund(
                id=answer["id"],
                payment_id=answer["payment"],
                state=RefundState(answer["state"]),
                amount_minor=answer["amount"],
                currency=answer["currency"],
            )
        )

    def recent_events(self, since: datetime) -> Iterator[bytes]:
        raise FeatureNotSupported("Acme mail lists no events", provider=NAME)

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        webhooks.verify(self._secret, headers, body, datetime.now(UTC))

    def events(self, body: bytes) -> tuple[PaymentEvent, ...]:
        return webhooks.events(body)

    def form_action_origins(self) -> tuple[str, ...]:
        return ("https://pay.acme.example",)

    def health(self) -> HealthReport:
        return self._api.health()


def _content(request: CheckoutRequest) -> dict[str, Any]:
    return {
        "amount": request.amount_minor,
        "currency": request.currency,
        "reference": request.reference,
        "description": request.description,
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "notify_url": request.notify_url,
        "email": request.customer_email,
        "metadata": dict(request.metadata),
    }


def _read(make: Callable[[], R]) -> R:
    try:
        return make()
    except (KeyError, TypeError, ValueError):
        raise OutcomeUnknown("the answer is not one that Acme mail describes", provider=NAME) from None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


_checked: type[Payments] = AcmeMail  # the type checker compares the signatures
