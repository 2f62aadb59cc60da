"""Money that came and went, as accounts list it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from webkit.payments import models
from webkit.payments.models import Payment, Reversal, ReversalKind, ReversalState

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Movement:
    """`amount_minor` of `currency` came for a document, or went back: with a refund, or through the payer's bank."""

    reference: str
    kind: Literal["payment", "refund", "chargeback"]
    at: datetime
    amount_minor: int
    currency: str


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
