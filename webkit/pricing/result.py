"""What comes out of the kernel: computed once, stored, and printed everywhere as it stands.

Where a field is one of EN 16931 its number stands beside it (BT business term, BG group of terms).
`webkit.pricing.semantic` lays a result out as that model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.pricing import sums
from webkit.pricing.document import Adjustment
from webkit.pricing.duties import Deduction
from webkit.pricing.errors import PricingError
from webkit.pricing.terms import STRICT, AdjustmentKind, Amount, Exact, Percent, Place, TaxRate

VERSIONS = (1, 2)
LONGEST_REMEMBERED = 10_000
"""Of what is stored, in characters: about twenty lines."""
_LATER: dict[str, Any] = {
    "unit": "",
    "passed_on": False,
    "reason_code": "",
    "only": None,
    "funds": [],
    "withholdings": [],
    "stamp": None,
    "deductions": [],
    "contribution": 0,
    "stamped": 0,
    "deducted": 0,
    "deducted_base": 0,
    "deducted_tax": 0,
    "costs": 0,
    "costs_tax": 0,
    "prepaid": 0,
    "withheld": 0,
    "split": 0,
    "rounding": 0,
}
"""Keys of version 2 and what they are where nothing is said of them: then they are not stored, and it is version 1."""


@dataclass(frozen=True, slots=True)
class PricedAdjustment:
    """A discount or charge with the amount it came to (positive): BT-92 or BT-99, on a line BT-136 or BT-141."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    kind: AdjustmentKind
    value: Percent | Amount
    reason: str
    amount: int
    reason_code: str = ""
    only: TaxRate | None = None

    @classmethod
    def of(cls, adjustment: Adjustment, amount: int) -> PricedAdjustment:
        """The adjustment with its amount."""
        each = adjustment
        return cls(each.kind, each.value, each.reason, amount, each.reason_code, each.only)

    @property
    def signed(self) -> int:
        """What it does to the sum."""
        return -self.amount if self.kind is AdjustmentKind.DISCOUNT else self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedLine:
    """A line in minor units (BG-25).

    `listed` is quantity times price; with the line's own adjustments it is `amount`, the figure printed at the end
    of the line (BT-131 where prices are without tax); `share` is its part of the document's adjustments (signed). Both
    are in the terms of the prices. `net`, `tax` and `gross` are what remains of the line in the document's totals.
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
    unit: str = ""
    passed_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedTax:
    """All lines of one rate (BG-23): their amounts, their part of the document's discount and charge, `base` BT-116
    and `tax` BT-117. In the base are `contribution` (funds) and `stamped` (duty put on the bill); `deducted` and
    `deducted_tax` were invoiced before and are out of base and tax already."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    rate: TaxRate
    amount: int
    discount: int
    charge: int
    base: int
    tax: int
    contribution: int = 0
    stamped: int = 0
    deducted: int = 0
    deducted_tax: int = 0

    @property
    def gross(self) -> int:
        """Base and tax."""
        return self.base + self.tax


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedFund:
    """A pension fund's contribution, a charge on the document (BG-21): `amount` is its percentage of `base`, `tax` its
    part of the tax. `deducted` of it stood on deposit invoices; `due` is what is new."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    label: str
    percent: Exact
    rate: TaxRate
    base: int
    amount: int
    tax: int
    withheld: bool = False
    deducted_base: int = 0
    deducted: int = 0

    @property
    def due(self) -> int:
        """The contribution of this document alone."""
        return self.amount - self.deducted


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedWithholding:
    """What the client keeps back: `percent` of `share` percent of `base`. `deducted` of it was kept back of deposits;
    `due` is new."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    percent: Exact
    share: Exact
    reason: str
    base: int
    amount: int
    deducted_base: int = 0
    deducted: int = 0

    @property
    def due(self) -> int:
        """What is kept back of this document alone."""
        return self.amount - self.deducted


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedStamp:
    """Stamp duty that is due on this document; `recharged` when it stands on the client's bill."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    amount: int
    recharged: bool
    rate: TaxRate


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """`subtotal` (the lines as printed, BT-106), `discount` (BT-107) and `charge` (BT-108) are in the terms of the
    prices: they lead to `net` (BT-109), or to `gross` when prices include tax. `tax` is BT-110, `gross` BT-112,
    `prepaid` BT-113, `rounding` BT-114, `due` BT-115. `payable` is what is asked for: `due` less what the client keeps
    back (`withheld`) and pays to the state (`split`)."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    subtotal: int
    discount: int
    charge: int
    net: int
    tax: int
    gross: int
    payable: int
    prepaid: int = 0
    withheld: int = 0
    split: int = 0
    rounding: int = 0

    @property
    def due(self) -> int:
        """BT-115: what EN 16931 calls payable."""
        return self.gross - self.prepaid + self.rounding


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
    funds: tuple[PricedFund, ...] = ()
    withholdings: tuple[PricedWithholding, ...] = ()
    stamp: PricedStamp | None = None
    deductions: tuple[Deduction, ...] = ()

    def __post_init__(self) -> None:
        if not sums.add_up(self):
            raise PricingError(_("These figures do not add up."))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON for snapshots: ints, text, lists; one form for one result, no float anywhere.

        A result that uses nothing of version 2 is stored as version 1, as it always was.
        """
        plain = _without_later(_adapter().dump_python(self, mode="json"))
        return {"version": 2 if _has_later(plain) else 1, **plain}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Priced:
        """What `to_dict()` gave, checked again."""
        try:
            text = json.dumps(dict(stored), allow_nan=False)
            return _remembered(text) if len(text) <= LONGEST_REMEMBERED else _from_text(text)
        except (ValidationError, TypeError, ValueError) as error:
            raise PricingError(_("This is not a stored calculation.")) from error

    def line(self, line_id: str) -> PricedLine:
        """The line with that id."""
        return next(line for line in self.lines if line.id == line_id)

    def total(self, kind: AdjustmentKind) -> int:
        """What the document's discounts, or its charges, come to together."""
        return sum(each.amount for each in self.adjustments if each.kind is kind)


def _from_text(text: str) -> Priced:
    body = json.loads(text)
    version = body.pop("version", None)
    if version not in VERSIONS:
        raise PricingError(_("This calculation was stored by a newer version."))
    if (version == 2) != _has_later(body):
        raise PricingError(_("This is not a stored calculation."))
    return _adapter().validate_json(json.dumps(body), strict=True)


_remembered = lru_cache(256)(_from_text)
"""Whoever looks at a document twice reads the same calculation: it is checked once."""


def _without_later(stored: Any) -> Any:
    """A dump without the keys of version 2 that say nothing."""
    if isinstance(stored, list):
        return [_without_later(each) for each in stored]
    if not isinstance(stored, dict):
        return stored
    return {key: _without_later(value) for key, value in stored.items() if key not in _LATER or value != _LATER[key]}


def _has_later(stored: Any) -> bool:
    if isinstance(stored, list):
        return any(map(_has_later, stored))
    return isinstance(stored, dict) and any(key in _LATER or _has_later(value) for key, value in stored.items())


@cache
def _adapter() -> TypeAdapter[Priced]:
    return TypeAdapter(Priced)
