"""What other features hear about payments, inside the transaction that records it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PaymentOutcome:
    """A payment of `amount_minor` for the document `reference` (an event subject like `invoice:<id>`)."""

    reference: str
    payment_id: UUID
    amount_minor: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PaymentSucceeded(PaymentOutcome):
    """The money is there. Published once for each payment."""


@dataclass(frozen=True, slots=True)
class PaymentFailed(PaymentOutcome):
    """An attempt failed; the payer may try again."""


@dataclass(frozen=True, slots=True)
class PaymentDisputed(PaymentOutcome):
    """The payer asked the bank to take the money back."""
