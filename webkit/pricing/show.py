"""How a computed document is laid out: rows for pages, PDFs and mails. Chooses and names figures, computes none."""

from __future__ import annotations

from dataclasses import dataclass

from webkit.core.kernel.i18n import current_locale, format_decimal
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import exponent, format_money
from webkit.pricing.document import Percent
from webkit.pricing.result import Priced, PricedAdjustment, PricedTax
from webkit.pricing.schemes import find


@dataclass(frozen=True, slots=True)
class SumRow:
    """A line under the lines: `amount` in minor units; `kind` is "", "mid" (net) or "sum" (the total)."""

    label: str
    amount: int
    kind: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as documents print it; `price` in minor units is None when the unit price has more places than that."""

    name: str
    quantity: str
    unit_price: str
    price: int
    amount: int
    single: bool
    note: str = ""


def sum_rows(priced: Priced) -> list[SumRow]:
    """From the lines to the total: subtotal, discounts and charges, net, tax by rate, total with its currency."""
    totals = priced.totals
    rows = []
    if priced.adjustments:
        rows.append(SumRow(_("Subtotal"), totals.subtotal))
        rows += [SumRow(_adjustment(each), each.signed, note=each.reason) for each in priced.adjustments]
    rows.append(SumRow(_("Without tax"), totals.net, "mid" if priced.adjustments else ""))
    rows += [_tax(tax, priced) for tax in priced.taxes]
    rows.append(SumRow(_("Total in %(currency)s", currency=priced.currency), totals.payable, "sum"))
    return rows


def lines(priced: Priced) -> list[ShownLine]:
    """The lines in order, as printed."""
    factor = 10 ** exponent(priced.currency)
    return [
        ShownLine(
            name=line.description,
            quantity=format_decimal(line.quantity),
            unit_price=format_decimal(line.unit_price),
            price=int(line.unit_price * factor),
            amount=line.amount,
            single=line.quantity == 1,
        )
        for line in priced.lines
    ]


def _adjustment(each: PricedAdjustment) -> str:
    word = _("Discount") if each.signed <= 0 else _("Charge")
    return f"{word} {format_decimal(each.value.percent)} %" if isinstance(each.value, Percent) else word


def _tax(tax: PricedTax, priced: Priced) -> SumRow:
    name = find(priced.scheme).tax_name
    if tax.rate.percent == 0:
        return SumRow(f"{name} 0 %", tax.tax, note=_(tax.rate.reason) if tax.rate.reason else "")
    note = (
        ""
        if len(priced.taxes) == 1
        else _("on %(base)s", base=format_money(tax.base, priced.currency, current_locale()))
    )
    return SumRow(f"{name} {format_decimal(tax.rate.percent)} %", tax.tax, note=note)
