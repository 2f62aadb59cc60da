"""The figures of a draft: what was typed, how it is kept, and what the kernel makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from webkit.core.kernel.forms import decimal_text
from webkit.core.values import dataclass
from webkit.pricing import (
    Adjustment,
    AdjustmentKind,
    Amount,
    Document,
    Line,
    Percent,
    Priced,
    PricingError,
    Scheme,
    compute,
    find,
    italian,
)
from webkit.pricing.habits import Habits, StampBy
from webkit.pricing.terms import STRICT
from webkit.pricing.typed import price_text, share_or_amount_text

Value = Percent | Amount


@dataclass(frozen=True, slots=True)
class LineInput:
    """A typed row: quantity and unit price exact, `rate` the key of one of the scheme's rates (empty: its default).

    `discount` is taken off this line alone.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    description: str
    quantity: Decimal
    price: Decimal
    rate: str = ""
    unit: str = ""
    discount: Value | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is decided about a whole invoice besides its lines."""

    habits: Habits = field(default_factory=Habits)
    discount: Value | None = None
    discount_reason: str = ""
    charge: Value | None = None
    charge_reason: str = ""

    def adjustments(self) -> tuple[Adjustment, ...]:
        """For the kernel."""
        found = (
            (AdjustmentKind.DISCOUNT, self.discount, self.discount_reason),
            (AdjustmentKind.CHARGE, self.charge, self.charge_reason),
        )
        return tuple(Adjustment(kind, value, reason) for kind, value, reason in found if value is not None)

    def to_dict(self) -> dict[str, Any]:
        """For the draft's row: plain JSON, numbers as text."""
        plain = {
            "habits": self.habits.to_dict(),
            "discount": _value_to_dict(self.discount),
            "discount_reason": self.discount_reason,
            "charge": _value_to_dict(self.charge),
            "charge_reason": self.charge_reason,
        }
        return {name: value for name, value in plain.items() if value}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Figures:
        """What `to_dict()` gave."""
        return cls(
            habits=Habits.from_dict(stored.get("habits", {})),
            discount=_value_from_dict(stored.get("discount")),
            discount_reason=stored.get("discount_reason", ""),
            charge=_value_from_dict(stored.get("charge")),
            charge_reason=stored.get("charge_reason", ""),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What typed lines come to, and that as it is stored: not to be changed, others are told the same."""

    priced: Priced
    plain: Mapping[str, Any]


def price(lines: Sequence[LineInput], figures: Figures, scheme_key: str, currency: str, on: date) -> Outcome:
    """Compute typed lines under a scheme. Raises PricingError naming the line by its place, from 1, or the field.

    The editor, the draft and the issue ask for the same one after the other: the second time it is remembered.
    """
    return _outcome(_Asked(tuple(lines), figures, find(scheme_key), currency, on))


class _Asked:
    """What an outcome depends on. Two are the same when they say the same to the letter: "1" is not "1.0" here."""

    __slots__ = ("_said", "currency", "figures", "lines", "on", "scheme")

    def __init__(self, lines: tuple[LineInput, ...], figures: Figures, scheme: Scheme, currency: str, on: date) -> None:
        self.lines, self.figures, self.scheme, self.currency, self.on = lines, figures, scheme, currency, on
        self._said = repr((lines, figures, currency, on))

    def __hash__(self) -> int:
        return hash(self._said)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and self._said == other._said and self.scheme is other.scheme


@lru_cache(256)
def _outcome(asked: _Asked) -> Outcome:
    scheme = asked.scheme
    document = Document(
        currency=asked.currency,
        scheme=scheme,
        lines=tuple(_line(line, place, scheme, asked.on) for place, line in enumerate(asked.lines, start=1)),
        adjustments=asked.figures.adjustments(),
        **asked.figures.habits.parts(scheme.key, asked.currency),
    )
    priced = compute(document)
    return Outcome(priced, priced.to_dict())


def _line(line: LineInput, place: int, scheme: Scheme, on: date) -> Line:
    try:
        rate = scheme.rate(line.rate or None, on)
    except PricingError as error:
        raise PricingError(error.message, "rate", str(place)) from None
    own = (Adjustment(AdjustmentKind.DISCOUNT, line.discount),) if line.discount else ()
    return Line(
        id=str(place),
        description=line.description,
        quantity=line.quantity,
        unit_price=line.price,
        rate=rate,
        adjustments=own,
        unit=line.unit,
        passed_on=rate.code == italian.PASSED_ON,
    )


# --- kept in the draft's row -------------------------------------------------------------------------------------


def stored_line(line: LineInput) -> dict[str, Any]:
    """A line as the draft keeps it; what is not said is left out."""
    kept: dict[str, Any] = {
        "description": line.description,
        "quantity": str(line.quantity),
        "price": str(line.price),
        "rate": line.rate,
    }
    more = {"unit": line.unit, "discount": _value_to_dict(line.discount)}
    return kept | {name: value for name, value in more.items() if value}


def read_line(kept: Mapping[str, Any]) -> LineInput:
    """What `stored_line()` gave."""
    return LineInput(
        description=kept["description"],
        quantity=Decimal(kept["quantity"]),
        price=Decimal(kept["price"]),
        rate=kept["rate"],
        unit=kept.get("unit", ""),
        discount=_value_from_dict(kept.get("discount")),
    )


def typed_line(line: LineInput, currency: str) -> dict[str, str]:
    """A line as it stands in the editor."""
    return {
        "description": line.description,
        "quantity": decimal_text(line.quantity),
        "unit": line.unit,
        "price": price_text(line.price, currency),
        "discount": share_or_amount_text(line.discount, currency),
        "rate": line.rate,
    }


def lines_of(priced: Priced) -> tuple[LineInput, ...]:
    """The lines of a computed document, to begin another one with. What each bore of the document's is left out."""
    rates = {row.rate: row.key for row in find(priced.scheme).rows}
    return tuple(
        LineInput(
            description=line.description,
            quantity=line.quantity,
            price=line.unit_price,
            rate=rates.get(line.rate, ""),
            unit=line.unit,
            discount=next((each.value for each in line.adjustments if each.kind is AdjustmentKind.DISCOUNT), None),
        )
        for line in priced.lines
    )


def figures_of(priced: Priced, usual: Habits) -> Figures:
    """The discount and charge of a computed document with the duties it shows; what cannot be seen is as `usual`."""

    def first(kind: AdjustmentKind) -> tuple[Value | None, str]:
        found = next((each for each in priced.adjustments if each.kind is kind), None)
        return (found.value, found.reason) if found else (None, "")

    (discount, why_less), (charge, why_more) = first(AdjustmentKind.DISCOUNT), first(AdjustmentKind.CHARGE)
    return Figures(
        habits=_shown(priced, usual),
        discount=discount,
        discount_reason=why_less,
        charge=charge,
        charge_reason=why_more,
    )


def _shown(priced: Priced, usual: Habits) -> Habits:
    fund, withheld = next(iter(priced.funds), None), next(iter(priced.withholdings), None)
    habits = replace(
        usual,
        prices_include_tax=priced.prices_include_tax,
        fund=fund.code if fund else "",
        withholding=withheld.code if withheld else "",
        split_payment=bool(priced.totals.split),
    )
    if fund:
        habits = replace(habits, fund_percent=fund.percent)
    if withheld:
        habits = replace(
            habits,
            withholding_percent=withheld.percent,
            withholding_share=withheld.share,
            withholding_reason=withheld.reason,
        )
    if stamp := priced.stamp:
        habits = replace(habits, stamp=StampBy.CLIENT if stamp.recharged else StampBy.AGENCY)
    return habits


def _value_to_dict(value: Value | None) -> dict[str, Any] | None:
    return _values().dump_python(value, mode="json") if value is not None else None


def _value_from_dict(stored: Any) -> Value | None:
    if not stored:
        return None
    try:
        return _values().validate_python(stored)
    except ValidationError as error:
        raise ValueError("this is no stored discount") from error


@cache
def _values() -> TypeAdapter[Percent | Amount]:
    return TypeAdapter(Percent | Amount)
