"""What people do with money by hand: record what came, put credit on invoices, give it back, take a mistake back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import events, once
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.money import MAX_MINOR, format_money
from webkit.core.values import dataclass
from webkit.invoices import service as invoices
from webkit.invoices.service import Payable
from webkit.ledger import service as ledger
from webkit.ledger.service import Method as Method
from webkit.ledger.service import Part, Received, Returned
from webkit.ledger.service import ReceiptView as ReceiptView
from webkit.pricing.rounding import apportion

METHODS = {
    Method.BANK: _l("Bank transfer"),
    Method.CASH: _l("Cash"),
    Method.CARD: _l("Card"),
    Method.CHEQUE: _l("Cheque"),
    Method.OTHER: _l("Another way"),
}
NOON = time(12)
EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class RecordInput:
    """What somebody types about money that came; `parts` is what it pays of invoices, in the currency of each.

    In another currency than the invoices all that came is for them: what it was worth more or less is gain or loss.
    """

    client_id: UUID
    method: Method
    day: date
    currency: str
    amount_minor: int
    reference: str = ""
    note: str = ""
    rate: Decimal | None = None
    parts: Mapping[UUID, int] | None = None


@writes
def record(given: RecordInput, actor: str, once_key: str = "") -> UUID:
    """Book money that came; the same form twice books it once. What the invoices do not take is the client's credit.

    Raises Invalid with the field (`day`, `amount`, `rate`, `part-<invoice>`).
    """
    if known := once.result(once_key):
        return UUID(known)
    clients.get(given.client_id)
    _demand_day(given.day)
    if not 0 < given.amount_minor <= MAX_MINOR:
        raise Invalid({"amount": _("An amount above zero, please.")})
    ledger.hold(given.client_id)
    parts = _parts(given)
    received = Received(
        given.client_id, given.method, given.day, given.currency, given.amount_minor,
        given.reference, given.note, given.rate, parts,
    )  # fmt: skip
    receipt_id = ledger.receive(received, actor)
    once.keep(once_key, str(receipt_id))
    for part in parts:
        invoices.settle(part.invoice_id, _moment(given.day), actor)
    _told("receipt.recorded", receipt_id, actor, [part.invoice_id for part in parts])
    return receipt_id


def recorded_as(once_key: str) -> UUID | None:
    """What a form was recorded as that was sent before."""
    known = once.result(once_key)
    return UUID(known) if known else None


def _demand_day(day: date) -> None:
    if not EARLIEST <= day <= agencies.today():
        raise Invalid({"day": _("A day until today, please.")})


def _parts(given: RecordInput) -> list[Part]:
    wanted = {invoice_id: minor for invoice_id, minor in (given.parts or {}).items() if minor}
    found = [
        (_claim(invoice_id, given.client_id, wanted[invoice_id]), wanted[invoice_id]) for invoice_id in sorted(wanted)
    ]
    same = all(claim.currency == given.currency for claim, _minor in found)
    if not same and len({claim.currency for claim, _minor in found}) > 1:
        raise Invalid({"currency": _("Invoices in different currencies are recorded one after the other.")})
    taken = [minor for _claim, minor in found] if same else _all_of(given.amount_minor, [minor for _c, minor in found])
    if sum(taken) > given.amount_minor:
        over = format_money(sum(taken) - given.amount_minor, given.currency)
        raise Invalid({"amount": _("The invoices below take %(amount)s more than came.", amount=over)})
    return [Part(claim.id, claim.currency, minor, part) for (claim, minor), part in zip(found, taken, strict=True)]


def _all_of(amount: int, weights: list[int]) -> list[int]:
    """All of an amount, by weights that are above zero, to the cent."""
    exact = [Fraction(amount * weight, sum(weights)) for weight in weights]
    return apportion(amount, exact, [(place,) for place in range(len(weights))])


def _claim(invoice_id: UUID, client_id: UUID, minor: int) -> Payable:
    try:
        claim = invoices.payable(invoice_id)
    except Conflict as error:  # paid, credited or on its way since the form was shown
        raise Invalid({"amount": error.message}) from None
    if claim.client_id != client_id:
        raise NotFound(_("There is no such invoice."))
    if not 0 < minor <= claim.open_minor:
        most = format_money(max(0, claim.open_minor), claim.currency)
        raise Invalid({f"part-{invoice_id}": _("At most %(amount)s are open.", amount=most)})
    return claim


def _moment(day: date) -> datetime:
    return datetime.combine(day, NOON, ZoneInfo(agencies.here().timezone))


def _told(kind: str, receipt_id: UUID, actor: str, invoice_ids: list[UUID]) -> None:
    view = get(receipt_id)
    facts = {
        "actor": actor,
        "receipt": str(receipt_id),
        "amount_minor": abs(view.amount_minor),
        "currency": view.currency,
        "amount": format_money(abs(view.amount_minor), view.currency, agencies.here().locale),
        "method": str(METHODS[view.method]),
        "day": view.day.isoformat(),
    }
    about = [events.ref("client", view.client_id), *(events.ref("invoice", each) for each in invoice_ids)]
    events.record(kind, events.ref("receipt", receipt_id), facts, about=tuple(about))


@writes
def take_back(receipt_id: UUID, actor: str) -> UUID:
    """A record was a mistake: a counter-entry books all of it the other way round, and its invoices are open again.

    Asked twice it is done once. Raises Conflict while credit of it is given back.
    """
    ledger.hold(get(receipt_id).client_id)
    known = get(receipt_id).taken_back  # asked again: another click may have been waited for
    counter, touched = ledger.take_back(receipt_id, actor)
    for invoice_id in sorted(touched):
        invoices.settle(invoice_id, _moment(agencies.today()), actor)
    if not known:
        _told("receipt.taken_back", receipt_id, actor, sorted(touched))
    return counter


@writes
def apply_credit(client_id: UUID, invoice_id: UUID, minor: int, actor: str, once_key: str = "") -> None:
    """Put credit of a client on one of the invoices. Raises Invalid (`amount`)."""
    if once.result(once_key):
        return
    ledger.hold(client_id)
    try:
        claim = _claim(invoice_id, client_id, minor)
    except Invalid as error:
        raise Invalid({"amount": next(iter(error.errors.values()))}) from None
    ledger.apply_credit(client_id, Part(invoice_id, claim.currency, minor, minor), actor)
    once.keep(once_key, str(invoice_id))
    invoices.settle(invoice_id, _moment(agencies.today()), actor)
    _moved("credit.applied", claim, minor, actor)


def _moved(kind: str, claim: Payable, minor: int, actor: str) -> None:
    facts = {
        "actor": actor,
        "number": claim.number,
        "amount_minor": minor,
        "currency": claim.currency,
        "amount": format_money(minor, claim.currency, agencies.here().locale),
    }
    about = (events.ref("client", claim.client_id),)
    events.record(kind, events.ref("invoice", claim.id), facts, about=about)


@writes
def give_back(given: Returned, actor: str, once_key: str = "") -> UUID:
    """Record that a client got credit back. Raises Invalid (`day`, `amount`)."""
    if known := once.result(once_key):
        return UUID(known)
    clients.get(given.client_id)
    _demand_day(given.day)
    ledger.hold(given.client_id)
    receipt_id = ledger.give_back(given, actor)
    once.keep(once_key, str(receipt_id))
    _told("receipt.returned", receipt_id, actor, [])
    return receipt_id


@writes
def release(invoice_id: UUID, source: str, actor: str) -> None:
    """Take money off an invoice: it is the client's credit then. Raises NotFound, Conflict."""
    invoice = invoices.get(invoice_id)
    ledger.hold(invoice.client_id)
    part = next((each for each in ledger.paid_by(invoice_id) if each.source == source), None)
    if part is None:
        raise NotFound(_("This does not pay the invoice."))
    if invoice.pending_at is not None:
        raise Conflict(_("A payment of %(number)s is on its way.", number=invoice.number))
    ledger.release(source, invoice_id, actor)
    invoices.settle(invoice_id, _moment(agencies.today()), actor)
    claim = Payable(invoice_id, invoice.client_id, invoice.number, invoice.title, invoice.currency, 0, 0, None)
    _moved("credit.released", claim, part.amount_minor, actor)


@writes
def give_rate(source: str, rate: Decimal, actor: str) -> None:
    """Say what money was worth of which that is not known. Raises Invalid (`rate`), NotFound, Conflict."""
    wanted = next(iter(ledger.unvalued(1, source)), None)
    if wanted is None:
        raise Conflict(_("What this was worth is fixed already."))
    if wanted.client_id is not None:
        ledger.hold(wanted.client_id)
    found = ledger.give_rate(source, rate, actor)
    here = agencies.here()
    amount = ledger.worth(found.amount_minor, found.currency, rate, here.currency)
    facts = {
        "actor": actor,
        "source": source,
        "rate": f"{rate:f}",
        "amount": format_money(found.amount_minor, found.currency, here.locale),
        "worth": format_money(amount, here.currency, here.locale),
    }
    about = [events.ref("invoice", each) for each in found.invoice_ids]
    if found.client_id is not None:
        about.append(events.ref("client", found.client_id))
    events.record("rate.recorded", source, facts, about=tuple(about))


def get(receipt_id: UUID) -> ReceiptView:
    """One record. Raises NotFound."""
    if (found := ledger.receipt(receipt_id)) is None:
        raise NotFound(_("There is no such payment."))
    return found
