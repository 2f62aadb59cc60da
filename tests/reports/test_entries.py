"""What invoices add to the reports adds up, whatever becomes of them."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from webkit.core.kernel.ids import uuid7
from webkit.invoices.service import Book, Cell, Document, Moved, Part, merged, spread
from webkit.reports.entries import ASKED, CAME, Entry, Kind, entries, paid

ZONE = ZoneInfo("Europe/Rome")
FIRST = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINOR = st.integers(0, 100_000)
RATES = (("S", "22"), ("S", "10"), ("Z", "0"))


def _cell(rate: tuple[str, str], net: int, tax: int) -> Cell:
    return Cell(Part.SALE, *rate, net, tax if rate[0] == "S" else 0, net + (tax if rate[0] == "S" else 0))


@st.composite
def cells(draw: st.DrawFn) -> tuple[Cell, ...]:
    """Something at some rates, less what the client keeps back."""
    sales = [_cell(rate, draw(MINOR), draw(MINOR)) for rate in RATES[: draw(st.integers(1, 3))]]
    gross = sum(cell.gross for cell in sales)
    kept_back = draw(st.integers(0, gross // 2))
    return merged([*sales, Cell(Part.WITHHELD, "", "", 0, 0, -kept_back)])


def _document(of: tuple[Cell, ...], day: int = 0) -> Document:
    return Document(uuid7(), "X", FIRST.date() + timedelta(day), of, ())


@st.composite
def books(draw: st.DrawFn) -> Book:
    """An invoice of which parts are credited and to which money comes and goes, never below nothing."""
    invoice = _document(draw(cells()))
    left, credits = invoice.cells, []
    for day in draw(st.lists(st.integers(1, 60), max_size=2)):
        part = tuple(
            Cell(*cell.key, draw(st.integers(0, max(0, cell.net))), draw(st.integers(0, max(0, cell.tax))), 0)
            for cell in left
            if cell.part is Part.SALE
        )
        part = merged([cell._replace(gross=cell.net + cell.tax) for cell in part])
        if part and sum(cell.gross for cell in part) <= sum(cell.gross for cell in left):
            credits.append(_document(part, day))
            left = merged(left, less=part)
    moved, kept = [], 0
    for days in sorted(draw(st.lists(st.integers(0, 90), max_size=4))):
        amount = draw(st.integers(-kept, invoice.total + 5_000)) if kept else draw(st.integers(0, invoice.total))
        if amount:
            kept += amount
            moved.append(Moved("payment" if amount > 0 else "refund", amount, "EUR", FIRST + timedelta(days)))
    return Book(uuid7(), "EUR", "Work", False, invoice, tuple(credits), tuple(moved), ())


def _sums(found: list[Entry], kinds: tuple[Kind, ...]) -> tuple[Cell, ...]:
    return merged(
        [
            Cell(Part(each.part), each.category, each.percent, each.net, each.tax, each.gross)
            for each in found
            if each.kind in kinds
        ]
    )


@given(cells(), st.integers(0, 10**6), st.integers(0, 10**6))
def test_parts_of_an_amount_are_the_amount(of: tuple[Cell, ...], one: int, other: int) -> None:
    total = sum(cell.gross for cell in of)
    if total <= 0:
        return
    minor = min(one, total)
    part = spread(of, minor, total)
    assert sum(cell.gross for cell in part) == minor
    assert merged(spread(of, total, total)) == merged(of)
    for whole, here in zip(of, part, strict=True):
        exact = Fraction(whole.gross * minor, total)
        assert abs(here.gross - exact) <= 1
        assert here.part is not Part.SALE or here.net + here.tax == here.gross
        assert whole.gross == 0 or abs(here.tax - Fraction(whole.tax * here.gross, whole.gross)) <= Fraction(1, 2)


@given(books())
def test_what_was_asked_for_is_the_documents(book: Book) -> None:
    credited = [cell for note in book.credits for cell in note.cells]
    assert _as_set(_sums(entries(book, ZONE, "EUR"), ASKED)) == _as_set(merged(book.invoice.cells, less=credited))


@given(books())
def test_money_is_all_there_and_what_is_paid_is_the_invoice(book: Book) -> None:
    found = entries(book, ZONE, "EUR")
    kept: dict[date, int] = defaultdict(int)
    for moved in book.moved:
        assert moved.at is not None
        kept[moved.at.astimezone(ZONE).date()] += moved.amount
    came: dict[date, int] = defaultdict(int)
    for each in found:
        if each.kind in CAME:
            came[each.day] += each.gross
    assert {day: minor for day, minor in came.items() if minor} == {day: minor for day, minor in kept.items() if minor}
    credited = [cell for note in book.credits for cell in note.cells]
    left = merged(book.invoice.cells, less=credited)
    if sum(kept.values()) == sum(cell.gross for cell in left) > 0:
        assert _as_set(_sums(found, CAME)) == _as_set(left)


@given(books(), st.integers(0, 90))
def test_the_tax_of_what_came_lies_within_that_of_the_invoice(book: Book, days: int) -> None:
    until = FIRST.date() + timedelta(days)
    here = [each for each in entries(book, ZONE, "EUR") if each.day <= until]
    asked = sum(cell.tax for cell in book.invoice.cells)
    came = sum(each.tax for each in here if each.kind in CAME)
    sales = sum(cell.gross for cell in book.invoice.cells if cell.part is Part.SALE)
    if sum(cell.gross for cell in book.invoice.cells) == sales:  # nobody keeps anything back
        assert -3 <= came <= asked + 3


@given(books())
def test_an_invoice_was_waited_for_once_at_most(book: Book) -> None:
    waited = [each.waited for each in entries(book, ZONE, "EUR") if each.waited is not None]
    assert len(waited) <= 1 and all(days >= 0 for days in waited)


def _as_set(of: tuple[Cell, ...]) -> set[Cell]:
    return set(of)


def _book(total: int, *moved: tuple[str, int, int], credits: tuple[tuple[int, int], ...] = ()) -> list[Entry]:
    """An invoice at 22 % of so much without tax; money and credit notes (net) on these days."""
    invoice = _document((_cell(RATES[0], total, total * 22 // 100),))
    notes = tuple(_document((_cell(RATES[0], net, net * 22 // 100),), day) for net, day in credits)
    money = tuple(Moved(kind, minor, "EUR", FIRST + timedelta(day)) for kind, minor, day in moved)
    return entries(Book(UUID(int=1), "EUR", "", False, invoice, notes, money, ()), ZONE, "EUR")


def test_a_part_that_is_paid_owes_its_part_of_the_tax() -> None:
    found = _book(10_000, ("payment", 6_100, 5))
    assert [(each.kind, each.net, each.tax, each.gross) for each in found] == [
        (Kind.INVOICE, 10_000, 2_200, 12_200),
        (Kind.PAYMENT, 5_000, 1_100, 6_100),
    ]
    assert [each.waited for each in found] == [None, None]


def test_the_last_part_says_how_long_it_took() -> None:
    found = _book(10_000, ("payment", 6_100, 5), ("payment", 6_100, 9))
    assert [each.waited for each in found if each.kind is Kind.PAYMENT] == [None, 9]


def test_a_refund_takes_back_the_tax_of_the_credit_note_it_is_for() -> None:
    found = _book(10_000, ("payment", 12_200, 5), ("refund", -1_220, 20), credits=((1_000, 10),))
    cash = [(each.kind, each.net, each.tax) for each in found if each.kind in CAME]
    assert cash == [(Kind.PAYMENT, 10_000, 2_200), (Kind.REFUND, -1_000, -220)]


def test_what_is_too_much_pays_for_nothing() -> None:
    found = _book(10_000, ("payment", 13_000, 5))
    assert [(each.part, each.tax, each.gross) for each in found if each.kind in CAME] == [
        ("sale", 2_200, 12_200),
        ("rest", 0, 800),
    ]


def test_a_credit_note_moves_what_was_paid_to_what_is_left() -> None:
    """Half of an invoice at two rates is paid; then all at one of them is credited: the money was for the other."""
    invoice = _document((_cell(RATES[0], 10_000, 2_200), _cell(RATES[2], 12_200, 0)))
    note = _document((_cell(RATES[2], 12_200, 0),), 10)
    came = Moved("payment", 12_200, "EUR", FIRST + timedelta(5))
    found = entries(Book(UUID(int=1), "EUR", "", False, invoice, (note,), (came,), ()), ZONE, "EUR")
    assert [(each.kind, each.percent, each.net, each.tax) for each in found if each.kind in CAME] == [
        (Kind.PAYMENT, "22", 5_000, 1_100),
        (Kind.PAYMENT, "0", 6_100, 0),
        (Kind.SHIFTED, "22", 5_000, 1_100),
        (Kind.SHIFTED, "0", -6_100, 0),
    ]
    assert paid(invoice, [note], 12_200) == (_cell(RATES[0], 10_000, 2_200),)


def test_what_money_was_worth_is_shared_to_the_cent() -> None:
    """A third of an invoice in another currency is paid: its rate is known by then."""
    invoice = _document((_cell(RATES[0], 10_000, 2_200), _cell(RATES[2], 333, 0)))
    came = Moved("payment", 4_178, "USD", FIRST + timedelta(5), base=3_801)
    book = Book(UUID(int=1), "USD", "", False, invoice, (), (came,), (), Decimal("0.91"))
    found = entries(book, ZONE, "EUR")
    assert sum(each.base or 0 for each in found if each.kind in CAME) == 3_801
    assert sum(each.base or 0 for each in found if each.kind in ASKED) == round(12_533 * 0.91)
    unknown = entries(Book(UUID(int=1), "USD", "", False, invoice, (), (), ()), ZONE, "EUR")
    assert {each.base for each in unknown} == {None}
