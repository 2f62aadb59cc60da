"""Deposits by example."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.pricing.test_compute import GST, IVA, document, line
from webkit.pricing import Amount, Percent, PricingError, compute, split


def mixed(**more):
    return compute(
        document(
            line("1000.01", id="a", scheme=IVA),
            line("333.33", id="b", scheme=IVA, key="reduced-10"),
            line("77.77", id="c", scheme=IVA, key="exempt-n4"),
            scheme=IVA,
            currency="EUR",
            **more,
        )
    )


def test_thirty_percent_at_every_rate() -> None:
    priced = mixed()
    parted = split(priced, Percent(Decimal(30)), "Deposit 30 %")
    assert [(tax.base, tax.tax) for tax in parted.deposit.taxes] == [(30000, 6600), (10000, 1000), (2333, 0)]
    assert [(rest.base, rest.tax) for rest in parted.rest] == [(70001, 15400), (23333, 2333), (5444, 0)]
    assert [each.description for each in parted.document.lines] == ["Deposit 30 %"] * 3
    assert parted.deposit.totals.gross + parted.rest_gross == priced.totals.gross


def test_a_round_sum_is_a_round_sum() -> None:
    parted = split(mixed(), Amount(50000), "Deposit")
    assert parted.deposit.totals.payable == 50000
    assert parted.deposit.prices_include_tax


def test_prices_with_tax_inside() -> None:
    parted = split(mixed(prices_include_tax=True), Percent(Decimal(50)), "Deposit")
    assert parted.deposit.totals.gross == 50001 + 16667 + 3889


@pytest.mark.parametrize(
    "share", [Percent(Decimal(0)), Percent(Decimal(100)), Amount(0), Amount(110000), Amount(10**9)]
)
def test_all_or_nothing_is_no_deposit(share: Percent | Amount) -> None:
    with pytest.raises(PricingError, match="more than"):
        split(compute(document(line("1000"))), share, "Deposit")


@pytest.mark.parametrize(
    ("asked", "share", "says"),
    [
        (document(), Percent(Decimal(50)), "needs a total"),
        (document(line("100"), line("-5", id="b", key="free")), Percent(Decimal(50)), "needs a total"),
        (document(line("0.01")), Percent(Decimal(1)), "leaves nothing"),
    ],
)
def test_nothing_to_divide(asked, share, says) -> None:
    with pytest.raises(PricingError, match=says):
        split(compute(asked), share, "Deposit")


def test_the_rest_needs_no_rate_that_the_deposit_left_out() -> None:
    priced = compute(document(line("100"), line("0.01", id="b", key="free"), scheme=GST))
    parted = split(priced, Percent(Decimal(10)), "Deposit")
    assert len(parted.deposit.taxes) == 1
    assert parted.rest[1].base == 1
