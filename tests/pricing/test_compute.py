"""The kernel by example: every figure here was worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.pricing.strategies import quebec
from webkit.pricing import (
    Adjustment,
    AdjustmentKind,
    Amount,
    Category,
    Document,
    Interval,
    Line,
    Percent,
    Place,
    Priced,
    PricingError,
    Scheme,
    TaxRate,
    compute,
    compute_by_interval,
    find,
    flat,
    unit_price,
)

DAY = date(2026, 11, 22)
GST, IVA, NONE = find("au-gst"), find("it-vat"), find("none")
PER_LINE = replace(GST, place=Place.LINE)


def line(
    price: str, quantity: str = "1", *, scheme: Scheme = GST, key: str | None = None, id: str = "a", **more
) -> Line:
    return Line(
        id=id,
        description="Work",
        unit_price=Decimal(price),
        quantity=Decimal(quantity),
        rate=scheme.rate(key, DAY),
        **more,
    )


def document(*lines: Line, scheme: Scheme = GST, currency: str = "AUD", **more) -> Document:
    return Document(currency=currency, scheme=scheme, lines=lines, **more)


def discount(value: Percent | Amount) -> Adjustment:
    return Adjustment(AdjustmentKind.DISCOUNT, value, "Launch")


def off(percent: str) -> Adjustment:
    return discount(Percent(Decimal(percent)))


def figures(priced: Priced) -> tuple[int, int, int]:
    return priced.totals.net, priced.totals.tax, priced.totals.gross


# --- sums that went wrong elsewhere ----------------------------------------------------------------------------


@pytest.mark.parametrize("place", Place)
def test_8180_at_9_975_percent(place: Place) -> None:
    scheme = quebec(place)
    priced = compute(document(line("8180", scheme=scheme), scheme=scheme, currency="CAD"))
    assert figures(priced) == (818000, 81596, 899596)  # 815.955: a half goes up; floats say 815.95


def test_81_97_times_11() -> None:
    priced = compute(document(line("81.97", "11", scheme=IVA), scheme=IVA, currency="EUR"))
    assert figures(priced) == (90167, 19837, 110004)


def test_100_times_11_with_tax_inside() -> None:
    priced = compute(document(line("100", "11", scheme=IVA), scheme=IVA, currency="EUR", prices_include_tax=True))
    assert figures(priced) == (90164, 19836, 110000)


def test_tax_comes_after_the_discount() -> None:
    """Wrong once: 10 % tax on 1,000 although 900 was charged."""
    priced = compute(document(line("1000"), adjustments=(off("10"),)))
    assert figures(priced) == (90000, 9000, 99000)
    assert (priced.totals.subtotal, priced.totals.discount) == (100000, 10000)


def test_tax_is_not_added_to_a_price_that_has_it() -> None:
    """Wrong once: a contract's total with GST became a unit price, and GST was added again."""
    contract = compute(document(line("1000")))
    invoice = compute(
        document(
            Line(
                id="total",
                description="As agreed",
                unit_price=unit_price(contract.totals.gross, "AUD"),
                rate=GST.rate(None, DAY),
            ),
            prices_include_tax=True,
        )
    )
    assert figures(invoice) == figures(contract) == (100000, 10000, 110000)


def test_one_formula_from_proposal_to_invoice() -> None:
    """Wrong once: proposal, contract, acceptance and invoice each had a formula, and one offer had four totals."""
    once = [
        line("500", id="setup"),
        line("4999.95", id="website"),
        line("49.99", "3", id="extra-pages"),
        line("0.10", "7", id="redirects", key="free"),
    ]
    monthly = [line("99", id="care"), line("12.5", "2", id="mailboxes")]
    proposal = compute_by_interval(
        {
            Interval.ONCE: document(*once, adjustments=(off("12.5"),)),
            Interval.MONTHLY: document(*monthly, adjustments=(off("12.5"),)),
        }
    )
    for number, each in enumerate(once):
        once[number] = replace(each, id=f"{9 - number}")
    contract = compute(document(*reversed(once), adjustments=(off("12.5"),)))
    invoice = Priced.from_dict(contract.to_dict())
    assert contract.totals == invoice.totals == proposal[Interval.ONCE].totals
    assert contract.taxes == invoice.taxes == proposal[Interval.ONCE].taxes
    assert figures(contract) == (494429, 49437, 543866)
    assert figures(proposal[Interval.MONTHLY]) == (10850, 1085, 11935)


# --- rounding, rates, discounts --------------------------------------------------------------------------------


def test_the_scheme_says_where_tax_is_rounded() -> None:
    cents = [line("0.05", id=str(n)) for n in range(3)]  # 0.005 of tax each, 0.015 together
    assert compute(document(*cents)).totals.tax == 2
    assert compute(document(*(replace(c) for c in cents), scheme=PER_LINE)).totals.tax == 3


def test_lines_share_the_documents_tax_to_the_cent() -> None:
    priced = compute(document(line("0.05", id="a"), line("0.05", id="b"), line("0.05", id="c")))
    assert sorted(each.tax for each in priced.lines) == [0, 1, 1]


def test_several_rates_have_a_summary_each() -> None:
    priced = compute(
        document(
            line("100", id="a", scheme=IVA),
            line("200", id="b", scheme=IVA, key="reduced-10"),
            line("50", id="c", scheme=IVA, key="reduced-4"),
            line("10", id="d", scheme=IVA, key="exempt-n4"),
            line("11", id="e", scheme=IVA, key="abroad-n2.1"),
            line("1", id="f", scheme=IVA),
            scheme=IVA,
            currency="EUR",
        )
    )
    assert [(str(t.rate.percent), t.rate.code, t.base, t.tax) for t in priced.taxes] == [
        ("22", "", 10100, 2222),
        ("10", "", 20000, 2000),
        ("4", "", 5000, 200),
        ("0", "N2.1", 1100, 0),
        ("0", "N4", 1000, 0),
    ]
    assert figures(priced) == (37200, 4422, 41622)


def test_a_discount_lowers_every_rate_by_its_part() -> None:
    priced = compute(
        document(
            line("100", id="a", scheme=IVA),
            line("50", id="b", scheme=IVA, key="reduced-4"),
            scheme=IVA,
            currency="EUR",
            adjustments=(discount(Amount(1000)),),
        )
    )
    assert [(t.amount, t.discount, t.base) for t in priced.taxes] == [(10000, 667, 9333), (5000, 333, 4667)]
    assert figures(priced) == (14000, 2053 + 187, 16240)


def test_a_line_has_discounts_and_charges_of_its_own() -> None:
    charge = Adjustment(AdjustmentKind.CHARGE, Amount(550), "Express")
    priced = compute(document(line("19.99", "3", adjustments=(off("10"), charge))))
    (only,) = priced.lines
    assert (only.listed, only.amount) == (5997, 5997 - 600 + 550)
    assert [each.amount for each in only.adjustments] == [600, 550]


def test_a_documents_charge_is_taxed() -> None:
    priced = compute(document(line("100"), adjustments=(Adjustment(AdjustmentKind.CHARGE, Amount(1000)),)))
    assert figures(priced) == (11000, 1100, 12100)
    assert priced.totals.charge == 1000


def test_discount_of_prices_with_tax_inside() -> None:
    priced = compute(document(line("1100"), adjustments=(off("10"),), prices_include_tax=True))
    assert (priced.totals.subtotal, priced.totals.discount) == (110000, 11000)
    assert figures(priced) == (90000, 9000, 99000)


@pytest.mark.parametrize(("currency", "minor"), [("JPY", 1235), ("AUD", 123450), ("KWD", 1234500), ("CLF", 12345000)])
def test_minor_units_follow_the_currency(currency: str, minor: int) -> None:
    assert compute(document(line("1234.5", scheme=NONE), scheme=NONE, currency=currency)).totals.gross == minor


def test_eight_places_survive() -> None:
    assert compute(document(line("0.00123456", "1000", scheme=NONE), scheme=NONE)).totals.gross == 123


def test_a_line_may_take_off() -> None:
    priced = compute(document(line("100", id="a"), line("-30", id="b")))
    assert figures(priced) == (7000, 700, 7700)


def test_lines_that_cancel_out() -> None:
    priced = compute(document(line("0.05", id="a"), line("-0.05", id="b"), adjustments=(off("50"),)))
    assert figures(priced) == (0, 0, 0)


def test_an_empty_document_is_nothing() -> None:
    assert figures(compute(document())) == (0, 0, 0)


def test_no_tax_says_why() -> None:
    (tax,) = compute(document(line("100", scheme=NONE), scheme=NONE)).taxes
    assert (tax.rate.category, tax.rate.reason, tax.tax) == (Category.OUTSIDE, "No tax is charged", 0)


# --- what is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "says", "field", "where"),
    [
        (lambda: line("NaN"), "not a number", "unit_price", "a"),
        (lambda: line("1", "Infinity"), "not a number", "quantity", "a"),
        (lambda: line("1", "1.123456789"), "decimals", "quantity", "a"),
        (lambda: line("1e-400000000"), "decimals", "unit_price", "a"),
        (lambda: line("0e400000000"), "too large", "unit_price", "a"),
        (lambda: line("1e14"), "too large", "unit_price", "a"),
        (lambda: line("1", "1000000001"), "too large", "quantity", "a"),
        (lambda: line("1", id=""), "id", "id", None),
        (
            lambda: Line(id="a", description="", unit_price=1.5, rate=GST.rate(None, DAY)),
            "not a number",
            "unit_price",
            "a",
        ),
        (lambda: document(line("1"), line("2")), "same id", "id", "a"),
        (lambda: document(line("1"), currency="XXX"), "not a currency", "currency", None),
        (lambda: document(line("1", scheme=IVA)), "22 % is not a rate of AU GST", "rate", "a"),
        (lambda: document(*(line("1", id=str(n)) for n in range(5001))), "at most 5000", "lines", None),
        (lambda: off("100.1"), "too large", "percent", None),
        (lambda: off("-1"), "between 0 and 100", "percent", None),
        (lambda: Amount(-1), "negative", "amount", None),
        (lambda: Amount(True), "whole number", "amount", None),
        (lambda: Amount(10.0), "whole number", "amount", None),
        (lambda: TaxRate(Category.STANDARD, Decimal(0)), "above zero", "rate", None),
        (lambda: TaxRate(Category.ZERO, Decimal(10)), "above zero", "rate", None),
        (lambda: TaxRate(Category.EXEMPT), "needs the reason", "reason", None),
        (lambda: flat(Decimal(101)), "too large", "rate", None),
    ],
)
def test_what_cannot_be_is_never_made(make, says: str, field: str, where: str | None) -> None:
    with pytest.raises(PricingError, match=says) as caught:
        make()
    assert (caught.value.field, caught.value.line) == (field, where)


@pytest.mark.parametrize(
    ("asked", "says", "where"),
    [
        (document(line("100"), adjustments=(discount(Amount(10001)),)), "larger than", None),
        (document(line("100"), adjustments=(off("60"), off("50"))), "larger than", None),
        (document(line("1", adjustments=(discount(Amount(101)),))), "larger than", "a"),
        (document(line("-1", adjustments=(off("10"),)), line("5", id="b")), "takes off", "a"),
        (document(line("-1")), "take off more", None),
        (document(line("-1", id="a"), line("1.05", id="b", key="free")), "take off more", None),
        (document(line("9999999999", "1000000000")), "too large", "a"),
        (document(line("9000000000000", id="a"), line("9000000000000", id="b")), "together are too large", None),
        (document(line("9999999999999")), "total is too large", None),
    ],
)
def test_what_does_not_add_up_to_anything_is_refused(asked: Document, says: str, where: str | None) -> None:
    with pytest.raises(PricingError, match=says) as caught:
        compute(asked)
    assert caught.value.line == where


# --- intervals -------------------------------------------------------------------------------------------------


def test_once_and_monthly_are_never_added() -> None:
    priced = compute_by_interval(
        {Interval.MONTHLY: document(line("99", id="m")), Interval.ONCE: document(line("5000", id="o"))}
    )
    assert list(priced) == [Interval.ONCE, Interval.MONTHLY]
    assert [each.totals.gross for each in priced.values()] == [550000, 10890]


def test_an_interval_without_lines_is_not_shown() -> None:
    assert list(compute_by_interval({Interval.ONCE: document(line("1")), Interval.MONTHLY: document()})) == ["once"]


def test_an_offer_has_one_currency_and_no_line_twice() -> None:
    with pytest.raises(PricingError, match="one currency"):
        compute_by_interval({Interval.ONCE: document(line("1")), Interval.MONTHLY: document(currency="EUR")})
    with pytest.raises(PricingError, match="not both"):
        compute_by_interval({Interval.ONCE: document(line("1")), Interval.MONTHLY: document(line("2"))})
