"""What the platform sees of the local vendor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from urllib.parse import urlsplit

from webkit.sdk import (
    Checkout,
    CheckoutRequest,
    CheckoutState,
    CheckoutStatus,
    FeatureNotSupported,
    HealthReport,
    NotFoundAtProvider,
    PaymentEvent,
    Payments,
    ProviderRejected,
    Refund,
    RefundRequest,
    RefundState,
    calls_nobody,
)
from webkit.sdk.files import writable

from . import courier, webhooks
from .ledger import Ledger, Record, Refused, Unknown
from .saved import Saved, page
from .settings import LocalPaymentsSettings


class LocalPayments(Saved):
    """Opens checkouts in the books of `ledger.py`. Its pages are served by the application itself."""

    def __init__(self, settings: LocalPaymentsSettings) -> None:
        self._ledger = Ledger(settings.place)

    def create_checkout(self, request: CheckoutRequest) -> Checkout:
        _check(request)
        order = asdict(request)
        try:
            record = self._ledger.open(order.pop("key"), {**order, "metadata": dict(request.metadata)})
        except Refused as error:
            raise ProviderRejected(str(error), provider="local") from None
        return Checkout(record.id, page(request.notify_url, record.id), datetime.fromisoformat(record.expires))

    def get_checkout(self, id: str) -> CheckoutStatus:
        try:
            record = self._ledger.get(id)
        except Unknown:
            raise NotFoundAtProvider("there is no such checkout", provider="local") from None
        if record.undelivered:
            courier.start(self._ledger, id)
        return _status(record)

    def close_checkout(self, id: str) -> CheckoutStatus:
        try:
            return _status(self._ledger.close(id))
        except Unknown:
            raise NotFoundAtProvider("there is no such checkout", provider="local") from None

    def refund(self, request: RefundRequest) -> Refund:
        try:
            repayment, record = self._ledger.refund(
                request.payment_id, request.key, request.amount_minor, request.currency
            )
        except Unknown:
            raise NotFoundAtProvider("there is no such payment", provider="local") from None
        except Refused as error:
            raise ProviderRejected(str(error), provider="local") from None
        courier.start(self._ledger, record.id)
        return Refund(repayment.id, request.payment_id, RefundState.SUCCEEDED, repayment.amount, request.currency)

    def recent_events(self, since: datetime) -> Iterator[bytes]:
        raise FeatureNotSupported("the courier repeats what was not heard; there is no list", provider="local")

    @calls_nobody
    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        webhooks.verify(self._ledger.secret(), headers, body)

    @calls_nobody
    def events(self, body: bytes) -> tuple[PaymentEvent, ...]:
        return webhooks.events(body)

    @calls_nobody
    def form_action_origins(self) -> tuple[str, ...]:
        return ()

    def health(self) -> HealthReport:
        return writable(self._ledger.folder)


def _status(record: Record) -> CheckoutStatus:
    return CheckoutStatus(
        id=record.id,
        state=CheckoutState(record.current_state),
        amount_minor=record.order["amount_minor"],
        currency=record.order["currency"],
        reference=record.order["reference"],
        payment_id=record.payment_id,
    )


def _check(request: CheckoutRequest) -> None:
    currency = request.currency
    if request.amount_minor <= 0 or not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise ProviderRejected("a checkout needs a positive amount in a currency", provider="local")
    for url in (request.success_url, request.cancel_url, request.notify_url):
        where = urlsplit(url)
        if where.scheme not in ("http", "https") or not where.hostname:
            raise ProviderRejected("a checkout needs absolute http addresses", provider="local")


_checked: type[Payments] = LocalPayments
