"""What books are kept from: every issued invoice with all that was done about it, in amounts that add up.

An invoice asks for what stands at each rate, less what the client keeps back or pays to the state, to the coin. These
parts are its cells: together they are what it asks for. A credit note has cells of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.core.kernel import events
from webkit.core.values import dataclass
from webkit.invoices import book_models as models
from webkit.invoices import write_off_models
from webkit.invoices.book_models import Booked, BookedCredit
from webkit.invoices.models import OWED, SETTLED, InvoiceOrigin, InvoiceState
from webkit.invoices.terms import Instalment, still_open
from webkit.ledger import service as ledger
from webkit.payments import service as payments
from webkit.payments.service import Movement

AT_ONCE = 500
DAYS = (0, 30, 60, 90)
"""What is late by more days than these is told apart."""


class Part(StrEnum):
    """What a cell is: sold at a rate, or what stands between that and what is asked for. `rest` is of money alone: it
    pays for nothing we know, being too much or in another currency."""

    SALE = "sale"
    WITHHELD = "withheld"
    SPLIT = "split"
    PREPAID = "prepaid"
    ROUNDING = "rounding"
    REST = "rest"


class Cell(NamedTuple):
    """A part of a document in minor units; `gross` is its part of what is asked for."""

    part: Part
    category: str
    percent: str
    net: int
    tax: int
    gross: int

    @property
    def key(self) -> tuple[Part, str, str]:
        """What it is about."""
        return self.part, self.category, self.percent


class Sold(NamedTuple):
    """A line without tax, by its description; an empty one is what belongs to no line."""

    description: str
    net: int


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or a credit note: its figures are positive, what it takes back is said by what it is."""

    id: UUID
    number: str
    day: date
    cells: tuple[Cell, ...]
    sold: tuple[Sold, ...]

    @property
    def total(self) -> int:
        """What it asks for, or takes off."""
        return sum(cell.gross for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Moved:
    """Money that was put on an invoice, or taken off: less than nothing. Its day is `day`, or that of `at`.

    `kind` is payment, refund, chargeback or, where the ledger does not reach, elsewhere. `base` is what it was worth in
    the agency's currency when it was booked, if anybody knew.
    """

    kind: str
    amount: int
    currency: str
    at: datetime | None
    day: date | None = None
    base: int | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """An issued invoice, its credit notes and the money that moved, each oldest first."""

    client_id: UUID
    currency: str
    title: str
    imported: bool
    invoice: Document
    credits: tuple[Document, ...]
    moved: tuple[Moved, ...]
    written_off: tuple[tuple[datetime, int], ...]
    """When how much was written off, or below nothing taken back."""
    rate: Decimal | None = None
    """What its currency was worth in the agency's, where that was fixed."""


def books(ids: Collection[UUID]) -> list[Book]:
    """Of these invoices those that were issued, with all that was done about them."""
    rows = models.booked(ids)
    credits: dict[UUID, list[BookedCredit]] = defaultdict(list)
    for note in models.booked_credits([row.id for row in rows]):
        credits[note.invoice_id].append(note)
    moved, rates = _money(rows), ledger.invoice_rates([row.id for row in rows])
    steps = write_off_models.steps([row.id for row in rows])
    return [_book(row, credits[row.id], moved[row.id], rates.get(row.id), steps[row.id]) for row in rows]


def numbers(ids: Collection[UUID]) -> dict[UUID, str]:
    """The numbers of these invoices, of drafts none."""
    wanted = list(ids)
    found: dict[UUID, str] = {}
    for start in range(0, len(wanted), AT_ONCE):
        found |= models.numbers(wanted[start : start + AT_ONCE])
    return found


def _money(rows: Sequence[Booked]) -> dict[UUID, list[Moved]]:
    """What was put on invoices as the ledger tells; of those it knows nothing of, what payments came for them."""
    moved: dict[UUID, list[Moved]] = defaultdict(list)
    own = agencies.here().currency
    valued: dict[tuple[UUID, str], int] = defaultdict(int)
    sources: dict[UUID, list[str]] = defaultdict(list)
    for entry in ledger.on_invoices([row.id for row in rows]):
        if entry.invoice_id is not None and entry.settled_minor:
            moved[entry.invoice_id].append(_booked(entry, own))
            sources[entry.invoice_id].append(entry.source)
        elif entry.invoice_id is not None and entry.base_minor and entry.base_currency == own:
            valued[entry.invoice_id, entry.source] -= entry.base_minor
    for (invoice_id, source), base in valued.items():
        moved[invoice_id] = _valued(moved[invoice_id], sources[invoice_id], source, base)
    unknown = {events.ref("invoice", row.id): row for row in rows if row.id not in moved}
    for movement in payments.movements(unknown):
        row = unknown[movement.reference]
        if movement.currency == row.currency:
            moved[row.id].append(_moved(movement))
    return moved


def _valued(moved: Sequence[Moved], sources: Sequence[str], source: str, base: int) -> list[Moved]:
    """What came without a rate was worth that, as somebody said later; the first of a source bears all of it."""
    found = list(moved)
    for place, each in enumerate(found):
        if sources[place] == source and each.base is None:
            found[place], base = replace(each, base=base), 0
    return found


def _booked(entry: ledger.Booked, own: str) -> Moved:
    kind = "payment" if entry.settled_minor > 0 else "refund"
    if entry.kind is ledger.Kind.CHARGEBACK and entry.settled_minor < 0:
        kind = "chargeback"
    # What was booked while the agency worked in another currency says nothing about its own of today.
    known = entry.base_currency == own and (entry.base_minor or entry.settled_currency == own)
    base = -entry.base_minor if known else None
    return Moved(kind, entry.settled_minor, entry.settled_currency, entry.at, entry.day, base)


def book_ids(after: UUID | None, limit: int, *, imported: bool = False) -> list[UUID]:
    """Issued invoices in the order of their ids; only those of another system if that is asked."""
    return models.ids(after, limit, imported=imported)


def _book(
    row: Booked,
    notes: Sequence[BookedCredit],
    money: Sequence[Moved],
    rate: Decimal | None,
    steps: Sequence[tuple[datetime, int]],
) -> Book:
    issued = row.issue_date or date.min
    invoice = document(row.id, row.number or "", issued, row.priced)
    credits = [document(note.id, note.number or "", note.issue_date or issued, note.priced) for note in notes]
    moved = list(money)
    if row.origin == InvoiceOrigin.IMPORTED:
        came = sum(each.amount for each in money if each.amount > 0)
        elsewhere = row.credited_minor - sum(note.total for note in credits)
        credits = [*_credited_elsewhere(invoice, elsewhere), *credits]
        moved = [*_paid_elsewhere(row, issued, came), *moved]
    left = row.total_minor - row.credited_minor - row.received_minor if row.state in OWED else 0
    if row.state == InvoiceState.WRITTEN_OFF and row.written_off_at and not steps:  # of before there were steps
        steps = [(row.written_off_at, left)]
    imported = row.origin == InvoiceOrigin.IMPORTED
    return Book(
        row.client_id, row.currency, row.title, imported, invoice, tuple(credits), tuple(moved), tuple(steps), rate
    )


def _moved(movement: Movement) -> Moved:
    amount = movement.amount_minor if movement.kind == "payment" else -movement.amount_minor
    return Moved("elsewhere", amount, movement.currency, movement.at)


def _credited_elsewhere(invoice: Document, minor: int) -> Iterator[Document]:
    """What the other system had taken off: a part of everything, on the day of the invoice."""
    if minor > 0 and invoice.total > 0:
        yield Document(invoice.id, invoice.number, invoice.day, spread(invoice.cells, minor, invoice.total), ())


def _paid_elsewhere(row: Booked, issued: date, came: int) -> Iterator[Moved]:
    paid = row.total_minor - row.credited_minor - came if row.state in SETTLED else 0
    if paid > 0:
        yield Moved("elsewhere", paid, row.currency, row.paid_at, None if row.paid_at else issued)


def document(id: UUID, number: str, day: date, priced: Mapping[str, Any]) -> Document:
    """The cells of a stored result and what was sold. Read as it is stored: it was checked when it was."""
    totals = priced["totals"]
    sums: dict[str, int] = {}
    cells = [_sale(tax) for tax in priced["taxes"]]
    for part, minor in (
        (Part.WITHHELD, -totals.get("withheld", 0)),
        (Part.SPLIT, -totals.get("split", 0)),
        (Part.PREPAID, -totals.get("prepaid", 0)),
        (Part.ROUNDING, totals.get("rounding", 0)),
    ):
        if minor:
            cells.append(Cell(part, "", "", 0, 0, minor))
    for line in priced["lines"]:
        name = " ".join(line["description"].split())[:200]
        sums[name] = sums.get(name, 0) + line["net"]
    if rest := totals["net"] - sum(sums.values()):
        sums[""] = sums.get("", 0) + rest
    return Document(id, number, day, merged(cells), tuple(Sold(*each) for each in sums.items()))


def _sale(tax: Mapping[str, Any]) -> Cell:
    rate = tax["rate"]
    return Cell(Part.SALE, rate["category"], _percent(rate), tax["base"], tax["tax"], tax["base"] + tax["tax"])


def _percent(rate: Mapping[str, Any]) -> str:
    """Without zeros at its end: one rate is one text."""
    text = str(rate.get("percent", "0"))
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text


def merged(cells: Sequence[Cell], *, less: Sequence[Cell] = ()) -> tuple[Cell, ...]:
    """One cell for each thing, those in `less` taken off; nothing is kept of what comes to nothing."""
    sums: dict[tuple[Part, str, str], list[int]] = {}
    for sign, some in ((1, cells), (-1, less)):
        for cell in some:
            into = sums.setdefault(cell.key, [0, 0, 0])
            for at, minor in enumerate((cell.net, cell.tax, cell.gross)):
                into[at] += sign * minor
    return tuple(Cell(*key, *minors) for key, minors in sums.items() if any(minors))


def spread(cells: Sequence[Cell], minor: int, total: int) -> tuple[Cell, ...]:
    """So much of `total` of what the cells ask for, in the same proportions, to the minor unit; `total` is above 0."""
    found, before, gone = [], 0, 0
    for cell in cells:
        before += cell.gross
        here = _rounded(before * minor, total)
        gross, gone = here - gone, here
        tax = _rounded(cell.tax * gross, cell.gross) if cell.gross else 0
        net = gross - tax if cell.part is Part.SALE else 0
        found.append(Cell(*cell.key, net, tax, gross))
    return tuple(found)


def _rounded(above: int, below: int) -> int:
    """The quotient, half a unit away from nothing."""
    if below < 0:
        above, below = -above, -below
    return (2 * abs(above) + below) // (2 * below) * (1 if above >= 0 else -1)


# --- what is open ---------------------------------------------------------------------------------------------------


class Open(NamedTuple):
    """What is open of a client in one currency: not due, late by up to 30, 60, 90 days and more, and on its way."""

    client_id: UUID
    currency: str
    invoices: int
    amounts: tuple[int, ...]
    on_its_way: int

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.amounts) + self.on_its_way


def ageing(today: date) -> list[Open]:
    """What clients owe by how late it is: each instalment by its own day. What comes of money on its way is apart."""
    days = [today - timedelta(late) for late in DAYS]
    found: dict[tuple[UUID, str], list[int]] = defaultdict(lambda: [0] * (len(DAYS) + 3))
    for row in models.due(days):
        into = found[row.client_id, row.currency]
        into[row.place] += row.amount  # the last place is that of -1
        into[-2] += row.invoices
    for parted in models.parted():
        into = found[parted.client_id, parted.currency]
        into[-2] += 1
        for part in _parts(parted):
            place = -1 if parted.pending_at else sum(part.due < day for day in days)
            into[place] += part.amount
    return [
        Open(client, currency, sums[-2], tuple(sums[: len(DAYS) + 1]), sums[-1])
        for (client, currency), sums in found.items()
    ]


def _parts(of: models.Parted) -> tuple[Instalment, ...]:
    schedule = tuple(Instalment.from_dict(part) for part in of.schedule)
    return still_open(schedule, of.received_minor, of.credited_minor)
