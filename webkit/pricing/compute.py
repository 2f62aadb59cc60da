"""The one place where prices become totals. Everything else prints what `compute()` returned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.pricing.document import Adjustment, Document, Line
from webkit.pricing.errors import PricingError, within
from webkit.pricing.figures import FRESH, Figures
from webkit.pricing.payable import deducted, funds_of, stamp_of, totals_of, withholdings_of
from webkit.pricing.result import Priced, PricedAdjustment, PricedFund, PricedLine, PricedStamp, PricedTax
from webkit.pricing.rounding import half_up, minor_units, shares
from webkit.pricing.terms import AdjustmentKind, Amount, TaxRate


def compute(document: Document) -> Priced:
    """Lines, tax by rate and totals of a document, in minor units.

    A line's amount is quantity times price, rounded half-up, less its own discounts. The document's discounts and
    charges are shared out over the rates, and within a rate over its lines, by largest remainder; what was paid in the
    client's name bears none of them. A pension fund's contribution is added to what is charged. Tax comes last, from
    what is really charged: rounded half-up per line or once per rate, as the scheme says. Deposits are then taken off
    with the tax they had.
    """
    return compute_with(document, FRESH)


def compute_with(document: Document, figures: Figures) -> Priced:
    """`compute()` with another way to find tax and duties than their percentages: that of a credit note."""
    listed = [_listed(line, document.currency) for line in document.lines]
    subtotal = within(sum(each.amount for each in listed), _("The lines together are too large to be true."))
    if subtotal < 0:
        raise PricingError(_("The lines take off more than they add up to."), "lines")
    adjustments = tuple(_of_document(each, listed) for each in document.adjustments)
    groups = _groups(document, listed, adjustments)
    funds = funds_of(document, _fees(groups), figures)
    stamp = stamp_of(document, _charged(groups, funds))
    taxes, lines, funds = _tax(document, groups, funds, stamp, figures)
    ordered = tuple(lines[line.id] for line in document.lines)
    taxes = deducted(document, taxes)
    withholdings = withholdings_of(document, ordered, funds, figures)
    return Priced(
        currency=document.currency,
        scheme=document.scheme.key,
        place=document.scheme.place,
        prices_include_tax=document.prices_include_tax,
        lines=ordered,
        adjustments=adjustments,
        taxes=taxes,
        totals=totals_of(document, taxes, adjustments, withholdings),
        funds=funds,
        withholdings=withholdings,
        stamp=stamp,
        deductions=document.deductions,
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
    def bears(self) -> int:
        """What the document's discounts and charges are taken of: not what was paid in the client's name."""
        return 0 if self.line.passed_on else self.amount

    @property
    def tie(self) -> tuple[object, ...]:
        """Settles equal remainders by what the line says; the id only where nothing else differs."""
        return (-self.amount, -self.listed, self.line.id)


@dataclass(frozen=True, slots=True)
class _Group:
    """The lines of one rate with their parts of the document's discounts and charges."""

    rate: TaxRate
    listed: tuple[_Listed, ...]
    discount: int
    charge: int
    amounts: tuple[int, ...]

    @property
    def charged(self) -> int:
        return sum(self.amounts)


def _listed(line: Line, currency: str) -> _Listed:
    exact = minor_units(line.unit_price, currency) * Fraction(line.quantity)
    listed = within(half_up(exact), _("This line is too large to be true."), line.id)
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


def _of_document(adjustment: Adjustment, listed: Sequence[_Listed]) -> PricedAdjustment:
    """An adjustment of the document: of all lines, or of those of its one rate."""
    if adjustment.only is None:
        whole = sum(each.bears for each in listed)
        if whole < 0:
            raise PricingError(_("The lines take off more than they add up to."), "adjustments")
        return _adjusted(adjustment, whole)
    of = [each.bears for each in listed if each.line.rate == adjustment.only]
    if not of or sum(of) < 0:
        raise PricingError(_("There is no line with the tax of this discount or charge."), "adjustments")
    return _adjusted(adjustment, sum(of))


def _total(adjustments: Sequence[PricedAdjustment], kind: AdjustmentKind) -> int:
    return sum(each.amount for each in adjustments if each.kind is kind)


def _groups(
    document: Document, listed: Sequence[_Listed], adjustments: Sequence[PricedAdjustment]
) -> tuple[_Group, ...]:
    """The lines by rate, highest first, with what the adjustments make of them."""
    grouped: dict[TaxRate, list[_Listed]] = {}
    for each in listed:
        grouped.setdefault(each.line.rate, []).append(each)
    rates = sorted(grouped, key=lambda rate: rate.order)
    weights = [sum(each.bears for each in grouped[rate]) for rate in rates]
    less = _by_rate(adjustments, AdjustmentKind.DISCOUNT, rates, weights)
    more = _by_rate(adjustments, AdjustmentKind.CHARGE, rates, weights)
    for rate, weight, out, up in zip(rates, weights, less, more, strict=True):
        whole = sum(each.amount for each in grouped[rate])
        if weight >= 0 > weight - out + up or whole >= 0 > whole - out + up:
            raise PricingError(_("The discount is larger than what it is taken from."), "discount")
    return tuple(_group(rate, grouped[rate], out, up) for rate, out, up in zip(rates, less, more, strict=True))


def _by_rate(
    adjustments: Sequence[PricedAdjustment], kind: AdjustmentKind, rates: Sequence[TaxRate], weights: Sequence[int]
) -> list[int]:
    """How much of the discounts, or of the charges, falls on each rate."""
    shared = _total([each for each in adjustments if each.only is None], kind)
    if shared and shared > sum(weights) and kind is AdjustmentKind.DISCOUNT:
        raise PricingError(_("The discount is larger than what it is taken from."), "discount")
    if shared and not sum(weights):
        raise PricingError(_("A charge needs lines with an amount."), "adjustments")
    parts = shares(shared, weights, [rate.order for rate in rates])
    return [
        part + _total([a for a in adjustments if a.only == rate], kind) for part, rate in zip(parts, rates, strict=True)
    ]


def _group(rate: TaxRate, listed: Sequence[_Listed], discount: int, charge: int) -> _Group:
    weights, ties = [each.bears for each in listed], [each.tie for each in listed]
    if (discount or charge) and not sum(weights):
        raise PricingError(_("A discount or charge needs lines with an amount."), "adjustments")
    less, more = shares(discount, weights, ties), shares(charge, weights, ties)
    amounts = tuple(each.amount - out + up for each, out, up in zip(listed, less, more, strict=True))
    return _Group(rate, tuple(listed), discount, charge, amounts)


def _fees(groups: Sequence[_Group]) -> int:
    """What contributions are taken of: everything charged that was not paid in the client's name."""
    pairs = (pair for group in groups for pair in zip(group.listed, group.amounts, strict=True))
    return sum(amount for each, amount in pairs if not each.line.passed_on)


def _charged(groups: Sequence[_Group], funds: Sequence[PricedFund]) -> dict[TaxRate, int]:
    """What is charged at each rate, contributions included."""
    charged = {group.rate: group.charged for group in groups}
    for fund in funds:
        charged[fund.rate] = charged.get(fund.rate, 0) + fund.amount
    return charged


def _tax(
    document: Document,
    groups: Sequence[_Group],
    funds: Sequence[PricedFund],
    stamp: PricedStamp | None,
    figures: Figures,
) -> tuple[tuple[PricedTax, ...], dict[str, PricedLine], tuple[PricedFund, ...]]:
    """Sums by rate, lines by id and funds, with their tax."""
    stamped = {stamp.rate: stamp.amount} if stamp and stamp.recharged else {}
    alone = ({fund.rate for fund in funds} | stamped.keys()) - {group.rate for group in groups}
    every = [*groups, *(_Group(rate, (), 0, 0, ()) for rate in alone)]
    taxes: list[PricedTax] = []
    lines: dict[str, PricedLine] = {}
    taxed: dict[str, PricedFund] = {}
    for group in sorted(every, key=lambda group: group.rate.order):
        own = [fund for fund in funds if fund.rate == group.rate]
        priced, own = _taxed(document, group, own, figures)
        lines.update({line.id: line for line in priced})
        taxed.update({fund.code: fund for fund in own})
        taxes.append(_summary(group, priced, own, stamped.get(group.rate, 0)))
    return tuple(taxes), lines, tuple(taxed[fund.code] for fund in funds)


def _taxed(
    document: Document, group: _Group, funds: Sequence[PricedFund], figures: Figures
) -> tuple[list[PricedLine], list[PricedFund]]:
    """The tax of each line and of each contribution at one rate."""
    included, percent = document.prices_include_tax, Fraction(group.rate.percent)
    share = percent / (100 + percent) if included else percent / 100
    amounts = [*group.amounts, *(fund.amount for fund in funds)]
    ties = [*(each.tie for each in group.listed), *((-fund.amount, -fund.amount, fund.code) for fund in funds)]
    exact = [amount * share for amount in amounts]
    parts = figures.taxes(group.rate, document.scheme.place, sum(amounts), exact, ties, included=included)
    count = len(group.listed)
    lines = [
        _line(each, amount, tax, included)
        for each, amount, tax in zip(group.listed, group.amounts, parts[:count], strict=True)
    ]
    return lines, [replace(fund, tax=tax) for fund, tax in zip(funds, parts[count:], strict=True)]


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
        unit=line.unit,
        passed_on=line.passed_on,
    )


def _summary(group: _Group, lines: Sequence[PricedLine], funds: Sequence[PricedFund], stamped: int) -> PricedTax:
    contribution = sum(fund.amount for fund in funds)
    return PricedTax(
        rate=group.rate,
        amount=sum(line.amount for line in lines),
        discount=group.discount,
        charge=group.charge,
        base=sum(line.net for line in lines) + contribution + stamped,
        tax=sum(line.tax for line in lines) + sum(fund.tax for fund in funds),
        contribution=contribution,
        stamped=stamped,
    )
