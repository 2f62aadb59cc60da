"""Payments: a checkout page at the vendor, its outcome, refunds, and what the vendor reports by webhook.

Amounts are integers in the currency's minor unit (1999 is 19.99 EUR); currencies are ISO 4217 in capitals.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from .base import Capability, Provider, calls_nobody


class PaymentFeature(enum.StrEnum):
    """What a payment provider may do beyond the contract's core."""

    REFUNDS = "refunds"
    PARTIAL_REFUNDS = "partial_refunds"
    EVENT_LIST = "event_list"  # can be asked what happened lately: repairs webhooks that never arrived
    CLOSE_CHECKOUTS = "close_checkouts"  # an open checkout can be closed: see ClosesCheckouts
    ONE_ENDPOINT = "one_endpoint"  # reports about the whole account to the platform's one endpoint
    PAYOUTS = "payouts"  # can be asked what was paid out to the bank, and what that consists of: see PaysOut
    CONNECT = "connect"  # agencies connect accounts that the platform acts for: see ConnectsAccounts
    SUBSCRIPTIONS = "subscriptions"  # sells subscriptions to the platform: see subscriptions.SellsSubscriptions
    SAVED_METHODS = "saved_methods"  # payers leave methods for later: see charging.SavesMethods
    RETAINERS = "retainers"  # clients are asked for the same again and again: see retainers.SellsRetainers
    OFF_SESSION = "off_session"  # these are charged while nobody is at a page: see charging.ChargesMethods


class CheckoutState(enum.StrEnum):
    """How a checkout stands."""

    OPEN = "open"  # nobody has paid yet
    PENDING = "pending"  # paid by a slow method: money is on its way
    PAID = "paid"
    FAILED = "failed"  # an attempt failed; the payer may try again until it expires
    BOUNCED = "bounced"  # money that was on its way will not come; nobody can pay here any more
    EXPIRED = "expired"


class RefundState(enum.StrEnum):
    """How a refund stands."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class PaymentEventKind(enum.StrEnum):
    """What may happen to money, in words that all vendors share."""

    PAID = "paid"
    PENDING = "pending"
    FAILED = "failed"  # an attempt; the payer may try again
    BOUNCED = "bounced"  # what was pending will not come, this checkout is over
    EXPIRED = "expired"
    REFUND_PENDING = "refund_pending"  # amount_minor is on its way back
    REFUNDED = "refunded"  # amount_minor is what this refund gave back
    REFUND_FAILED = "refund_failed"  # the money did not reach the payer and stays here
    DISPUTED = "disputed"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    PAYOUT = "payout"  # money goes to the bank, or came back from there: ask what `part_id` is about
    METHOD = "method"  # a saved method changed, went or came: ask about `part_id`, or about `checkout_id`
    ACTION = "action"  # a charge wants its payer: ask how it stands
    SUBSCRIPTION = "subscription"  # something became of a subscription to the platform: ask how it stands
    RETAINER = "retainer"  # something became of a client's retainer or of a bill for it: ask how it stands
    ACCOUNT_CHANGED = "account_changed"  # a connected account may do more, or less: ask how it stands
    ACCOUNT_LEFT = "account_left"  # its owner has withdrawn the platform's access
    IGNORED = "ignored"  # genuine, but nothing to act on: kept under its id and acknowledged


class ConnectKind(enum.StrEnum):
    """How an agency comes to an account the platform may act for."""

    MANAGED = "managed"  # the vendor opens one for it, with a short form on the vendor's pages
    OWN = "own"  # it has one already, and gives its consent on the vendor's pages


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """What is to be paid. `reference` is ours and comes back in every event; `key` makes a repeated call harmless.

    The payer's browser returns to `success_url` or `cancel_url`; that says nothing about the money. The vendor reports
    to `notify_url`, where vendors take it per checkout; others have it in their own configuration.
    With a `payer_id` (SAVED_METHODS) the vendor keeps the method for this payer, who has agreed to it.
    """

    reference: str
    amount_minor: int
    currency: str
    description: str
    success_url: str
    cancel_url: str
    notify_url: str
    key: str
    customer_email: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    payer_id: str = ""


@dataclass(frozen=True, slots=True)
class Checkout:
    """Send the payer to `url` until `expires_at` (aware, UTC)."""

    id: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CheckoutStatus:
    """The truth at the vendor, now. `payment_id` is empty until there is a payment."""

    id: str
    state: CheckoutState
    amount_minor: int
    currency: str
    reference: str
    payment_id: str = ""


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Give back `amount_minor` of a payment; less than all of it needs PARTIAL_REFUNDS."""

    payment_id: str
    amount_minor: int
    currency: str
    key: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back, or on its way."""

    id: str
    payment_id: str
    state: RefundState
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """Something that happened at the vendor. `id` is the same however often it is delivered.

    `part_id` is the vendor's id of the refund or the dispute, `key` the one our request for the refund had (empty when
    it was made in the vendor's own pages), `metadata` what the checkout was given, where the vendor repeats it.
    `account` is the connected account it happened on, empty for the platform's own. Of a payout `part_id` is its id.
    `reason` says of a charge of a saved method why it was declined (`charging.Decline`).
    """

    id: str
    kind: PaymentEventKind
    checkout_id: str
    payment_id: str
    reference: str
    amount_minor: int
    currency: str
    occurred_at: datetime
    part_id: str = ""
    key: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    account: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AccountRequest:
    """Who wants an account opened. `key` makes a repeated call harmless; `country` is ISO 3166 in capitals."""

    key: str
    name: str
    email: str
    country: str
    website: str = ""


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """What the vendor lets a connected account do, now.

    `wanted` are things its owner still has to hand in, in short words of the vendor; `blocked` says why the vendor has
    closed it, empty while it has not.
    """

    id: str
    can_charge: bool
    can_pay_out: bool
    submitted: bool
    wanted: tuple[str, ...] = ()
    blocked: str = ""
    country: str = ""
    currency: str = ""
    name: str = ""


class PayoutState(enum.StrEnum):
    """How a payout stands."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"  # the bank sent it back, or it was called off: the money is with the vendor again


class PayoutLineKind(enum.StrEnum):
    """What a line of a payout is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    FEE = "fee"  # what the vendor charges besides: all of it is fee
    RETURNED = "returned"  # an earlier payout that came back
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """Part of a payout: `amount_minor` moved for a payment (below nothing: it went back), less the fees.

    Of `fee_minor` the platform keeps `platform_minor`. Where the vendor changed money, `changed_minor` of
    `changed_currency` is what moved before that; the same sign as `amount_minor`.
    """

    id: str
    kind: PayoutLineKind
    payment_id: str
    amount_minor: int
    fee_minor: int
    platform_minor: int = 0
    changed_minor: int = 0
    changed_currency: str = ""

    @property
    def net_minor(self) -> int:
        return self.amount_minor - self.fee_minor


@dataclass(frozen=True, slots=True)
class Payout:
    """Money that goes to the bank, and its lines; their sum is `amount_minor` where they are complete."""

    id: str
    state: PayoutState
    amount_minor: int
    currency: str
    arrives_on: date
    at: datetime
    lines: tuple[PayoutLine, ...] = ()


@runtime_checkable
class PaysOut(Protocol):
    """What a provider with PAYOUTS offers beside the contract's core."""

    def payout(self, id: str) -> Payout:
        """A payout with its lines. Raises NotFoundAtProvider."""
        ...

    def payouts(self, since: datetime) -> tuple[str, ...]:
        """The ids of payouts made since then, oldest first."""
        ...


@runtime_checkable
class ClosesCheckouts(Protocol):
    """What a provider with CLOSE_CHECKOUTS offers beside the contract's core."""

    def close_checkout(self, id: str) -> CheckoutStatus:
        """Let nobody pay here any more, and say how the checkout stands now: EXPIRED, or PAID by who was faster.

        Closing what is over changes nothing. Raises NotFoundAtProvider.
        """
        ...


@runtime_checkable
class ConnectsAccounts(Protocol):
    """What a provider with CONNECT offers beside the contract's core: acting for accounts that others own."""

    @calls_nobody
    def connects(self) -> frozenset[ConnectKind]:
        """The ways that are open here. None: the operator has not switched it on, and the platform takes the money."""
        ...

    @calls_nobody
    def acting_for(self, account: str) -> Payments:
        """The same provider, with every call made for this connected account."""
        ...

    def open_account(self, request: AccountRequest) -> str:
        """Have an account opened (MANAGED); its id. The same key answers with the first one."""
        ...

    def onboarding_url(self, account: str, *, return_url: str, again_url: str) -> str:
        """Where its owner says who they are. It works once and for minutes; the vendor leads to `again_url` then."""
        ...

    @calls_nobody
    def consent_url(self, *, state: str, return_url: str) -> str:
        """Where the owner of an account lets the platform in (OWN); back comes `state`, and a code or an error."""
        ...

    def accept_consent(self, code: str) -> str:
        """Trade the code for the account's id. A code works once: ProviderRejected for one that is spent or forged."""
        ...

    def account_status(self, account: str) -> AccountStatus:
        """How a connected account stands. Raises NotFoundAtProvider when the platform has no access to it."""
        ...

    def leave_account(self, account: str, kind: ConnectKind) -> None:
        """Give back the access that an owner has granted (OWN); a managed account stays where it is. Twice is once."""
        ...


class Payments(Provider, Protocol):
    """Somebody who takes money for us."""

    def create_checkout(self, request: CheckoutRequest) -> Checkout:
        """Open a checkout. The same key answers with the first checkout; with other content it is ProviderRejected."""
        ...

    def get_checkout(self, id: str) -> CheckoutStatus:
        """Ask how a checkout stands: what repairs a lost webhook. Raises NotFoundAtProvider."""
        ...

    def refund(self, request: RefundRequest) -> Refund:
        """Give money back. The same key answers with the first refund. More than was paid is ProviderRejected."""
        ...

    def recent_events(self, since: datetime) -> Iterator[bytes]:
        """What happened since, oldest first, each as the body of a webhook that `events` reads; needs EVENT_LIST."""
        ...

    @calls_nobody
    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Return if these exact bytes came from the vendor lately; else raise SignatureInvalid.

        Header names match in any case. Nobody parses a body that was not verified.
        """
        ...

    @calls_nobody
    def events(self, body: bytes) -> tuple[PaymentEvent, ...]:
        """What a verified body reports, oldest first; kinds we do not know are IGNORED. Raises ProviderRejected."""
        ...

    @calls_nobody
    def form_action_origins(self) -> tuple[str, ...]:
        """Origins a form's redirect may lead to ("https://checkout.example"), for the page's security policy."""
        ...


PAYMENTS: Capability[Payments] = Capability(
    key="payments",
    env="PAYMENTS_PROVIDER",
    aliases=("PAYMENT_PROVIDER",),
    protocol=Payments,
    default="local",
    agencies=True,
)
