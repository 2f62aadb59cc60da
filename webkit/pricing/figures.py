"""How figures that are not prices are found: from their percentages, or (credit notes) as a part of an invoice's."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

from webkit.core.kernel.i18n import gettext as _
from webkit.pricing.duties import Fund, Withholding
from webkit.pricing.errors import PricingError
from webkit.pricing.rounding import apportion, half_up
from webkit.pricing.terms import Place, TaxRate

Ties = Sequence[tuple[object, ...]]


class Figures(Protocol):
    """The amounts of funds, taxes and withholdings; bases are in minor units."""

    def fund(self, fund: Fund, base: int) -> int:
        """The contribution on fees of `base`."""
        ...

    def taxes(
        self, rate: TaxRate, place: Place, base: int, exact: Sequence[Fraction], ties: Ties, *, included: bool
    ) -> list[int]:
        """The tax of each part of what is charged at a rate; `base` has it in it when `included`."""
        ...

    def withheld(self, withholding: Withholding, base: int) -> int:
        """What is kept back of `base`."""
        ...


class Fresh:
    """By percentage, rounded half-up once, at the one place the scheme says."""

    def fund(self, fund: Fund, base: int) -> int:
        return half_up(Fraction(fund.percent) * _positive(base) / 100)

    def taxes(
        self, rate: TaxRate, place: Place, base: int, exact: Sequence[Fraction], ties: Ties, *, included: bool
    ) -> list[int]:
        if place is Place.LINE:
            return [half_up(value) for value in exact]
        return apportion(half_up(sum(exact, Fraction())), exact, ties)

    def withheld(self, withholding: Withholding, base: int) -> int:
        return half_up(Fraction(withholding.percent) * Fraction(withholding.share) * _positive(base) / 10_000)


def _positive(base: int) -> int:
    if base < 0:
        raise PricingError(_("The lines take off more than they add up to."), "lines")
    return base


FRESH: Figures = Fresh()
