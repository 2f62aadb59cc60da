"""What a choice costs is what the tax kernel says, for every choice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.factories.proposals import OFFER, amount_off, percent_off
from webkit.core.kernel import i18n
from webkit.core.kernel.errors import Invalid
from webkit.pricing import (
    Adjustment,
    AdjustmentKind,
    Document,
    Interval,
    Line,
    Percent,
    Priced,
    compute,
    find,
    unit_price,
)
from webkit.pricing.terms import Written
from webkit.proposals.bills import bills
from webkit.proposals.offer import (
    Choice,
    Offer,
    OfferLine,
    Prices,
    Terms,
    choose,
    deposit_of,
    full_prices,
    only,
    problems,
)

TERMS = Terms("EUR", find("it-vat"), "", date(2026, 11, 22))
OPTIONS = [line.id for line in OFFER.options]


def straight(offer: Offer, chosen: set[str], interval: Interval) -> Priced:
    """The kernel, asked for exactly the lines of a choice and nothing else."""
    lines = tuple(
        Line(
            id=line.id,
            description=line.name,
            unit_price=unit_price(line.price, "EUR"),
            quantity=line.quantity,
            rate=TERMS.scheme.rate(line.tax or None, TERMS.on),
            adjustments=(Adjustment(AdjustmentKind.DISCOUNT, line.discount),) if line.discount else (),
        )
        for line in offer.lines
        if line.interval is interval and (line.choice is Choice.REQUIRED or line.id in chosen)
    )
    adjustments = offer.discount.of(interval) if offer.discount and lines else ()
    gross = offer.prices is Written.GROSS
    return compute(
        Document(currency="EUR", scheme=TERMS.scheme, lines=lines, adjustments=adjustments, prices_include_tax=gross)
    )


lines = st.builds(
    lambda price, quantity, interval, choice, tax, discount: {
        "price": price, "quantity": quantity, "interval": interval, "choice": choice, "tax": tax, "discount": discount,
    },
    price=st.integers(0, 5_000_000),
    quantity=st.decimals("0.001", "400", places=3, allow_nan=False),
    interval=st.sampled_from(Interval),
    choice=st.sampled_from(Choice),
    tax=st.sampled_from(["", "standard", "reduced-10", "reduced-4", "exempt-n4"]),
    discount=st.none() | st.builds(Percent, st.decimals(0, 100, places=2)),
)  # fmt: skip
discounts = st.none() | st.builds(
    percent_off,
    st.decimals("0", "100", places=2, allow_nan=False).map(str),
    st.sampled_from(["once", "monthly", "both"]),
)


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    rows = draw(st.lists(lines, min_size=1, max_size=8))
    return Offer(
        lines=tuple(OfferLine(id=f"l{at}", name=f"Line {at}", **row) for at, row in enumerate(rows)),
        discount=draw(discounts),
        prices=draw(st.sampled_from(Written)),
    )


@given(offers(), st.data())
def test_any_choice_costs_what_the_kernel_says(offer: Offer, data: st.DataObject) -> None:
    assert Offer.from_dict(offer.to_dict()) == offer
    options = [line.id for line in offer.options]
    chosen = set(data.draw(st.lists(st.sampled_from(options), unique=True))) if options else set()
    full = Prices.from_dict(full_prices(offer, TERMS).to_dict())
    prices = choose(full, options, chosen)
    for interval, priced in ((Interval.ONCE, prices.once), (Interval.MONTHLY, prices.monthly)):
        assert priced.to_dict() == straight(offer, chosen, interval).to_dict()


@given(offers(), st.integers(0, 10_000_000), st.sampled_from(["once", "monthly"]))
def test_an_amount_off_that_may_be_sent_fits_every_choice(offer: Offer, amount: int, on: str) -> None:
    offer = offer.model_copy(update={"discount": amount_off(amount, on)})
    try:
        full = full_prices(offer, TERMS)
    except Invalid:
        return
    if problems(offer, full):
        return
    options = [line.id for line in offer.options][:5]
    for count in range(len(options) + 1):
        for chosen in combinations(options, count):
            choose(full, options, chosen)


def test_one_time_and_monthly_are_never_added_up() -> None:
    prices = choose(full_prices(OFFER, TERMS), OPTIONS, OFFER.picked)
    assert prices.once.totals.net == 360_000 + 480_000 + 190_000
    assert prices.monthly.totals.net == 19_000
    told = bills(prices, OFFER.lines, None, None)
    assert [bill["amount"] for bill in told] == [prices.once.totals.gross, prices.monthly.totals.gross]
    assert prices.once.totals.gross + prices.monthly.totals.gross not in {
        row["amount"] for bill in told for row in bill["rows"]
    }


def test_a_deposit_and_the_rest_make_the_total() -> None:
    prices = full_prices(OFFER, TERMS)
    deposit = deposit_of(prices, Decimal("33.3"))
    assert deposit is not None
    assert deposit.deposit.totals.payable + deposit.rest_gross == prices.once.totals.gross
    assert deposit_of(prices, None) is None
    assert deposit_of(choose(full_prices(Offer(), TERMS), [], []), Decimal(40)) is None


def test_options_come_in_the_order_of_the_offer_and_foreign_ones_not_at_all() -> None:
    assert only(OPTIONS, ["search", "nonsense", "words", "words"]) == ("words", "search")


def test_a_discount_larger_than_what_is_left_is_named() -> None:
    offer = OFFER.model_copy(update={"discount": amount_off(900_000)})
    assert set(problems(offer, full_prices(offer, TERMS))) == {"discount-value"}
    offer = OFFER.model_copy(update={"discount": amount_off(2_000_000)})
    with pytest.raises(Invalid) as refused:
        full_prices(offer, TERMS)
    assert set(refused.value.errors) == {"discount-value"}
    assert set(problems(Offer(), full_prices(Offer(), TERMS))) == {"lines"}


def test_a_rate_that_is_not_of_the_scheme_is_named_by_its_field() -> None:
    first, *rest = OFFER.lines
    offer = Offer(lines=(*rest, first.model_copy(update={"tax": "martian"})))
    with pytest.raises(Invalid) as refused:
        full_prices(offer, TERMS)
    assert list(refused.value.errors) == ["lines-5-tax"]


def test_an_amount_is_taken_off_one_bill() -> None:
    with pytest.raises(ValidationError, match="one bill"):
        amount_off(100, "both")


@pytest.mark.parametrize(
    "wrong", [{"price": -1}, {"quantity": "0"}, {"quantity": "NaN"}, {"interval": "daily"}, {"name": ""}]
)
def test_impossible_lines_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        OfferLine.model_validate({"id": "a", "name": "Line", "price": 100, **wrong})


def test_a_stored_offer_is_read_in_every_language() -> None:
    lines = (OfferLine(id="a", name="Hours", price=100, quantity=Decimal("1.234")),)
    offer = Offer(lines=lines, discount=percent_off("3.125"))
    with i18n.use_locale("it-IT", "Europe/Rome"):
        assert Offer.from_dict(offer.to_dict()) == offer
    assert Offer.from_dict({}) == Offer()
