"""Retainers: subscriptions that clients of an agency hold on the account the agency is paid through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from webkit.sdk import (
    BillState,
    Checkout,
    NotFoundAtProvider,
    PaymentEventKind,
    ProviderRejected,
    RetainerBill,
    RetainerRequest,
    RetainerState,
    RetainerStatus,
)

from .amounts import from_stripe, to_stripe
from .errors import in_turn, translated
from .settings import StripeSettings

MARK = "webkit_retainer"
"""Marks a subscription and its bills with our reference; those of the platform have another mark."""
PAGE, MOST = 100, 2_000
_CUSTOMER, _SUBSCRIPTION = re.compile(r"cus_\w{1,120}"), re.compile(r"sub_\w{1,120}")
_STATES = {
    "incomplete": RetainerState.INCOMPLETE,
    "trialing": RetainerState.ACTIVE,
    "active": RetainerState.ACTIVE,
    "past_due": RetainerState.PAST_DUE,
    "unpaid": RetainerState.PAST_DUE,
    "paused": RetainerState.PAUSED,
}
_BILLS = {"draft": BillState.DRAFT, "open": BillState.OPEN, "paid": BillState.PAID}


class Retained:
    """What the provider does for agencies that are paid again and again."""

    _settings: StripeSettings
    _account: str

    if TYPE_CHECKING:

        @property
        def _client(self) -> Any: ...

        def _options(self, key: str = "") -> Any: ...

    def begin_retainer(self, request: RetainerRequest) -> Checkout:
        metadata = {**request.metadata, MARK: request.reference}
        price = {
            "currency": request.currency.lower(),
            "unit_amount": to_stripe(request.amount_minor, request.currency),
            "recurring": {"interval": request.interval.value},
            "product_data": {"name": request.description[:250] or request.reference},
        }
        lasting: dict[str, Any] = {"metadata": metadata}
        if request.start is not None:
            lasting["trial_end"] = int(request.start.timestamp())
        if self._account and self._settings.fee_percent:
            lasting["application_fee_percent"] = str(round(self._settings.fee_percent, 2))
        order = {
            "mode": "subscription",
            "customer": request.payer_id,
            "client_reference_id": request.reference,
            "line_items": [{"price_data": price, "quantity": 1}],
            "success_url": request.success_url,
            "cancel_url": request.cancel_url,
            "metadata": metadata,
            "subscription_data": lasting,
        }
        session = in_turn(lambda: self._client.v1.checkout.sessions.create(order, self._options(request.key)))
        return Checkout(session.id, session.url or "", _moment(session.expires_at))

    def retainers(self, payer_id: str, reference: str) -> tuple[RetainerStatus, ...]:
        if not _CUSTOMER.fullmatch(payer_id):
            raise NotFoundAtProvider("this is not the id of a customer", provider="stripe")
        rows = self._all(self._client.v1.subscriptions, {"customer": payer_id, "status": "all"})
        ours = [row for row in rows if str(getattr(row.metadata, MARK, "")) == reference]
        return tuple(_status(row) for row in sorted(ours, key=lambda row: row.created, reverse=True))

    def retainer_bills(self, id: str) -> tuple[RetainerBill, ...]:
        if not _SUBSCRIPTION.fullmatch(id):
            raise NotFoundAtProvider("this is not the id of a subscription", provider="stripe")
        rows = self._all(self._client.v1.invoices, {"subscription": id, "expand": ["data.payments"]})
        return tuple(_bill(row) for row in sorted(rows, key=lambda row: row.created))

    def _all(self, asked: Any, filters: dict[str, Any]) -> list[Any]:
        found: list[Any] = []
        page = {**filters, "limit": PAGE}
        while len(found) < MOST:
            with translated():
                answer = asked.list(page, self._options())
            found += answer.data
            if not answer.has_more:
                break
            page["starting_after"] = found[-1].id
        return found

    def pause_retainer(self, id: str, *, key: str) -> None:
        self._change(id, {"pause_collection": {"behavior": "void"}}, key)

    def resume_retainer(self, id: str, *, key: str) -> None:
        self._change(id, {"pause_collection": "", "cancel_at_period_end": False}, key)

    def end_retainer(self, id: str, *, now: bool, key: str) -> None:
        if not now:
            self._change(id, {"cancel_at_period_end": True}, key)
            return
        try:
            in_turn(lambda: self._client.v1.subscriptions.cancel(id, None, self._options(key)))
        except (NotFoundAtProvider, ProviderRejected):
            with translated():
                left = self._client.v1.subscriptions.retrieve(id, None, self._options())
            if _STATES.get(left.status) is not None:
                raise

    def _change(self, id: str, order: dict[str, Any], key: str) -> None:
        in_turn(lambda: self._client.v1.subscriptions.update(id, order, self._options(key)))

    def void_bill(self, id: str, *, key: str) -> None:
        in_turn(lambda: self._client.v1.invoices.void_invoice(id, None, self._options(key)))


def read(subject: Mapping[str, Any]) -> Iterator[tuple[PaymentEventKind, Mapping[str, Any]]]:
    """An event about a retainer, its page or a bill for it; all it says is that there is news."""
    parent = (subject.get("parent") or {}).get("subscription_details") or {}
    metadata = {**(parent.get("metadata") or {}), **(subject.get("metadata") or {})}
    if reference := str(metadata.get(MARK) or ""):
        yield PaymentEventKind.RETAINER, {"client_reference_id": reference}


READ = (
    "invoice.finalized",
    "invoice.voided",
    "invoice.marked_uncollectible",
)
"""What the endpoint should subscribe to besides what subscriptions to the platform need."""


def _status(found: Any) -> RetainerStatus:
    state = _STATES.get(found.status, RetainerState.ENDED)
    if getattr(found, "pause_collection", None) and state is RetainerState.ACTIVE:
        state = RetainerState.PAUSED
    return RetainerStatus(
        id=found.id,
        state=state,
        period_end=_moment(found["items"].data[0].current_period_end),
        created_at=_moment(found.created),
        ends=bool(found.cancel_at_period_end or getattr(found, "cancel_at", None)),
    )


def _bill(found: Any) -> RetainerBill:
    currency = found.currency.upper()
    payments = getattr(getattr(found, "payments", None), "data", None) or []
    intents = [
        str(getattr(each.payment, "payment_intent", None) or "") for each in payments if each.status != "canceled"
    ]
    following = getattr(found, "next_payment_attempt", None)
    return RetainerBill(
        id=found.id,
        state=_BILLS.get(found.status or "", BillState.VOID),
        amount_minor=from_stripe(found.amount_due, currency),
        currency=currency,
        at=_moment(found.created),
        payment_id=next((each for each in intents if each), ""),
        tries=int(getattr(found, "attempt_count", 0) or 0),
        next_try=_moment(following) if following else None,
        pay_url=_address(getattr(found, "hosted_invoice_url", None) or ""),
    )


def _address(text: str) -> str:
    """A page at the vendor that payers are sent to; nothing else is."""
    return text if text.startswith(("https://", "http://127.0.0.1:")) and len(text) <= 2_000 else ""


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
