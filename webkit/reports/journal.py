"""A journal for accountants: every entry as lines of debit and credit which are the same on both sides.

An invoice is owed by the client and is revenue and tax; what the client keeps back or pays to the state for us is owed
by the state, what was paid before is taken off the advances. Money is in the bank and no longer owed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby, islice
from typing import NamedTuple
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.extensions import LazyText
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.sheets import Amount, Cell, Column
from webkit.core.values import dataclass
from webkit.invoices.service import Part
from webkit.ledger import service as ledger
from webkit.ledger.service import Account, Booked
from webkit.pricing.rounding import half_up
from webkit.reports import models
from webkit.reports.entries import Kind
from webkit.reports.models import Posted
from webkit.reports.ranges import Range

DOCUMENTS = (Kind.INVOICE, Kind.CREDIT_NOTE, Kind.WRITE_OFF, Kind.ELSEWHERE)
MOST_ENTRIES = 200_000
"""What one file holds; more is asked for in parts."""
SHOWN, AT_ONCE = 15, 500


class Role(NamedTuple):
    """An account of the journal: what it is for, and the code it has until another is set."""

    label: LazyText
    code: str


ACCOUNTS: dict[str, Role] = {
    "receivable": Role(_l("Owed by clients"), "1200"),
    "bank": Role(_l("Bank and cash"), "1000"),
    "revenue": Role(_l("Revenue"), "4000"),
    "tax": Role(_l("Tax on sales"), "2200"),
    "withheld": Role(_l("Withholding tax kept back by clients"), "1300"),
    "split": Role(_l("Tax that clients pay to the state"), "2210"),
    "prepaid": Role(_l("Advances"), "2300"),
    "rounding": Role(_l("Rounding"), "6900"),
    "written_off": Role(_l("Written off"), "6800"),
    "held": Role(_l("Held back in a dispute"), "1050"),
    "credit": Role(_l("Credit of clients"), "2310"),
    "services": Role(_l("At payment services"), "1000"),
    "fees": Role(_l("Fees of payment services"), "6300"),
    "converted": Role(_l("Changed by payment services"), "1090"),
    "elsewhere": Role(_l("Came at payment services for nothing asked for here"), "9000"),
    "exchange": Role(_l("Gain and loss by exchange"), "7900"),
}
_BESIDE = {Part.WITHHELD: "withheld", Part.SPLIT: "split", Part.PREPAID: "prepaid", Part.ROUNDING: "rounding"}
MONEY = {
    Account.MONEY: "bank",
    Account.HELD: "held",
    Account.INVOICE: "receivable",
    Account.CREDIT: "credit",
    Account.FEE: "fees",
    Account.CONVERTED: "converted",
    Account.ELSEWHERE: "elsewhere",
    Account.EXCHANGE: "exchange",
}
_AT_HOME = {str(method) for method in ledger.Method}
KINDS: dict[Kind, LazyText] = {
    Kind.INVOICE: _l("Invoice"),
    Kind.CREDIT_NOTE: _l("Credit note"),
    Kind.WRITE_OFF: _l("Written off"),
    Kind.ELSEWHERE: _l("Paid before the ledger"),
}
LEDGER: dict[ledger.Kind, LazyText] = {
    ledger.Kind.PAYMENT: _l("Payment"),
    ledger.Kind.REFUND: _l("Refund"),
    ledger.Kind.DISPUTE: _l("Dispute"),
    ledger.Kind.CHARGEBACK: _l("Taken back by the bank"),
    ledger.Kind.FEE: _l("Fee"),
    ledger.Kind.PAYOUT: _l("Payout"),
    ledger.Kind.APPLIED: _l("Credit put on an invoice"),
    ledger.Kind.TAKEN_BACK: _l("Record taken back"),
    ledger.Kind.VALUED: _l("Rate recorded"),
}
COLUMNS = (
    Column(_l("Date"), 12),
    Column(_l("Entry"), 9),
    Column(_l("Kind"), 18),
    Column(_l("Document"), 18),
    Column(_l("Client"), 28),
    Column(_l("Account"), 12),
    Column(_l("Account name"), 28),
    Column(_l("Debit")),
    Column(_l("Credit")),
    Column(_l("Currency"), 9),
    Column(_l("Tax code"), 10),
    Column(_l("Debit in own currency")),
    Column(_l("Credit in own currency")),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One side of one account; `amount` is debit, below nothing credit; `base` the same in the agency's currency where
    that is known."""

    day: date
    entry: int
    kind: LazyText
    number: str
    client_id: UUID | None
    role: str
    amount: int
    currency: str
    tax_code: str
    base: int | None


class Side(NamedTuple):
    """An account of an event and what is put there."""

    role: str
    amount: int
    base: int | None = None
    tax_code: str = ""


def document_lines(entries: Iterable[Posted], currency: str) -> Iterator[Line]:
    """The lines of invoices, credit notes and what was written off; those of one event come to nothing together."""
    for _key, some in groupby(entries, key=lambda each: (each.day, each.invoice_id, each.step)):
        parts = list(some)
        first = parts[0]
        sides = _based(_sides(first.kind, parts), parts, first.currency == currency)
        for side in sides:
            if side.amount:
                yield Line(
                    first.day, 0, KINDS[first.kind], first.number, first.client_id, side.role, side.amount,
                    first.currency, side.tax_code, side.base,
                )  # fmt: skip


def _sides(kind: Kind, parts: list[Posted]) -> list[Side]:
    gross = sum(part.gross for part in parts)
    if kind is Kind.ELSEWHERE:
        return [Side("bank", gross), Side("receivable", -gross)]
    if kind is Kind.WRITE_OFF:
        return [Side("written_off", -gross), Side("receivable", gross)]
    found = [Side("receivable", gross)]
    for part in parts:
        code = f"{part.category}{part.percent}" if part.part == Part.SALE else ""
        if part.part == Part.SALE:
            found += [Side("revenue", -part.net, None, code), Side("tax", -part.tax, None, code)]
        else:
            found.append(Side(_BESIDE[Part(part.part)], -part.gross))
    return found


def _based(sides: list[Side], parts: list[Posted], same: bool) -> list[Side]:
    """With what each side is worth in the agency's currency; the first one bears what is rounded."""
    if same:
        return [side._replace(base=side.amount) for side in sides]
    gross, worth = sum(part.gross for part in parts), [part.base for part in parts if part.base is not None]
    if len(worth) != len(parts) or not gross:
        return sides
    whole = sum(worth)
    rest = [side._replace(base=half_up(Fraction(side.amount * whole, gross))) for side in sides[1:]]
    return [sides[0]._replace(base=-sum(side.base or 0 for side in rest)), *rest]


def money_lines(entries: Iterable[Booked], numbers: Mapping[UUID, str], own: str) -> Iterator[Line]:
    """The lines of one event of money as the ledger has them; `own` is the agency's currency of today."""
    some = list(entries)
    plain = all(each.currency == own for each in some)
    for each in some:
        role, amount, currency = _role(each), each.amount_minor, each.currency
        base = (each.base_minor or None) if each.base_currency == own else None
        if plain and each.base_currency != own and each.account is not Account.EXCHANGE:
            base = amount  # booked while the agency worked in another currency, and all of it in this one
        if each.account is Account.EXCHANGE:  # of no currency but the agency's own
            amount, currency = 0, each.base_currency
        if amount or base:
            number = numbers.get(each.invoice_id, "") if each.invoice_id else ""
            yield Line(each.day, 0, LEDGER[each.kind], number, each.client_id, role, amount, currency, "", base)


def _role(entry: Booked) -> str:
    """Which account of the journal it is on: money is at payment services until it has arrived at the bank."""
    if entry.account is Account.MONEY and entry.place not in _AT_HOME:
        return "services"
    return MONEY[entry.account]


def journal(of: Range) -> Iterator[tuple[Cell, ...]]:
    """The rows of the sheet. Raises Invalid (`since`) where that are too many for one file."""
    count, days = _span(of)
    if count > MOST_ENTRIES:
        raise Invalid({"since": _("That are too many entries for one file. Choose fewer days.")})
    return rows(numbered(_lines(*days))) if days else iter(())


def _span(of: Range) -> tuple[int, tuple[date, date] | None]:
    """How many entries of documents and money these days have, and between which of them they lie."""
    spans = (models.span(of.since, of.until, DOCUMENTS), ledger.booked_span(of.since, of.until))
    days = [day for _count, *ends in spans for day in ends if day is not None]
    return sum(span[0] for span in spans), (min(days), max(days)) if days else None


def _lines(since: date, until: date) -> Iterator[list[Line]]:
    """Events in the order of their days, a week at a time."""
    currency = agencies.here().currency
    while since <= until:
        last = min(until, since + models.WEEK)
        yield from _week(since, last, currency)
        since = last + timedelta(days=1)


def _week(since: date, until: date, currency: str) -> list[list[Line]]:
    documents = models.posted(since, until, DOCUMENTS)
    found = [list(lines) for _key, lines in groupby(document_lines(documents, currency), key=_event)]
    booked = ledger.booked(since, until)
    numbers = models.numbers({each.invoice_id for each in booked if each.invoice_id})
    for _key, some in groupby(booked, key=lambda each: (each.day, each.source)):
        if lines := list(money_lines(some, numbers, currency)):
            found.append(lines)
    return sorted(found, key=lambda lines: lines[0].day)


def _event(line: Line) -> tuple[object, ...]:
    return line.day, line.number, str(line.kind)


def numbered(events: Iterable[list[Line]]) -> Iterator[Line]:
    """The lines with the numbers of their events."""
    for place, lines in enumerate(events, start=1):
        yield from (replace(line, entry=place) for line in lines)


def rows(found: Iterable[Line]) -> Iterator[tuple[Cell, ...]]:
    """Lines as rows of a sheet, with the names of clients and the codes of accounts."""
    codes, names, left, own = set_codes(), dict[UUID, str](), iter(found), agencies.here().currency
    while some := list(islice(left, AT_ONCE)):
        names |= clients.names({each.client_id for each in some if each.client_id} - names.keys())
        for each in some:
            name = names.get(each.client_id, "") if each.client_id else ""
            yield _row(each, codes[each.role], name, own)


def _row(line: Line, code: str, client: str, own: str) -> tuple[Cell, ...]:
    return (
        line.day,
        line.entry,
        str(line.kind),
        line.number,
        client,
        code,
        str(ACCOUNTS[line.role].label),
        *_both(line.amount, line.currency),
        line.currency,
        line.tax_code,
        *_both(line.base or 0, own),
    )


def _both(amount: int, currency: str) -> tuple[Amount | None, Amount | None]:
    """Debit and credit."""
    return (
        Amount(amount, currency) if amount > 0 else None,
        Amount(-amount, currency) if amount < 0 else None,
    )


def set_codes() -> dict[str, str]:
    """The code of every account."""
    kept = models.codes()
    codes = {role: each.code for role, each in ACCOUNTS.items()} | kept
    if "services" not in kept:  # one account with the bank, as long as nobody tells them apart
        codes["services"] = codes["bank"]
    return codes


@writes
def change_codes(given: Mapping[str, str]) -> None:
    """Keep the codes of accounts; an empty one is the usual one again."""
    models.set_codes({role: given[role] for role in ACCOUNTS if given.get(role)})


def preview(of: Range) -> tuple[list[tuple[Cell, ...]], int]:
    """What the journal of these days begins with, and how many entries of documents and money it is made of."""
    count, days = _span(of)
    if days is None:
        return [], 0
    week = _week(days[0], min(of.until, days[0] + models.WEEK), agencies.here().currency)
    return list(rows(numbered(week[:SHOWN]))), count
