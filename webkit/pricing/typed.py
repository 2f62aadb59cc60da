"""What people type about a document's figures: read once, the same way in settings and in editors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from webkit.core.kernel.forms import DecimalText, Form, Line, decimal_text, sentence, wrong
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import MoneyError, exponent, money_text, parse_money
from webkit.pricing.errors import PricingError
from webkit.pricing.habits import Habits, StampBy
from webkit.pricing.rounding import half_up
from webkit.pricing.schemes import find
from webkit.pricing.terms import Amount, Percent

UNITS = ("HUR", "DAY", "WEE", "MON", "ANN", "C62", "KMT", "LS")
"""Units of UN/ECE recommendation 20 that a line may be counted in."""

_EXACT: TypeAdapter[Decimal] = TypeAdapter(DecimalText)
_REASON = re.compile(r"[A-Z]{1,2}[0-9]?")


def _above_zero(value: Decimal) -> Decimal:
    if not 0 < value <= 100:
        raise wrong(_("A percentage lies between 0 and 100."))
    return value


def _reason(value: str) -> str:
    if not _REASON.fullmatch(value.upper()):
        raise wrong(_("The reason of a withholding is a letter of the yearly statement, like A."))
    return value.upper()


Share = Annotated[DecimalText, AfterValidator(_above_zero)]


class HabitsForm(Form):
    """What a document carries besides its lines. A box that is not there, or not ticked, means no."""

    prices: Literal["net", "gross"] = "net"
    fund: Line(4) = ""  # type: ignore[valid-type]
    fund_percent: Share = Decimal(4)
    withholding: Line(4) = ""  # type: ignore[valid-type]
    withholding_percent: Share = Decimal(20)
    withholding_share: Share = Decimal(100)
    withholding_reason: Annotated[Line(3), AfterValidator(_reason)] = "A"  # type: ignore[valid-type]
    stamp: StampBy = StampBy.NOBODY
    split_payment: Literal["1"] | None = Field(None)
    cash_rounding: Literal["1"] | None = Field(None)

    def habits(self) -> Habits:
        """What was chosen."""
        return Habits(
            prices_include_tax=self.prices == "gross",
            fund=self.fund,
            fund_percent=self.fund_percent,
            withholding=self.withholding,
            withholding_percent=self.withholding_percent,
            withholding_share=self.withholding_share,
            withholding_reason=self.withholding_reason,
            stamp=self.stamp,
            split_payment=self.split_payment is not None,
            cash_rounding=self.cash_rounding is not None,
        )


def habits_fields(habits: Habits) -> dict[str, str]:
    """The fields of the form as they stand for what is stored."""
    ticked = {name: "1" for name in ("split_payment", "cash_rounding") if getattr(habits, name)}
    return {
        "prices": "gross" if habits.prices_include_tax else "net",
        "fund": habits.fund,
        "fund_percent": decimal_text(habits.fund_percent),
        "withholding": habits.withholding,
        "withholding_percent": decimal_text(habits.withholding_percent),
        "withholding_share": decimal_text(habits.withholding_share),
        "withholding_reason": habits.withholding_reason,
        "stamp": habits.stamp.value,
        **ticked,
    }


def share_or_amount(text: str, currency: str, field: str, line: str | None = None) -> Percent | Amount | None:
    """`10 %` is a part, `10` an amount of the currency, nothing is none. Raises PricingError for anything else."""
    typed = text.strip()
    if not typed:
        return None
    try:
        if typed.endswith("%"):
            return Percent(_EXACT.validate_python(typed.removesuffix("%")))
        amount = parse_money(typed, currency)
    except ValidationError as error:
        raise PricingError(sentence(error.errors()[0]), field, line) from None
    except (MoneyError, PricingError) as error:
        raise PricingError(error.message, field, line) from None
    if amount < 0:
        raise PricingError(_("Write what is taken off or added without a minus."), field, line)
    return Amount(amount) if amount else None


def share_or_amount_text(value: Percent | Amount | None, currency: str) -> str:
    """The same as somebody would type it."""
    if value is None:
        return ""
    return f"{decimal_text(value.percent)} %" if isinstance(value, Percent) else money_text(value.amount, currency)


def unit_names() -> Mapping[str, str]:
    """What the units are called."""
    return {
        "HUR": _("hours"),
        "DAY": _("days"),
        "WEE": _("weeks"),
        "MON": _("months"),
        "ANN": _("years"),
        "C62": _("pieces"),
        "KMT": _("kilometres"),
        "LS": _("lump sum"),
    }


def with_tax(minor: int, scheme: str, rate: str, on: date) -> int:
    """An amount without tax as one that has the tax of a rate in it; a rate that the scheme does not know adds none."""
    try:
        percent = find(scheme).rate(rate or None, on).percent
    except PricingError:
        return minor
    return half_up(minor * (100 + Fraction(percent)) / 100)


def price_text(price: Decimal, currency: str) -> str:
    """A unit price for an input field: an amount of money, or with all its places where it has more of them."""
    minor = price.scaleb(exponent(currency))
    whole = minor == minor.to_integral_value()
    return money_text(int(minor), currency) if whole else decimal_text(price)


def price_of(text: str, currency: str, line: str | None = None) -> Decimal:
    """A unit price: an amount of money, or one with more places than the currency has. Raises PricingError."""
    try:
        return Decimal(parse_money(text, currency)).scaleb(-exponent(currency))
    except MoneyError as refusal:
        try:
            return _EXACT.validate_python(text)
        except ValidationError as error:
            # What has letters is no amount; of figures it says which are too many.
            worded = any(sign.isalpha() for sign in text)
            why = refusal.message if worded else sentence(error.errors()[0])
            raise PricingError(why, "price", line) from None
