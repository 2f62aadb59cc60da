"""Payments: a checkout page at the vendor, its outcome, refunds, and what the vendor reports by webhook.

Amounts are integers in the currency's minor unit (1999 is 19.99 EUR); currencies are ISO 4217 in capitals.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from .base import Capability, Provider, calls_nobody


class PaymentFeature(enum.StrEnum):
    """What a payment provider may do beyond the contract's core."""

    REFUNDS = "refunds"
    PARTIAL_REFUNDS = "partial_refunds"
    EVENT_LIST = "event_list"  # can be asked what happened lately: repairs webhooks that never arrived
    CLOSE_CHECKOUTS = "close_checkouts"  # an open checkout can be closed: see ClosesCheckouts
    ONE_ENDPOINT = "one_endpoint"  # reports about the whole account to the platform's one endpoint


class CheckoutState(enum.StrEnum):
    """How a checkout stands."""

    OPEN = "open"  # nobody has paid yet
    PENDING = "pending"  # paid by a slow method: money is on its way
    PAID = "paid"
    FAILED = "failed"  # an attempt failed; the payer may try again until it expires
    BOUNCED = "bounced"  # money that was on its way will not come; nobody can pay here any more
    EXPIRED = "expired"


class RefundState(enum.StrEnum):
    """How a refund stands."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class PaymentEventKind(enum.StrEnum):
    """What may happen to money, in words that all vendors share."""

    PAID = "paid"
    PENDING = "pending"
    FAILED = "failed"  # an attempt; the payer may try again
    BOUNCED = "bounced"  # what was pending will not come, this checkout is over
    EXPIRED = "expired"
    REFUND_PENDING = "refund_pending"  # amount_minor is on its way back
    REFUNDED = "refunded"  # amount_minor is what this refund gave back
    REFUND_FAILED = "refund_failed"  # the money did not reach the payer and stays here
    DISPUTED = "disputed"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    IGNORED = "ignored"  # genuine, but nothing to act on: kept under its id and acknowledged


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """What is to be paid. `reference` is ours and comes back in every event; `key` makes a repeated call harmless.

    The payer's browser returns to `success_url` or `cancel_url`; that says nothing about the money. The vendor reports
    to `notify_url`, where vendors take it per checkout; others have it in their own configuration.
    """

    reference: str
    amount_minor: int
    currency: str
    description: str
    success_url: str
    cancel_url: str
    notify_url: str
    key: str
    customer_email: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkout:
    """Send the payer to `url` until `expires_at` (aware, UTC)."""

    id: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CheckoutStatus:
    """The truth at the vendor, now. `payment_id` is empty until there is a payment."""

    id: str
    state: CheckoutState
    amount_minor: int
    currency: str
    reference: str
    payment_id: str = ""


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Give back `amount_minor` of a payment; less than all of it needs PARTIAL_REFUNDS."""

    payment_id: str
    amount_minor: int
    currency: str
    key: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back, or on its way."""

    id: str
    payment_id: str
    state: RefundState
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """Something that happened at the vendor. `id` is the same however often it is delivered.

    `part_id` is the vendor's id of the refund or the dispute, `key` the one our request for the refund had (empty when
    it was made in the vendor's own pages), `metadata` what the checkout was given, where the vendor repeats it.
    """

    id: str
    kind: PaymentEventKind
    checkout_id: str
    payment_id: str
    reference: str
    amount_minor: int
    currency: str
    occurred_at: datetime
    part_id: str = ""
    key: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class ClosesCheckouts(Protocol):
    """What a provider with CLOSE_CHECKOUTS offers beside the contract's core."""

    def close_checkout(self, id: str) -> CheckoutStatus:
        """Let nobody pay here any more, and say how the checkout stands now: EXPIRED, or PAID by who was faster.

        Closing what is over changes nothing. Raises NotFoundAtProvider.
        """
        ...


class Payments(Provider, Protocol):
    """Somebody who takes money for us."""

    def create_checkout(self, request: CheckoutRequest) -> Checkout:
        """Open a checkout. The same key answers with the first checkout; with other content it is ProviderRejected."""
        ...

    def get_checkout(self, id: str) -> CheckoutStatus:
        """Ask how a checkout stands: what repairs a lost webhook. Raises NotFoundAtProvider."""
        ...

    def refund(self, request: RefundRequest) -> Refund:
        """Give money back. The same key answers with the first refund. More than was paid is ProviderRejected."""
        ...

    def recent_events(self, since: datetime) -> Iterator[bytes]:
        """What happened since, oldest first, each as the body of a webhook that `events` reads; needs EVENT_LIST."""
        ...

    @calls_nobody
    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Return if these exact bytes came from the vendor lately; else raise SignatureInvalid.

        Header names match in any case. Nobody parses a body that was not verified.
        """
        ...

    @calls_nobody
    def events(self, body: bytes) -> tuple[PaymentEvent, ...]:
        """What a verified body reports, oldest first; kinds we do not know are IGNORED. Raises ProviderRejected."""
        ...

    @calls_nobody
    def form_action_origins(self) -> tuple[str, ...]:
        """Origins a form's redirect may lead to ("https://checkout.example"), for the page's security policy."""
        ...


PAYMENTS: Capability[Payments] = Capability(
    key="payments",
    env="PAYMENTS_PROVIDER",
    aliases=("PAYMENT_PROVIDER",),
    protocol=Payments,
    default="local",
    agencies=True,
)
