"""A journal for accountants: every entry as lines of debit and credit which are the same on both sides.

An invoice is owed by the client and is revenue and tax; what the client keeps back or pays to the state for us is owed
by the state, what was paid before is taken off the advances. Money is in the bank and no longer owed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby, islice
from typing import NamedTuple
from uuid import UUID

from webkit.clients import service as clients
from webkit.core.extensions import LazyText
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.sheets import Amount, Cell, Column
from webkit.core.values import dataclass
from webkit.invoices.service import Part
from webkit.reports import models
from webkit.reports.entries import Kind
from webkit.reports.models import Posted
from webkit.reports.ranges import Range

BOOKED = (Kind.INVOICE, Kind.CREDIT_NOTE, Kind.WRITE_OFF, Kind.PAYMENT, Kind.REFUND, Kind.CHARGEBACK)
MOST_ENTRIES = 200_000
"""What one file holds; more is asked for in parts."""
SHOWN, AT_ONCE = 30, 500


class Role(NamedTuple):
    """An account of the journal: what it is for, and the code it has until another is set."""

    label: LazyText
    code: str


ACCOUNTS: dict[str, Role] = {
    "receivable": Role(_l("Owed by clients"), "1200"),
    "bank": Role(_l("Bank and payment services"), "1000"),
    "revenue": Role(_l("Revenue"), "4000"),
    "tax": Role(_l("Tax on sales"), "2200"),
    "withheld": Role(_l("Withholding tax kept back by clients"), "1300"),
    "split": Role(_l("Tax that clients pay to the state"), "2210"),
    "prepaid": Role(_l("Advances"), "2300"),
    "rounding": Role(_l("Rounding"), "6900"),
    "written_off": Role(_l("Written off"), "6800"),
}
_BESIDE = {Part.WITHHELD: "withheld", Part.SPLIT: "split", Part.PREPAID: "prepaid", Part.ROUNDING: "rounding"}
KINDS: dict[Kind, LazyText] = {
    Kind.INVOICE: _l("Invoice"),
    Kind.CREDIT_NOTE: _l("Credit note"),
    Kind.WRITE_OFF: _l("Written off"),
    Kind.PAYMENT: _l("Payment"),
    Kind.REFUND: _l("Refund"),
    Kind.CHARGEBACK: _l("Taken back by the bank"),
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
)


@dataclass(frozen=True, slots=True)
class Line:
    """One side of one account; `amount` is debit, below nothing credit."""

    day: date
    entry: int
    kind: Kind
    number: str
    client_id: UUID
    role: str
    amount: int
    currency: str
    tax_code: str = ""


def lines(entries: Iterable[Posted]) -> Iterator[Line]:
    """The lines of entries in their order; those of one event come to nothing together."""
    events = groupby(entries, key=lambda each: (each.day, each.invoice_id, each.step))
    for place, (_key, parts) in enumerate(events, start=1):
        yield from _event(place, list(parts))


def _event(place: int, parts: list[Posted]) -> Iterator[Line]:
    first, gross = parts[0], sum(part.gross for part in parts)

    def line(role: str, amount: int, tax_code: str = "") -> Iterator[Line]:
        if amount:
            yield Line(
                first.day, place, first.kind, first.number, first.client_id, role, amount, first.currency, tax_code
            )

    if first.kind in (Kind.PAYMENT, Kind.REFUND, Kind.CHARGEBACK):
        yield from line("bank", gross)
        yield from line("receivable", -gross)
        return
    yield from line("receivable", gross)
    if first.kind is Kind.WRITE_OFF:
        yield from line("written_off", -gross)
        return
    for part in parts:
        code = f"{part.category}{part.percent}" if part.part == Part.SALE else ""
        if part.part == Part.SALE:
            yield from line("revenue", -part.net, code)
            yield from line("tax", -part.tax, code)
        else:
            yield from line(_BESIDE[Part(part.part)], -part.gross)


def journal(of: Range) -> Iterator[tuple[Cell, ...]]:
    """The rows of the sheet. Raises Invalid (`since`) where that are too many for one file."""
    count, first, last = models.span(of.since, of.until, BOOKED)
    if count > MOST_ENTRIES:
        raise Invalid({"since": _("That are too many entries for one file. Choose fewer days.")})
    if first is None or last is None:
        return iter(())
    return rows(lines(models.posted(first, last, BOOKED)))


def rows(found: Iterable[Line]) -> Iterator[tuple[Cell, ...]]:
    """Lines as rows of a sheet, with the names of clients and the codes of accounts."""
    codes, names, left = set_codes(), dict[UUID, str](), iter(found)
    while some := list(islice(left, AT_ONCE)):
        names |= clients.names({each.client_id for each in some} - names.keys())
        yield from (_row(each, codes, names) for each in some)


def _row(line: Line, codes: Mapping[str, str], names: Mapping[UUID, str]) -> tuple[Cell, ...]:
    return (
        line.day,
        line.entry,
        str(KINDS[line.kind]),
        line.number,
        names.get(line.client_id, ""),
        codes[line.role],
        str(ACCOUNTS[line.role].label),
        Amount(line.amount, line.currency) if line.amount > 0 else None,
        Amount(-line.amount, line.currency) if line.amount < 0 else None,
        line.currency,
        line.tax_code,
    )


def set_codes() -> dict[str, str]:
    """The code of every account."""
    return {role: each.code for role, each in ACCOUNTS.items()} | models.codes()


@writes
def change_codes(given: Mapping[str, str]) -> None:
    """Keep the codes of accounts; an empty one is the usual one again."""
    models.set_codes({role: given[role] for role in ACCOUNTS if given.get(role)})


def preview(of: Range) -> tuple[list[tuple[Cell, ...]], int]:
    """What the journal of these days begins with, and how many entries it has."""
    count, _first, _last = models.span(of.since, of.until, BOOKED)
    found = models.first_posted(of.since, of.until, BOOKED, SHOWN + 1)
    if len(found) > SHOWN:  # the last event may not be whole
        cut = found[-1]
        found = [each for each in found if (each.invoice_id, each.step) != (cut.invoice_id, cut.step)]
    return list(rows(lines(found))), count
