"""Writes entries: whoever says how the money of a source should stand gets the entries that are missing for it.

So the same thing booked twice is booked once, entries always come to nothing, and what is over is the client's credit
without anybody adding it up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.core.values import dataclass
from webkit.ledger import models
from webkit.ledger.exchange import implied, worth
from webkit.ledger.models import Account, Entry, Kind, Slot, Value


@dataclass(frozen=True, slots=True)
class Money:
    """A source: what came once, in one currency, of a client if it has one."""

    source: str
    currency: str
    client_id: UUID | None = None

    def at(self, account: Account, place: str = "", invoice_id: UUID | None = None) -> Slot:
        """One of its accounts."""
        return Slot(self.source, account, place, self.client_id, invoice_id)


@dataclass(frozen=True, slots=True)
class Act:
    """Why, when and by whom something is booked."""

    kind: Kind
    day: date
    at: datetime
    actor: str
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """How an account should stand: `amount` in the source's currency, what that settles in that of the invoice."""

    amount: int
    settled: int = 0
    currency: str = ""


def stand(money: Money, shares: Mapping[Slot, Share], act: Act) -> None:
    """Have these accounts of a source stand like that; what is over or missing then is on the client's credit."""
    now, base = models.of_sources([money.source]), agencies.here().currency
    now = {slot: now.get(slot, Value()) for slot in {*now, *shares}}
    after = {slot: Value(share.amount, share.settled, 0) for slot, share in shares.items()}
    after = {slot: after.get(slot, value) for slot, value in now.items()}
    credit, exchange = money.at(Account.CREDIT), money.at(Account.EXCHANGE)
    after[credit] = Value(-sum(value.amount for slot, value in after.items() if slot != credit))
    _valued(money, base, shares, now, after, act.day, exchange)
    _write(money, now, after, {slot: share.currency for slot, share in shares.items()}, base, act)


def put(money: Money, after: Mapping[Slot, Value], act: Act) -> None:
    """Have the accounts of a source stand exactly like that, and all others of it at nothing."""
    now = models.of_sources([money.source])
    _write(money, now, {**dict.fromkeys(now, Value()), **after}, {}, agencies.here().currency, act)


def _write(
    money: Money,
    now: Mapping[Slot, Value],
    after: Mapping[Slot, Value],
    settled_in: Mapping[Slot, str],
    base: str,
    act: Act,
) -> None:
    changed = [
        _entry(money, slot, value.minus(now.get(slot, Value())), settled_in.get(slot, ""), base, act)
        for slot, value in after.items()
        if value != now.get(slot, Value())
    ]
    if changed:
        models.add(changed)


def _valued(
    money: Money,
    base: str,
    shares: Mapping[Slot, Share],
    now: Mapping[Slot, Value],
    after: dict[Slot, Value],
    day: date,
    exchange: Slot,
) -> None:
    """Say what all of it is worth in the agency's currency.

    Money is worth what it was when it came, what it settles of an invoice what that was when it was issued: the
    difference is gain or loss. Together the parts of an invoice are worth to the cent what the invoice is.
    """
    rate = _rate(money, base, shares, day, fresh=not any(map(any, now.values())))
    if rate == 1 and money.currency == base and all(share.currency in ("", base) for share in shares.values()):
        _plain(now, after)
        return
    if rate is None:  # nobody has said what it is worth: it counts nothing in the agency's currency until then
        return

    def value(minor: int) -> int:
        return worth(minor, money.currency, rate, base)

    taken = -sum(each.amount for slot, each in after.items() if slot.account is Account.INVOICE)
    places = 0
    for slot, each in after.items():
        if slot.account in (Account.MONEY, Account.HELD, Account.FEE):
            after[slot] = each._replace(base=value(each.amount))
            places += after[slot].base
        elif slot.account is Account.INVOICE:
            after[slot] = each._replace(base=now[slot].base)
    after[money.at(Account.CREDIT)] = after[money.at(Account.CREDIT)]._replace(base=value(taken) - places)
    _value_invoices(money, base, shares, now, after, rate, day)
    others = sum(each.base for slot, each in after.items() if slot.account is not Account.EXCHANGE)
    after[exchange] = Value(base=-others)


def _plain(now: Mapping[Slot, Value], after: dict[Slot, Value]) -> None:
    """All of it is in the agency's currency: it is worth what it is, whatever was booked in another one before."""
    for slot, each in after.items():
        before = now.get(slot, Value())
        after[slot] = each._replace(base=before.base + each.amount - before.amount)


def _value_invoices(
    money: Money,
    base: str,
    shares: Mapping[Slot, Share],
    now: Mapping[Slot, Value],
    after: dict[Slot, Value],
    rate: Decimal,
    day: date,
) -> None:
    touched = {slot: share for slot, share in shares.items() if slot.account is Account.INVOICE and slot.invoice_id}
    before = models.valued([slot.invoice_id for slot in touched if slot.invoice_id], base)
    for slot, share in touched.items():
        assert slot.invoice_id is not None  # asked above
        settled, booked = before.get(slot.invoice_id, (0, 0))
        target = settled + share.settled - now[slot].settled
        own = _invoice_rate(slot.invoice_id, share, money, base, rate, day)
        step = worth(target, share.currency, own, base) - booked
        after[slot] = after[slot]._replace(base=now[slot].base - step)


def _rate(money: Money, base: str, shares: Mapping[Slot, Share], day: date, *, fresh: bool) -> Decimal | None:
    """What the money is worth: as fixed before, else like the invoice it pays, else the last that was known.

    What was booked before anybody knew waits until somebody says it.
    """
    if money.currency == base:
        return Decimal(1)
    invoices = [f"invoice:{slot.invoice_id}" for slot, share in shares.items() if share.currency == money.currency]
    known = models.rates([money.source, *invoices])
    if money.source in known:
        return known[money.source]
    if not fresh:
        return None
    last = models.last_rate(money.currency, base, day)
    rate = next(iter(known.values()), last[0] if last else None)
    if rate is not None:
        models.fix_rate(money.source, money.currency, base, rate, day)
    return rate


def _invoice_rate(invoice_id: UUID, share: Share, money: Money, base: str, rate: Decimal, day: date) -> Decimal:
    """What the invoice's currency was worth when it was issued; if nobody knew, what is paid for it now."""
    if share.currency == base:
        return Decimal(1)
    source = f"invoice:{invoice_id}"
    if (known := models.rates([source]).get(source)) is not None:
        return known
    now = rate
    if share.currency != money.currency:
        if not share.settled:
            return Decimal(1)
        now = implied(share.settled, share.currency, worth(-share.amount, money.currency, rate, base), base)
    models.fix_rate(source, share.currency, base, now, day)
    return now


def _entry(money: Money, slot: Slot, step: Value, settled_in: str, base: str, act: Act) -> Entry:
    return Entry(
        source=slot.source,
        cause=act.cause,
        account=slot.account,
        kind=act.kind,
        place=slot.place,
        client_id=slot.client_id,
        invoice_id=slot.invoice_id,
        currency=money.currency,
        amount_minor=step.amount,
        settled_currency=settled_in,
        settled_minor=step.settled,
        base_currency=base,
        base_minor=step.base,
        day=act.day,
        at=act.at,
        actor=act.actor,
    )
