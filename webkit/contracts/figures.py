"""Amounts as a contract prints them: rows made once, kept in the snapshot, printed everywhere."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from webkit.core.kernel import i18n
from webkit.core.kernel.i18n import gettext as _
from webkit.pricing import Percent, Priced, PricedLine, PricingError, find, split
from webkit.pricing.show import fund_label, taken_off

Row = dict[str, Any]


def part(priced: Priced | None) -> Priced | None:
    """A bill that says something, or None: an offer without monthly lines has an empty one."""
    return priced if priced is not None and priced.lines else None


def deposit_of(once: Priced | None, percent: Decimal | None) -> Priced | None:
    """What is invoiced on signing, at every rate its share; the whole for 100 percent. Raises PricingError."""
    if once is None or not percent or once.totals.payable <= 0:
        return None
    if percent == 100:
        return once
    return split(once, Percent(percent), _("Deposit")).deposit


def check_percent(once: Priced | None, percent: Decimal | None) -> str | None:
    """What is wrong with a deposit, as a sentence."""
    try:
        deposit_of(once, percent)
    except PricingError as error:
        return str(error)
    return None


def bills(once: Priced | None, monthly: Priced | None, deposit: Priced | None) -> list[list[Row]]:
    """One list of rows for what is paid once, one for what is paid every month."""
    told = []
    if once is not None:
        told.append([*_rows(once, _("One time")), *_payments(once, deposit)])
    if monthly is not None:
        told.append(_rows(monthly, _("Every month")))
    return told


def _rows(priced: Priced, total: str) -> list[Row]:
    tax = _(find(priced.scheme).tax_name)
    rows: list[Row] = [{"label": _description(line, priced.currency), "amount": line.amount} for line in priced.lines]
    rows += [{"label": each.reason or _("Discount"), "amount": each.signed} for each in priced.adjustments]
    rows += [{"label": fund_label(each), "amount": each.amount} for each in priced.funds]
    if len(rows) > 1 and priced.totals.tax:
        rows.append({"label": _("Without %(tax)s", tax=tax), "amount": priced.totals.net, "kind": "mid"})
    rows += [_tax_row(tax, each) for each in priced.taxes if each.tax or each.rate.reason]
    label = _("%(total)s, %(tax)s included", total=total, tax=tax) if priced.totals.tax else total
    return [*rows, {"label": label, "amount": priced.totals.payable, "kind": "sum"}]


def _description(line: PricedLine, currency: str) -> str:
    name = line.description
    if line.quantity != 1:
        name = _("%(quantity)s × %(name)s", quantity=i18n.format_decimal(line.quantity), name=name)
    return ", ".join((name, *taken_off(line, currency)))


def _tax_row(tax: str, each: Any) -> Row:
    if not each.tax and each.rate.reason:
        return {"label": each.rate.reason, "amount": 0}
    return {
        "label": _("%(tax)s %(percent)s %%", tax=tax, percent=i18n.format_decimal(each.rate.percent)),
        "amount": each.tax,
    }


def _payments(once: Priced, deposit: Priced | None) -> list[Row]:
    if deposit is None or deposit.totals.payable == once.totals.payable:
        return []
    return [
        {"label": _("of which on signing"), "amount": deposit.totals.payable},
        {"label": _("and when the work is finished"), "amount": once.totals.payable - deposit.totals.payable},
    ]
