"""Money that came and went, as accounts list it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from webkit.core.values import dataclass
from webkit.payments import models
from webkit.payments.models import Payment, PaymentState, ReversalKind, ReversalState

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


@dataclass(frozen=True, slots=True)
class Known:
    """A payment that a vendor tells of: what it is for, and whether it came."""

    id: UUID
    reference: str
    currency: str
    arrived: bool


def arrived(reference: str) -> list[Arrived]:
    """The payments of a document that came, whatever became of them, oldest first."""
    return sorted((_arrived(each) for each in models.arrived([reference])), key=lambda each: (each.at, each.id))


def reference_of(payment_id: UUID) -> str:
    """The document a payment was begun for; nothing for an unknown one."""
    payment = models.get(payment_id)
    return payment.reference if payment else ""


def by_names(account_id: UUID, vendor_ids: Sequence[str]) -> dict[str, Known]:
    """The payments of an account, by the vendor's names for them."""
    found = models.known(account_id, vendor_ids)
    return {
        name: Known(id, reference, currency, state in models.ARRIVED) for name, id, reference, state, currency in found
    }


def vendor_name(payment_id: UUID) -> tuple[UUID | None, str]:
    """Through which account a payment was made, and what the vendor calls it."""
    payment = models.get(payment_id)
    return (payment.account_id, payment.vendor_id) if payment is not None else (None, "")


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
        found += (_went(row, payments[row.payment_id]) for row in models.read_reversals(payments) if _is_gone(row))
    return found


def _is_gone(row: Any) -> bool:
    return bool(row.state == ReversalState.DONE)


def _came(payment: Any) -> Movement:
    at = payment.settled_at or payment.created_at
    return Movement(payment.reference, "payment", at, payment.amount_minor, payment.currency)


def _went(row: Any, payment: Any) -> Movement:
    kind: Literal["refund", "chargeback"] = "refund" if row.kind == ReversalKind.REFUND else "chargeback"
    return Movement(payment.reference, kind, row.changed_at, row.amount_minor, payment.currency)
