"""What is offered and what it costs: lines, options, a discount, and their totals for any choice of the client."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from pydantic import Field, model_validator

from webkit.core.kernel.currencies import MAX_MINOR
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.forms import DecimalText, Form, Line, Text, wrong
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.pricing import (
    Adjustment,
    AdjustmentKind,
    Amount,
    Document,
    Fund,
    Interval,
    Percent,
    Priced,
    PricingError,
    Scheme,
    Split,
    TaxRate,
    compute,
    compute_by_interval,
    italian,
    split,
    unit_price,
)
from webkit.pricing import Line as PricingLine
from webkit.pricing.habits import offered
from webkit.pricing.parts import without
from webkit.pricing.terms import Written

MOST_LINES = 100


class Choice(StrEnum):
    """Whether a line is part of every choice, or an option, ticked beforehand or not."""

    REQUIRED = "required"
    PICKED = "picked"
    OFFERED = "offered"


class OfferLine(Form):
    """One line. `price` is in minor units for one `unit`; `tax` is a key of the scheme, empty for the usual rate.

    `discount` is taken off this line alone.
    """

    id: Line(32, 1)  # type: ignore[valid-type]
    name: Line(200)  # type: ignore[valid-type]
    text: Text(1000) = ""  # type: ignore[valid-type]
    quantity: DecimalText = Field(Decimal(1), gt=0, le=1_000_000)
    unit: Line(40) = ""  # type: ignore[valid-type]
    price: int = Field(ge=0, le=MAX_MINOR)
    interval: Interval = Interval.ONCE
    choice: Choice = Choice.REQUIRED
    tax: Line(40) = ""  # type: ignore[valid-type]
    discount: Percent | Amount | None = None


class DiscountKind(StrEnum):
    PERCENT = "percent"
    AMOUNT = "amount"


class DiscountOn(StrEnum):
    """What a discount is taken from."""

    ONCE = "once"
    MONTHLY = "monthly"
    BOTH = "both"


class Discount(Form):
    """Taken off a whole bill before tax: so many percent, or so many minor units."""

    kind: DiscountKind
    percent: DecimalText = Field(Decimal(0), ge=0, le=100)
    amount: int = Field(0, ge=0, le=MAX_MINOR)
    on: DiscountOn = DiscountOn.ONCE
    note: Line(160) = ""  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _one_amount_one_bill(self) -> Self:
        if self.kind is DiscountKind.AMOUNT and self.on is DiscountOn.BOTH:
            raise wrong(_("An amount is taken off one bill: choose the one-time or the monthly part."))
        return self

    def of(self, interval: Interval) -> tuple[Adjustment, ...]:
        """The discount as an adjustment of that interval's bill, if it applies to it."""
        if self.on not in (DiscountOn.BOTH, DiscountOn(interval.value)):
            return ()
        value = Percent(self.percent) if self.kind is DiscountKind.PERCENT else Amount(self.amount)
        return (Adjustment(AdjustmentKind.DISCOUNT, value, self.note),)


class Offer(Form):
    """Everything with a price."""

    lines: tuple[OfferLine, ...] = Field((), max_length=MOST_LINES)
    discount: Discount | None = None
    prices: Written = Written.NET

    @property
    def options(self) -> tuple[OfferLine, ...]:
        """The lines a client may leave out."""
        return tuple(line for line in self.lines if line.choice is not Choice.REQUIRED)

    @property
    def picked(self) -> tuple[str, ...]:
        """Ids of the options that are ticked beforehand."""
        return tuple(line.id for line in self.lines if line.choice is Choice.PICKED)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON; quantities are text, so nothing becomes a float."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Offer:
        """What `to_dict()` gave. Stored numbers are exact: nobody's way of writing decides what they mean."""
        lines = [{**line, "quantity": Decimal(line["quantity"])} for line in stored.get("lines", ())]
        if discount := stored.get("discount"):
            discount = {**discount, "percent": Decimal(discount["percent"])}
        return cls.model_validate({**stored, "lines": lines, "discount": discount})


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which money and tax an offer is priced."""

    currency: str
    scheme: Scheme
    rate: str
    on: date
    funds: tuple[Fund, ...] = ()


@dataclass(frozen=True, slots=True)
class Prices:
    """One time and monthly: two bills that are never added up."""

    once: Priced
    monthly: Priced

    def by_interval(self) -> dict[Interval, Priced]:
        """Both, in their order, without a bill that has no lines."""
        both = {Interval.ONCE: self.once, Interval.MONTHLY: self.monthly}
        return {interval: priced for interval, priced in both.items() if priced.lines}

    def to_dict(self) -> dict[str, Any]:
        """For snapshots."""
        return {"once": self.once.to_dict(), "monthly": self.monthly.to_dict()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Prices:
        """What `to_dict()` gave, checked again."""
        return cls(Priced.from_dict(stored["once"]), Priced.from_dict(stored["monthly"]))


def full_prices(offer: Offer, terms: Terms) -> Prices:
    """What it costs with every option. Raises Invalid, naming the fields of the editor."""
    try:
        return _compute({interval: _document(offer, terms, interval) for interval in Interval})
    except PricingError as error:
        raise Invalid({_field(offer, error): error.message}) from None


def choose(full: Prices, options: Collection[str], chosen: Collection[str]) -> Prices:
    """What it costs without the options that were not chosen; rates and prices are those of `full`."""
    left_out = set(options) - set(chosen)
    return _compute({Interval.ONCE: without(full.once, left_out), Interval.MONTHLY: without(full.monthly, left_out)})


def deposit_of(prices: Prices, percent: Decimal | None) -> Split | None:
    """The first payment of the one-time part; None where there is nothing to divide."""
    if percent is None or prices.once.totals.payable <= 0:
        return None
    try:
        return split(prices.once, Percent(percent), _("Deposit"))
    except PricingError:
        return None


def problems(offer: Offer, full: Prices) -> dict[str, str]:
    """What an offer needs before it can be sent; field of the editor → sentence."""
    if not offer.lines:
        return {"lines": _("Add at least one line with a price.")}
    if _discount_may_outgrow(offer, full):
        return {"discount-value": _("This is more than the parts that are in every choice cost.")}
    return {}


def only(options: Iterable[str], chosen: Iterable[str]) -> tuple[str, ...]:
    """What was chosen, once each and in the order of the offer; what is no option of this offer is left out."""
    wanted = set(chosen)
    return tuple(option for option in options if option in wanted)


def _discount_may_outgrow(offer: Offer, full: Prices) -> bool:
    """Whether a client could leave out so much that an amount taken off is larger than the rest."""
    discount = offer.discount
    if discount is None or discount.kind is not DiscountKind.AMOUNT:
        return False
    options = {line.id for line in offer.options}
    priced = full.once if discount.on is DiscountOn.ONCE else full.monthly
    return discount.amount > sum(line.amount for line in priced.lines if line.id not in options)


def _document(offer: Offer, terms: Terms, interval: Interval) -> Document:
    lines = tuple(
        PricingLine(
            id=line.id,
            description=line.name,
            unit_price=unit_price(line.price, terms.currency),
            quantity=line.quantity,
            rate=(rate := _rate(line, terms)),
            adjustments=_own(line),
            passed_on=rate.code == italian.PASSED_ON,
        )
        for line in offer.lines
        if line.interval is interval
    )
    adjustments = offer.discount.of(interval) if offer.discount and lines else ()
    return Document(
        currency=terms.currency,
        scheme=terms.scheme,
        lines=lines,
        adjustments=adjustments,
        prices_include_tax=offer.prices is Written.GROSS and offered(terms.scheme.key, terms.currency).tax,
        funds=terms.funds if lines else (),
    )


def _own(line: OfferLine) -> tuple[Adjustment, ...]:
    return (Adjustment(AdjustmentKind.DISCOUNT, line.discount),) if line.discount else ()


def _rate(line: OfferLine, terms: Terms) -> TaxRate:
    try:
        return terms.scheme.rate(line.tax or terms.rate or None, terms.on)
    except PricingError as error:
        raise PricingError(error.message, "rate", line.id) from None


def _compute(documents: Mapping[Interval, Document]) -> Prices:
    priced = compute_by_interval(documents)
    once, monthly = (priced.get(interval) or compute(documents[interval]) for interval in Interval)
    return Prices(once, monthly)


def _field(offer: Offer, error: PricingError) -> str:
    """The editor's name for what a calculation refused."""
    place = next((number for number, line in enumerate(offer.lines) if line.id == error.line), None)
    if place is None:
        whole = {"discount": "discount-value", "fund": "prices"}
        return whole.get(error.field or "", "lines")
    column = {"rate": "tax", "quantity": "quantity", "discount": "discount"}.get(error.field or "", "price")
    return f"lines-{place}-{column}"
