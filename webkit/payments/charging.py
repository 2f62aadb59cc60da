"""Money taken from a saved method while its owner is not there: asked for once, under one key, whoever repeats it.

A charge is an attempt to pay like any other, so webhook, pull and the answer of the call end in the same ledger. What
is new: nobody is at a page. A bank that wants to see its customer makes it wait; a decline ends it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from webkit.core.capabilities.charging import (
    ChargeRequest,
    ChargesMethods,
    ChargeState,
    ChargeStatus,
    Decline,
    MethodKind,
    PayerMethod,
)
from webkit.core.capabilities.errors import CredentialsRejected, NotFoundAtProvider, ProviderError, ProviderRejected
from webkit.core.capabilities.payments import PAYMENTS, Payments
from webkit.core.kernel import clock, inbox, locks, outbox, signals, vendors
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.vendors import Vendor
from webkit.core.values import dataclass
from webkit.payments import connecting, ledger, method_models, methods, models
from webkit.payments.events import ChargeTold
from webkit.payments.method_models import SavedMethod
from webkit.payments.models import Payment, PaymentState

log = structlog.get_logger(__name__)

CHANGED, REMOVED, ACCOUNT = "changed", "removed", "account"
"""Why a charge was called off before the vendor took it: the invoice, the method, the account."""
_STATES = {
    ChargeState.PAID: PaymentState.SUCCEEDED,
    ChargeState.PENDING: PaymentState.PENDING,
    ChargeState.CANCELLED: PaymentState.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class ChargeView:
    """How a charge stands, from the payment it is."""

    payment_id: UUID
    method_id: UUID
    state: PaymentState
    waits: bool
    asked: bool
    reason: str
    withdrawn: bool


def of(payment_id: UUID) -> ChargeView:
    """One charge. Raises NotFound."""
    payment = models.get(payment_id)
    if payment is None or payment.method_id is None:
        raise NotFound(_("There is no such charge."))
    return ChargeView(
        payment_id=payment.id,
        method_id=payment.method_id,
        state=payment.state,
        waits=payment.waits,
        asked=payment.asked_at is not None,
        reason=payment.reason,
        withdrawn=payment.withdrawn_at is not None,
    )


@writes
def begin(reference: str, amount_minor: int, currency: str, method_id: UUID, *, received_minor: int) -> UUID:
    """Write a charge down; `carry_out` asks the vendor for it. Inside the write that holds the document.

    Raises Conflict when the method cannot be charged, or something else is on its way.
    """
    locks.hold(reference)
    method = method_models.locked_method(method_id)
    if method is None or not methods.get(method_id).usable:
        raise Conflict(_("This payment method cannot be used any more. Please ask your client for another one."))
    if method.kind is MethodKind.SEPA_DEBIT and currency != "EUR":
        raise Conflict(_("Direct debits are in euros. This invoice is in %(currency)s.", currency=currency))
    attempts = models.of_reference(reference)
    demand_free(attempts, received_minor)
    payment = Payment(
        reference=reference,
        provider=method.provider,
        account_id=method.account_id,
        amount_minor=amount_minor,
        currency=currency,
        method_id=method.id,
    )
    return models.add(payment)


def demand_free(attempts: list[Payment], received_minor: int) -> None:
    """Raises Conflict when more has come than the caller knows of, or something is on its way."""
    kept = sum(known.amount_minor - known.returned_minor for known in attempts if known.state in models.ARRIVED)
    if kept > received_minor:
        raise Conflict(_("This has been paid already."))
    if any(known.state == PaymentState.PENDING or known.under_way for known in attempts):
        raise Conflict(_("A payment is on its way. Please wait until it has arrived."))
    if any(is_waiting(known) for known in attempts):
        raise Conflict(_("A charge waits for the client to confirm it. Call it off first."))


def is_waiting(payment: Payment) -> bool:
    """Whether a charge waits for its payer."""
    return payment.waits and payment.state in models.UNPAID and payment.withdrawn_at is None


@writes
def call_off(payment_id: UUID, why: str) -> bool:
    """Take no money with a charge that has taken none: at once where nobody was asked, else the vendor is told.

    False when it is too late.
    """
    payment = models.locked(payment_id)
    if payment is None or payment.method_id is None or payment.state not in models.UNPAID:
        return False
    if payment.asked_at is None:
        at = clock.now()
        return ledger.settle(payment, PaymentState.EXPIRED, payment.amount_minor, payment.currency, "", at, why)
    if payment.withdrawn_at is None:
        payment.withdrawn_at = clock.now()
        payment.reason = payment.reason or why
        if payment.checkout_id:
            outbox.add(ledger.CLOSE, reference=payment.reference)
    return True


def carry_out(payment_id: UUID, description: str) -> None:
    """Ask the vendor for a charge. Asked again it takes nothing twice: the key is the same, and what was made under it
    is looked for first. Raises ProviderError where the answer is not known; a job repeats it."""
    payment = models.get(payment_id)
    if payment is None or payment.method_id is None or not payment.under_way:
        return
    method, vendor = method_models.method(payment.method_id), _taker(payment)
    assert method is not None  # methods are never deleted
    before, withdrawn = payment.asked_at, payment.withdrawn_at is not None
    request = _request(payment, method, description)
    method_id, endpoint = method.id, _known_endpoint(vendor) if vendor else ""
    release()
    if vendor is None:
        call_off(payment_id, ACCOUNT)
        return
    request = _notified(request, vendor, endpoint)
    if before is None and not _ask(payment_id):
        return
    try:
        status = _found(vendor, request, before)
        if status is None and withdrawn:  # called off while nobody knew whether it had been made: it had not
            _refused(payment_id, CHANGED)
            return
        status = status or _charger(vendor).charge(request)
    except CredentialsRejected:
        _refused(payment_id, ACCOUNT)
        _check_account()
    except NotFoundAtProvider:
        methods.gone(method_id)
        _refused(payment_id, Decline.GONE)
    except ProviderRejected as error:
        log.warning("the vendor refuses a charge", payment=str(payment_id), error=str(error))
        methods.look_method(method_id)
        still = methods.get(method_id).usable
        release()
        _refused(payment_id, Decline.REFUSED if still else Decline.GONE)
    else:
        take(payment_id, status)


def _request(payment: Payment, method: SavedMethod, description: str) -> ChargeRequest:
    known = PayerMethod(method.vendor_id, method.payer_id, method.kind, method.brand, method.last4)
    return ChargeRequest(
        key=key_of(payment.id),
        method=known,
        reference=payment.reference,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        description=description,
        notify_url="",
        metadata={"payment": str(payment.id)},
    )


def key_of(payment_id: UUID) -> str:
    """The idempotency key of a charge."""
    return f"charge-{payment_id}"


def _known_endpoint(vendor: Vendor[Payments]) -> str:
    return inbox.endpoint_of(PAYMENTS.key, vendor.name, vendor.account_id) or inbox.PLATFORM


def _notified(request: ChargeRequest, vendor: Vendor[Payments], endpoint: str) -> ChargeRequest:
    return replace(request, notify_url=inbox.url(PAYMENTS.key, vendor.name, endpoint))


@writes
def _ask(payment_id: UUID) -> bool:
    """Note that the vendor is being asked; from here on money may have moved. False when it was called off."""
    payment = models.locked(payment_id)
    if payment is None or not payment.under_way or payment.withdrawn_at is not None:
        return False
    method = method_models.locked_method(payment.method_id) if payment.method_id else None
    if method is None or not methods.get(method.id).usable:
        at = clock.now()
        ledger.settle(payment, PaymentState.EXPIRED, payment.amount_minor, payment.currency, "", at, REMOVED)
        return False
    payment.asked_at = clock.now()
    return True


def _found(vendor: Vendor[Payments], request: ChargeRequest, before: datetime | None) -> ChargeStatus | None:
    """What an earlier call has made whose answer nobody heard: keys are forgotten by vendors, charges are not."""
    if before is None:
        return None
    return _charger(vendor).find_charge(request.method.payer_id, request.key, before - timedelta(hours=1))


@writes
def _refused(payment_id: UUID, why: str) -> None:
    """The vendor has made nothing of it."""
    payment = models.locked(payment_id)
    if payment is not None:
        at = clock.now()
        ledger.settle(payment, PaymentState.EXPIRED, payment.amount_minor, payment.currency, "", at, why)


@writes
def _check_account() -> None:
    outbox.add(connecting.CHECK)


@writes
def take(payment_id: UUID, status: ChargeStatus) -> None:
    """Take what the vendor says of a charge; old news change nothing."""
    payment = models.locked(payment_id)
    if payment is None or payment.method_id is None:
        return
    name_it(payment, status.id)
    if status.state is ChargeState.ACTION:
        waits(payment)
        end(payment_id)
        return
    declined = PaymentState.FAILED if _is_card(payment) else PaymentState.BOUNCED
    state = _STATES.get(status.state, declined)
    ledger.settle(payment, state, status.amount_minor, status.currency, status.id, clock.now(), status.decline)
    end(payment_id)


def name_it(payment: Payment, charge_id: str) -> None:
    """Keep what the vendor calls a charge, so that it can be asked about."""
    if payment.checkout_id is None and charge_id:
        models.set_checkout(payment.id, charge_id, "", None)


def waits(payment: Payment) -> None:
    """The bank wants to see the payer. Said once."""
    if payment.state is PaymentState.OPEN and not payment.waits:
        payment.waits = True
        signals.publish(ChargeTold(payment.id))


def end(payment_id: UUID) -> None:
    """A declined charge is over for good: the vendor is told, so that nothing of it can still be paid."""
    payment = models.locked(payment_id)
    if payment is None or payment.state not in models.UNPAID or payment.checkout_id is None:
        return
    if payment.state is PaymentState.FAILED and payment.withdrawn_at is None:
        payment.withdrawn_at = clock.now()
    if payment.withdrawn_at is not None:
        outbox.add(ledger.CLOSE, reference=payment.reference)


def confirm(payment_id: UUID, *, return_url: str) -> str:
    """Where the payer confirms a charge; "" when there is nothing to confirm any more. Raises ProviderError."""
    payment = models.get(payment_id)
    if payment is None or not is_waiting(payment) or not payment.checkout_id:
        return ""
    charge_id, vendor = payment.checkout_id, _taker(payment)
    key = f"confirm-{payment_id}-{clock.now():%Y%m%d%H%M%S}"
    release()
    if vendor is None:
        return ""
    status, address = _charger(vendor).confirm_charge(charge_id, return_url=return_url, key=key)
    if not address:
        take(payment_id, status)
    return address


def refresh(payment_id: UUID) -> None:
    """Ask how a charge stands, when its payer comes back from the bank before the webhook does."""
    payment = models.get(payment_id)
    if payment is None or not payment.checkout_id or payment.state not in models.UNSETTLED:
        return
    charge_id, vendor = payment.checkout_id, _taker(payment)
    release()
    if vendor is None:
        return
    try:
        take(payment_id, _charger(vendor).get_charge(charge_id))
    except ProviderError as error:
        log.warning("the payment vendor could not be asked", error=str(error))


def standing(provider: object, charge_id: str) -> ChargeStatus:
    """How a charge stands at the vendor."""
    return _able(provider).get_charge(charge_id)


def cancel(provider: object, charge_id: str) -> ChargeStatus:
    """Have the vendor take no money with a charge any more."""
    return _able(provider).cancel_charge(charge_id)


def _charger(vendor: Vendor[Payments]) -> ChargesMethods:
    return _able(vendor.connect())


def _able(provider: object) -> ChargesMethods:
    if not isinstance(provider, ChargesMethods):
        raise ProviderError("this provider charges no saved methods")
    return provider


def _taker(payment: Payment) -> Vendor[Payments] | None:
    return vendors.find_keeper(PAYMENTS, payment.account_id, payment.provider)


def _is_card(payment: Payment) -> bool:
    method = method_models.method(payment.method_id) if payment.method_id else None
    return method is not None and method.kind is not MethodKind.SEPA_DEBIT
