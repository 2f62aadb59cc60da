"""What payment services pay out: it leaves what lies with them, less their fees, and is on its way to the bank.

The entries of a payout are a function of how it stands and of which payments in it are ours, not of what was heard of
first. Money that the vendor changed into another currency goes out of the one and into the other, at what it came to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.core.capabilities.payments import PayoutState
from webkit.core.kernel.db import writes
from webkit.core.values import dataclass
from webkit.ledger import models
from webkit.ledger.booking import Act, Money, put
from webkit.ledger.exchange import implied, worth
from webkit.ledger.models import Account, Kind, Method, Slot, Value

ON_ITS_WAY, PLATFORM = "payout", "platform"
"""Places: where money is that has left the vendor and not arrived, and who keeps the platform's part of fees."""


@dataclass(frozen=True, slots=True)
class Moved:
    """So much moved for a payment that the ledger knows: in the currency of the payout, and in its own."""

    payment_id: UUID
    amount_minor: int
    own_minor: int
    own_currency: str


@dataclass(frozen=True, slots=True)
class PaidOut:
    """A payout as it stands. `elsewhere_minor` of it came for nothing that was asked for here, fees taken off; what
    neither that nor `moved` explains came out of what lies with the vendor, too."""

    payout_id: UUID
    provider: str
    state: PayoutState
    currency: str
    amount_minor: int
    fee_minor: int
    platform_minor: int
    elsewhere_minor: int
    moved: Sequence[Moved]

    @property
    def source(self) -> str:
        """How the ledger calls it."""
        return f"payout:{self.payout_id}"

    def changed(self) -> dict[str, list[Moved]]:
        """What came in other currencies."""
        found: dict[str, list[Moved]] = defaultdict(list)
        for each in self.moved:
            if each.own_currency != self.currency:
                found[each.own_currency].append(each)
        return found


@writes
def pay_out(told: PaidOut, day: date, at: datetime) -> None:
    """Book how a payout stands; told the same again it books nothing. Inside a write that holds the payout."""
    act = Act(Kind.PAYOUT, day, at, "system")
    rate = _rate(told, day)
    money, worths = Money(told.source, told.currency), _Worths(told.currency, rate, agencies.here().currency)
    amounts = _amounts(told, money)
    stands = {slot: Value(amount, 0, worths.of(amount)) for slot, amount in amounts.items() if amount}
    rest = money.at(Account.MONEY, told.provider)
    whole = Value(-sum(each.amount for each in stands.values()), 0, -sum(each.base for each in stands.values()))
    put(money, {**stands, rest: whole}, act)
    changed, because = told.changed(), replace(act, cause=told.source)
    for currency in sorted({*changed, *_changed_before(told)}):
        _change(told, currency, changed.get(currency, []), worths, because)


def is_paid_out(told: PaidOut) -> bool:
    """Whether exactly this is booked of a payout."""
    money = Money(told.source, told.currency)
    expected = {slot: amount for slot, amount in _amounts(told, money).items() if amount}
    if rest := -sum(expected.values()):
        expected[money.at(Account.MONEY, told.provider)] = rest
    for currency, moved in told.changed().items():
        other, gone = Money(f"{told.source}/{currency}", currency), sum(each.own_minor for each in moved)
        expected[other.at(Account.MONEY, told.provider)] = -gone
        expected[other.at(Account.CONVERTED, told.provider)] = gone
    booked = {**models.of_sources([told.source]), **models.of_cause(told.source)}
    amounts = {slot: value.amount for slot, value in booked.items() if value.amount}
    return amounts == {slot: amount for slot, amount in expected.items() if amount}


def _amounts(told: PaidOut, money: Money) -> dict[Slot, int]:
    """Where everything is that has left what lies with the vendor."""
    place = {PayoutState.PAID: str(Method.BANK), PayoutState.PENDING: ON_ITS_WAY}.get(told.state)
    return {
        money.at(Account.MONEY, place or ON_ITS_WAY): told.amount_minor if place else 0,
        money.at(Account.FEE, told.provider): told.fee_minor - told.platform_minor,
        money.at(Account.FEE, PLATFORM): told.platform_minor,
        money.at(Account.ELSEWHERE, told.provider): -told.elsewhere_minor,
        money.at(Account.CONVERTED, told.provider): -sum(
            each.amount_minor for some in told.changed().values() for each in some
        ),
    }


def _changed_before(told: PaidOut) -> set[str]:
    """Of which other currencies something is booked."""
    return {slot.source.rpartition("/")[2] for slot in models.of_cause(told.source)}


def _change(told: PaidOut, currency: str, moved: Sequence[Moved], worths: _Worths, act: Act) -> None:
    """Take money out of its own currency: what it was worth when it came, more or less, is gain or loss."""
    money, base = Money(f"{told.source}/{currency}", currency), worths.base
    gone, came = sum(each.own_minor for each in moved), worths.of(sum(each.amount_minor for each in moved))
    known = _payment_rates(moved, base)
    was = came
    if known is not None:
        was = sum(worth(each.own_minor, currency, known[each.payment_id], base) for each in moved)
    if worths.rate is None:
        was = came = 0
    stands = {
        money.at(Account.MONEY, told.provider): Value(-gone, 0, -was),
        money.at(Account.CONVERTED, told.provider): Value(gone, 0, came),
        money.at(Account.EXCHANGE): Value(0, 0, was - came),
    }
    put(money, stands, act)


@dataclass(frozen=True, slots=True)
class _Worths:
    """What money of a payout is worth in the agency's currency: nothing while nobody knows."""

    currency: str
    rate: Decimal | None
    base: str

    def of(self, minor: int) -> int:
        return worth(minor, self.currency, self.rate, self.base) if self.rate is not None else 0


def _rate(told: PaidOut, day: date) -> Decimal | None:
    """What the currency of a payout was worth: as fixed before, else what the payments in it were, else what the vendor
    gave for the agency's own, else the last that was known."""
    base = agencies.here().currency
    if told.currency == base:
        return Decimal(1)
    if (fixed := models.rates([told.source]).get(told.source)) is not None:
        return fixed
    rate = _of_payments(told, base) or _of_changed(told, base)
    if rate is None and (last := models.last_rate(told.currency, base, day)) is not None:
        rate = last[0]
    if rate is not None:
        models.fix_rate(told.source, told.currency, base, rate, day)
    return rate


def _of_payments(told: PaidOut, base: str) -> Decimal | None:
    same = [each for each in told.moved if each.own_currency == told.currency]
    whole, known = sum(each.amount_minor for each in same), _payment_rates(same, base)
    if whole <= 0 or known is None:
        return None
    value = sum(worth(each.amount_minor, told.currency, known[each.payment_id], base) for each in same)
    return implied(whole, told.currency, value, base)


def _of_changed(told: PaidOut, base: str) -> Decimal | None:
    own = told.changed().get(base, [])
    came = sum(each.amount_minor for each in own)
    return implied(came, told.currency, sum(each.own_minor for each in own), base) if came > 0 else None


def _payment_rates(moved: Sequence[Moved], base: str) -> Mapping[UUID, Decimal] | None:
    """What the currency of these payments was worth when they came, if that is known of all."""
    if all(each.own_currency == base for each in moved):
        return {each.payment_id: Decimal(1) for each in moved}
    sources = {f"payment:{each.payment_id}": each.payment_id for each in moved}
    known = models.rates(list(sources), base)
    return {sources[source]: rate for source, rate in known.items()} if len(known) == len(sources) else None
