"""Open checkouts at the vendor: how they stand, and closing them when nobody should pay their amount any more."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

import structlog

from webkit.core.capabilities.errors import NotFoundAtProvider, ProviderError
from webkit.core.capabilities.payments import PAYMENTS, CheckoutState, CheckoutStatus, ClosesCheckouts, Payments
from webkit.core.kernel import clock, locks, outbox, vendors
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.vendors import Vendor
from webkit.payments import charging, ledger, models
from webkit.payments.ledger import CLOSE as CLOSE
from webkit.payments.models import Payment, PaymentState

log = structlog.get_logger(__name__)

PULL_DAYS = 30
PULLED = {
    CheckoutState.PAID: PaymentState.SUCCEEDED,
    CheckoutState.PENDING: PaymentState.PENDING,
    CheckoutState.FAILED: PaymentState.FAILED,
    CheckoutState.BOUNCED: PaymentState.BOUNCED,
    CheckoutState.EXPIRED: PaymentState.EXPIRED,
}


def refresh(reference: str) -> None:
    """Ask the vendor how the open attempts stand, when the payer comes back before the webhook does.

    A vendor that does not answer changes nothing: the webhook or the next pull will.
    """
    _pull([payment for payment in models.of_reference(reference) if payment.checkout_id])


def pull() -> None:
    """Ask the vendor about everything unsettled of this agency: repairs webhooks that never arrived."""
    _pull(models.unsettled(clock.now() - timedelta(days=PULL_DAYS)))


def _pull(payments: list[Payment]) -> None:
    wanted = [
        (p.id, p.checkout_id or "", p.method_id is not None, vendor)
        for p in payments
        if p.state in models.UNSETTLED and (vendor := taker(p)) is not None
    ]
    release()
    silent: set[UUID | None] = set()
    for payment_id, checkout_id, charged, vendor in wanted:
        if vendor.account_id in silent:
            continue
        try:
            if charged:
                charging.take(payment_id, charging.standing(vendor.connect(), checkout_id))
            else:
                _take(payment_id, vendor.connect().get_checkout(checkout_id))
        except NotFoundAtProvider:
            log.warning("the vendor does not know a checkout of ours", payment=str(payment_id))
        except ProviderError as error:
            log.warning("the payment vendor could not be asked", error=str(error))
            silent.add(vendor.account_id)  # another account may still answer


@writes
def _take(payment_id: UUID, status: CheckoutStatus) -> None:
    payment = models.get(payment_id)
    if payment is not None and (state := PULLED.get(status.state)):
        ledger.settle(payment, state, status.amount_minor, status.currency, status.payment_id, clock.now())


@writes
def withdraw(reference: str, keep: Collection[int] = ()) -> None:
    """Nobody should pay another amount than those of `keep` for this document any more: a job closes what is open.

    Money that comes nevertheless, because somebody was faster or the vendor cannot close, is taken for what it is.
    """
    locks.hold(reference)  # an attempt that begins at this moment is either seen here, or begins after this write
    if any(payment.state in models.UNPAID for payment in models.of_reference(reference)):
        outbox.add(CLOSE, reference=reference, keep=json.dumps(sorted(keep)))


def close(reference: str, keep: Collection[int] | None) -> None:
    """Close the withdrawn checkouts of a document; with `keep` those for other amounts are withdrawn first.

    Done again it does nothing. A vendor that does not answer is asked again by the job.
    """
    if keep is not None:
        _mark(reference, keep)
    _close(models.of_reference(reference))


def close_through(account_id: UUID) -> None:
    """Close the open checkouts of an account that is being left."""
    _close(models.through(account_id, models.UNPAID))


def _close(payments: list[Payment]) -> None:
    found = [
        (payment.id, payment.checkout_id, payment.method_id is not None, vendor)
        for payment in payments
        if payment.withdrawn_at and payment.checkout_id and payment.state in models.UNPAID
        if (vendor := taker(payment)) is not None
    ]
    release()
    for payment_id, checkout_id, charged, vendor in found:
        provider: object = vendor.connect()
        try:
            if charged:
                charging.take(payment_id, charging.cancel(provider, checkout_id))
            elif isinstance(provider, ClosesCheckouts):
                _take(payment_id, provider.close_checkout(checkout_id))
            else:
                log.warning("the vendor cannot close a checkout that is out of date", payment=str(payment_id))
        except NotFoundAtProvider:
            log.warning("the vendor does not know a checkout of ours", payment=str(payment_id))


@writes
def _mark(reference: str, keep: Collection[int]) -> None:
    models.withdraw(reference, keep, clock.now())


def taker(payment: Payment) -> Vendor[Payments] | None:
    """Who took a payment, or was asked to: money goes back the way it came, whoever is chosen since."""
    return vendors.find_keeper(PAYMENTS, payment.account_id, payment.provider)
