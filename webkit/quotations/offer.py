"""What a quotation offers: parts of the work with lines, options, a discount, terms; and what any choice costs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import Field

from webkit.core.kernel.currencies import MAX_MINOR
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.forms import Form, Line, Text
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.pricing import (
    Adjustment,
    AdjustmentKind,
    Amount,
    Document,
    Fund,
    Percent,
    Priced,
    PricingError,
    Scheme,
    TaxRate,
    compute,
    italian,
)
from webkit.pricing import Line as PricingLine
from webkit.pricing.habits import offered
from webkit.pricing.parts import without
from webkit.pricing.terms import Written

MOST_SECTIONS, MOST_LINES, MOST_TERMS = 40, 100, 40


class Choice(StrEnum):
    """Whether a line is part of every choice, or an option, ticked beforehand or not."""

    REQUIRED = "required"
    PICKED = "picked"
    OFFERED = "offered"


class DiscountKind(StrEnum):
    PERCENT = "percent"
    AMOUNT = "amount"


class Section(Form):
    """A part of the work. In a template `block` names the reusable text that stands here."""

    id: Line(32, 1)  # type: ignore[valid-type]
    title: Line(200) = ""  # type: ignore[valid-type]
    text: Text(8000) = ""  # type: ignore[valid-type]
    block: UUID | None = None


class QuoteLine(Form):
    """One line of a section. `price` is for one `unit`, exact; `tax` a key of the scheme, empty for the usual rate.

    `discount` is taken off this line alone.
    """

    id: Line(32, 1)  # type: ignore[valid-type]
    section: Line(32) = ""  # type: ignore[valid-type]
    name: Line(200) = ""  # type: ignore[valid-type]
    text: Text(1000) = ""  # type: ignore[valid-type]
    quantity: Decimal = Field(Decimal(1), gt=0, le=1_000_000, decimal_places=8)
    unit: Line(40) = ""  # type: ignore[valid-type]
    price: Decimal = Field(ge=0, le=Decimal("1e12"), decimal_places=8)
    choice: Choice = Choice.REQUIRED
    tax: Line(40) = ""  # type: ignore[valid-type]
    discount: Percent | Amount | None = None


class Discount(Form):
    """Taken off the whole before tax: so many percent, or so many minor units."""

    kind: DiscountKind
    percent: Decimal = Field(Decimal(0), ge=0, le=100, decimal_places=8)
    amount: int = Field(0, ge=0, le=MAX_MINOR)
    note: Line(160) = ""  # type: ignore[valid-type]

    def adjustment(self) -> Adjustment:
        """The discount as the kernel takes it."""
        value = Percent(self.percent) if self.kind is DiscountKind.PERCENT else Amount(self.amount)
        return Adjustment(AdjustmentKind.DISCOUNT, value, self.note)


class Term(Form):
    """A part of the terms. In a template `block` names the reusable text that stands here."""

    title: Line(200) = ""  # type: ignore[valid-type]
    text: Text(8000) = ""  # type: ignore[valid-type]
    block: UUID | None = None


class Offer(Form):
    """Everything a quotation says below its head."""

    sections: tuple[Section, ...] = Field((), max_length=MOST_SECTIONS)
    lines: tuple[QuoteLine, ...] = Field((), max_length=MOST_LINES)
    discount: Discount | None = None
    prices: Written = Written.NET
    terms: tuple[Term, ...] = Field((), max_length=MOST_TERMS)
    notes: Text(4000) = ""  # type: ignore[valid-type]

    @property
    def options(self) -> tuple[QuoteLine, ...]:
        """The lines a client may leave out."""
        return tuple(line for line in self.lines if line.choice is not Choice.REQUIRED)

    @property
    def picked(self) -> tuple[str, ...]:
        """Ids of the options that are ticked beforehand."""
        return tuple(line.id for line in self.lines if line.choice is Choice.PICKED)

    def of(self, section: str) -> tuple[QuoteLine, ...]:
        """The lines of a section, in order."""
        return tuple(line for line in self.lines if line.section == section)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON; quantities and prices are text, so nothing becomes a float."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Offer:
        """What `to_dict()` gave."""
        return cls.model_validate(stored)


@dataclass(frozen=True, slots=True)
class Rules:
    """Under which money and tax an offer is priced."""

    currency: str
    scheme: Scheme
    rate: str
    on: date
    funds: tuple[Fund, ...] = ()


def full_price(offer: Offer, rules: Rules) -> Priced:
    """What it costs with every option. Raises Invalid, naming the fields of the editor."""
    try:
        return compute(_document(offer, rules))
    except PricingError as error:
        raise Invalid({_field(offer, error): error.message}) from None


def choose(full: Priced, options: Collection[str], chosen: Collection[str]) -> Priced:
    """What it costs without the options that were not chosen; rates, prices and discount are those of `full`."""
    return compute(without(full, set(options) - set(chosen)))


def work_alone(full: Priced, options: Collection[str]) -> int:
    """What the lines that are in every choice come to, before discount and tax."""
    return compute(replace(without(full, set(options)), adjustments=())).totals.subtotal


def problems(offer: Offer, full: Priced) -> dict[str, str]:
    """What an offer needs before it can be sent; field of the editor → sentence."""
    if not offer.lines:
        return {"scope": _("Add at least one line with a price.")}
    found = {}
    for at, section in enumerate(offer.sections):
        if not section.title:
            found[f"sections-{at}-title"] = _("Give this part of the work a heading.")
    for at, term in enumerate(offer.terms):
        if not (term.title and term.text):
            found[f"terms-{at}-title"] = _("These terms need a heading and a text.")
    if _discount_may_outgrow(offer, full):
        found["discount-value"] = _("This is more than the parts that are in every choice cost.")
    return found


def only(options: Iterable[str], chosen: Iterable[str]) -> tuple[str, ...]:
    """What was chosen, once each and in the order of the offer; what is no option of this offer is left out."""
    wanted = set(chosen)
    return tuple(option for option in options if option in wanted)


def _discount_may_outgrow(offer: Offer, full: Priced) -> bool:
    """Whether a client could leave out so much that an amount taken off is larger than the rest."""
    discount = offer.discount
    if discount is None or discount.kind is not DiscountKind.AMOUNT:
        return False
    return discount.amount > work_alone(full, [line.id for line in offer.options])


def _document(offer: Offer, rules: Rules) -> Document:
    lines = tuple(
        PricingLine(
            id=line.id,
            description=line.name,
            unit_price=line.price,
            quantity=line.quantity,
            rate=(rate := _rate(line, rules)),
            adjustments=_own(line),
            passed_on=rate.code == italian.PASSED_ON,
        )
        for line in offer.lines
    )
    adjustments = (offer.discount.adjustment(),) if offer.discount and lines else ()
    return Document(
        currency=rules.currency,
        scheme=rules.scheme,
        lines=lines,
        adjustments=adjustments,
        prices_include_tax=offer.prices is Written.GROSS and offered(rules.scheme.key, rules.currency).tax,
        funds=rules.funds if lines else (),
    )


def _own(line: QuoteLine) -> tuple[Adjustment, ...]:
    return (Adjustment(AdjustmentKind.DISCOUNT, line.discount),) if line.discount else ()


def _rate(line: QuoteLine, rules: Rules) -> TaxRate:
    try:
        return rules.scheme.rate(line.tax or rules.rate or None, rules.on)
    except PricingError as error:
        raise PricingError(error.message, "rate", line.id) from None


def _field(offer: Offer, error: PricingError) -> str:
    """The editor's name for what a calculation refused."""
    place = next((number for number, line in enumerate(offer.lines) if line.id == error.line), None)
    if place is None:
        whole = {"discount": "discount-value", "fund": "prices"}
        return whole.get(error.field or "", "scope")
    column = {"rate": "tax", "quantity": "quantity", "discount": "discount"}.get(error.field or "", "price")
    return f"lines-{place}-{column}"
