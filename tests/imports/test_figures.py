"""Totals of other systems stay what they were, to the cent, whatever their lines say."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webkit.core.kernel.currencies import MAX_MINOR
from webkit.core.kernel.errors import DomainError
from webkit.imports import records
from webkit.imports.figures import Settled, Sums, Told, implied, settle
from webkit.imports.models import Kind
from webkit.imports.reading import Row
from webkit.imports.records import Reader
from webkit.imports.settings import Reading
from webkit.invoices.service import stored


def lines(*amounts: int, percent: str | None = None) -> list[Told]:
    rate = Decimal(percent) if percent else None
    return [Told(f"Part {n}", amount=amount, percent=rate) for n, amount in enumerate(amounts, 1)]


def settled(told: list[Told], net: int | None, tax: int | None, total: int | None) -> Settled:
    found = settle(told, Sums(net, tax, total), "EUR", "Work")
    priced = stored(found.lines, "EUR", "it-vat")
    assert priced.totals.payable == found.total == priced.totals.net + priced.totals.tax
    return found


def figures(found: Settled) -> list[tuple[int, int, Decimal | int]]:
    return [(line.net, line.tax, line.percent) for line in found.lines]


def test_totals_without_lines_are_one_line() -> None:
    found = settled([], 10000, 2200, 12200)
    assert figures(found) == [(10000, 2200, Decimal(22))]
    assert (found.notes, found.lines[0].description, found.lines[0].unit_price) == ((), "Work", Decimal(100))


@pytest.mark.parametrize("sums", [(10000, None, 12200), (None, 2200, 12200), (10000, 2200, None), (10000, 2200, 12200)])
def test_one_figure_may_be_missing(sums: tuple[int | None, int | None, int | None]) -> None:
    assert figures(settled([], *sums)) == [(10000, 2200, Decimal(22))]


def test_lines_may_be_printed_with_or_without_tax() -> None:
    assert figures(settled(lines(8000, 2000, percent="22"), 10000, 2200, 12200)) == [(8000, 1760, 22), (2000, 440, 22)]
    assert figures(settled(lines(9760, 2440, percent="22"), None, 2200, 12200)) == [(8000, 1760, 22), (2000, 440, 22)]
    assert figures(settled(lines(9760, 2440, percent="22"), None, None, 12200)) == [(8000, 1760, 22), (2000, 440, 22)]
    assert figures(settled(lines(8000, 2000, percent="22"), None, None, None)) == [(8000, 1760, 22), (2000, 440, 22)]
    assert figures(settled(lines(8000, 2000), 10000, 2200, 12200)) == [(8000, 1760, 22), (2000, 440, 22)]


def test_a_difference_is_a_line_and_is_told() -> None:
    found = settled(lines(8000, 1000, percent="22"), 10000, 2200, 12200)
    assert figures(found)[-1] == (1000, 0, Decimal(0))
    assert "€90.00" in found.notes[-1] and "€100.00" in found.notes[-1]
    found = settled([], 10000, 2200, 12400)
    assert (found.total, len(found.notes)) == (12400, 1)
    assert figures(found) == [(10000, 2200, 22), (200, 0, 0)]


def test_tax_that_was_rounded_otherwise_stays() -> None:
    found = settled(lines(3333, 3333, 3334, percent="22"), 10000, 2201, 12201)
    assert sum(line.tax for line in found.lines) == 2201 and found.notes == ()
    found = settled(lines(5000, 5000, percent="22"), 10000, 1000, 11000)
    assert sum(line.tax for line in found.lines) == 1000 and "€22.00" in found.notes[0]


def test_several_rates() -> None:
    told = [Told("Books", amount=10000, percent=Decimal(4)), Told("Work", amount=10000, percent=Decimal(22))]
    assert figures(settled(told, 20000, 2600, 22600)) == [(10000, 400, 4), (10000, 2200, 22)]


def test_quantities_and_prices_stay() -> None:
    told = [Told("Hours", quantity=Decimal("7.5"), price=Decimal("80.125"), percent=Decimal(22))]
    line = settled(told, None, None, None).lines[0]
    assert (line.quantity, line.unit_price, line.net, line.tax) == (Decimal("7.5"), Decimal("80.125"), 60094, 13221)


@pytest.mark.parametrize(
    ("told", "sums"),
    [
        ([], (None, None, 12200)),
        (lines(10000), (None, None, 12200)),
        ([], (-10000, -2200, -12200)),
        ([], (10000, -2200, 7800)),
        ([], (None, 2200, 1000)),
        ([], (1000, 2000, 3000)),
    ],
)
def test_what_cannot_be_an_invoice_is_refused(
    told: list[Told], sums: tuple[int | None, int | None, int | None]
) -> None:
    with pytest.raises(DomainError):
        settle(told, Sums(*sums), "EUR", "Work")


def test_a_rate_is_as_round_as_it_can_be() -> None:
    assert [implied(net, tax) for net, tax in ((10000, 2200), (8180, 816), (3333, 733), (10000, 0))] == [
        22, Decimal("9.98"), 22, 0,
    ]  # fmt: skip


amounts = st.integers(-50_000, 500_000)
rates = st.sampled_from([None, Decimal(0), Decimal(4), Decimal(10), Decimal(22), Decimal("9.975")])
told = st.builds(
    Told, text=st.just("x"), amount=st.none() | amounts, percent=rates, tax=st.none() | st.integers(0, 9000)
)


@settings(max_examples=50)
@given(st.lists(told, max_size=6), st.none() | amounts, st.none() | amounts, st.none() | amounts)
def test_whatever_is_told_the_total_is_kept_or_refused(
    rows: list[Told], net: int | None, tax: int | None, total: int | None
) -> None:
    try:
        found = settled(rows, net, tax, total)
    except DomainError:
        return
    assert total is None or found.total == total
    assert tax is None or sum(line.tax for line in found.lines) == tax


@pytest.mark.parametrize(
    "told",
    [
        [Told("Much", Decimal(10**13), Decimal(10**13), percent=Decimal(22))],
        [Told(f"Part {n}", amount=MAX_MINOR, percent=Decimal(0)) for n in range(2)],
        [Told("Little", Decimal("0.00000001"), amount=MAX_MINOR, percent=Decimal(0))],
    ],
)
def test_what_is_too_large_is_refused(told: list[Told]) -> None:
    with pytest.raises(DomainError, match="too large"):
        settle(told, Sums(None, None, None), "EUR", "Work")


@pytest.mark.parametrize("error", [InvalidOperation(), OverflowError(), ValueError()])
def test_what_cannot_be_read_spoils_no_other_record(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_given: object) -> Settled:
        raise error

    monkeypatch.setattr(records, "settle", fails)
    places = {"number": 0, "issue_date": 1, "client_name": 2, "total": 3}
    kept = Reading("utf-8", ",", ".", "ymd", columns=places, width=4, currency="EUR")
    rows = [Row(line, [f"{line}", "2025-01-02", "Olmo", "1.00"]) for line in (2, 3)]
    assert [each.reason for each in Reader(Kind.INVOICES, kept, 14).records(rows)] == ["It cannot be read."] * 2
    unknown = Reader(Kind.INVOICES, replace(kept, currency=""), 14)
    assert [each.reason for each in unknown.records(rows)] == ["There is no currency."] * 2
