"""Payment methods that payers leave with the vendor, and money taken from them while nobody is at a page.

A method is kept by the vendor; here it is a name, and what a person needs to know it again. What a payer agreed to is
the house's business: nothing here asks.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from .payments import Checkout


class MethodKind(enum.StrEnum):
    """What a payer pays with. SEPA debits are in euros, and their money takes days."""

    CARD = "card"
    SEPA_DEBIT = "sepa_debit"
    OTHER = "other"


class SetupState(enum.StrEnum):
    """How far a payer has come who is leaving a method."""

    OPEN = "open"
    DONE = "done"
    EXPIRED = "expired"  # or given up: this page is over


class ChargeState(enum.StrEnum):
    """How a charge stands. PENDING is promised and takes days; DECLINED and CANCELLED take no money any more."""

    PAID = "paid"
    PENDING = "pending"
    ACTION = "action"  # the payer's bank wants to see the payer: `confirm_charge` says where
    DECLINED = "declined"
    CANCELLED = "cancelled"


class Decline(enum.StrEnum):
    """Why a charge was declined, in words that all vendors share."""

    NONE = ""
    FUNDS = "funds"  # not enough money there, now
    EXPIRED = "expired"  # the card's last day has passed
    LIMIT = "limit"  # too often, or too much, for now
    BANK = "bank"  # the bank says no, and not why
    BLOCKED = "blocked"  # lost, stolen, closed, revoked: never again with this method
    UNCONFIRMED = "unconfirmed"  # the payer did not confirm it with the bank
    DETAILS = "details"  # number, code or mandate are not right
    TROUBLE = "trouble"  # something went wrong on the way, not the payer's doing
    GONE = "gone"  # the vendor does not have this method any more
    REFUSED = "refused"  # the vendor does not take such a charge at all

    @property
    def final(self) -> bool:
        """Whether trying again with the same method is of no use."""
        return self in (Decline.EXPIRED, Decline.BLOCKED, Decline.DETAILS, Decline.GONE, Decline.REFUSED)


@dataclass(frozen=True, slots=True)
class PayerRequest:
    """Who leaves methods with the vendor. `reference` is ours; `key` makes a repeated call harmless."""

    key: str
    reference: str
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class SetupRequest:
    """A payer leaves a method at the vendor's page; nothing is paid there. `currency` is what it will be charged in."""

    key: str
    payer_id: str
    reference: str
    currency: str
    success_url: str
    cancel_url: str
    notify_url: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PayerMethod:
    """A method as the vendor knows it. `expires` is year and month, None where it does not expire."""

    id: str
    payer_id: str
    kind: MethodKind
    brand: str
    last4: str
    expires: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class SetupStatus:
    """How leaving a method stands; `method` once it is DONE. The page may have been one to pay at, too."""

    id: str
    state: SetupState
    method: PayerMethod | None = None


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """Take `amount_minor` from a method its owner has left, while its owner is not there."""

    key: str
    method: PayerMethod
    reference: str
    amount_minor: int
    currency: str
    description: str
    notify_url: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChargeStatus:
    """The truth at the vendor, now. `code` is the vendor's own word for a decline."""

    id: str
    state: ChargeState
    amount_minor: int
    currency: str
    reference: str
    decline: Decline = Decline.NONE
    code: str = ""


@runtime_checkable
class SavesMethods(Protocol):
    """What a provider with SAVED_METHODS offers beside the contract's core.

    A checkout whose request names a `payer_id` keeps the method it was paid with: `setup` tells of it too.
    """

    def open_payer(self, request: PayerRequest) -> str:
        """The vendor's id of a payer. The same key answers with the first one."""
        ...

    def begin_setup(self, request: SetupRequest) -> Checkout:
        """Open a page at which a payer leaves a method. Raises NotFoundAtProvider for an unknown payer."""
        ...

    def setup(self, id: str) -> SetupStatus:
        """How a page stands at which a method is left. Raises NotFoundAtProvider."""
        ...

    def method(self, id: str) -> PayerMethod:
        """A method as it is now: cards get new numbers and days. Raises NotFoundAtProvider for one that is gone."""
        ...

    def forget_method(self, id: str) -> None:
        """Keep a method no longer. Twice is once, and so is one that is gone."""
        ...


@runtime_checkable
class ChargesMethods(Protocol):
    """What a provider with OFF_SESSION offers beside the contract's core."""

    def charge(self, request: ChargeRequest) -> ChargeStatus:
        """Take money. The same key answers with the first charge; a decline is an answer, not an error.

        Raises NotFoundAtProvider for a method that is gone, ProviderRejected for what the vendor never takes.
        """
        ...

    def get_charge(self, id: str) -> ChargeStatus:
        """How a charge stands. Raises NotFoundAtProvider."""
        ...

    def find_charge(self, payer_id: str, key: str, since: datetime) -> ChargeStatus | None:
        """The charge that was made under a key, if it was, however long ago vendors forget keys."""
        ...

    def confirm_charge(self, id: str, *, return_url: str, key: str) -> tuple[ChargeStatus, str]:
        """Where the payer confirms a charge that wants ACTION; "" as the address where nothing is to be confirmed."""
        ...

    def cancel_charge(self, id: str) -> ChargeStatus:
        """Take no money any more, and say how the charge stands: CANCELLED, or PAID by what was faster."""
        ...
