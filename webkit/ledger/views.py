"""The ledger as people and other features read it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from webkit.core.values import dataclass
from webkit.ledger.models import Account, Entry, Kind, Method, Receipt


@dataclass(frozen=True, slots=True)
class Movement:
    """What was booked on a client's account, or beside it: `amount_minor` of `currency` came, below nothing it went.

    `kind` says why: payment, refund, dispute, chargeback, applied (credit put on an invoice, or taken off), taken_back
    (a mistaken record), fee, payout, gain or loss (by exchange, in `base_currency` alone). With an `invoice_id` it is
    in the invoice's currency and settles that; without one it is on the client's credit. `base_minor` is what it was
    worth when it was booked: fixed for good. `cause` is the record that moved it where that is not the `source`.
    """

    day: date
    at: datetime
    kind: str
    account: str
    source: str
    client_id: UUID | None
    invoice_id: UUID | None
    currency: str
    amount_minor: int
    base_currency: str
    base_minor: int
    cause: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """Money that a person recorded; `taken_back` when a counter-entry says it was a mistake, `counter` when it is one.

    `parts` is what it settles of each invoice, in the invoice's currency.
    """

    id: UUID
    client_id: UUID
    method: Method
    day: date
    currency: str
    amount_minor: int
    reference: str
    note: str
    at: datetime
    taken_back: bool
    counter: bool
    parts: dict[UUID, int]
    credit: int = 0
    rate: Decimal | None = None

    @property
    def out(self) -> bool:
        """Whether it went to the client."""
        return self.amount_minor < 0

    @property
    def source(self) -> str:
        """How the ledger calls it."""
        return f"receipt:{self.id}"


class Booked(NamedTuple):
    """An entry as a journal has it: more than nothing is debit."""

    day: date
    at: datetime
    kind: Kind
    account: Account
    place: str
    source: str
    client_id: UUID | None
    invoice_id: UUID | None
    currency: str
    amount_minor: int
    settled_currency: str
    settled_minor: int
    base_currency: str
    base_minor: int


@dataclass(frozen=True, slots=True)
class PaidPart:
    """So much of an invoice, in its currency, was paid by one source."""

    source: str
    amount_minor: int
    receipt: ReceiptView | None

    @property
    def receipt_id(self) -> UUID | None:
        """The receipt, if a person recorded it."""
        return self.receipt.id if self.receipt else None


def movement(entry: Entry) -> Movement | None:
    """An entry as others read it; None for where money lies, which is the other side of the same booking."""
    amount, currency, kind = -entry.amount_minor, entry.currency, str(entry.kind)
    if entry.account in (Account.MONEY, Account.HELD) and entry.kind is not Kind.PAYOUT:
        return None
    if entry.account is Account.INVOICE:
        amount, currency = entry.settled_minor, entry.settled_currency or entry.currency
    elif entry.account is Account.EXCHANGE:
        amount, currency, kind = -entry.base_minor, entry.base_currency, "gain" if entry.base_minor < 0 else "loss"
    elif entry.account is Account.FEE:
        kind = str(Kind.FEE)
    return Movement(
        entry.day, entry.at, kind, str(entry.account), entry.source, entry.client_id, entry.invoice_id, currency,
        amount, entry.base_currency, -entry.base_minor, entry.cause,
    )  # fmt: skip


def receipt_view(
    row: Receipt, *, taken_back: bool, parts: dict[UUID, int], credit: int = 0, rate: Decimal | None = None
) -> ReceiptView:
    """A stored receipt as people see it."""
    return ReceiptView(
        id=row.id,
        client_id=row.client_id,
        method=row.method,
        day=row.day,
        currency=row.currency,
        amount_minor=row.amount_minor,
        reference=row.reference,
        note=row.note,
        at=row.created_at,
        taken_back=taken_back,
        counter=row.counters is not None,
        parts=parts,
        credit=credit,
        rate=rate,
    )
