"""What comes out of the kernel: computed once, stored, and printed everywhere as it stands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from webkit.core.kernel.i18n import gettext as _
from webkit.pricing.document import STRICT, Adjustment, AdjustmentKind, Amount, Exact, Percent, Place, TaxRate
from webkit.pricing.errors import PricingError

VERSION = 1


@dataclass(frozen=True, slots=True)
class PricedAdjustment:
    """A discount or charge with the amount it came to (positive)."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    kind: AdjustmentKind
    value: Percent | Amount
    reason: str
    amount: int

    @classmethod
    def of(cls, adjustment: Adjustment, amount: int) -> PricedAdjustment:
        """The adjustment with its amount."""
        return cls(adjustment.kind, adjustment.value, adjustment.reason, amount)

    @property
    def signed(self) -> int:
        """What it does to the sum."""
        return -self.amount if self.kind is AdjustmentKind.DISCOUNT else self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """A line in minor units.

    `listed` is quantity times price; with the line's own adjustments it is `amount`, the figure printed at the end
    of the line; `share` is its part of the document's adjustments (signed). Both are in the terms of the prices.
    `net`, `tax` and `gross` are what remains of the line in the document's totals.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    id: str
    description: str
    quantity: Exact
    unit_price: Exact
    rate: TaxRate
    adjustments: tuple[PricedAdjustment, ...]
    listed: int
    amount: int
    share: int
    net: int
    tax: int
    gross: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedTax:
    """All lines of one rate: their amounts, their part of the document's discount and charge, the base, the tax."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    rate: TaxRate
    amount: int
    discount: int
    charge: int
    base: int
    tax: int

    @property
    def gross(self) -> int:
        """Base and tax."""
        return self.base + self.tax


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """`subtotal` (the lines as printed), `discount` and `charge` are in the terms of the prices: they lead to `net`,
    or to `gross` when prices include tax. `payable` is what is asked for."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    subtotal: int
    discount: int
    charge: int
    net: int
    tax: int
    gross: int
    payable: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A computed document. One whose figures do not add up cannot be made, whether computed or read back."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    currency: str
    scheme: str
    place: Place
    prices_include_tax: bool
    lines: tuple[PricedLine, ...]
    adjustments: tuple[PricedAdjustment, ...]
    taxes: tuple[PricedTax, ...]
    totals: Totals

    def __post_init__(self) -> None:
        if not (self._lines_add_up() and self._taxes_add_up() and self._totals_add_up()):
            raise PricingError(_("These figures do not add up."))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON for snapshots: ints, text, lists; one form for one result, no float anywhere."""
        return {"version": VERSION, **_adapter().dump_python(self, mode="json")}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Priced:
        """What `to_dict()` gave, checked again."""
        body = {key: value for key, value in stored.items() if key != "version"}
        if stored.get("version") != VERSION:
            raise PricingError(_("This calculation was stored by a newer version."))
        try:
            return _adapter().validate_json(json.dumps(body, allow_nan=False), strict=True)
        except (ValidationError, TypeError, ValueError) as error:
            raise PricingError(_("This is not a stored calculation.")) from error

    def line(self, line_id: str) -> PricedLine:
        """The line with that id."""
        return next(line for line in self.lines if line.id == line_id)

    def _lines_add_up(self) -> bool:
        return all(
            line.amount == line.listed + sum(each.signed for each in line.adjustments)
            and line.net + line.tax == line.gross
            and line.amount + line.share == (line.gross if self.prices_include_tax else line.net)
            for line in self.lines
        )

    def _taxes_add_up(self) -> bool:
        rates = {each.rate for each in self.taxes}
        return (
            len(rates) == len(self.taxes)
            and rates == {line.rate for line in self.lines}
            and all(
                self._tax_adds_up(each, [line for line in self.lines if line.rate == each.rate]) for each in self.taxes
            )
        )

    @staticmethod
    def _tax_adds_up(tax: PricedTax, lines: list[PricedLine]) -> bool:
        return (tax.amount, tax.charge - tax.discount, tax.base, tax.tax) == (
            sum(line.amount for line in lines),
            sum(line.share for line in lines),
            sum(line.net for line in lines),
            sum(line.tax for line in lines),
        )

    def _totals_add_up(self) -> bool:
        totals = self.totals
        return (
            totals.subtotal == sum(line.amount for line in self.lines)
            and totals.discount
            == _sum(self.adjustments, AdjustmentKind.DISCOUNT)
            == sum(t.discount for t in self.taxes)
            and totals.charge == _sum(self.adjustments, AdjustmentKind.CHARGE) == sum(t.charge for t in self.taxes)
            and totals.net == sum(each.base for each in self.taxes)
            and totals.tax == sum(each.tax for each in self.taxes)
            and totals.net + totals.tax == totals.gross == totals.payable
        )


def _sum(adjustments: Iterable[PricedAdjustment], kind: AdjustmentKind) -> int:
    return sum(each.amount for each in adjustments if each.kind is kind)


@cache
def _adapter() -> TypeAdapter[Priced]:
    return TypeAdapter(Priced)
