"""What stands between the lines and the sum that is asked for: funds, stamp duty, deposits, withholdings, coins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from webkit.core.kernel.i18n import gettext as _
from webkit.pricing.document import Document
from webkit.pricing.duties import DeductedDuty, DeductedTax, Withholding
from webkit.pricing.errors import PricingError, within
from webkit.pricing.figures import Figures
from webkit.pricing.result import (
    PricedAdjustment,
    PricedFund,
    PricedLine,
    PricedStamp,
    PricedTax,
    PricedWithholding,
    Totals,
)
from webkit.pricing.rounding import half_up
from webkit.pricing.terms import AdjustmentKind, TaxRate


def funds_of(document: Document, fees: int, figures: Figures) -> tuple[PricedFund, ...]:
    """The contributions on `fees`, their tax still open."""
    earlier = [part for each in document.deductions for part in each.funds]
    _all_known(earlier, [fund.code for fund in document.funds])
    funds = []
    for fund in document.funds:
        base, taken = _taken(earlier, fund.code)
        priced = PricedFund(
            code=fund.code, label=fund.label, percent=fund.percent, rate=fund.rate, withheld=fund.withheld,
            base=fees, amount=figures.fund(fund, fees), tax=0, deducted_base=base, deducted=taken,
        )  # fmt: skip
        funds.append(priced)
    return tuple(funds)


def stamp_of(document: Document, charged: Mapping[TaxRate, int]) -> PricedStamp | None:
    """Stamp duty, if what this document charges at the rates it looks at is above its threshold."""
    stamp = document.stamp
    if stamp is None:
        return None
    counted = sum(amount for rate, amount in charged.items() if rate.code in stamp.codes)
    counted -= sum(p.base for each in document.deductions for p in each.taxes if p.rate.code in stamp.codes)
    if counted <= stamp.over:
        return None
    return PricedStamp(amount=stamp.amount, recharged=stamp.recharged, rate=stamp.rate)


def deducted(document: Document, taxes: Sequence[PricedTax]) -> tuple[PricedTax, ...]:
    """The sums by rate less what deposit invoices had of them, base and tax as they stood there."""
    parts = [part for each in document.deductions for part in each.taxes]
    if {part.rate for part in parts} - {tax.rate for tax in taxes}:
        raise PricingError(_("A deposit was invoiced with a tax that no line has."), "deductions")
    return tuple(_less(tax, [part for part in parts if part.rate == tax.rate]) for tax in taxes)


def _less(tax: PricedTax, parts: Sequence[DeductedTax]) -> PricedTax:
    if not parts:
        return tax
    base, paid = sum(part.base for part in parts), sum(part.tax for part in parts)
    if base > tax.base or paid > tax.tax:
        raise PricingError(_("The deposits are larger than what they are taken from."), "deductions")
    return replace(tax, base=tax.base - base, tax=tax.tax - paid, deducted=base, deducted_tax=paid)


def withholdings_of(
    document: Document, lines: Sequence[PricedLine], funds: Sequence[PricedFund], figures: Figures
) -> tuple[PricedWithholding, ...]:
    """What the client keeps back of the fees and of the contributions it is kept back of."""
    fees = sum(line.net for line in lines if not line.passed_on)
    whole = fees + sum(fund.amount for fund in funds if fund.withheld)
    earlier = [part for each in document.deductions for part in each.withheld]
    _all_known(earlier, [each.code for each in document.withholdings])
    return tuple(_withholding(each, whole, earlier, figures) for each in document.withholdings)


def _withholding(
    withholding: Withholding, whole: int, earlier: Sequence[DeductedDuty], figures: Figures
) -> PricedWithholding:
    taken_base, taken = _taken(earlier, withholding.code)
    return PricedWithholding(
        code=withholding.code, percent=withholding.percent, share=withholding.share, reason=withholding.reason,
        base=whole, amount=figures.withheld(withholding, whole), deducted_base=taken_base, deducted=taken,
    )  # fmt: skip


def _taken(earlier: Sequence[DeductedDuty], code: str) -> tuple[int, int]:
    parts = [part for part in earlier if part.code == code]
    return sum(part.base for part in parts), sum(part.amount for part in parts)


def _all_known(earlier: Sequence[DeductedDuty], codes: Sequence[str]) -> None:
    if {part.code for part in earlier} - set(codes):
        raise PricingError(_("A deposit had a contribution or withholding that this document has not."), "deductions")


def totals_of(
    document: Document,
    taxes: Sequence[PricedTax],
    adjustments: Sequence[PricedAdjustment],
    withholdings: Sequence[PricedWithholding],
) -> Totals:
    """From the sums by rate to what is asked for."""
    net, tax = sum(each.base for each in taxes), sum(each.tax for each in taxes)
    gross = within(net + tax, _("The total is too large to be true."))
    if min(net, gross) < 0:
        raise PricingError(_("The lines take off more than they add up to."), "lines")
    withheld, split = sum(each.due for each in withholdings), tax if document.split_payment else 0
    exact = gross - document.prepaid - withheld - split
    if exact < 0:
        raise PricingError(_("More has been paid or is kept back than this document asks for."), "prepaid")
    step = document.cash_rounding
    payable = half_up(Fraction(exact, step)) * step if step else exact
    return Totals(
        subtotal=sum(each.amount for each in taxes),
        discount=_total(adjustments, AdjustmentKind.DISCOUNT),
        charge=_total(adjustments, AdjustmentKind.CHARGE),
        net=net, tax=tax, gross=gross, payable=payable,
        prepaid=document.prepaid, withheld=withheld, split=split, rounding=payable - exact,
    )  # fmt: skip


def _total(adjustments: Sequence[PricedAdjustment], kind: AdjustmentKind) -> int:
    return sum(each.amount for each in adjustments if each.kind is kind)
