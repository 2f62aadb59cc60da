"""What an invoice adds to the reports: entries of what was asked for, and of what of that was paid. Pure.

Money is of what it pays for. So much of what an invoice still asks for is paid in the same proportions at every rate;
what stays although a credit note says it should go back is of that note until it goes. After each step the entries of
money are together exactly the money that was kept, and once all is paid exactly the invoice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from webkit.core.values import dataclass
from webkit.invoices.service import Book, Cell, Document, Moved, Part, merged, spread
from webkit.ledger.service import worth


class Kind(StrEnum):
    """Why there is an entry. `elsewhere`: money that the ledger does not know, as it came before there was one or in
    another system; `shifted`: a credit note moves what was paid from one rate to another."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    WRITE_OFF = "write_off"
    PAYMENT = "payment"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    ELSEWHERE = "elsewhere"
    SHIFTED = "shifted"


ASKED = (Kind.INVOICE, Kind.CREDIT_NOTE)
"""What was asked for: accrual."""
CAME = (Kind.PAYMENT, Kind.REFUND, Kind.CHARGEBACK, Kind.ELSEWHERE, Kind.SHIFTED)
"""What was paid: cash."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Signed figures in minor units; `step` tells the entries of one event, `waited` the days from issue to paid.

    `base` is what `gross` is worth in the agency's currency at the rate that was booked, if there is one.
    """

    kind: Kind
    step: int
    day: date
    document_id: UUID
    number: str
    currency: str
    part: str
    category: str
    percent: str
    net: int
    tax: int
    gross: int
    waited: int | None = None
    base: int | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What was sold of one thing, without tax; less than nothing where it was credited."""

    day: date
    currency: str
    description: str
    net: int


def shares(book: Book) -> list[Share]:
    """What was sold, by the descriptions of the lines."""
    return [
        Share(document.day, book.currency, sold.description, sign * sold.net)
        for sign, document in _documents(book)
        for sold in document.sold
        if sold.net
    ]


def entries(book: Book, zone: ZoneInfo, currency: str) -> list[Entry]:
    """Everything an invoice adds, in the order in which it happened; `currency` is the agency's."""
    found: list[Entry] = []
    for sign, document in _documents(book):
        kind = Kind.INVOICE if sign > 0 else Kind.CREDIT_NOTE
        cells = _signed(document.cells, sign)
        base = _worth(sum(cell.gross for cell in cells), book, currency)
        found += _based(_written(kind, len(found), document.day, document, book.currency, cells), base)
    found += _cash(book, zone, currency, len(found))
    for at, minor in book.written_off:
        found += _written(Kind.WRITE_OFF, len(found), local(at, zone), book.invoice, book.currency, _rest(-minor))
    return found


def _documents(book: Book) -> Iterator[tuple[int, Document]]:
    yield 1, book.invoice
    for note in book.credits:
        yield -1, note


class _Event(NamedTuple):
    """A credit note or money, on its day."""

    day: date
    order: int
    credit: Document | None
    moved: Moved | None


def _events(book: Book, zone: ZoneInfo) -> list[_Event]:
    found = [_Event(note.day, 0, note, None) for note in book.credits]
    found += [_Event(each.day or local(each.at, zone), 1, None, each) for each in book.moved if each.day or each.at]
    return sorted(found, key=lambda each: each[:2])


def _cash(book: Book, zone: ZoneInfo, currency: str, start: int) -> list[Entry]:
    """What of the documents is paid after each event, less what was before it."""
    found: list[Entry] = []
    credits: list[Document] = []
    kept, paid_before, was = 0, False, tuple[Cell, ...]()
    for event in _events(book, zone):
        moved, kind, document = event.moved, Kind.SHIFTED, event.credit or book.invoice
        if event.credit is not None:
            credits.append(event.credit)
        elif moved is not None:
            kind = Kind(moved.kind)
            if moved.currency != book.currency:
                rest = _rest(moved.amount)
                found += _written(kind, start + len(found), event.day, document, moved.currency, rest)
                continue
            kept += moved.amount
        now = paid(book.invoice, credits, kept)
        due = book.invoice.total - sum(note.total for note in credits)
        waited = None
        if kind in (Kind.PAYMENT, Kind.ELSEWHERE) and not paid_before and kept >= due > 0:
            paid_before, waited = True, max(0, (event.day - book.invoice.day).days)
        written = _written(kind, start + len(found), event.day, document, book.currency, merged(now, less=was), waited)
        base = moved.base if moved and moved.base is not None else None
        if book.currency == currency:
            base = moved.amount if moved else 0
        found += _based(written, base)
        was = now
    return found


def paid(invoice: Document, credits: Sequence[Document], kept: int) -> tuple[Cell, ...]:
    """What of an invoice and its credit notes is paid by so much money, to the minor unit."""
    taken = merged([cell for note in credits for cell in note.cells])
    left = merged(invoice.cells, less=taken)
    back = sum(cell.gross for cell in taken)
    due = sum(cell.gross for cell in left)
    if kept <= 0 or due < 0:
        return _rest(kept)
    if kept < due:
        return spread(left, kept, due)
    more = kept - due
    of_credits = spread(taken, min(more, back), back) if back > 0 and more else ()
    return merged([*left, *of_credits, *_rest(max(0, more - max(0, back)))])


def _rest(minor: int) -> tuple[Cell, ...]:
    """Money without anything it pays for."""
    return (Cell(Part.REST, "", "", 0, 0, minor),) if minor else ()


def _signed(cells: Iterable[Cell], sign: int) -> list[Cell]:
    return [Cell(*cell.key, sign * cell.net, sign * cell.tax, sign * cell.gross) for cell in cells]


def _worth(minor: int, book: Book, currency: str) -> int | None:
    """What so much of a document is worth in the agency's currency, at the rate that was booked."""
    if book.currency == currency:
        return minor
    return worth(minor, book.currency, book.rate, currency) if book.rate is not None else None


def _based(found: list[Entry], base: int | None) -> list[Entry]:
    """The same entries with their parts of what all of them are worth, to the minor unit."""
    whole = sum(each.gross for each in found)
    if base is None:
        return found
    if base == whole or not whole:
        return [replace(each, base=each.gross if base == whole else 0) for each in found]
    cells = [Cell(Part(each.part), each.category, each.percent, 0, 0, each.gross) for each in found]
    parts = spread(cells, base, whole)
    return [replace(each, base=part.gross) for each, part in zip(found, parts, strict=True)]


def _written(
    kind: Kind, step: int, day: date, of: Document, currency: str, cells: Iterable[Cell], waited: int | None = None
) -> list[Entry]:
    found = [
        Entry(kind, step, day, of.id, of.number, currency, str(cell.part), cell.category, cell.percent, *cell[3:])
        for cell in cells
    ]
    if found and waited is not None:  # said once for the event
        found[0] = replace(found[0], waited=waited)
    return found


def local(moment: datetime | None, zone: ZoneInfo) -> date:
    """The day it was there."""
    assert moment is not None  # who asks has looked
    return moment.astimezone(zone).date()
