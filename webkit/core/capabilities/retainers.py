"""Retainers: subscriptions of an agency's clients, which the vendor keeps on the account the agency is paid through.

The vendor asks for the money at each turn and tells of each bill it wrote; what it answers when it is asked is the
truth, an event only says that there is something to ask.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from .payments import Checkout
from .subscriptions import Interval


class RetainerState(enum.StrEnum):
    """How a retainer stands with the vendor."""

    INCOMPLETE = "incomplete"  # the first payment has not come
    ACTIVE = "active"
    PAST_DUE = "past_due"  # a payment failed
    PAUSED = "paused"  # nothing is asked for until it is resumed
    ENDED = "ended"


class BillState(enum.StrEnum):
    """How a bill of the vendor stands."""

    DRAFT = "draft"  # it may still change
    OPEN = "open"
    PAID = "paid"
    VOID = "void"  # it is not asked for any more


@dataclass(frozen=True, slots=True)
class RetainerRequest:
    """What a client is asked for at each turn, from `start` on or at once. `reference` is ours and comes back in every
    event; `key` makes a repeated call harmless."""

    key: str
    payer_id: str
    reference: str
    description: str
    amount_minor: int
    currency: str
    interval: Interval
    success_url: str
    cancel_url: str
    start: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RetainerStatus:
    """The truth at the vendor, now. `ends` says that it ends at `period_end`."""

    id: str
    state: RetainerState
    period_end: datetime
    created_at: datetime
    ends: bool = False


@dataclass(frozen=True, slots=True)
class RetainerBill:
    """What the vendor asks for at one turn. `payment_id` is what pays it, empty where nothing does through the vendor;
    `tries` were made, `next_try` comes where one is planned. At `pay_url`, a page of the vendor, the payer may pay it.
    """

    id: str
    state: BillState
    amount_minor: int
    currency: str
    at: datetime
    payment_id: str = ""
    tries: int = 0
    next_try: datetime | None = None
    pay_url: str = ""


@runtime_checkable
class SellsRetainers(Protocol):
    """What a payment provider with RETAINERS offers beside the contract's core."""

    def begin_retainer(self, request: RetainerRequest) -> Checkout:
        """Open the vendor's page at which a retainer begins; `close_checkout` ends it unused."""
        ...

    def retainers(self, payer_id: str, reference: str) -> tuple[RetainerStatus, ...]:
        """What was begun under a reference, the newest first. Raises NotFoundAtProvider for an unknown payer."""
        ...

    def retainer_bills(self, id: str) -> tuple[RetainerBill, ...]:
        """What was asked for so far, the oldest first. Raises NotFoundAtProvider."""
        ...

    def pause_retainer(self, id: str, *, key: str) -> None:
        """Ask for nothing until it is resumed. Raises NotFoundAtProvider for what has ended."""
        ...

    def resume_retainer(self, id: str, *, key: str) -> None:
        """Go on: it is neither paused nor does it end with its period."""
        ...

    def end_retainer(self, id: str, *, now: bool, key: str) -> None:
        """End it with the period that is paid, or at once; what has ended stays so."""
        ...

    def void_bill(self, id: str, *, key: str) -> None:
        """Ask for an open bill no more. ProviderRejected for one that is paid meanwhile."""
        ...
