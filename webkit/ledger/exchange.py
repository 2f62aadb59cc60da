"""What money is worth in the agency's currency. Pure: exact fractions, rounded once, a half away from zero."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from webkit.core.kernel.currencies import exponent
from webkit.core.kernel.tables import PLACES
from webkit.pricing.rounding import half_up

LEAST, MOST = Decimal("0.00000001"), Decimal("1000000")
"""Between which rates are believed: there is no currency outside of them."""


def worth(minor: int, currency: str, rate: Decimal, to: str) -> int:
    """So many minor units of `to`, of which one unit of `currency` is worth `rate`."""
    return half_up(Fraction(rate) * minor * Fraction(10) ** (exponent(to) - exponent(currency)))


def implied(minor: int, currency: str, worth_minor: int, to: str) -> Decimal:
    """The rate at which `minor` of a currency is worth so much of the other one."""
    exact = Fraction(worth_minor, minor) * Fraction(10) ** (exponent(currency) - exponent(to))
    scaled = half_up(exact * 10**PLACES)
    return min(MOST, max(LEAST, Decimal(scaled).scaleb(-PLACES)))
