"""Starting payments and recording how they end.

Webhook, return page and periodic pull all end in `settle`, whose conditional transition lets the first one through
and makes the others nothing. Amount and currency must be the ones asked for: anything else is set aside, visibly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from webkit.core.capabilities.errors import NotFoundAtProvider, ProviderError, ProviderRejected
from webkit.core.capabilities.payments import (
    PAYMENTS,
    CheckoutRequest,
    CheckoutState,
    CheckoutStatus,
    PaymentEvent,
    PaymentEventKind,
)
from webkit.core.extensions import Delivery
from webkit.core.kernel import clock, events, inbox, locks, signals
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.payments import models
from webkit.payments.events import PaymentDisputed, PaymentFailed, PaymentOutcome, PaymentSucceeded
from webkit.payments.models import Payment
from webkit.payments.models import PaymentState as PaymentState

log = structlog.get_logger(__name__)

PULL_DAYS = 30
_STATES = {
    PaymentEventKind.PAID: PaymentState.SUCCEEDED,
    PaymentEventKind.PENDING: PaymentState.PENDING,
    PaymentEventKind.FAILED: PaymentState.FAILED,
    PaymentEventKind.EXPIRED: PaymentState.EXPIRED,
    PaymentEventKind.DISPUTED: PaymentState.DISPUTED,
}
_PULLED = {
    CheckoutState.PAID: PaymentState.SUCCEEDED,
    CheckoutState.PENDING: PaymentState.PENDING,
    CheckoutState.FAILED: PaymentState.FAILED,
    CheckoutState.EXPIRED: PaymentState.EXPIRED,
}
_SIGNALS: dict[PaymentState, type[PaymentOutcome]] = {
    PaymentState.SUCCEEDED: PaymentSucceeded,
    PaymentState.FAILED: PaymentFailed,
    PaymentState.DISPUTED: PaymentDisputed,
}
_EVENTS = {
    PaymentState.SUCCEEDED: "payment.received",
    PaymentState.FAILED: "payment.failed",
    PaymentState.PENDING: "payment.pending",
    PaymentState.DISPUTED: "payment.disputed",
    PaymentState.REJECTED: "payment.rejected",
}


@dataclass(frozen=True, slots=True)
class PaymentView:
    """An attempt to pay, as pages show it; `provider_label` names who took the money."""

    id: UUID
    state: PaymentState
    amount_minor: int
    currency: str
    provider_label: str
    vendor_id: str
    note: str
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Intent:
    """`url` is set when a checkout is open already; `again` when an earlier visit may have opened one unseen."""

    id: UUID
    endpoint: str
    url: str = ""
    again: bool = False


class TooEarly(Exception):
    """A report about money that has not been reported yet. The job that carries it tries again."""


def start(
    reference: str,
    amount_minor: int,
    currency: str,
    *,
    description: str,
    customer_email: str,
    return_url: str,
    cancel_url: str,
) -> str:
    """Open a checkout and return the address to send the payer to. An open one for the same amount is used again.

    Transaction 1 records the intent, then the vendor is called, then transaction 2 records what it opened.
    Raises Conflict when the money has arrived or is on its way: nobody pays twice.
    """
    spec = current().registry.spec(PAYMENTS)
    provider = spec.name if spec else ""
    intent = _intend(reference, amount_minor, currency, provider)
    if intent.url:
        return intent.url
    release()
    request = CheckoutRequest(
        reference=reference,
        amount_minor=amount_minor,
        currency=currency,
        description=description,
        success_url=return_url,
        cancel_url=cancel_url,
        notify_url=inbox.url(PAYMENTS.key, provider, intent.endpoint),
        key=_key(intent),
        customer_email=customer_email,
        metadata=_metadata(intent),
    )
    vendor = current().registry.get(PAYMENTS)
    try:
        checkout = vendor.create_checkout(request)
    except ProviderRejected:
        if not intent.again:
            raise
        # The lost visit asked for something else under this key, another return address perhaps.
        intent = _intend(reference, amount_minor, currency, provider, fresh=True)
        if intent.url:
            return intent.url
        release()
        checkout = vendor.create_checkout(replace(request, key=_key(intent), metadata=_metadata(intent)))
    _opened(intent.id, checkout.id, checkout.url, checkout.expires_at)
    return checkout.url


def _key(intent: _Intent) -> str:
    return f"payment-{intent.id}"


def _metadata(intent: _Intent) -> dict[str, str]:
    return {"payment": str(intent.id)}


@writes
def _intend(reference: str, amount_minor: int, currency: str, provider: str, *, fresh: bool = False) -> _Intent:
    locks.hold(reference)
    endpoint = inbox.endpoint(PAYMENTS.key, provider)
    attempts = models.of_reference(reference)
    _refuse_second_payment({known.state for known in attempts})
    for known in attempts:
        fits = (known.amount_minor, known.currency, known.provider) == (amount_minor, currency, provider)
        alive = known.expires_at is None or known.expires_at > clock.now() + timedelta(minutes=5)
        usable = bool(known.checkout_url) or not fresh
        if fits and alive and usable and known.state in (PaymentState.OPEN, PaymentState.FAILED):
            return _Intent(known.id, endpoint, known.checkout_url, again=True)
    payment = Payment(reference=reference, provider=provider, amount_minor=amount_minor, currency=currency)
    return _Intent(models.add(payment), endpoint)


def _refuse_second_payment(states: set[PaymentState]) -> None:
    if PaymentState.SUCCEEDED in states:
        raise Conflict(_("This has been paid already."))
    if PaymentState.PENDING in states:
        raise Conflict(_("A payment is on its way. Please wait until it has arrived."))


@writes
def _opened(payment_id: UUID, checkout_id: str, url: str, expires_at: datetime) -> None:
    models.set_checkout(payment_id, checkout_id, url, expires_at)


def of(reference: str) -> list[PaymentView]:
    """All attempts to pay a document, oldest first."""
    return [_view(payment) for payment in models.of_reference(reference)]


def refresh(reference: str) -> None:
    """Ask the vendor how the open attempts stand, when the payer comes back before the webhook does.

    A vendor that does not answer changes nothing: the webhook or the next pull will.
    """
    _pull([payment for payment in models.of_reference(reference) if payment.checkout_id])


def pull() -> None:
    """Ask the vendor about everything unsettled of this agency: repairs webhooks that never arrived."""
    _pull(models.unsettled(clock.now() - timedelta(days=PULL_DAYS)))


def _pull(payments: list[Payment]) -> None:
    chosen = current().registry.spec(PAYMENTS)
    wanted = [
        (p.id, p.checkout_id or "")
        for p in payments
        if chosen and p.provider == chosen.name and p.state in models.UNSETTLED
    ]
    release()
    for payment_id, checkout_id in wanted:
        try:
            status = current().registry.get(PAYMENTS).get_checkout(checkout_id)
        except NotFoundAtProvider:
            log.warning("the vendor does not know a checkout of ours", payment=str(payment_id))
        except ProviderError as error:
            log.warning("the payment vendor could not be asked", error=str(error))
            return
        else:
            _take(payment_id, status)


@writes
def _take(payment_id: UUID, status: CheckoutStatus) -> None:
    payment = models.get(payment_id)
    if payment is not None and (state := _PULLED.get(status.state)):
        settle(payment, state, status.amount_minor, status.currency, status.payment_id, clock.now())


@writes
def apply(delivery: Delivery) -> None:
    """Take one event of a vendor; unknown kinds and checkouts that are not ours change nothing."""
    event = delivery.event
    if not isinstance(event, PaymentEvent) or event.kind not in _STATES:
        return
    payment = models.by_checkout(delivery.provider, event.checkout_id) or _by_reference(event, delivery.provider)
    if payment is None:
        log.warning("payment event for no payment of this agency", checkout=event.checkout_id, vendor=event.id)
        return
    state = _STATES[event.kind]
    if state == PaymentState.DISPUTED and payment.state in models.UNPAID:
        raise TooEarly(f"payment {payment.id} is disputed before it is known to be made")
    settle(payment, state, event.amount_minor, event.currency, event.payment_id, event.occurred_at)


def _by_reference(event: PaymentEvent, provider: str) -> Payment | None:
    """The newest attempt without a checkout: the webhook may be faster than the transaction that records its id."""
    waiting = [p for p in models.of_reference(event.reference) if p.checkout_id is None and p.provider == provider]
    return waiting[-1] if waiting else None


def settle(
    payment: Payment, state: PaymentState, amount_minor: int, currency: str, vendor_id: str, at: datetime
) -> bool:
    """Record an outcome once, tell the features, and write it into the history; False when it changes nothing."""
    wrong = (amount_minor, currency) != (payment.amount_minor, payment.currency)
    if wrong and state in (PaymentState.SUCCEEDED, PaymentState.PENDING):
        note = f"{amount_minor} {currency} arrived, {payment.amount_minor} {payment.currency} was asked for"
        return _record(payment, PaymentState.REJECTED, vendor_id, at, note)
    return _record(payment, state, vendor_id, at, "")


def _record(payment: Payment, state: PaymentState, vendor_id: str, at: datetime, note: str) -> bool:
    reference, payment_id = payment.reference, payment.id
    amount_minor, currency, provider = payment.amount_minor, payment.currency, payment.provider
    if not models.move(payment_id, state, vendor_id=vendor_id, settled_at=at, note=note):
        return False
    facts = {
        "actor": "client",
        "payment": str(payment_id),
        "provider": provider,
        "vendor_id": vendor_id,
        "amount_minor": amount_minor,
        "currency": currency,
        "note": note,
    }
    answers = []
    if state in _SIGNALS:
        outcome = _SIGNALS[state](reference, payment_id, amount_minor, currency, at)
        answers = signals.publish(outcome)
    if state in _EVENTS:
        about = tuple(subject for answer in answers if isinstance(answer, tuple) for subject in answer)
        events.record(_EVENTS[state], reference, facts, about=about)
    return True


def _view(payment: Payment) -> PaymentView:
    label = next(
        (
            spec.label
            for spec in current().plugins.providers
            if spec.capability is PAYMENTS and spec.name == payment.provider
        ),
        payment.provider,
    )
    return PaymentView(
        id=payment.id,
        state=payment.state,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        provider_label=label,
        vendor_id=payment.vendor_id,
        note=payment.note,
        created_at=payment.created_at,
        settled_at=payment.settled_at,
    )
