"""What documents carry besides lines: offered, kept, applied, and read from what people type."""

from __future__ import annotations

from decimal import Decimal

import pytest

from webkit.core.kernel.forms import bind
from webkit.pricing import Amount, Percent, PricingError
from webkit.pricing.habits import Habits, StampBy, offered
from webkit.pricing.typed import HabitsForm, habits_fields, price_of, share_or_amount, share_or_amount_text

LAWYER = Habits(fund="TC01", withholding="RT01", stamp=StampBy.CLIENT)


@pytest.mark.parametrize(
    ("scheme", "currency", "expected"),
    [
        ("it-vat", "EUR", (True, True, True, True, 5)),
        ("it-forfettario", "EUR", (True, False, True, False, 5)),
        ("it-vat", "CHF", (True, True, False, True, 5)),
        ("au-gst", "AUD", (False, False, False, False, 5)),
        ("eu-de", "EUR", (False, False, False, False, 0)),
        ("eu-fi", "EUR", (False, False, False, False, 5)),
        ("none", "JPY", (False, False, False, False, 0)),
    ],
)
def test_only_what_a_scheme_and_a_currency_know_is_offered(
    scheme: str, currency: str, expected: tuple[object, ...]
) -> None:
    here = offered(scheme, currency)
    assert (bool(here.funds), bool(here.withholdings), here.stamp, here.split_payment, here.coin) == expected


def test_what_is_not_known_any_more_is_not_applied() -> None:
    parts = LAWYER.parts("au-gst", "AUD")
    assert (parts["funds"], parts["withholdings"], parts["stamp"]) == ((), (), None)
    italian = LAWYER.parts("it-vat", "EUR")
    assert [fund.code for fund in italian["funds"]] == ["TC01"]
    assert [each.percent for each in italian["withholdings"]] == [Decimal(20)]
    assert italian["stamp"] is not None
    assert italian["stamp"].recharged


def test_fees_of_which_tax_is_withheld_have_no_split_payment() -> None:
    with pytest.raises(PricingError, match="no split payment") as refused:
        Habits(withholding="RT01", split_payment=True).parts("it-vat", "EUR")
    assert refused.value.field == "split_payment"
    assert Habits(withholding="RT01", split_payment=True).parts("it-forfettario", "EUR")["split_payment"] is False


def test_habits_are_kept_and_typed() -> None:
    assert Habits().to_dict() == {}
    assert Habits.from_dict(LAWYER.to_dict()) == LAWYER
    bound = bind(HabitsForm, habits_fields(LAWYER))
    assert bound.ok
    assert bound.data.habits() == LAWYER
    with pytest.raises(PricingError, match="not stored habits"):
        Habits.from_dict({"fund_percent": 4.0})


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", None),
        ("0", None),
        ("10 %", Percent(Decimal(10))),
        ("9.975%", Percent(Decimal("9.975"))),
        ("10", Amount(1000)),
        ("1,234.50", Amount(123450)),
    ],
)
def test_a_discount_is_a_part_or_an_amount(typed: str, expected: Percent | Amount | None) -> None:
    assert share_or_amount(typed, "EUR", "discount") == expected
    assert share_or_amount(share_or_amount_text(expected, "EUR"), "EUR", "discount") == expected


@pytest.mark.parametrize(
    "typed", ["-5", "101 %", "-1 %", "ten", "1e30", "%", "9" * 39, "0.001", "1." + "3" * 30 + " %"]
)
def test_what_is_no_discount_is_refused_at_its_field(typed: str) -> None:
    with pytest.raises(PricingError) as refused:
        share_or_amount(typed, "EUR", "discount")
    assert refused.value.field == "discount"


def test_a_unit_price_has_the_places_it_has() -> None:
    assert price_of("0.00012345", "EUR") == Decimal("0.00012345")
    assert price_of("1.234,56", "EUR") == Decimal("1234.56")
    for absurd in ("1" + "0" * 20, "0." + "1" * 30, "1e300", "NaN", "12,5x"):
        with pytest.raises(PricingError):
            price_of(absurd, "EUR")
