"""What holds for every document. Ten thousand and a million of them: `tests.money`."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from tests.pricing.strategies import documents
from webkit.pricing import (
    Amount,
    Document,
    Percent,
    Place,
    Priced,
    PricingError,
    compute,
    split,
)
from webkit.pricing.rounding import apportion, half_up

Check = Callable[[Document, Priced], None]


def sums_are_exact(document: Document, priced: Priced) -> None:
    totals, stamp = priced.totals, priced.stamp
    added = sum(fund.amount for fund in priced.funds) + (stamp.amount if stamp and stamp.recharged else 0)
    assert totals.net == sum(line.net for line in priced.lines) + added == sum(tax.base for tax in priced.taxes)
    assert totals.tax == sum(part.tax for part in (*priced.lines, *priced.funds)) == sum(t.tax for t in priced.taxes)
    assert totals.gross == totals.net + totals.tax
    before_tax = totals.subtotal - totals.discount + totals.charge + added
    assert before_tax == (totals.gross if document.prices_include_tax else totals.net)


def tax_is_rounded_once_at_its_place(document: Document, priced: Priced) -> None:
    rounded = priced.lines if priced.place is Place.LINE else priced.taxes
    for each in rounded:
        base = each.net if each in priced.lines else each.base
        percent = each.rate.percent
        if document.prices_include_tax:
            exact = Fraction(base + each.tax) * Fraction(percent) / (100 + Fraction(percent))
            assert abs(each.tax - exact) <= Fraction(1, 2)
        else:
            assert each.tax == int((base * percent / 100).quantize(Decimal(1), ROUND_HALF_UP))


def no_line_is_off_by_a_unit(document: Document, priced: Priced) -> None:
    for line in priced.lines:
        percent = Fraction(line.rate.percent)
        exact = line.gross * percent / (100 + percent) if document.prices_include_tax else line.net * percent / 100
        assert abs(line.tax - exact) < 1


def order_is_irrelevant(document: Document, priced: Priced) -> None:
    lines = list(document.lines)
    random.Random(len(lines)).shuffle(lines)
    other = compute(replace(document, lines=tuple(lines)))
    assert (other.totals, other.taxes) == (priced.totals, priced.taxes)
    assert {line.id: line for line in other.lines} == {line.id: line for line in priced.lines}


def names_are_irrelevant(document: Document, priced: Priced) -> None:
    """A contract has other line ids than its proposal, and the same totals."""
    renamed = tuple(replace(line, id=f"{999 - number}") for number, line in enumerate(document.lines))
    other = compute(replace(document, lines=renamed))
    assert (other.totals, other.taxes) == (priced.totals, priced.taxes)


def an_added_and_removed_line_leaves_no_trace(document: Document, priced: Priced) -> None:
    extra = replace(document.lines[0], id="extra", adjustments=(), unit_price=Decimal("7.77"))
    longer = replace(document, lines=(extra, *document.lines))
    compute(longer)
    shorter = replace(longer, lines=tuple(line for line in longer.lines if line.id != "extra"))
    assert compute(shorter) == priced


def a_line_of_nothing_changes_nothing(document: Document, priced: Priced) -> None:
    nothing = replace(document.lines[0], id="nothing", adjustments=(), unit_price=Decimal(0))
    assert compute(replace(document, lines=(nothing, *document.lines))).totals == priced.totals


def what_is_stored_is_what_was_computed(document: Document, priced: Priced) -> None:
    stored = json.dumps(priced.to_dict(), sort_keys=True)
    read = Priced.from_dict(json.loads(stored, parse_float=lambda text: pytest.fail(f"a float: {text}")))
    assert read == priced
    assert json.dumps(read.to_dict(), sort_keys=True) == stored


CHECKS: tuple[Check, ...] = (
    sums_are_exact,
    tax_is_rounded_once_at_its_place,
    no_line_is_off_by_a_unit,
    order_is_irrelevant,
    names_are_irrelevant,
    an_added_and_removed_line_leaves_no_trace,
    a_line_of_nothing_changes_nothing,
    what_is_stored_is_what_was_computed,
)


def holds(document: Document) -> None:
    try:
        priced = compute(document)
    except PricingError:
        reject()
    for check in CHECKS:
        check(document, priced)


quiet = (HealthCheck.too_slow, HealthCheck.filter_too_much)


@given(documents())
@settings(max_examples=150, deadline=None, suppress_health_check=quiet)
def test_every_document(document: Document) -> None:
    holds(document)


# --- deposits --------------------------------------------------------------------------------------------------


@given(
    documents(),
    st.one_of(decimals := st.decimals("0.5", "99.5", places=2).map(Percent), st.floats(0.01, 0.99)),
)
@settings(max_examples=150, deadline=None, suppress_health_check=quiet)
def test_a_deposit_and_the_rest_are_the_total(document: Document, share: Percent | float) -> None:
    try:
        priced = compute(document)
        wanted = share if isinstance(share, Percent) else Amount(int(priced.totals.payable * share))
        parted = split(priced, wanted, "Deposit")
    except PricingError:
        reject()
    assert parted.deposit.totals.gross + parted.rest_gross == priced.totals.gross
    taken = {tax.rate: tax for tax in parted.deposit.taxes}
    for tax, rest in zip(priced.taxes, parted.rest, strict=True):
        assert rest.rate == tax.rate
        if tax.rate in taken:
            assert taken[tax.rate].base + rest.base == tax.base
            assert taken[tax.rate].tax + rest.tax == tax.tax
    if isinstance(wanted, Amount):
        assert parted.deposit.totals.gross == wanted.amount
    assert compute(parted.document) == parted.deposit


# --- rounding --------------------------------------------------------------------------------------------------


@given(st.fractions(max_denominator=10**9))
def test_half_up_is_decimals_half_up(value: Fraction) -> None:
    near = half_up(value)
    assert abs(near - value) <= Fraction(1, 2)
    assert half_up(-value) == -near
    if abs(near - value) == Fraction(1, 2):
        assert abs(near) > abs(value)


@given(st.lists(st.fractions(-1000, 1000, max_denominator=1000), min_size=1, max_size=20))
def test_parts_make_the_whole(exact: list[Fraction]) -> None:
    total = half_up(sum(exact, Fraction()))
    parts = apportion(total, exact, [(number,) for number in range(len(exact))])
    assert sum(parts) == total
    assert all(abs(part - value) < 1 for part, value in zip(parts, exact, strict=True))
