"""Money that a person records: what came by bank, cash, card or cheque, what it pays, and what was given back.

Nothing is ever changed: a mistaken record is taken back by another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from webkit.agencies import service as agencies
from webkit.core.kernel import clock
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import MAX_MINOR, format_money
from webkit.core.values import dataclass
from webkit.ledger import models
from webkit.ledger.booking import Act, Money, Share, stand
from webkit.ledger.exchange import LEAST, MOST, worth
from webkit.ledger.models import Account, Kind, Method, Receipt, Slot, Value
from webkit.payments import service as payments

NOON = time(12)


@dataclass(frozen=True, slots=True)
class Part:
    """So much of an invoice is settled, in its currency, by `taken_minor` of the money."""

    invoice_id: UUID
    currency: str
    settled_minor: int
    taken_minor: int


@dataclass(frozen=True, slots=True)
class Received:
    """What a person says came. `rate`: what one unit of the currency was worth in the agency's, where that is another.

    What `parts` leave is the client's credit.
    """

    client_id: UUID
    method: Method
    day: date
    currency: str
    amount_minor: int
    reference: str = ""
    note: str = ""
    rate: Decimal | None = None
    parts: Sequence[Part] = ()


@dataclass(frozen=True, slots=True)
class Returned:
    """What a person says was given back of a client's credit."""

    client_id: UUID
    method: Method
    day: date
    currency: str
    amount_minor: int
    reference: str = ""
    note: str = ""


def moment(day: date) -> datetime:
    """When something is booked of which only the day is known."""
    return datetime.combine(day, NOON, ZoneInfo(agencies.here().timezone))


@writes
def receive(given: Received, actor: str) -> UUID:
    """Book what came and what it pays. Inside a write that holds the client's money and the invoices."""
    if given.amount_minor <= 0:
        raise Invalid({"amount": _("An amount above zero, please.")})
    if sum(part.taken_minor for part in given.parts) > given.amount_minor:
        raise Invalid({"amount": _("The invoices take more than came.")})
    _demand_rate(given)
    return _receive(given, actor)


@writes
def receive_elsewhere(given: Received, actor: str) -> UUID:
    """Book as a client's credit what came where nobody here saw it, so that its rate may not be known either."""
    return _receive(given, actor)


def _receive(given: Received, actor: str) -> UUID:
    row = _receipt(given, given.amount_minor, actor)
    money = Money(f"receipt:{row.id}", given.currency, given.client_id)
    base = agencies.here().currency
    if given.rate is not None and given.currency != base:
        models.fix_rate(money.source, given.currency, base, given.rate, given.day)
    shares = {money.at(Account.MONEY, given.method): Share(given.amount_minor)}
    for part in given.parts:
        share = Share(-part.taken_minor, part.settled_minor, part.currency)
        shares[money.at(Account.INVOICE, invoice_id=part.invoice_id)] = share
    stand(money, shares, _act(Kind.PAYMENT, given.day, actor))
    return row.id


def _demand_rate(given: Received) -> None:
    base = agencies.here().currency
    if given.currency == base:
        return
    if given.rate is None:
        raise Invalid({"rate": _("What was one %(of)s worth in %(to)s?", of=given.currency, to=base)})
    if not LEAST <= given.rate <= MOST:
        raise Invalid({"rate": _("A rate between %(least)s and %(most)s, please.", least="0.00000001", most="1000000")})
    if worth(given.amount_minor, given.currency, given.rate, base) > MAX_MINOR:
        raise Invalid({"rate": _("This amount is too large to be true.")})


def _receipt(given: Received | Returned, amount_minor: int, actor: str) -> Receipt:
    row = Receipt(
        client_id=given.client_id,
        method=given.method,
        day=given.day,
        currency=given.currency,
        amount_minor=amount_minor,
        reference=given.reference,
        note=given.note,
        actor=actor,
    )
    models.add([row])
    return row


def _act(kind: Kind, day: date, actor: str, cause: str = "") -> Act:
    return Act(kind, day, moment(day), actor, cause)


@writes
def apply_credit(client_id: UUID, part: Part, actor: str) -> None:
    """Pay of an invoice with what the client has paid too much in its currency, the oldest money first. Inside a write
    that holds the client's money and the invoice."""
    lots = _lots(client_id, part.currency, part.settled_minor)
    standing = models.of_sources([source for source, _amount in lots])
    for source, amount in lots:
        money = Money(source, part.currency, client_id)
        slot = money.at(Account.INVOICE, invoice_id=part.invoice_id)
        paid = standing.get(slot, Value()).settled + amount
        stand(money, {slot: Share(-paid, paid, part.currency)}, _act(Kind.APPLIED, agencies.today(), actor))


def _lots(client_id: UUID, currency: str, wanted: int) -> list[tuple[str, int]]:
    """From which sources a client's credit is taken."""
    lots = [lot for lot in models.lots(client_id=client_id) if lot.currency == currency]
    most = min(sum(lot.amount for lot in lots), sum(lot.amount for lot in lots if lot.amount > 0))
    if wanted <= 0:
        raise Invalid({"amount": _("An amount above zero, please.")})
    if wanted > most:
        there = format_money(max(0, most), currency)
        raise Invalid({"amount": _("The client has %(amount)s to use.", amount=there)})
    taken: list[tuple[str, int]] = []
    for lot in lots:
        amount = min(max(0, lot.amount), wanted)
        wanted -= amount
        if amount:
            taken.append((lot.source, amount))
    return taken


@writes
def give_back(given: Returned, actor: str) -> UUID:
    """Book that a client got back what was paid too much. Inside a write that holds the client's money."""
    lots = _lots(given.client_id, given.currency, given.amount_minor)
    row = _receipt(given, -given.amount_minor, actor)
    standing = models.of_sources([source for source, _amount in lots])
    for source, amount in lots:
        money = Money(source, given.currency, given.client_id)
        slot = money.at(Account.MONEY, given.method)
        share = Share(standing.get(slot, Value()).amount - amount)
        stand(money, {slot: share}, _act(Kind.REFUND, given.day, actor, f"receipt:{row.id}"))
    return row.id


@writes
def release(source: str, invoice_id: UUID, actor: str) -> UUID:
    """Take money off an invoice again: it is the client's credit then. Returns the client.

    Raises Conflict for a payment of a payment service on the invoice that it was made for.
    """
    slot = next((slot for slot in models.of_invoice(invoice_id) if slot.source == source), None)
    if slot is None or slot.client_id is None:
        raise NotFound(_("This does not pay the invoice."))
    stands = models.of_sources([source])[slot]
    if not stands.settled:
        raise NotFound(_("This does not pay the invoice."))
    if source.startswith("payment:") and _made_for(source, invoice_id):
        raise Conflict(_("The client paid this very invoice. Give the money back instead."))
    money = Money(source, _currency(source), slot.client_id)
    act = _act(Kind.APPLIED, agencies.today(), actor)
    stand(money, {slot: Share(0, 0, _settled_in(source)[invoice_id])}, act)
    return slot.client_id


def _made_for(source: str, invoice_id: UUID) -> bool:
    """Whether a payment of a payment service was begun for this invoice."""
    if payments.reference_of(UUID(source.partition(":")[2])) == f"invoice:{invoice_id}":
        return True
    return any(each.kind is Kind.PAYMENT and each.invoice_id == invoice_id for each in models.entries([source]))


def _currency(source: str) -> str:
    return models.entries([source])[0].currency


def _settled_in(source: str) -> dict[UUID, str]:
    """In which currency each invoice that a source pays is settled."""
    found = models.entries([source])
    return {each.invoice_id: each.settled_currency for each in found if each.invoice_id and each.settled_currency}


@writes
def take_back(receipt_id: UUID, actor: str) -> tuple[UUID, set[UUID]]:
    """Say that a record was a mistake: all that it booked is booked the other way round. Returns the counter-entry and
    the invoices that are paid less, or were. Inside a write that holds the client's money.

    Taken back twice it is taken back once. Raises Conflict while something that was done with the money stands.
    """
    row = models.locked_receipt(receipt_id)
    if row is None:
        raise NotFound(_("There is no such payment."))
    if row.counters is not None:
        raise Conflict(_("This is itself a counter-entry. Record the payment anew if it was right."))
    if (known := models.counter_of(receipt_id)) is not None:
        return known, set()
    counter = Receipt(
        client_id=row.client_id, method=row.method, day=agencies.today(), currency=row.currency,
        amount_minor=-row.amount_minor, reference=row.reference, counters=receipt_id, actor=actor,
    )  # fmt: skip
    act = Act(Kind.TAKEN_BACK, counter.day, clock.now(), actor, f"receipt:{counter.id}")
    if row.amount_minor < 0:
        _undo_return(receipt_id, row, act)
        models.add([counter])
        return counter.id, set()
    source = f"receipt:{receipt_id}"
    standing = models.of_sources([source])
    lies = Slot(source, Account.MONEY, row.method, row.client_id, None)
    if standing.get(lies, Value()).amount != row.amount_minor or _other_places(standing, lies):
        raise Conflict(_("Some of this money was given back. Take that record back first."))
    currencies = _settled_in(source)
    paid = {slot: slot.invoice_id for slot in standing if slot.account is Account.INVOICE and slot.invoice_id}
    shares = {slot: Share(0, 0, currencies[invoice_id]) for slot, invoice_id in paid.items()}
    stand(Money(source, row.currency, row.client_id), {lies: Share(0), **shares}, act)
    models.add([counter])
    return counter.id, set(paid.values())


def _other_places(standing: dict[Slot, Value], lies: Slot) -> bool:
    return any(slot.account is Account.MONEY and slot != lies and value.amount for slot, value in standing.items())


def _undo_return(receipt_id: UUID, row: Receipt, act: Act) -> None:
    """What was given back was not: it is the client's credit again."""
    gone = models.of_cause(f"receipt:{receipt_id}")
    standing = models.of_sources({slot.source for slot in gone})
    for slot, value in gone.items():
        if slot.account is Account.MONEY:
            share = Share(standing.get(slot, Value()).amount - value.amount)
            stand(Money(slot.source, row.currency, row.client_id), {slot: share}, act)
