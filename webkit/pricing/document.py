"""What goes into the kernel. A value of these types is already sound: everything impossible is refused on creation."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BeforeValidator, ConfigDict, PlainSerializer

from webkit.core.kernel.currencies import MAX_MINOR, is_currency
from webkit.core.kernel.i18n import gettext as _
from webkit.pricing.errors import PricingError
from webkit.pricing.rounding import plain

if TYPE_CHECKING:
    from webkit.pricing.schemes import Scheme

PLACES = 8
LARGEST_EXPONENT = 13
MAX_LINES = 5_000
MAX_QUANTITY = Decimal(10**9)
MAX_PRICE = Decimal(10**13)

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
    """Tax categories of EN 16931 (UNCL 5305)."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_EU = "K"
    EXPORT = "G"
    OUTSIDE = "O"


_EXPLAINED = frozenset(Category) - {Category.STANDARD, Category.ZERO}


class AdjustmentKind(StrEnum):
    DISCOUNT = "discount"
    CHARGE = "charge"


class Place(StrEnum):
    """Where tax is rounded: once per line, or once per rate on the whole document."""

    LINE = "line"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A category, its percentage (22, not 0.22) and, where no tax is charged, why: text and code (VATEX or Natura)."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    category: Category
    percent: Exact = Decimal(0)
    reason: str = ""
    code: str = ""

    def __post_init__(self) -> None:
        check_decimal(self.percent, "rate", limit=Decimal(100))
        if (self.category is Category.STANDARD) != (self.percent > 0) or self.percent < 0:
            raise PricingError(_("Only the category S has a rate, and it has one above zero."), "rate")
        if self.category in _EXPLAINED and not self.reason.strip():
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


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A discount or a charge, of a line or of the document, in the terms of the prices: before tax when they are."""

    kind: AdjustmentKind
    value: Percent | Amount
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. `id` is unique in its document and only names it: the figures depend on what the line says."""

    id: str
    description: str
    unit_price: Decimal
    rate: TaxRate
    quantity: Decimal = Decimal(1)
    adjustments: tuple[Adjustment, ...] = ()

    def __post_init__(self) -> None:
        if not self.id:
            raise PricingError(_("Every line needs an id."), "id")
        check_decimal(self.quantity, "quantity", limit=MAX_QUANTITY, line=self.id)
        check_decimal(self.unit_price, "unit_price", limit=MAX_PRICE, line=self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Everything `compute()` needs, and nothing it ignores.

    What a later rule needs is added as a further optional field whose default changes no figure:
    `deductions: tuple[Deduction, ...] = ()` (deposits by rate, taken off what is payable), `withholding: Withholding
    | None = None`, `fund: Fund | None = None` (pension-fund contribution, raises a base), `stamp: Stamp | None = None`,
    `split_payment: bool = False`, `cash_rounding: int | None = None`. Each brings its figure to `Totals` in the same
    way, so callers and stored results stay valid.
    """

    currency: str
    scheme: Scheme
    lines: tuple[Line, ...]
    adjustments: tuple[Adjustment, ...] = ()
    prices_include_tax: bool = False

    def __post_init__(self) -> None:
        if not is_currency(self.currency):
            raise PricingError(_("“%(currency)s” is not a currency in use.", currency=self.currency), "currency")
        if len(self.lines) > MAX_LINES:
            raise PricingError(_("A document has at most %(most)s lines.", most=MAX_LINES), "lines")
        seen: set[str] = set()
        for line in self.lines:
            if line.id in seen:
                raise PricingError(_("Two lines have the same id."), "id", line.id)
            seen.add(line.id)
            if not self.scheme.knows(line.rate):
                raise PricingError(
                    _(
                        "%(percent)s %% is not a rate of %(scheme)s.",
                        percent=plain(line.rate.percent),
                        scheme=self.scheme.name,
                    ),
                    "rate",
                    line.id,
                )


def check_decimal(value: object, field: str, *, limit: Decimal, line: str | None = None) -> None:
    """A finite `Decimal` of at most eight places and of a size somebody may have meant."""
    if not isinstance(value, Decimal) or not value.is_finite():
        raise PricingError(_("This is not a number."), field, line)
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -PLACES:
        raise PricingError(_("At most %(places)s decimals are kept.", places=PLACES), field, line)
    if abs(value) > limit or (isinstance(exponent, int) and exponent > LARGEST_EXPONENT):
        raise PricingError(_("This number is too large to be true."), field, line)
