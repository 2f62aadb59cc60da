"""How totals read: rows for the page, the PDF, the mails and the editor, all made here."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from webkit.core.kernel import i18n
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import format_money
from webkit.pricing import Interval, Priced, PricedLine, Split, find
from webkit.pricing.show import SumRow, sum_rows, taken_off
from webkit.proposals.offer import Choice, OfferLine, Prices

Row = dict[str, Any]
"""label, amount (minor units) and perhaps note, tag and kind; plain JSON, kept in snapshots as it was shown."""


def bills(prices: Prices, lines: Collection[OfferLine], deposit: Split | None, percent: Decimal | None) -> list[Row]:
    """One bill for each interval, and how the one-time part is paid."""
    told = [_bill(interval, priced, lines) for interval, priced in prices.by_interval().items()]
    if len(told) > 1 or deposit:
        told[0]["tall"] = True
    if deposit and percent is not None:
        told.append(_payments(prices.once, deposit, percent))
    return told


def tax_note(priced: Priced) -> str:
    """“IVA included”, where there is any."""
    return _("%(tax)s included", tax=_(find(priced.scheme).tax_name)) if priced.totals.tax else ""


def _bill(interval: Interval, priced: Priced, lines: Iterable[OfferLine]) -> Row:
    monthly = interval is Interval.MONTHLY
    told = _line_rows(priced, lines)
    return {
        "interval": interval.value,
        "title": _("Every month") if monthly else _("One time"),
        "amount": priced.totals.gross,
        "per": _("a month") if monthly else "",
        "note": tax_note(priced),
        "lines": len(told),
        "rows": [*told, *_sums(priced, monthly)],
    }


def _line_rows(priced: Priced, lines: Iterable[OfferLine]) -> list[Row]:
    by_id = {line.id: line for line in lines}
    return [_line_row(each, by_id[each.id], priced.currency) for each in priced.lines]


def _line_row(priced: PricedLine, line: OfferLine, currency: str) -> Row:
    row: Row = {"label": line.name, "amount": priced.amount}
    own = taken_off(priced, currency)
    if note := " · ".join(filter(None, (quantity_text(line, currency), *own, line.text))):
        row["note"] = note
    if line.choice is not Choice.REQUIRED:
        row["tag"] = _("option")
    return row


def quantity_text(line: OfferLine, currency: str) -> str:
    """“3 pages at €400.00”; empty for one piece of something that is not counted."""
    if line.quantity == 1 and not line.unit:
        return ""
    counted = f"{i18n.format_decimal(line.quantity)} {line.unit}".strip()
    return _("%(counted)s at %(price)s", counted=counted, price=format_money(line.price, currency))


def _sums(priced: Priced, monthly: bool) -> list[Row]:
    rows = [_plain(row) for row in sum_rows(priced)]
    rows[-1]["label"] = _("Total a month") if monthly else _("Total one time")
    return rows


def _plain(row: SumRow) -> Row:
    return {name: value for name, value in asdict(row).items() if value != "" or name == "label"}


def _payments(once: Priced, deposit: Split, percent: Decimal) -> Row:
    first = _("%(percent)s %% when you sign", percent=i18n.format_decimal(percent))
    return {
        "interval": "deposit",
        "title": _("How you pay the one-time part"),
        "amount": None,
        "per": "",
        "note": "",
        "lines": 0,
        "rows": [
            {"label": first, "amount": deposit.deposit.totals.payable},
            {"label": _("The rest"), "amount": deposit.rest_gross},
            {"label": _("Together"), "amount": once.totals.gross, "kind": "sum"},
        ],
    }
