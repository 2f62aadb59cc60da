"""Subscriptions to the platform, on its own account: Stripe keeps them and asks for the money."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from webkit.sdk import (
    Checkout,
    Interval,
    NotFoundAtProvider,
    PaymentEventKind,
    PlanPrice,
    ProviderMisconfigured,
    SubscriberRequest,
    SubscriptionRequest,
    SubscriptionState,
    SubscriptionStatus,
)

from .amounts import from_stripe, to_stripe
from .errors import in_turn, translated
from .settings import StripeSettings

REFERENCE, PLAN, INTERVAL = "webkit_reference", "webkit_plan", "webkit_interval"
MOST = 20
_CUSTOMER = re.compile(r"cus_\w{1,120}")
_STATES = {
    "incomplete": SubscriptionState.INCOMPLETE,
    "trialing": SubscriptionState.TRIALING,
    "active": SubscriptionState.ACTIVE,
    "past_due": SubscriptionState.PAST_DUE,
    "unpaid": SubscriptionState.UNPAID,
    "paused": SubscriptionState.UNPAID,
}
_OWED = ("past_due", "unpaid")
_WRITTEN_OUT = ["schedule", "latest_invoice"]


class Sells:
    """What the provider sells for the platform. None of it happens on an account that others own."""

    _settings: StripeSettings

    if TYPE_CHECKING:

        @property
        def _client(self) -> Any: ...

    def open_subscriber(self, request: SubscriberRequest) -> str:
        order = {"name": request.name[:256], "email": request.email, "metadata": {REFERENCE: request.reference}}
        made = in_turn(lambda: self._client.v1.customers.create(order, _key(request.key)))
        return str(made.id)

    def subscribe(self, request: SubscriptionRequest) -> Checkout:
        metadata = {REFERENCE: request.reference}
        lasting: dict[str, Any] = {"metadata": metadata}
        if request.free_until is not None:
            lasting["trial_end"] = int(request.free_until.timestamp())
        order = {
            "mode": "subscription",
            "customer": request.customer_id,
            "client_reference_id": request.reference,
            "line_items": [{"price": self._price(request.price), "quantity": 1}],
            "success_url": request.success_url,
            "cancel_url": request.cancel_url,
            "allow_promotion_codes": True,
            "metadata": metadata,
            "subscription_data": lasting,
        }
        session = in_turn(lambda: self._client.v1.checkout.sessions.create(order, _key(request.key)))
        return Checkout(session.id, session.url or "", _moment(session.expires_at))

    def subscriptions(self, customer_id: str) -> tuple[SubscriptionStatus, ...]:
        if not _CUSTOMER.fullmatch(customer_id):
            raise NotFoundAtProvider("this is not the id of a customer", provider="stripe")
        asked = {"customer": customer_id, "status": "all", "limit": MOST}
        with translated():
            found = self._client.v1.subscriptions.list(
                {**asked, "expand": [f"data.{name}" for name in _WRITTEN_OUT]}
            ).data
        return tuple(self._status(each) for each in sorted(found, key=lambda each: each.created, reverse=True))

    def change_now(self, id: str, price: PlanPrice, *, at: datetime, key: str) -> None:
        wanted, held = self._price(price), self._held(id)
        self._release(held, key)
        order = {
            "items": [{"id": _item(held).id, "price": wanted}],
            "cancel_at_period_end": False,
            "proration_behavior": "always_invoice",
            "proration_date": int(at.timestamp()),
            "payment_behavior": "error_if_incomplete",
        }
        in_turn(lambda: self._client.v1.subscriptions.update(id, order, _key(key)))

    def change_at_end(self, id: str, price: PlanPrice, *, key: str) -> None:
        """By a schedule of two phases: as it is until the period ends, then one period of the new plan, then freely."""
        wanted, held = self._price(price), self._held(id)
        if held.cancel_at_period_end:
            self._set_end(id, ends=False, key=f"{key}:stay")
        plan = held.schedule
        if plan is None:
            begun = {"from_subscription": id}
            plan = in_turn(lambda: self._client.v1.subscription_schedules.create(begun, _key(f"{key}:plan")))
        now = plan.phases[0]
        phases = [
            {
                "items": [{"price": _item(held).price.id, "quantity": 1}],
                "start_date": now.start_date,
                "end_date": _item(held).current_period_end,
            },
            {
                "items": [{"price": wanted, "quantity": 1}],
                "duration": {"interval": price.interval.value, "interval_count": 1},
                "metadata": {PLAN: price.plan, INTERVAL: price.interval.value},
            },
        ]
        order = {"phases": phases, "end_behavior": "release", "proration_behavior": "none"}
        in_turn(lambda: self._client.v1.subscription_schedules.update(plan.id, order, _key(key)))

    def end_at_period_end(self, id: str, *, key: str) -> None:
        self._release(self._held(id), key)
        self._set_end(id, ends=True, key=key)

    def go_on(self, id: str, *, key: str) -> None:
        held = self._held(id)
        self._release(held, key)
        if held.cancel_at_period_end:
            self._set_end(id, ends=False, key=key)

    def portal_url(self, customer_id: str, *, return_url: str) -> str:
        order = {"customer": customer_id, "return_url": return_url}
        with translated():
            return str(self._client.v1.billing_portal.sessions.create(order).url)

    # --- how it is written there -----------------------------------------------------------------------------------

    def _held(self, id: str) -> Any:
        with translated():
            return self._client.v1.subscriptions.retrieve(id, {"expand": _WRITTEN_OUT})

    def _release(self, held: Any, key: str) -> None:
        """Forget what is planned: Stripe changes nothing that a schedule looks after."""
        if held.schedule is not None:
            in_turn(lambda: self._client.v1.subscription_schedules.release(held.schedule.id, None, _key(f"{key}:free")))

    def _set_end(self, id: str, *, ends: bool, key: str) -> None:
        in_turn(lambda: self._client.v1.subscriptions.update(id, {"cancel_at_period_end": ends}, _key(key)))

    def _price(self, price: PlanPrice) -> str:
        """The vendor's id of a price: the one that is configured, else one of ours, made with its first use."""
        amount, currency = to_stripe(price.amount_minor, price.currency), price.currency.lower()
        if known := self._settings.price_id(price.plan, price.interval.value):
            with translated():
                found = self._client.v1.prices.retrieve(known)
            if (found.unit_amount, found.currency, found.recurring.interval) != (amount, currency, price.interval):
                text = f"the price {known} in Stripe is not the one of {price.plan}: set WEBKIT_TIER_PRICES to the same"
                raise ProviderMisconfigured(text, provider="stripe")
            return known
        name = f"webkit_{price.plan}_{price.interval}_{currency}_{amount}"
        with translated():
            listed = self._client.v1.prices.list({"lookup_keys": [name], "active": True, "limit": 1}).data
        if listed:
            return str(listed[0].id)
        order = {
            "currency": currency,
            "unit_amount": amount,
            "recurring": {"interval": price.interval.value},
            "product_data": {"name": price.name or price.plan},
            "lookup_key": name,
            "metadata": {PLAN: price.plan},
        }
        return str(in_turn(lambda: self._client.v1.prices.create(order, _key(name))).id)

    def _status(self, found: Any) -> SubscriptionStatus:
        item = _item(found)
        price, currency = item.price, item.price.currency.upper()
        next_plan, next_interval = _next(found)
        invoice = getattr(found, "latest_invoice", None)
        return SubscriptionStatus(
            id=found.id,
            customer_id=str(found.customer),
            state=_STATES.get(found.status, SubscriptionState.ENDED),
            plan=self._settings.plan_of(price.id) or _said(price, PLAN),
            interval=Interval(price.recurring.interval)
            if price.recurring.interval in list(Interval)
            else Interval.MONTH,
            amount_minor=from_stripe(price.unit_amount or 0, currency),
            currency=currency,
            period_start=_moment(item.current_period_start),
            period_end=_moment(item.current_period_end),
            created_at=_moment(found.created),
            ends=bool(found.cancel_at_period_end or getattr(found, "cancel_at", None)),
            next_plan=next_plan,
            next_interval=next_interval,
            unpaid_since=_moment(invoice.created) if found.status in _OWED and invoice is not None else None,
        )


def read(subject: Mapping[str, Any]) -> Iterator[tuple[PaymentEventKind, Mapping[str, Any]]]:
    """An event about a subscription to the platform, or an invoice for one; all it says is that there is news."""
    parent = (subject.get("parent") or {}).get("subscription_details") or subject.get("subscription_details") or {}
    metadata = {**(parent.get("metadata") or {}), **(subject.get("metadata") or {})}
    if REFERENCE in metadata:
        yield PaymentEventKind.SUBSCRIPTION, {"object": subject.get("object"), "metadata": metadata}


READ = (
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_action_required",
)
"""What the platform's endpoint should subscribe to besides. It is not in the list that is pulled: asking for the
subscription itself repairs more."""


def _item(found: Any) -> Any:
    """The one thing that is subscribed to."""
    return found["items"].data[0]


def _next(found: Any) -> tuple[str, Interval | None]:
    """What a schedule makes of it after the period that is paid."""
    schedule = getattr(found, "schedule", None)
    if schedule is None or found.status == "canceled":
        return "", None
    end = _item(found).current_period_end
    phase = next((each for each in schedule.phases if each.start_date >= end), None)
    interval = _said(phase, INTERVAL)
    return _said(phase, PLAN), Interval(interval) if interval in list(Interval) else None


def _said(thing: Any, name: str) -> str:
    """What the metadata of something say; "" where there is nothing."""
    return str(getattr(getattr(thing, "metadata", None), name, None) or "")


def _key(key: str) -> dict[str, str]:
    return {"idempotency_key": key}


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
