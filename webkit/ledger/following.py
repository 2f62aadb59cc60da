"""The ledger follows payment services: what their payments have come to is booked, and pays what they were for.

How a payment is shared out follows from all payments of the invoice and everything else that pays it, not from the
order in which they were heard of.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from webkit.agencies import service as agencies
from webkit.core.kernel.db import writes
from webkit.core.values import dataclass
from webkit.ledger import models
from webkit.ledger.booking import Act, Money, Share, stand
from webkit.ledger.models import Account, Kind, Slot, Value
from webkit.payments import service as payments
from webkit.payments.events import (
    DisputeLost,
    DisputeWon,
    PaymentDisputed,
    PaymentOutcome,
    PaymentSucceeded,
    Refunded,
    RefundFailed,
)
from webkit.payments.service import Arrived

KINDS: dict[type[PaymentOutcome], Kind] = {
    PaymentSucceeded: Kind.PAYMENT,
    Refunded: Kind.REFUND,
    RefundFailed: Kind.REFUND,
    PaymentDisputed: Kind.DISPUTE,
    DisputeWon: Kind.DISPUTE,
    DisputeLost: Kind.CHARGEBACK,
}


@dataclass(frozen=True, slots=True)
class Claim:
    """An invoice, and what is to be paid of it in all."""

    invoice_id: UUID
    client_id: UUID
    currency: str
    due_minor: int

    @property
    def reference(self) -> str:
        """What its payments are for."""
        return f"invoice:{self.invoice_id}"


class Settled(NamedTuple):
    """What is paid of an invoice; of it `disputed` may still go."""

    paid: int
    disputed: int


@writes
def follow(claim: Claim, event: PaymentOutcome | None, at: datetime) -> Settled:
    """Book how the payments of an invoice stand now, and return what is paid of it. The first ones pay it first, those
    in dispute last; what is over, here or because something else paid it too, is the client's credit.

    Inside a write that holds the client's money and the invoice.
    """
    came = _came(claim, event)
    sources = {f"payment:{each.id}" for each in came}
    others = sum(v.settled for slot, v in models.of_invoice(claim.invoice_id).items() if slot.source not in sources)
    paid, disputed, standing = others, 0, models.of_sources(sources)
    day = at.astimezone(ZoneInfo(agencies.here().timezone)).date()
    for payment in sorted(came, key=lambda each: each.held_minor > 0):
        kind = _kind(payment, event, known=any(slot.source == f"payment:{payment.id}" for slot in standing))
        need = max(0, claim.due_minor - paid)
        pays = _share_out(claim, payment, need, standing, Act(kind, day, at, "system"))
        paid, disputed = paid + pays, disputed + (pays if payment.held_minor else 0)
    return Settled(paid, disputed)


def _kind(payment: Arrived, event: PaymentOutcome | None, *, known: bool) -> Kind:
    """Why a payment is booked: what is told of it, what became of it before, or only what it pays changes."""
    if event is None:
        came = Kind.APPLIED if known else Kind.PAYMENT
        return Kind.DISPUTE if payment.held_minor else Kind.REFUND if payment.returned_minor else came
    return KINDS.get(type(event), Kind.APPLIED) if payment.id == event.payment_id else Kind.APPLIED


def _came(claim: Claim, event: PaymentOutcome | None) -> Sequence[Arrived]:
    """The payments that count. One that is told of as having come counts in full, whether or not its row is there and
    whatever was heard of it before: that is booked next."""
    found = [each for each in payments.arrived(claim.reference) if each.currency == claim.currency]
    if not isinstance(event, PaymentSucceeded) or event.currency != claim.currency:
        return found
    provider = next((each.provider for each in found if each.id == event.payment_id), "")
    told = Arrived(event.payment_id, provider, event.amount_minor, 0, 0, event.currency, event.at)
    others = [each for each in found if each.id != event.payment_id]
    return sorted([*others, told], key=lambda each: (each.at, each.id))


def _share_out(claim: Claim, payment: Arrived, need: int, standing: dict[Slot, Value], act: Act) -> int:
    """Book one payment, and return what it pays of the invoice."""
    money = Money(f"payment:{payment.id}", payment.currency, claim.client_id)
    here, place = money.at(Account.INVOICE, invoice_id=claim.invoice_id), payment.provider
    lies, held = money.at(Account.MONEY, place), money.at(Account.HELD, place)
    own = {here, lies, held, money.at(Account.CREDIT), money.at(Account.EXCHANGE)}
    used = -sum(value.amount for slot, value in standing.items() if slot.source == money.source and slot not in own)
    kept = payment.amount_minor - payment.returned_minor
    paid = max(0, min(need, kept - used))
    shares = {
        lies: Share(kept - payment.held_minor),
        held: Share(payment.held_minor),
        here: Share(-paid, paid, claim.currency),
    }
    stand(money, shares, act)
    return paid
