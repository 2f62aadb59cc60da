"""Parts make the whole, whatever it is and in whatever shares; a final invoice takes off what deposits had."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from tests.pricing.strategies import documents
from tests.pricing.test_compute import IVA, document, line
from webkit.pricing import Amount, Deduction, Document, Percent, Priced, PricingError, compute, split
from webkit.pricing.duties import Fund, Withholding
from webkit.pricing.parts import Share, again, divide, final


def _sums(*parts: Priced) -> dict[Any, tuple[int, int]]:
    found: dict[Any, tuple[int, int]] = {}
    for tax in (tax for part in parts for tax in part.taxes):
        base, amount = found.get(tax.rate, (0, 0))
        found[tax.rate] = (base + tax.base, amount + tax.tax)
    return {rate: sums for rate, sums in found.items() if any(sums)}


def _whole(asked: Document) -> Priced:
    """What somebody may have agreed on: nothing in it is less than nothing."""
    try:
        whole = compute(asked)
    except PricingError:
        reject()
    assume(whole.totals.payable > 0 and all(line.net >= 0 and line.amount + line.share >= 0 for line in whole.lines))
    return whole


@settings(max_examples=40)
@given(documents(most=3), st.lists(st.integers(1, 40), min_size=1, max_size=4))
def test_parts_are_the_whole_at_every_rate(asked: Document, weights: list[int]) -> None:
    whole = _whole(asked)
    shares = [Share(f"Part {n}", Percent(Decimal(weight) / 2)) for n, weight in enumerate(weights)]
    try:
        parts = divide(whole, [*shares, Share("The rest")])
    except PricingError:
        return  # a part would have been nothing, or less
    assert _sums(*parts) == _sums(whole)
    assert sum(part.totals.gross for part in parts) == whole.totals.gross


@settings(max_examples=40)
@given(documents(most=3), st.integers(1, 99))
def test_deposit_and_final_invoice_are_the_whole(asked: Document, percent: int) -> None:
    whole = _whole(asked)
    try:
        deposit = split(whole, Percent(Decimal(percent)), "Deposit").deposit
    except PricingError:
        return
    last = final(whole, [Deduction.of(deposit, "INV-1", date(2026, 11, 22))])
    assert _sums(deposit, last) == _sums(whole)
    assert deposit.totals.payable + last.totals.payable == whole.totals.payable


def _freelancer() -> Priced:
    asked = Document(
        currency="EUR",
        scheme=IVA,
        lines=(line("1000.01", id="a", scheme=IVA), line("333.33", id="b", scheme=IVA)),
        funds=(Fund(code="TC22", percent=Decimal(4), rate=IVA.rows[0].rate, withheld=True),),
        withholdings=(Withholding(code="RT01", percent=Decimal(20), reason="A"),),
    )
    return compute(asked)


def test_contribution_and_withholding_are_divided_too() -> None:
    whole = _freelancer()
    parts = divide(whole, [Share("One", Percent(Decimal(33))), Share("Two", Percent(Decimal(33))), Share("Three")])
    assert _sums(*parts) == _sums(whole)
    assert sum(part.totals.payable for part in parts) == whole.totals.payable
    assert sum(fund.amount for part in parts for fund in part.funds) == whole.funds[0].amount
    assert compute(again(whole)) == whole


def test_amounts_are_as_they_were_written() -> None:
    whole = compute(document(line("1000", scheme=IVA), scheme=IVA, currency="EUR"))
    parts = divide(whole, [Share("Now", Amount(50_000)), Share("Then", Amount(72_000))])
    assert [part.totals.payable for part in parts] == [50_000, 72_000]
    assert [part.lines[0].description for part in parts] == ["Now", "Then"]


@pytest.mark.parametrize(
    "shares",
    [
        (Share("a", Percent(Decimal(50))), Share("b", Percent(Decimal(40)))),
        (Share("a", Amount(50_000)), Share("b", Amount(71_999))),
        (Share("a", Amount(122_000)), Share("b")),
        (Share("a"), Share("b", Percent(Decimal(50)))),
        (Share("a", Percent(Decimal(60))), Share("b", Percent(Decimal(60))), Share("c")),
        (),
    ],
)
def test_parts_that_are_not_the_whole_are_refused(shares: tuple[Share, ...]) -> None:
    whole = compute(document(line("1000", scheme=IVA), scheme=IVA, currency="EUR"))
    with pytest.raises(PricingError):
        divide(whole, shares)


def test_what_a_deposit_left_is_divided() -> None:
    whole = _freelancer()
    deposit = split(whole, Percent(Decimal(30)), "Deposit").deposit
    parts = divide(whole, [Share("One", Percent(Decimal(35))), Share("Two")], [deposit])
    assert _sums(deposit, *parts) == _sums(whole)
    assert deposit.totals.payable + sum(part.totals.payable for part in parts) == whole.totals.payable
