"""Invoices that were issued elsewhere: they keep number, days, currency and figures as they were.

Nothing is computed, frozen or sent; they are owed, late and counted like the agency's own. What was not touched here
since can be taken out again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from webkit.agencies import service as agencies
from webkit.core.kernel import events, money, references, signals
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.ids import uuid7
from webkit.core.values import dataclass
from webkit.invoices import models
from webkit.invoices.drafts import totals
from webkit.invoices.events import InvoicePaid
from webkit.invoices.models import Invoice, InvoiceOrigin, InvoiceState
from webkit.invoices.views import found
from webkit.pricing import Category, Place, Priced, PricedLine, PricedTax, PricingError, TaxRate, Totals, find

STATES = {"open": InvoiceState.ISSUED, "paid": InvoiceState.PAID, "credited": InvoiceState.CREDITED}
NOON = time(12)


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """A line as the other system printed it: `net` and `tax` in minor units."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    percent: Decimal
    net: int
    tax: int


@dataclass(frozen=True, slots=True)
class ImportedInvoice:
    """An invoice as it was issued elsewhere. `state` is open, paid or credited; the lines are all of its total."""

    client_id: UUID
    number: str
    title: str
    currency: str
    locale: str
    issue_date: date
    due_date: date
    lines: tuple[ImportedLine, ...]
    state: str = "open"
    paid_on: date | None = None
    note: str = ""
    paid: int = 0
    """What was paid of an open one before it came here."""


class Numbered(NamedTuple):
    """An invoice that is here already."""

    id: UUID
    client_id: UUID
    currency: str
    total_minor: int
    issue_date: date | None
    is_open: bool
    """It came from elsewhere and waits for money."""


def stored(lines: tuple[ImportedLine, ...], currency: str, scheme: str, paid: int = 0) -> Priced:
    """The stored result that says just what the lines say. Raises PricingError when that cannot be an invoice."""
    priced = tuple(_line(str(position), line, scheme) for position, line in enumerate(lines, start=1))
    taxes = tuple(_tax(rate, [line for line in priced if line.rate == rate]) for rate in _rates(priced))
    net, tax = sum(line.net for line in priced), sum(line.tax for line in priced)
    if net + tax < 0:
        raise PricingError(
            _("The total is negative: import the invoice that it corrects as credited instead."), "total"
        )
    if paid and not 0 < paid < net + tax:
        raise PricingError(_("What was paid of it must be less than it comes to."), "paid")
    gross = net + tax
    sums = Totals(subtotal=net, discount=0, charge=0, net=net, tax=tax, gross=gross, prepaid=paid, payable=gross - paid)
    return Priced(
        currency=currency, scheme=scheme, place=Place.DOCUMENT, prices_include_tax=False,
        lines=priced, adjustments=(), taxes=taxes, totals=sums,
    )  # fmt: skip


def _line(position: str, line: ImportedLine, scheme: str) -> PricedLine:
    return PricedLine(
        id=position, description=line.description, quantity=line.quantity, unit_price=line.unit_price,
        rate=_rate(line.percent, scheme), adjustments=(), listed=line.net, amount=line.net, share=0,
        net=line.net, tax=line.tax, gross=line.net + line.tax,
    )  # fmt: skip


def _rate(percent: Decimal, scheme: str) -> TaxRate:
    """A rate of those days: the agency's scheme of today need not know it, and why there was none was not told."""
    default = find(scheme).rows[0].rate
    if percent > 0:
        return TaxRate(Category.STANDARD, percent)
    return default if default.percent == 0 else TaxRate(Category.ZERO)


def _rates(lines: tuple[PricedLine, ...]) -> list[TaxRate]:
    return sorted({line.rate for line in lines}, key=lambda rate: rate.order)


def _tax(rate: TaxRate, lines: list[PricedLine]) -> PricedTax:
    net = sum(line.net for line in lines)
    return PricedTax(rate=rate, amount=net, discount=0, charge=0, base=net, tax=sum(line.tax for line in lines))


def by_numbers(numbers: Collection[str]) -> dict[str, Numbered]:
    """The invoices that have these numbers already, wherever they were issued."""
    return {
        row.number: Numbered(row.id, row.client_id, row.currency, _total(row), row.issue_date, _is_open(row))
        for row in models.numbered(numbers)
        if row.number
    }


def _total(row: Invoice) -> int:
    """What it came to where it was issued, whatever was paid of it there."""
    return row.net_minor + row.tax_minor if row.origin == InvoiceOrigin.IMPORTED else row.total_minor


def _is_open(row: Invoice) -> bool:
    return row.origin == InvoiceOrigin.IMPORTED and row.state in models.OWED and row.pending_at is None


def imported_numbers(since: date, until: date) -> list[str]:
    """The numbers of invoices issued elsewhere between two days."""
    return models.imported_numbers(since, until)


@writes
def add_imported(given: Sequence[ImportedInvoice]) -> list[UUID]:
    """Keep invoices of another system. Raises PricingError when the figures of one cannot be those of an invoice."""
    here = agencies.profile()
    rows = [_row(each, here) for each in given]
    models.add_imported(rows)
    return [row.id for row in rows]


def _row(given: ImportedInvoice, here: agencies.AgencyProfile) -> Invoice:
    priced = stored(given.lines, given.currency, here.tax_scheme, given.paid)
    issued = _moment(given.issue_date, here.timezone)
    return Invoice(
        id=uuid7(issued),  # among the others of its day, wherever invoices stand in the order they came
        origin=InvoiceOrigin.IMPORTED,
        client_id=given.client_id,
        number=given.number,
        title=given.title,
        currency=given.currency,
        locale=given.locale or here.locale,
        state=STATES[given.state],
        lines=[],
        note=given.note,
        payment_days=max(0, (given.due_date - given.issue_date).days),
        issue_date=given.issue_date,
        due_date=given.due_date,
        issued_at=issued,
        paid_at=_moment(given.paid_on, here.timezone) if given.paid_on and given.state == "paid" else None,
        credited_minor=priced.totals.payable if given.state == "credited" else 0,
        **totals(priced),
    )


@writes
def mark_paid(invoice_id: UUID, paid_on: date, actor: str) -> None:
    """What was issued elsewhere is paid there: a person says so. Said twice it is once. Raises Invalid, Conflict."""
    invoice = found(models.locked(invoice_id))
    if invoice.state == InvoiceState.PAID:
        return
    if invoice.origin != InvoiceOrigin.IMPORTED or invoice.state not in models.OWED or invoice.pending_at is not None:
        raise Conflict(_("Only an imported invoice that is still to be paid is marked as paid by hand."))
    if not (invoice.issue_date or paid_on) <= paid_on <= agencies.today():
        raise Invalid({"paid_on": _("A day between its issue and today, please.")})
    subject, about = events.ref("invoice", invoice_id), (events.ref("client", invoice.client_id),)
    minor, currency = invoice.due_minor - invoice.received_minor, invoice.currency
    facts = {
        "actor": actor,
        "number": invoice.number or "",
        "amount_minor": minor,
        "currency": currency,
        "amount": money.format_money(minor, currency, invoice.locale),
    }
    if models.move(invoice_id, InvoiceState.PAID, paid_at=_moment(paid_on, agencies.here().timezone)):
        events.record("invoice.paid", subject, facts, about=about)
        signals.publish(InvoicePaid(invoice_id))


@writes
def remove_imported(ids: Collection[UUID]) -> set[UUID]:
    """Take out of these invoices those that nobody paid, credited, sent or used for anything since; returns them."""
    rows = models.imported(ids)  # locked before anything is read about them: nobody pays one meanwhile
    told = events.told_of(events.ref("invoice", each) for each in ids)
    used = references.referred(Invoice, ids)
    gone = [row for row in rows if row.id not in used and events.ref("invoice", row.id) not in told]
    removed = {row.id for row in gone}
    for row in gone:
        models.remove_imported(row)
    return removed


def _moment(day: date, timezone: str) -> datetime:
    """Noon of that day at the agency's place: the hour is not known."""
    return datetime.combine(day, NOON, ZoneInfo(timezone))
