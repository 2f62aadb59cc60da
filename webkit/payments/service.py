"""Starting payments, giving money back, and hearing from the vendor how both end.

Webhook, return page, periodic pull and the list of events all end in `ledger`, which lets the first one through and
makes the others nothing. Amount and currency must be the ones asked for: anything else is set aside, visibly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from webkit.clients import service as clients
from webkit.core.capabilities.errors import ProviderRejected
from webkit.core.capabilities.payments import (
    PAYMENTS,
    CheckoutRequest,
    PaymentEvent,
    PaymentEventKind,
    PaymentFeature,
    Payments,
    RefundRequest,
    RefundState,
)
from webkit.core.extensions import Delivery
from webkit.core.kernel import clock, inbox, locks, outbox, signals, vendors
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import format_money
from webkit.core.kernel.runtime import current
from webkit.core.kernel.vendors import Vendor
from webkit.core.values import dataclass
from webkit.payments import adopting as adopting
from webkit.payments import asking, connecting, ledger, models
from webkit.payments import charging as charging
from webkit.payments import methods as methods
from webkit.payments import tills as tills
from webkit.payments.asking import pull as pull
from webkit.payments.asking import refresh as refresh
from webkit.payments.asking import taker
from webkit.payments.asking import withdraw as withdraw
from webkit.payments.events import PayoutTold, RetainerTold, SubscriptionTold
from webkit.payments.ledger import News
from webkit.payments.method_models import Agreement, SavedMethod
from webkit.payments.method_models import MethodState as MethodState
from webkit.payments.methods import Consent as Consent
from webkit.payments.methods import MethodView as MethodView
from webkit.payments.models import ARRIVED as ARRIVED
from webkit.payments.models import Payment, Reversal
from webkit.payments.models import PaymentState as PaymentState
from webkit.payments.models import ReversalKind as ReversalKind
from webkit.payments.models import ReversalState as ReversalState
from webkit.payments.movements import Arrived as Arrived
from webkit.payments.movements import Known as Known
from webkit.payments.movements import Movement as Movement
from webkit.payments.movements import arrived as arrived
from webkit.payments.movements import by_names as by_names
from webkit.payments.movements import movements as movements
from webkit.payments.movements import reference_of as reference_of
from webkit.payments.movements import vendor_name as vendor_name

log = structlog.get_logger(__name__)

REFUND = "payments.refund"
_STATES = {
    PaymentEventKind.PAID: PaymentState.SUCCEEDED,
    PaymentEventKind.PENDING: PaymentState.PENDING,
    PaymentEventKind.FAILED: PaymentState.FAILED,
    PaymentEventKind.BOUNCED: PaymentState.BOUNCED,
    PaymentEventKind.EXPIRED: PaymentState.EXPIRED,
}
_ABOUT_ACCOUNTS = (PaymentEventKind.ACCOUNT_CHANGED, PaymentEventKind.ACCOUNT_LEFT)
_NEWS = {
    PaymentEventKind.REFUND_PENDING: (ReversalKind.REFUND, ReversalState.PENDING),
    PaymentEventKind.REFUNDED: (ReversalKind.REFUND, ReversalState.DONE),
    PaymentEventKind.REFUND_FAILED: (ReversalKind.REFUND, ReversalState.FAILED),
    PaymentEventKind.DISPUTED: (ReversalKind.DISPUTE, ReversalState.PENDING),
    PaymentEventKind.DISPUTE_LOST: (ReversalKind.DISPUTE, ReversalState.DONE),
    PaymentEventKind.DISPUTE_WON: (ReversalKind.DISPUTE, ReversalState.FAILED),
}
_REFUNDED = {
    RefundState.PENDING: ReversalState.PENDING,
    RefundState.SUCCEEDED: ReversalState.DONE,
    RefundState.FAILED: ReversalState.FAILED,
}


@dataclass(frozen=True, slots=True)
class ReversalView:
    """A refund or a dispute, as pages show it; `cause` is the subject of the document it is given back for."""

    kind: ReversalKind
    state: ReversalState
    amount_minor: int
    note: str
    changed_at: datetime
    cause: str = ""

    @property
    def stays(self) -> bool:
        """Whether the money did not go after all."""
        return self.state == ReversalState.FAILED

    @property
    def word(self) -> str:
        """Its state as the state component knows it."""
        return f"{self.kind}_{self.state}"


@dataclass(frozen=True, slots=True)
class PaymentView:
    """An attempt to pay, as pages show it; `provider_label` names who took the money.

    `returned_minor` has gone back, `refundable_minor` may still be given back from here.
    """

    id: UUID
    state: PaymentState
    amount_minor: int
    currency: str
    provider_label: str
    vendor_id: str
    note: str
    created_at: datetime
    settled_at: datetime | None
    returned_minor: int
    refundable_minor: int
    reversals: tuple[ReversalView, ...]

    @property
    def arrived(self) -> bool:
        return self.state in models.ARRIVED


@dataclass(frozen=True, slots=True)
class Standing:
    """What all attempts to pay a document have come to, in one currency and in minor units."""

    received: int = 0
    returned: int = 0
    disputed: int = 0
    charged_back: bool = False
    pending: bool = False

    @property
    def kept(self) -> int:
        """What has come and has not gone back; of it `disputed` may still go."""
        return self.received - self.returned


@dataclass(frozen=True, slots=True)
class _Intent:
    """`url` is set when a checkout is open already; `again` when an earlier visit may have opened one unseen."""

    id: UUID
    endpoint: str
    url: str = ""
    again: bool = False
    agreement_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """A client lets the method be kept that is paid with, and to what they agreed."""

    client_id: UUID
    consent: Consent


def start(
    reference: str,
    amount_minor: int,
    currency: str,
    *,
    description: str,
    customer_email: str,
    return_url: str,
    cancel_url: str,
    received_minor: int = 0,
    keep: Keep | None = None,
) -> str:
    """Open a checkout and return the address to send the payer to. An open one for the same amount is used again.
    With `keep` the method that is paid with stays with the vendor, as its owner has agreed.

    Transaction 1 records the intent, then the vendor is called, then transaction 2 records what it opened.
    Raises Conflict when more has arrived than `received_minor`, of which the caller knows, or is on its way: nobody
    pays twice.
    """
    vendor = tills.till() or _closed()
    asked = (reference, amount_minor, currency, received_minor)
    payer_id = methods.payer(vendor, clients.get(keep.client_id)) if keep else ""
    intent = _intend(*asked, vendor, keep=keep)
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
        notify_url=inbox.url(PAYMENTS.key, vendor.name, intent.endpoint),
        key=_key(intent),
        customer_email=customer_email,
        metadata=_metadata(intent),
        payer_id=payer_id,
    )
    till = vendor.connect()
    try:
        checkout = till.create_checkout(request)
    except ProviderRejected:
        if not intent.again:
            raise
        # The lost visit asked for something else under this key, another return address perhaps.
        intent = _intend(*asked, vendor, fresh=True, keep=keep)
        if intent.url:
            return intent.url
        release()
        checkout = till.create_checkout(replace(request, key=_key(intent), metadata=_metadata(intent)))
    _opened(intent.id, checkout.id, checkout.url, checkout.expires_at)
    if intent.agreement_id:
        methods.lead(intent.agreement_id, checkout.id)
    return checkout.url


def _closed() -> Vendor[Payments]:
    """Nobody takes money for this agency. Raises ProviderMisconfigured where operators have to see to it."""
    vendors.chosen(PAYMENTS)
    raise Conflict(_("Online payment is not open yet. Please pay by bank transfer, or ask us how."))


def online() -> bool:
    """Whether the current agency's clients can pay online now."""
    return tills.till() is not None


def _key(intent: _Intent) -> str:
    return f"payment-{intent.id}"


def _metadata(intent: _Intent) -> dict[str, str]:
    return {"payment": str(intent.id)}


@writes
def _intend(
    reference: str,
    amount_minor: int,
    currency: str,
    received_minor: int,
    vendor: Vendor[Payments],
    *,
    fresh: bool = False,
    keep: Keep | None = None,
) -> _Intent:
    locks.hold(reference)
    provider, account = vendor.name, vendor.account_id
    endpoint = tills.endpoint(vendor)
    attempts = models.of_reference(reference)
    _refuse_second_payment(attempts, received_minor)
    tills.demand_open(vendor)
    for known in attempts:
        fits = (known.amount_minor, known.currency) == (amount_minor, currency) and known.method_id is None
        fits = fits and (known.agreement_id is not None) == (keep is not None)
        fits = fits and (known.provider, known.account_id) == (provider, account) and known.withdrawn_at is None
        alive = known.expires_at is None or known.expires_at > clock.now() + timedelta(minutes=5)
        usable = bool(known.checkout_url) or not fresh
        if fits and alive and usable and known.state in models.UNPAID:
            return _Intent(known.id, endpoint, known.checkout_url, again=True, agreement_id=known.agreement_id)
    _set_aside(attempts, keep=keep is not None)
    agreement_id = methods.agree(keep.client_id, keep.consent, vendor) if keep else None
    payment = Payment(
        reference=reference, provider=provider, account_id=account, amount_minor=amount_minor, currency=currency,
        agreement_id=agreement_id,
    )  # fmt: skip
    return _Intent(models.add(payment), endpoint, agreement_id=agreement_id)


def _set_aside(attempts: Sequence[Payment], *, keep: bool) -> None:
    """Who pays at a page now confirms no charge any more, and has one page: with the method kept, or without."""
    gone = [p for p in attempts if p.state in models.UNPAID and p.withdrawn_at is None]
    gone = [p for p in gone if charging.is_waiting(p) or (p.method_id is None and (p.agreement_id is not None) != keep)]
    for payment in gone:
        payment.withdrawn_at = clock.now()
    if gone:
        outbox.add(asking.CLOSE, reference=gone[0].reference)


def _refuse_second_payment(attempts: Sequence[Payment], received_minor: int) -> None:
    kept = sum(known.amount_minor - known.returned_minor for known in attempts if known.state in models.ARRIVED)
    if kept > received_minor:
        raise Conflict(_("This has been paid already."))
    if any(known.state == PaymentState.PENDING or known.under_way for known in attempts):
        raise Conflict(_("A payment is on its way. Please wait until it has arrived."))


@writes
def _opened(payment_id: UUID, checkout_id: str, url: str, expires_at: datetime) -> None:
    models.set_checkout(payment_id, checkout_id, url, expires_at)
    payment = models.get(payment_id)
    if payment is not None and payment.withdrawn_at is not None:
        outbox.add(asking.CLOSE, reference=payment.reference)


def of(reference: str) -> list[PaymentView]:
    """All attempts to pay a document, oldest first."""
    payments = models.read_of_reference(reference)
    reversals = models.read_reversals([payment.id for payment in payments])
    return [_view(payment, [row for row in reversals if row.payment_id == payment.id]) for payment in payments]


def standing(reference: str, currency: str) -> Standing:
    """How a document stands with its payer; the same whatever order things were heard of in."""
    attempts = [payment for payment in models.read_of_reference(reference) if payment.currency == currency]
    arrived = [payment for payment in attempts if payment.state in models.ARRIVED]
    return Standing(
        received=sum(payment.amount_minor for payment in arrived),
        returned=sum(payment.returned_minor for payment in arrived),
        disputed=sum(p.amount_minor - p.returned_minor for p in arrived if p.state == PaymentState.DISPUTED),
        charged_back=any(payment.state == PaymentState.CHARGED_BACK for payment in arrived),
        pending=any(payment.state == PaymentState.PENDING for payment in attempts),
    )


@writes
def apply(delivery: Delivery) -> None:
    """Take one event of a vendor; unknown kinds and checkouts that are not ours change nothing."""
    event = delivery.event
    if not isinstance(event, PaymentEvent):
        return
    if event.kind in _ABOUT_ACCOUNTS:
        connecting.hear(event, delivery.provider)
        return
    if event.kind is PaymentEventKind.SUBSCRIPTION:
        signals.publish(SubscriptionTold(event.reference))
        return
    if event.kind is PaymentEventKind.RETAINER:
        reference = event.reference.partition("/")[2]
        signals.publish(RetainerTold(reference, delivery.provider, tuple(_tellers(event, delivery))))
        return
    if event.kind is PaymentEventKind.METHOD:
        methods.hear(_method_of(event, delivery))
        return
    payment, account = _found(event, delivery)
    if event.kind is PaymentEventKind.PAYOUT:
        if account is not None and event.part_id:
            signals.publish(PayoutTold(account, event.part_id))
        return
    if (state := _STATES.get(event.kind)) is not None:
        if payment is None:
            about = {"checkout": event.checkout_id, "vendor": event.id, "account": event.account}
            log.warning("payment event for no payment of this agency", **about)
        else:
            _settle(payment, state, event)
    elif event.kind is PaymentEventKind.ACTION:
        if payment is not None and payment.method_id is not None:
            charging.name_it(payment, event.payment_id)
            charging.waits(payment)
    elif (told := _NEWS.get(event.kind)) is not None:
        part = event.part_id or event.id
        news = News(*told, part, event.amount_minor, event.currency, event.occurred_at, event.key)
        if payment is not None:
            ledger.reverse(payment.id, news)
        elif event.payment_id and (account is not None or not event.account):
            ledger.keep_stray(delivery.provider, account, event.id, event.payment_id, news)


def _settle(payment: Payment, state: PaymentState, event: PaymentEvent) -> None:
    charged = payment.method_id is not None
    if charged:
        charging.name_it(payment, event.payment_id)
    told = (event.amount_minor, event.currency, event.payment_id, event.occurred_at, event.reason)
    ledger.settle(payment, state, *told)
    if charged:
        charging.end(payment.id)


def agency_of(delivery: Delivery) -> UUID | None:
    """Whose payment an event is about; asked while looking at all agencies."""
    event = delivery.event
    if not isinstance(event, PaymentEvent):
        return None
    if event.kind is PaymentEventKind.SUBSCRIPTION:
        return _agency_named(event.reference) if delivery.account is None and not event.account else None
    if event.kind is PaymentEventKind.RETAINER:
        return _agency_named(event.reference.partition("/")[0])
    if event.kind is PaymentEventKind.METHOD and (about := _method_of(event, delivery)) is not None:
        return about.agency_id
    payment = None if event.kind in _ABOUT_ACCOUNTS else _found(event, delivery)[0]
    if payment is None and event.account and delivery.account is None:
        return tills.owner_of(delivery.provider, event.account)
    return payment.agency_id if payment else None


def _method_of(event: PaymentEvent, delivery: Delivery) -> Agreement | SavedMethod | None:
    """The page or the method an event is about, as told by an account it belongs to."""
    return methods.found(event, delivery.provider, _tellers(event, delivery))


def _tellers(event: PaymentEvent, delivery: Delivery) -> list[UUID | None]:
    """The accounts that an event may speak for."""
    if event.account:
        return [] if delivery.account else [*tills.accounts_of(delivery.provider, event.account)]
    return [delivery.account]


def _agency_named(reference: str) -> UUID | None:
    """The agency of `agency:<id>`; None for what is none of ours."""
    word, _colon, name = reference.partition(":")
    try:
        agency = current().directory.by_id(UUID(name)) if word == "agency" else None
    except ValueError:
        return None
    return agency.id if agency else None


def _found(event: PaymentEvent, delivery: Delivery) -> tuple[Payment | None, UUID | None]:
    """The payment an event is about, and the account that tells of it.

    What happened on a connected account is believed about payments that were begun through exactly this one.
    """
    accounts = _tellers(event, delivery)
    for account in accounts:
        if (payment := _find(event, delivery.provider, account)) is not None:
            return payment, account
    return None, accounts[0] if accounts else None


def _find(event: PaymentEvent, provider: str, account: UUID | None) -> Payment | None:
    """The payment of an event, by whatever the vendor says of it; only one that was begun through this account.

    The webhook may be faster than the transaction that records the checkout's id: then our own id, which the checkout
    carries, or the newest attempt without a checkout tells.
    """
    if event.checkout_id and (payment := models.by_checkout(provider, event.checkout_id, account)) is not None:
        return payment
    if (payment := _by_own_id(event.metadata.get("payment", ""), provider, account)) is not None:
        return payment
    if event.payment_id and (payment := models.by_vendor_id(provider, event.payment_id, account)) is not None:
        return payment
    attempts = models.of_reference(event.reference) if event.reference else []
    waiting = [p for p in attempts if p.checkout_id is None and (p.provider, p.account_id) == (provider, account)]
    return waiting[-1] if waiting else None


def _by_own_id(text: str, provider: str, account: UUID | None) -> Payment | None:
    try:
        payment = models.get(UUID(text))
    except ValueError:
        return None
    begun = (payment.provider, payment.account_id) if payment is not None else None
    return payment if begun == (provider, account) else None


def end() -> None:
    """The agency is over: leave the accounts it has connected and give the access to them back. Done again it goes on
    where it was. Raises ProviderError while the vendor does not answer."""
    for account_id in connecting.let_go_all():
        if connecting.may_leave(account_id):
            asking.close_through(account_id)
            connecting.finish_leaving(account_id, waits=False)


@writes
def take_strays(payment_id: UUID) -> None:
    """Apply what was heard about a payment before it was known."""
    payment = models.get(payment_id)
    if payment is not None and payment.vendor_id:
        ledger.take_strays(payment_id, payment.provider, payment.account_id, payment.vendor_id)


@writes
def hold(payment_id: UUID) -> None:
    """Let nothing else become of a payment until this write ends. Held before the document it pays, never after."""
    models.locked(payment_id)


@writes
def ask_refund(
    reference: str, payment_id: UUID, amount_minor: int, actor: str, note: str = "", *, cause: str = ""
) -> UUID:
    """Give money back, all of it or a part: the wish is written down, a job tells the vendor. `cause` is the document
    it is given back for.

    Raises Invalid (`amount`) for more than there is left, Conflict when nothing can be given back from here.
    """
    payment = models.locked(payment_id)
    if payment is None or payment.reference != reference:
        raise NotFound(_("There is no such payment."))
    left = _refundable(payment, models.reversals([payment_id]))
    if left <= 0:
        raise Conflict(_("Nothing of this payment can be given back here."))
    if not 0 < amount_minor <= left:
        most = format_money(left, payment.currency)
        raise Invalid({"amount": _("At most %(amount)s can be given back.", amount=most)})
    vendor = taker(payment)
    if amount_minor < left and not (vendor and PaymentFeature.PARTIAL_REFUNDS in vendor.features):
        raise Invalid({"amount": _("This payment service gives back payments in full only.")})
    reversal_id = ledger.ask(payment, amount_minor, actor, note, cause)
    outbox.add(REFUND, reversal=str(reversal_id))
    return reversal_id


def carry_out(reversal_id: UUID) -> None:
    """Tell the vendor to give money back. Told twice, it does so once: the key is the same."""
    reversal = models.get_reversal(reversal_id)
    payment = models.get(reversal.payment_id) if reversal else None
    if reversal is None or payment is None or reversal.state != ReversalState.ASKED:
        return
    payment_id, amount, currency, vendor = payment.id, reversal.amount_minor, payment.currency, taker(payment)
    request = RefundRequest(payment.vendor_id, amount, currency, ledger.key_of(reversal_id))
    release()
    news = News(ReversalKind.REFUND, ReversalState.FAILED, "", amount, currency, clock.now(), request.key)
    if vendor is None:
        _reverse(payment_id, replace(news, note=_("The payment service that took it is not set up any more.")))
        return
    try:
        refund = vendor.connect().refund(request)
    except ProviderRejected as error:
        log.warning("the vendor refuses a refund", reversal=str(reversal_id), error=str(error))
        _reverse(payment_id, replace(news, note=_("The payment service refused: %(code)s", code=error.code or "?")))
    else:
        _reverse(payment_id, replace(news, state=_REFUNDED[refund.state], vendor_id=refund.id))


@writes
def _reverse(payment_id: UUID, news: News) -> None:
    ledger.reverse(payment_id, news)


def _refundable(payment: Payment, reversals: Sequence[Reversal]) -> int:
    """What may still be given back: not while a dispute runs, and only through the vendor that took it."""
    if payment.state != PaymentState.SUCCEEDED or not payment.vendor_id:
        return 0
    vendor = taker(payment)
    if vendor is None or PaymentFeature.REFUNDS not in vendor.features:
        return 0
    gone = sum(row.amount_minor for row in reversals if row.state != ReversalState.FAILED)
    return max(0, payment.amount_minor - gone)


def _view(payment: Payment, reversals: Sequence[Reversal]) -> PaymentView:
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
        returned_minor=payment.returned_minor,
        refundable_minor=_refundable(payment, reversals),
        reversals=tuple(
            ReversalView(row.kind, row.state, row.amount_minor, row.note, row.changed_at, row.cause)
            for row in reversals
        ),
    )
