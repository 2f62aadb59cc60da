"""The one place where prices become totals. Everything else prints what `compute()` returned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from webkit.core.kernel.currencies import MAX_MINOR
from webkit.core.kernel.i18n import gettext as _
from webkit.pricing.document import Adjustment, AdjustmentKind, Amount, Document, Line, Place, TaxRate
from webkit.pricing.errors import PricingError
from webkit.pricing.result import Priced, PricedAdjustment, PricedLine, PricedTax, Totals
from webkit.pricing.rounding import apportion, half_up, minor_units, shares


def compute(document: Document) -> Priced:
    """Lines, tax by rate and totals of a document, in minor units.

    A line's amount is quantity times price, rounded half-up, less its own discounts. The document's discounts and
    charges are shared out over the rates, and within a rate over its lines, by largest remainder. Tax comes last,
    from what is really charged: rounded half-up per line or once per rate, as the scheme says.
    """
    listed = [_listed(line, document.currency) for line in document.lines]
    subtotal = _within(sum(each.amount for each in listed), _("The lines together are too large to be true."))
    if subtotal < 0:
        raise PricingError(_("The lines take off more than they add up to."), "lines")
    adjustments = tuple(_adjusted(each, subtotal) for each in document.adjustments)
    discount = _total(adjustments, AdjustmentKind.DISCOUNT)
    charge = _total(adjustments, AdjustmentKind.CHARGE)
    if discount > subtotal:
        raise PricingError(_("The discount is larger than what it is taken from."), "discount")
    taxes, lines = _tax(document, listed, discount, charge)
    return Priced(
        currency=document.currency,
        scheme=document.scheme.key,
        place=document.scheme.place,
        prices_include_tax=document.prices_include_tax,
        lines=tuple(lines[line.id] for line in document.lines),
        adjustments=adjustments,
        taxes=taxes,
        totals=_totals(taxes, subtotal, discount, charge),
    )


@dataclass(frozen=True, slots=True)
class _Listed:
    """A line before the document's adjustments and before tax."""

    line: Line
    listed: int
    adjustments: tuple[PricedAdjustment, ...]

    @property
    def amount(self) -> int:
        return self.listed + sum(each.signed for each in self.adjustments)

    @property
    def tie(self) -> tuple[object, ...]:
        """Settles equal remainders by what the line says; the id only where nothing else differs."""
        return (-self.amount, -self.listed, self.line.id)


def _listed(line: Line, currency: str) -> _Listed:
    exact = minor_units(line.unit_price, currency) * Fraction(line.quantity)
    listed = _within(half_up(exact), _("This line is too large to be true."), line.id)
    if listed < 0 and line.adjustments:
        raise PricingError(_("A line that takes off has no discount or charge of its own."), "adjustments", line.id)
    adjustments = tuple(_adjusted(each, listed) for each in line.adjustments)
    if _total(adjustments, AdjustmentKind.DISCOUNT) > listed >= 0:
        raise PricingError(_("The discount is larger than what it is taken from."), "discount", line.id)
    return _Listed(line, listed, adjustments)


def _adjusted(adjustment: Adjustment, of: int) -> PricedAdjustment:
    value = adjustment.value
    amount = value.amount if isinstance(value, Amount) else half_up(Fraction(value.percent) * of / 100)
    return PricedAdjustment.of(adjustment, amount)


def _total(adjustments: Sequence[PricedAdjustment], kind: AdjustmentKind) -> int:
    return sum(each.amount for each in adjustments if each.kind is kind)


def _tax(
    document: Document, listed: Sequence[_Listed], discount: int, charge: int
) -> tuple[tuple[PricedTax, ...], dict[str, PricedLine]]:
    groups: dict[TaxRate, list[_Listed]] = {}
    for each in listed:
        groups.setdefault(each.line.rate, []).append(each)
    rates = sorted(groups, key=lambda rate: rate.order)
    weights, ties = [sum(each.amount for each in groups[rate]) for rate in rates], [rate.order for rate in rates]
    discounts, charges = shares(discount, weights, ties), shares(charge, weights, ties)
    taxes: list[PricedTax] = []
    lines: dict[str, PricedLine] = {}
    for rate, less, more in zip(rates, discounts, charges, strict=True):
        priced = _group(document, rate, groups[rate], less, more)
        lines.update({line.id: line for line in priced})
        taxes.append(_summary(rate, priced, less, more))
    return tuple(taxes), lines


def _group(
    document: Document, rate: TaxRate, listed: Sequence[_Listed], discount: int, charge: int
) -> list[PricedLine]:
    """The lines of one rate with their share of the document's adjustments and their tax."""
    weights, ties = [each.amount for each in listed], [each.tie for each in listed]
    less, more = shares(discount, weights, ties), shares(charge, weights, ties)
    charged = [amount - out + up for amount, out, up in zip(weights, less, more, strict=True)]
    percent = Fraction(rate.percent)
    share = percent / (100 + percent) if document.prices_include_tax else percent / 100
    exact = [amount * share for amount in charged]
    if document.scheme.place is Place.LINE:
        taxes = [half_up(value) for value in exact]
    else:
        taxes = apportion(half_up(sum(exact, Fraction())), exact, ties)
    return [
        _line(each, amount, tax, document.prices_include_tax)
        for each, amount, tax in zip(listed, charged, taxes, strict=True)
    ]


def _line(listed: _Listed, charged: int, tax: int, included: bool) -> PricedLine:
    line = listed.line
    return PricedLine(
        id=line.id,
        description=line.description,
        quantity=line.quantity,
        unit_price=line.unit_price,
        rate=line.rate,
        adjustments=listed.adjustments,
        listed=listed.listed,
        amount=listed.amount,
        share=charged - listed.amount,
        net=charged - tax if included else charged,
        tax=tax,
        gross=charged if included else charged + tax,
    )


def _summary(rate: TaxRate, lines: Sequence[PricedLine], discount: int, charge: int) -> PricedTax:
    return PricedTax(
        rate=rate,
        amount=sum(line.amount for line in lines),
        discount=discount,
        charge=charge,
        base=sum(line.net for line in lines),
        tax=sum(line.tax for line in lines),
    )


def _totals(taxes: Sequence[PricedTax], subtotal: int, discount: int, charge: int) -> Totals:
    net, tax = sum(each.base for each in taxes), sum(each.tax for each in taxes)
    gross = _within(net + tax, _("The total is too large to be true."))
    if gross < 0:
        raise PricingError(_("The lines take off more than they add up to."), "lines")
    return Totals(subtotal=subtotal, discount=discount, charge=charge, net=net, tax=tax, gross=gross, payable=gross)


def _within(minor: int, refusal: str, line: str | None = None) -> int:
    if abs(minor) > MAX_MINOR:
        raise PricingError(refusal, "amount", line)
    return minor
