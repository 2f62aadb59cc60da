"""Money that came and went, as accounts list it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from webkit.core.values import dataclass
from webkit.payments import models
from webkit.payments.models import Payment, PaymentState, Reversal, ReversalKind, ReversalState

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Movement:
    """`amount_minor` of `currency` came for a document, or went back: with a refund, or through the payer's bank."""

    reference: str
    kind: Literal["payment", "refund", "chargeback"]
    at: datetime
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A payment that came: of `amount_minor`, `returned_minor` has gone back and `held_minor` is disputed."""

    id: UUID
    provider: str
    amount_minor: int
    returned_minor: int
    held_minor: int
    currency: str
    at: datetime


def arrived(reference: str) -> list[Arrived]:
    """The payments of a document that came, whatever became of them, oldest first."""
    return sorted((_arrived(each) for each in models.arrived([reference])), key=lambda each: (each.at, each.id))


def reference_of(payment_id: UUID) -> str:
    """The document a payment was begun for; nothing for an unknown one."""
    payment = models.get(payment_id)
    return payment.reference if payment else ""


def _arrived(payment: Payment) -> Arrived:
    left = payment.amount_minor - payment.returned_minor
    return Arrived(
        id=payment.id,
        provider=payment.provider,
        amount_minor=payment.amount_minor,
        returned_minor=payment.returned_minor,
        held_minor=left if payment.state == PaymentState.DISPUTED else 0,
        currency=payment.currency,
        at=payment.settled_at or payment.created_at,
    )


def movements(references: Iterable[str]) -> list[Movement]:
    """What really came and went for these documents."""
    found: list[Movement] = []
    wanted = list(references)
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        payments = {payment.id: payment for payment in models.arrived(some)}
        found += map(_came, payments.values())
        found += (_went(row, payments[row.payment_id]) for row in models.reversals(payments) if _is_gone(row))
    return found


def _is_gone(row: Reversal) -> bool:
    return row.state == ReversalState.DONE


def _came(payment: Payment) -> Movement:
    at = payment.settled_at or payment.created_at
    return Movement(payment.reference, "payment", at, payment.amount_minor, payment.currency)


def _went(row: Reversal, payment: Payment) -> Movement:
    kind: Literal["refund", "chargeback"] = "refund" if row.kind == ReversalKind.REFUND else "chargeback"
    return Movement(payment.reference, kind, row.changed_at, row.amount_minor, payment.currency)
