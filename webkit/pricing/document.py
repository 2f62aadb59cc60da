"""What goes into the kernel. A value of these types is already sound: everything impossible is refused on creation.

Where a field is one of EN 16931 its number stands beside it (BT business term, BG group of terms).
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from webkit.core.kernel.currencies import MAX_MINOR, is_currency
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.pricing.duties import Deduction, Fund, Stamp, Withholding, check_once
from webkit.pricing.errors import PricingError
from webkit.pricing.rounding import plain
from webkit.pricing.terms import (
    AdjustmentKind,
    Amount,
    Category,
    Percent,
    Place,
    TaxRate,
    check_decimal,
)

if TYPE_CHECKING:
    from webkit.pricing.scheme import Scheme

__all__ = [
    "Adjustment",
    "AdjustmentKind",
    "Amount",
    "Category",
    "Document",
    "Line",
    "Percent",
    "Place",
    "TaxRate",
]

MAX_LINES = 5_000
MAX_QUANTITY = Decimal(10**9)
MAX_PRICE = Decimal(10**13)
MAX_STEP = 100_000
_UNIT = re.compile(r"[A-Z0-9]{0,3}")


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A discount or a charge, of a line or of the document, in the terms of the prices: before tax when they are.

    Of the document it is BG-20 or BG-21: `value` BT-94/101 or the amount, `reason` BT-97/104, `reason_code` BT-98/105
    (UNTDID 5189 and 7161). `only` binds it to the lines of one rate (BT-95/102); without it every rate bears its part.
    Of a line it is BG-27 or BG-28: BT-138/143, BT-139/144, BT-140/145.
    """

    kind: AdjustmentKind
    value: Percent | Amount
    reason: str = ""
    reason_code: str = ""
    only: TaxRate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line (BG-25). `id` is unique in its document and only names it: the figures depend on what the line says.

    `description` is BT-153, `quantity` BT-129 in `unit` BT-130 (UN/ECE recommendation 20), `unit_price` BT-146 with up
    to eight decimals, `rate` BG-30. What is `passed_on` was paid in the client's name: no contribution, no withholding.
    """

    id: str
    description: str
    unit_price: Decimal
    rate: TaxRate
    quantity: Decimal = Decimal(1)
    adjustments: tuple[Adjustment, ...] = ()
    unit: str = ""
    passed_on: bool = False

    def __post_init__(self) -> None:
        if not self.id:
            raise PricingError(_("Every line needs an id."), "id")
        check_decimal(self.quantity, "quantity", limit=MAX_QUANTITY, line=self.id)
        check_decimal(self.unit_price, "unit_price", limit=MAX_PRICE, line=self.id)
        if not _UNIT.fullmatch(self.unit):
            raise PricingError(_("A unit is a code of at most three capital letters and digits."), "unit", self.id)
        if any(each.only for each in self.adjustments):
            raise PricingError(_("A line's discount has the line's tax."), "adjustments", self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Everything `compute()` needs, and nothing it ignores.

    `currency` is BT-5, `adjustments` BG-20 and BG-21, `prepaid` BT-113: what was paid before without an invoice of its
    own. `deductions` are deposit invoices, taken off with their tax. With `split_payment` the client pays the tax to
    the state (Italian scissione, category B). `cash_rounding` is the smallest coin in minor units; the difference is
    BT-114.
    """

    currency: str
    scheme: Scheme
    lines: tuple[Line, ...]
    adjustments: tuple[Adjustment, ...] = ()
    prices_include_tax: bool = False
    funds: tuple[Fund, ...] = ()
    withholdings: tuple[Withholding, ...] = ()
    stamp: Stamp | None = None
    deductions: tuple[Deduction, ...] = ()
    prepaid: int = 0
    split_payment: bool = False
    cash_rounding: int = 0

    def __post_init__(self) -> None:
        if not is_currency(self.currency):
            raise PricingError(_("“%(currency)s” is not a currency in use.", currency=self.currency), "currency")
        if len(self.lines) > MAX_LINES:
            raise PricingError(_("A document has at most %(most)s lines.", most=MAX_LINES), "lines")
        self._check_lines()
        self._check_duties()
        if type(self.prepaid) is not int or not 0 <= self.prepaid <= MAX_MINOR:
            raise PricingError(_("This amount is negative or too large to be true."), "prepaid")
        if type(self.cash_rounding) is not int or not 0 <= self.cash_rounding <= MAX_STEP:
            raise PricingError(_("This is not a coin."), "cash_rounding")

    def _check_lines(self) -> None:
        seen: set[str] = set()
        for line in self.lines:
            if line.id in seen:
                raise PricingError(_("Two lines have the same id."), "id", line.id)
            seen.add(line.id)
            self._check_rate(line.rate, line.id)

    def _check_duties(self) -> None:
        check_once((fund.code for fund in self.funds), "fund")
        check_once((each.code for each in self.withholdings), "withholding")
        check_once((each.number for each in self.deductions), "deductions")
        for fund in self.funds:
            self._check_rate(fund.rate)
        if self.funds and self.prices_include_tax:
            raise PricingError(_("A pension fund contribution needs prices without tax."), "fund")
        if self.stamp is not None:
            self._check_rate(self.stamp.rate)
            if self.stamp.currency != self.currency:
                raise PricingError(_("Stamp duty is paid in %(currency)s.", currency=self.stamp.currency), "stamp")

    def _check_rate(self, rate: TaxRate, line: str | None = None) -> None:
        if not self.scheme.knows(rate):
            named = {"percent": plain(rate.percent), "scheme": self.scheme.name}
            raise PricingError(_("%(percent)s %% is not a rate of %(scheme)s.", **named), "rate", line)
