"""How a computed document is laid out: rows for pages, PDFs and mails. Chooses and names figures, computes none."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from webkit.core.kernel.i18n import current_locale, format_date, format_decimal
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import exponent, format_money
from webkit.core.values import dataclass
from webkit.pricing.result import Priced, PricedAdjustment, PricedFund, PricedLine, PricedTax, PricedWithholding
from webkit.pricing.schemes import find
from webkit.pricing.terms import Percent
from webkit.pricing.typed import unit_names


@dataclass(frozen=True, slots=True)
class SumRow:
    """A line under the lines: `amount` in minor units; `kind` is "", "mid" (net) or "sum" (the total)."""

    label: str
    amount: int
    kind: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as documents print it; `price` is in minor units, or a text where the unit price is finer than these."""

    name: str
    quantity: str
    unit_price: str
    price: int | str
    amount: int
    single: bool
    note: str = ""


def sum_rows(priced: Priced, *, credit: bool = False) -> list[SumRow]:
    """From the lines to the total: subtotal, discounts and charges, net, tax by rate, total with its currency.

    Where something else is asked for than the total, what the client keeps back or has paid follows, and what remains:
    to be paid, or (`credit`) taken off.
    """
    totals = priced.totals
    rows = _before_tax(priced)
    many = bool(rows)
    rows.append(SumRow(_("Without tax"), totals.net, "mid" if many else "", note=_borne(priced)))
    rows += [_tax(tax, priced) for tax in priced.taxes]
    after = _after_tax(priced)
    kind = "mid" if after else "sum"
    rows.append(SumRow(_("Total in %(currency)s", currency=priced.currency), totals.gross, kind))
    if after:
        asked = _("Credited in %(currency)s") if credit else _("To pay in %(currency)s")
        rows += [*after, SumRow(asked % {"currency": priced.currency}, totals.payable, "sum")]
    return rows


def _before_tax(priced: Priced) -> list[SumRow]:
    rows = [SumRow(_adjustment(each), each.signed, note=each.reason) for each in priced.adjustments]
    rows += [SumRow(fund_label(each), each.amount, note=_on(each.base, priced)) for each in priced.funds]
    if priced.stamp and priced.stamp.recharged:
        rows.append(SumRow(_("Stamp duty"), priced.stamp.amount))
    rows += [
        SumRow(
            _("Deposit, invoice %(number)s", number=each.number),
            -each.base,
            note=format_date(date.fromisoformat(each.issued)),
        )
        for each in priced.deductions
    ]
    subtotal = _("Subtotal, tax included") if priced.prices_include_tax else _("Subtotal")
    return [SumRow(subtotal, priced.totals.subtotal), *rows] if rows else []


def _borne(priced: Priced) -> str:
    if priced.stamp is None or priced.stamp.recharged:
        return ""
    amount = format_money(priced.stamp.amount, priced.currency, current_locale())
    return _("Stamp duty of %(amount)s is paid by the sender", amount=amount)


def _on(base: int, priced: Priced) -> str:
    return _("on %(base)s", base=format_money(base, priced.currency, current_locale()))


def _after_tax(priced: Priced) -> list[SumRow]:
    totals = priced.totals
    rows = [SumRow(_withholding(each), -each.due, note=_withheld_of(each, priced)) for each in priced.withholdings]
    if totals.split:
        rows.append(SumRow(_("Tax that you pay to the state"), -totals.split))
    if totals.prepaid:
        rows.append(SumRow(_("Already paid"), -totals.prepaid))
    if totals.rounding:
        rows.append(SumRow(_("Rounding"), totals.rounding))
    return rows


def fund_label(fund: PricedFund) -> str:
    """“INPS 4 %”."""
    return f"{fund.label or _('Pension fund contribution')} {format_decimal(fund.percent)} %"


def _withholding(each: PricedWithholding) -> str:
    return _("Withholding tax %(percent)s %%", percent=format_decimal(each.percent))


def _withheld_of(each: PricedWithholding, priced: Priced) -> str:
    of = _on(each.base, priced)
    return of if each.share == 100 else _("%(share)s %% of it, %(of)s", share=format_decimal(each.share), of=of)


def lines(priced: Priced) -> list[ShownLine]:
    """The lines in order, as printed."""
    return [
        ShownLine(
            name=line.description,
            quantity=_quantity(line),
            unit_price=format_decimal(line.unit_price),
            price=_price(line.unit_price, priced.currency),
            amount=line.amount,
            single=line.quantity == 1 and not line.unit,
            note=_line_note(line, priced),
        )
        for line in priced.lines
    ]


def _quantity(line: PricedLine) -> str:
    count = format_decimal(line.quantity)
    return f"{count} {unit_names().get(line.unit, line.unit)}" if line.unit else count


def _line_note(line: PricedLine, priced: Priced) -> str:
    """What makes the amount another one than quantity times price, and the tax where lines differ in it."""
    own = taken_off(line, priced.currency)
    if len({each.rate for each in priced.lines}) > 1:
        natura = f" ({line.rate.code})" if line.rate.code.startswith("N") else ""
        own.append(f"{_(find(priced.scheme).tax_name)} {format_decimal(line.rate.percent)} %{natura}")
    return ", ".join(own)


def taken_off(line: PricedLine, currency: str) -> list[str]:
    """What makes the amount of a line another one than quantity times price: “Discount 10 % −€30.00”."""
    return [_of_line(each, currency) for each in line.adjustments if each.amount]


def _of_line(each: PricedAdjustment, currency: str) -> str:
    reason = f" ({each.reason})" if each.reason else ""
    return f"{_adjustment(each)} {format_money(each.signed, currency, current_locale())}{reason}"


def _price(exact: Decimal, currency: str) -> int | str:
    """Never shorter than it is: the reader multiplies it with the quantity."""
    minor = exact.scaleb(exponent(currency))
    return int(minor) if minor == minor.to_integral_value() else f"{format_decimal(exact)} {currency}"


def _adjustment(each: PricedAdjustment) -> str:
    word = _("Discount") if each.signed <= 0 else _("Charge")
    return f"{word} {format_decimal(each.value.percent)} %" if isinstance(each.value, Percent) else word


def _tax(tax: PricedTax, priced: Priced) -> SumRow:
    name = find(priced.scheme).tax_name
    if tax.rate.percent == 0:
        return SumRow(f"{name} 0 %", tax.tax, note=_(tax.rate.reason) if tax.rate.reason else "")
    note = "" if len(priced.taxes) == 1 else _on(tax.base, priced)
    return SumRow(f"{name} {format_decimal(tax.rate.percent)} %", tax.tax, note=note)
