"""What a document comes to, worked out a second time with fractions and nothing of the kernel's arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from webkit.pricing import AdjustmentKind, Amount, Document, Line, Place, TaxRate

DIGITS = {"EUR": 2, "AUD": 2, "CHF": 2, "JPY": 0, "KWD": 3}
HALF = Fraction(1, 2)


class Refused(Exception):
    """The document comes to nothing that could be asked for."""


@dataclass
class Expected:
    net: int
    tax: int
    gross: int
    payable: int
    rounding: int
    withheld: int
    by_rate: dict[TaxRate, tuple[int, int]]


def nearest(value: Fraction) -> int:
    """Half-up, written as a person would: the floor of the distance from zero and a half."""
    size = int(abs(value) + HALF)
    return size if value >= 0 else -size


def divided(total: int, weights: Sequence[int], order: Sequence[object]) -> list[int]:
    """Whole parts of a total by weight; the missing units go to those who lost most by rounding down."""
    if not sum(weights):
        return [0 for _ in weights]
    exact = [Fraction(total) * weight / sum(weights) for weight in weights]
    parts = [int(value // 1) for value in exact]
    while sum(parts) < total:
        lost = [value - part for value, part in zip(exact, parts, strict=True)]
        best = min(range(len(parts)), key=lambda at: (-lost[at], order[at]))
        parts[best] += 1
    return parts


def expected(document: Document) -> Expected:
    """Raises Refused where the kernel has to refuse."""
    minor = 10 ** DIGITS[document.currency]
    rows = [_row(line, minor) for line in document.lines]
    if sum(row.amount for row in rows) < 0:
        raise Refused
    rates = sorted({row.line.rate for row in rows}, key=lambda rate: rate.order)
    by_rate_rows = {rate: [row for row in rows if row.line.rate == rate] for rate in rates}
    _adjust(document, by_rate_rows)
    fees = sum(row.charged for row in rows if not row.line.passed_on)
    if document.funds and fees < 0:
        raise Refused
    funds = {fund.code: nearest(Fraction(fund.percent) * fees / 100) for fund in document.funds}
    parts = {rate: [row.charged for row in own] for rate, own in by_rate_rows.items()}
    for fund in document.funds:
        parts.setdefault(fund.rate, []).append(funds[fund.code])
    by_rate = {rate: _taxed(document, rate, amounts) for rate, amounts in parts.items()}
    _stamp(document, by_rate, parts)
    for part in (part for each in document.deductions for part in each.taxes):
        base, tax = by_rate.get(part.rate, (-1, -1))
        by_rate[part.rate] = (base - part.base, tax - part.tax)
        if min(by_rate[part.rate]) < 0:
            raise Refused
    if document.prices_include_tax:
        fees = _fees_without_tax(document, by_rate_rows)
    return _payable(document, by_rate, fees, funds)


@dataclass
class Row:
    line: Line
    listed: int
    amount: int
    charged: int

    @property
    def bears(self) -> int:
        return 0 if self.line.passed_on else self.amount

    @property
    def order(self) -> tuple[object, ...]:
        return (-self.amount, -self.listed, self.line.id)


def _row(line: Line, minor: int) -> Row:
    listed = nearest(Fraction(line.unit_price) * minor * Fraction(line.quantity))
    if listed < 0 and line.adjustments:
        raise Refused
    own = [(each.kind, _value(each.value, listed)) for each in line.adjustments]
    if sum(amount for kind, amount in own if kind is AdjustmentKind.DISCOUNT) > listed >= 0:
        raise Refused
    amount = listed + sum(-part if kind is AdjustmentKind.DISCOUNT else part for kind, part in own)
    return Row(line, listed, amount, amount)


def _value(value, of: int) -> int:
    return value.amount if isinstance(value, Amount) else nearest(Fraction(value.percent) * of / 100)


def _adjust(document: Document, rows: dict[TaxRate, list[Row]]) -> None:
    """Take the document's discounts off the lines, and put its charges on them."""
    sums = [sum(row.bears for row in own) for own in rows.values()]
    for kind, sign in ((AdjustmentKind.DISCOUNT, -1), (AdjustmentKind.CHARGE, 1)):
        borne = _borne([each for each in document.adjustments if each.kind is kind], list(rows), sums, sign)
        for own, weight, part in zip(rows.values(), sums, borne, strict=True):
            if part and not weight:
                raise Refused
            for row, share in zip(own, divided(part, [r.bears for r in own], [r.order for r in own]), strict=True):
                row.charged += sign * share
    for own in rows.values():
        for some in (own, [row for row in own if not row.line.passed_on]):
            if sum(row.charged for row in some) < 0 <= sum(row.amount for row in some):
                raise Refused


def _borne(adjustments, rates: list[TaxRate], sums: list[int], sign: int) -> list[int]:
    """How much of these discounts, or of these charges, each rate bears."""
    bound, common = [0] * len(rates), 0
    for each in adjustments:
        if each.only is None and sum(sums) < 0:
            raise Refused
        if each.only is None:
            common += _value(each.value, sum(sums))
        elif each.only not in rates or sums[rates.index(each.only)] < 0:
            raise Refused
        else:
            bound[rates.index(each.only)] += _value(each.value, sums[rates.index(each.only)])
    if (sign < 0 and common and common > sum(sums)) or (common and not sum(sums)):
        raise Refused
    shared = divided(common, sums, [rate.order for rate in rates])
    return [part + own for part, own in zip(shared, bound, strict=True)]


def _fees_without_tax(document: Document, rows: dict[TaxRate, list[Row]]) -> int:
    """What is left of the fees without the tax in them; only where nothing else shares it."""
    fees = 0
    for rate, own in rows.items():
        share = Fraction(rate.percent) / (100 + Fraction(rate.percent))
        exact = [row.charged * share for row in own]
        taxes = [nearest(value) for value in exact]
        if document.scheme.place is Place.DOCUMENT:
            taxes = _apportioned(nearest(sum(exact)), exact, [row.order for row in own])
        fees += sum(row.charged - tax for row, tax in zip(own, taxes, strict=True) if not row.line.passed_on)
    return fees


def _apportioned(total: int, exact: list[Fraction], order: list[tuple[object, ...]]) -> list[int]:
    parts = [int(value // 1) for value in exact]
    while sum(parts) < total:
        best = min(range(len(parts)), key=lambda at: (-(exact[at] - parts[at]), order[at]))
        parts[best] += 1
    return parts


def _taxed(document, rate, amounts) -> tuple[int, int]:
    percent = Fraction(rate.percent)
    share = percent / (100 + percent) if document.prices_include_tax else percent / 100
    if document.scheme.place is Place.LINE:
        tax = sum(nearest(amount * share) for amount in amounts)
    else:
        tax = nearest(sum(amounts) * share)
    whole = sum(amounts)
    return (whole - tax if document.prices_include_tax else whole, tax)


def _stamp(document, by_rate, parts) -> None:
    stamp = document.stamp
    if stamp is None:
        return
    counted = sum(sum(amounts) for rate, amounts in parts.items() if rate.code in stamp.codes)
    counted -= sum(p.base for each in document.deductions for p in each.taxes if p.rate.code in stamp.codes)
    if counted > stamp.over and stamp.recharged:
        base, tax = by_rate.get(stamp.rate, (0, 0))
        by_rate[stamp.rate] = (base + stamp.amount, tax)


def _payable(document, by_rate, fees: int, funds: dict[str, int]) -> Expected:
    net, tax = sum(base for base, _ in by_rate.values()), sum(tax for _, tax in by_rate.values())
    whole = fees + sum(funds[fund.code] for fund in document.funds if fund.withheld)
    withheld = sum(nearest(Fraction(w.percent) * Fraction(w.share) * whole / 10_000) for w in document.withholdings)
    withheld -= sum(part.amount for each in document.deductions for part in each.withheld)
    exact = net + tax - document.prepaid - withheld - (tax if document.split_payment else 0)
    if min(net, net + tax) < 0 or exact < 0 or (document.withholdings and whole < 0):
        raise Refused
    step = document.cash_rounding
    payable = nearest(Fraction(exact, step)) * step if step else exact
    return Expected(net, tax, net + tax, payable, payable - exact, withheld, by_rate)
