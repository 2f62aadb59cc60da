"""The small words of the kernel: exact numbers, tax rates, percentages and amounts. What cannot be is never made."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, ConfigDict, PlainSerializer

from webkit.core.kernel.currencies import MAX_MINOR
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.pricing.errors import PricingError
from webkit.pricing.rounding import plain

PLACES = 8
LARGEST_EXPONENT = 13

STRICT = ConfigDict(extra="forbid")


def _written(value: Any) -> Any:
    """A stored number is text: a JSON number may have been a float on its way here."""
    if not isinstance(value, str | Decimal):
        raise ValueError("numbers are stored as text")
    try:
        return Decimal(value)
    except InvalidOperation as error:
        raise ValueError("this is not a number") from error


Exact = Annotated[Decimal, BeforeValidator(_written), PlainSerializer(plain, return_type=str)]


class Category(StrEnum):
    """Tax categories of EN 16931 (UNCL 5305): BT-151 of a line, BT-95/102 of an adjustment, BT-118 of the sums."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_EU = "K"
    EXPORT = "G"
    OUTSIDE = "O"


NAMELESS = frozenset({"N3.6", "N7"})
"""Natura codes of the category K that are no delivery to a business in another country of the Union."""


def names_both(category: str, code: str) -> bool:
    """Whether the tax numbers of both sides have to stand on a document with such a rate: the client owes the tax, or
    the goods went to a business elsewhere in the Union (BR-AE-02 to 04, BR-IC-02 to 04)."""
    return category == Category.REVERSE_CHARGE or (category == Category.INTRA_EU and code not in NAMELESS)


EXPLAINED = frozenset(Category) - {Category.STANDARD, Category.ZERO}
"""Categories that say why no tax is charged."""


class Written(StrEnum):
    """How the prices of a document are written: without tax, or with it in them."""

    NET = "net"
    GROSS = "gross"


class AdjustmentKind(StrEnum):
    """A discount is an allowance of EN 16931 (BG-20, on a line BG-27), a charge a charge (BG-21, BG-28)."""

    DISCOUNT = "discount"
    CHARGE = "charge"


class Place(StrEnum):
    """Where tax is rounded: once per line, or once per rate on the whole document."""

    LINE = "line"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A category, its percentage (22, not 0.22) and, where no tax is charged, why: text and code (VATEX or Natura).

    BT-151/152 of a line, BT-118/119 of the sums with the reason in BT-120 and a VATEX code in BT-121.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    category: Category
    percent: Exact = Decimal(0)
    reason: str = ""
    code: str = ""

    def __post_init__(self) -> None:
        check_decimal(self.percent, "rate", limit=Decimal(100))
        if (self.category is Category.STANDARD) != (self.percent > 0) or self.percent < 0:
            raise PricingError(_("Only the category S has a rate, and it has one above zero."), "rate")
        if self.category in EXPLAINED and not self.reason.strip():
            raise PricingError(
                _("The category %(category)s needs the reason why no tax is charged.", category=self.category),
                "reason",
            )

    @property
    def order(self) -> tuple[object, ...]:
        """Highest rate first; the same on every page, and never by position."""
        return (-self.percent, self.category.value, self.code, self.reason)


@dataclass(frozen=True, slots=True)
class Percent:
    """So much of a hundred, between 0 and 100."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    percent: Exact

    def __post_init__(self) -> None:
        check_decimal(self.percent, "percent", limit=Decimal(100))
        if self.percent < 0:
            raise PricingError(_("A percentage lies between 0 and 100."), "percent")


@dataclass(frozen=True, slots=True)
class Amount:
    """So many minor units, not negative."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    amount: int

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise PricingError(_("An amount is a whole number of minor units."), "amount")
        if not 0 <= self.amount <= MAX_MINOR:
            raise PricingError(_("This amount is negative or too large to be true."), "amount")


def check_decimal(value: object, field: str, *, limit: Decimal, line: str | None = None) -> None:
    """A finite `Decimal` of at most eight places and of a size somebody may have meant."""
    if not isinstance(value, Decimal) or not value.is_finite():
        raise PricingError(_("This is not a number."), field, line)
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -PLACES:
        raise PricingError(_("At most %(places)s decimals are kept.", places=PLACES), field, line)
    if abs(value) > limit or (isinstance(exponent, int) and exponent > LARGEST_EXPONENT):
        raise PricingError(_("This number is too large to be true."), field, line)
