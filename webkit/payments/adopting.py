"""Payments that a vendor takes by itself: written down as ours, so that nobody pays a second time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from webkit.core.kernel import clock, locks
from webkit.core.kernel.db import writes
from webkit.payments import charging, ledger, models
from webkit.payments.models import Payment, PaymentState


@writes
def adopt(reference: str, amount_minor: int, currency: str, provider: str, account_id: UUID | None) -> UUID:
    """A payment of a document that is on its way at a vendor. Raises Conflict where the document is paid already, or
    something else is on its way. Inside the write that knows it is the first."""
    locks.hold(reference)
    charging.demand_free(models.of_reference(reference), 0)
    payment = Payment(
        reference=reference, provider=provider, account_id=account_id, amount_minor=amount_minor, currency=currency
    )
    payment_id = models.add(payment)
    ledger.settle(payment, PaymentState.PENDING, amount_minor, currency, "", clock.now())
    return payment_id


@writes
def arrive(payment_id: UUID, amount_minor: int, currency: str, vendor_id: str, at: datetime) -> None:
    """It has come. Said again it changes nothing."""
    if (payment := models.locked(payment_id)) is not None:
        ledger.settle(payment, PaymentState.SUCCEEDED, amount_minor, currency, vendor_id, at)


@writes
def give_up(payment_id: UUID) -> None:
    """The vendor asks for it no more: the document can be paid otherwise."""
    if (payment := models.locked(payment_id)) is not None:
        ledger.settle(payment, PaymentState.BOUNCED, payment.amount_minor, payment.currency, "", clock.now())
