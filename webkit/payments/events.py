"""What other features hear about payments, inside the transaction that records it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PaymentOutcome:
    """Something became of a payment for the document `reference` (an event subject like `invoice:<id>`).

    `amount_minor` is what this is about: all of the payment, or the part that goes back.
    """

    reference: str
    payment_id: UUID
    amount_minor: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PaymentSucceeded(PaymentOutcome):
    """The money is there. Published once for each payment."""


@dataclass(frozen=True, slots=True)
class PaymentPending(PaymentOutcome):
    """The money is on its way, for days perhaps."""


@dataclass(frozen=True, slots=True)
class PaymentFailed(PaymentOutcome):
    """An attempt failed; the payer may try again."""


@dataclass(frozen=True, slots=True)
class PaymentBounced(PaymentOutcome):
    """What was on its way does not come."""


@dataclass(frozen=True, slots=True)
class RefundPending(PaymentOutcome):
    """Money is on its way back to the payer."""


@dataclass(frozen=True, slots=True)
class Refunded(PaymentOutcome):
    """Money was given back."""


@dataclass(frozen=True, slots=True)
class RefundFailed(PaymentOutcome):
    """Money that was to go back did not, or returned."""


@dataclass(frozen=True, slots=True)
class PaymentDisputed(PaymentOutcome):
    """The payer asked the bank to take the money back."""


@dataclass(frozen=True, slots=True)
class DisputeWon(PaymentOutcome):
    """The bank leaves the money with us."""


@dataclass(frozen=True, slots=True)
class DisputeLost(PaymentOutcome):
    """The bank took the money back."""


@dataclass(frozen=True, slots=True)
class PayoutTold:
    """A vendor says that something became of a payout of an agency's own account."""

    account_id: UUID
    payout_id: str


@dataclass(frozen=True, slots=True)
class ChargeTold:
    """Something became of a charge of a saved method: ask how it stands."""

    payment_id: UUID


@dataclass(frozen=True, slots=True)
class MethodLeft:
    """A client has left a payment method. Published once for each."""

    method_id: UUID
    client_id: UUID


@dataclass(frozen=True, slots=True)
class SubscriptionTold:
    """Something became of what an agency pays the platform: `reference` is the agency. Ask how it stands."""

    reference: str


@dataclass(frozen=True, slots=True)
class RetainerTold:
    """Something became of a client's retainer, as an account tells that is one of `accounts`. Ask how it stands."""

    reference: str
    provider: str
    accounts: tuple[UUID | None, ...]


OUTCOMES: tuple[type[PaymentOutcome], ...] = (
    PaymentSucceeded,
    PaymentPending,
    PaymentFailed,
    PaymentBounced,
    RefundPending,
    Refunded,
    RefundFailed,
    PaymentDisputed,
    DisputeWon,
    DisputeLost,
)
