"""Subscriptions to the platform itself, which an agency holds on the platform's own account with the vendor.

A plan is a name of ours with a price a month or a year. The vendor keeps the method, asks for the money and tells what
became of it; what it says when it is asked is the truth, an event only says that there is something to ask.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from .payments import Checkout


class Interval(enum.StrEnum):
    """How often a subscription is paid."""

    MONTH = "month"
    YEAR = "year"


class SubscriptionState(enum.StrEnum):
    """How a subscription stands."""

    INCOMPLETE = "incomplete"  # the first payment has not come
    TRIALING = "trialing"  # nothing was paid yet, and nothing has to be
    ACTIVE = "active"
    PAST_DUE = "past_due"  # a payment failed, and is tried again
    UNPAID = "unpaid"  # it failed, and is not tried any more
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class PlanPrice:
    """What a plan costs. `name` is what the payer reads."""

    plan: str
    interval: Interval
    amount_minor: int
    currency: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class SubscriberRequest:
    """Who subscribes. `reference` is ours and comes back in every event; `key` makes a repeated call harmless."""

    key: str
    reference: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class SubscriptionRequest:
    """What is subscribed to. Until `free_until` nothing is to be paid, where vendors can wait so long."""

    key: str
    customer_id: str
    reference: str
    price: PlanPrice
    success_url: str
    cancel_url: str
    free_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionStatus:
    """The truth at the vendor, now.

    `plan` is empty where the vendor has a price that is none of ours. `next_plan` is what it becomes at `period_end`,
    empty where nothing is planned; `ends` says that it ends then. `unpaid_since` is when the payment failed that is
    still missing.
    """

    id: str
    customer_id: str
    state: SubscriptionState
    plan: str
    interval: Interval
    amount_minor: int
    currency: str
    period_start: datetime
    period_end: datetime
    created_at: datetime
    ends: bool = False
    next_plan: str = ""
    next_interval: Interval | None = None
    unpaid_since: datetime | None = None


@runtime_checkable
class SellsSubscriptions(Protocol):
    """What a payment provider with SUBSCRIPTIONS offers beside the contract's core."""

    def open_subscriber(self, request: SubscriberRequest) -> str:
        """The vendor's id of a customer. The same key answers with the first one."""
        ...

    def subscribe(self, request: SubscriptionRequest) -> Checkout:
        """Open the vendor's page at which a subscription begins; `close_checkout` ends it unused.

        The same key answers with the first page. ProviderMisconfigured where the vendor's price is another one.
        """
        ...

    def subscriptions(self, customer_id: str) -> tuple[SubscriptionStatus, ...]:
        """All of a customer's, also those that ended, the newest first. Raises NotFoundAtProvider."""
        ...

    def change_now(self, id: str, price: PlanPrice, *, at: datetime, key: str) -> None:
        """Another plan from `at` on: what is left of the old one is set off against the new one, and the rest is paid.

        What was planned for later is forgotten. ProviderRejected, and the plan is as it was, where the payment fails.
        """
        ...

    def change_at_end(self, id: str, price: PlanPrice, *, key: str) -> None:
        """Another plan from the end of the period that is paid; instead of what was planned before."""
        ...

    def end_at_period_end(self, id: str, *, key: str) -> None:
        """Let it end with the period that is paid; instead of what was planned before."""
        ...

    def go_on(self, id: str, *, key: str) -> None:
        """Take back what was planned for the end of the period. Where nothing was, nothing happens."""
        ...

    def portal_url(self, customer_id: str, *, return_url: str) -> str:
        """The vendor's own page for methods, invoices and the address; it works for minutes. "" where there is none."""
        ...
