"""Whether the figures of a result belong together. Asked of what was computed and of what is read back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from webkit.pricing.terms import AdjustmentKind, TaxRate

if TYPE_CHECKING:
    from webkit.pricing.result import Priced, PricedLine, PricedTax


def add_up(priced: Priced) -> bool:
    """Whether lines lead to taxes and taxes to totals, to the unit."""
    return _lines(priced) and _taxes(priced) and _adjustments(priced) and _totals(priced) and _payable(priced)


def _lines(priced: Priced) -> bool:
    return all(
        line.amount == line.listed + sum(each.signed for each in line.adjustments)
        and line.net + line.tax == line.gross
        and line.amount + line.share == (line.gross if priced.prices_include_tax else line.net)
        for line in priced.lines
    )


def _taxes(priced: Priced) -> bool:
    grouped: dict[TaxRate, list[PricedLine]] = {rate: [] for rate in _other_rates(priced)}
    for line in priced.lines:
        grouped.setdefault(line.rate, []).append(line)
    rates = {each.rate for each in priced.taxes}
    return (
        len(rates) == len(priced.taxes)
        and rates == grouped.keys()
        and all(_tax(each, grouped[each.rate], priced) for each in priced.taxes)
    )


def _other_rates(priced: Priced) -> set[TaxRate]:
    """Rates that occur without a line."""
    stamp = {priced.stamp.rate} if priced.stamp and priced.stamp.recharged else set()
    return stamp | {fund.rate for fund in priced.funds}


def _tax(tax: PricedTax, lines: Sequence[PricedLine], priced: Priced) -> bool:
    funds = [fund for fund in priced.funds if fund.rate == tax.rate]
    stamp = priced.stamp
    deducted = [part for each in priced.deductions for part in each.taxes if part.rate == tax.rate]
    added = tax.contribution + tax.stamped
    return (
        tax.amount == sum(line.amount for line in lines)
        and tax.charge - tax.discount == sum(line.share for line in lines)
        and tax.contribution == sum(fund.amount for fund in funds)
        and tax.stamped == (stamp.amount if stamp and stamp.recharged and stamp.rate == tax.rate else 0)
        and (tax.deducted, tax.deducted_tax) == (sum(d.base for d in deducted), sum(d.tax for d in deducted))
        and tax.base == sum(line.net for line in lines) + added - tax.deducted
        and tax.tax == sum(line.tax for line in lines) + sum(fund.tax for fund in funds) - tax.deducted_tax
    )


def _adjustments(priced: Priced) -> bool:
    totals = priced.totals
    return totals.discount == priced.total(AdjustmentKind.DISCOUNT) == sum(
        t.discount for t in priced.taxes
    ) and totals.charge == priced.total(AdjustmentKind.CHARGE) == sum(t.charge for t in priced.taxes)


def _totals(priced: Priced) -> bool:
    totals = priced.totals
    return (
        totals.subtotal == sum(line.amount for line in priced.lines)
        and totals.net == sum(each.base for each in priced.taxes)
        and totals.tax == sum(each.tax for each in priced.taxes)
        and totals.net + totals.tax == totals.gross
        and totals.withheld == sum(each.due for each in priced.withholdings)
        and totals.split in (0, totals.tax)
        and {part.rate for each in priced.deductions for part in each.taxes} <= {tax.rate for tax in priced.taxes}
        and all(_deducted(each.code, each.deducted_base, each.deducted, priced) for each in priced.funds)
        and all(_deducted(each.code, each.deducted_base, each.deducted, priced) for each in priced.withholdings)
    )


def _payable(priced: Priced) -> bool:
    totals = priced.totals
    return totals.payable == totals.due - totals.withheld - totals.split


def _deducted(code: str, base: int, amount: int, priced: Priced) -> bool:
    """Whether what a fund or a withholding has deducted is what the deposits say."""
    parts = [part for each in priced.deductions for part in (*each.funds, *each.withheld) if part.code == code]
    return (base, amount) == (sum(part.base for part in parts), sum(part.amount for part in parts))
