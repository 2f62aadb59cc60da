"""Random documents for property tests."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from webkit.pricing import (
    Adjustment,
    AdjustmentKind,
    Amount,
    Document,
    Line,
    Percent,
    Place,
    Scheme,
    find,
    flat,
)

SCHEMES = ("none", "au-gst", "it-vat", "uk-vat", "eu-fi", "ch-vat", "flat-9.975")

percents = st.decimals(0, 100, places=3).map(Percent)


def decimals(low: int, high: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low * 10**places, high * 10**places).map(lambda n: Decimal(n).scaleb(-places))


quantities = st.one_of(st.just(Decimal(1)), st.integers(0, 50).map(Decimal), decimals(0, 100, 3), decimals(0, 9, 8))
prices = st.one_of(decimals(0, 10_000, 2), decimals(0, 100, 8), decimals(-50, 50, 2))


@st.composite
def schemes(draw: st.DrawFn) -> Scheme:
    return replace(find(draw(st.sampled_from(SCHEMES))), place=draw(st.sampled_from(Place)))


@st.composite
def lines(draw: st.DrawFn, scheme: Scheme, number: int) -> Line:
    price = draw(prices)
    discount = Adjustment(AdjustmentKind.DISCOUNT, draw(percents))
    charge = Adjustment(AdjustmentKind.CHARGE, Amount(draw(st.integers(0, 500))))
    own = draw(st.sampled_from([(), (), (), (discount,), (charge,), (discount, charge)]))
    return Line(
        id=f"line-{number}",
        description="x",
        quantity=draw(quantities),
        unit_price=price,
        rate=draw(st.sampled_from(scheme.rows)).rate,
        adjustments=own if price >= 0 else (),
    )


@st.composite
def documents(draw: st.DrawFn, *, most: int = 7) -> Document:
    scheme = draw(schemes())
    adjustments = st.builds(
        Adjustment,
        st.sampled_from(AdjustmentKind),
        st.one_of(st.decimals(0, 50, places=3).map(Percent), st.integers(0, 300).map(Amount)),
    )
    return Document(
        currency=draw(st.sampled_from(["EUR", "AUD", "JPY", "KWD"])),
        scheme=scheme,
        lines=tuple(draw(lines(scheme, number)) for number in range(draw(st.integers(1, most)))),
        adjustments=tuple(draw(st.lists(adjustments, max_size=2))),
        prices_include_tax=draw(st.booleans()),
    )


def quebec(place: Place = Place.DOCUMENT) -> Scheme:
    """The province whose rate has three decimals."""
    return flat(Decimal("9.975"), "QST", place)
