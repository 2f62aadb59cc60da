"""Tax by rate: of what was invoiced in some days (accrual), or of what was paid in them (cash)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from webkit.core.extensions import LazyText
from webkit.core.kernel.i18n import format_decimal
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.sheets import Cell, Column
from webkit.invoices.service import Part
from webkit.reports import charts, models
from webkit.reports.charts import Series
from webkit.reports.entries import ASKED, CAME, Kind
from webkit.reports.models import DaySum, RateSum
from webkit.reports.ranges import Range, fold, spans, words
from webkit.reports.revenue import say
from webkit.reports.shapes import Figure, Report, Section, amounts, figure, line, summed


class Basis(StrEnum):
    """When tax is counted: when the invoice is issued, or when it is paid."""

    ACCRUAL = "accrual"
    CASH = "cash"


KINDS = {Basis.ACCRUAL: ASKED, Basis.CASH: CAME}
BACK = (Kind.CREDIT_NOTE, Kind.REFUND, Kind.CHARGEBACK)
CATEGORIES: dict[str, LazyText] = {
    "S": _l("Taxed"),
    "Z": _l("Zero rate"),
    "E": _l("Exempt"),
    "AE": _l("Reverse charge"),
    "K": _l("Supply within the EU"),
    "G": _l("Export"),
    "O": _l("Outside the scope of tax"),
}
PARTS: dict[str, LazyText] = {
    Part.WITHHELD: _l("Kept back by clients: withholding tax"),
    Part.SPLIT: _l("Tax that clients pay to the state: split payment"),
    Part.PREPAID: _l("Paid before"),
    Part.ROUNDING: _l("Rounded to a coin"),
    Part.REST: _l("Money that pays for no invoice: too much, or in another currency"),
}
BY_TIME = (Column(_l("Days"), 18), Column(_l("Base")), Column(_l("Tax")))
BESIDE = (Column(_l("What"), 48), Column(_l("Amount")))


def _columns(basis: Basis) -> tuple[Column, ...]:
    cash = basis is Basis.CASH
    return (
        Column(_l("Rate"), 28),
        Column(_l("Code"), 8),
        Column(_l("Paid: base") if cash else _l("Invoiced: base")),
        Column(_l("Given back: base") if cash else _l("Credited: base")),
        Column(_l("Base")),
        Column(_l("Tax")),
    )


def rate_name(category: str, percent: str) -> str:
    """A rate as people call it."""
    if category == "S":
        return _("%(percent)s %%", percent=format_decimal(Decimal(percent)))
    return str(CATEGORIES.get(category, category))


def tax(of: Range, basis: Basis) -> Report:
    """The tax of these days, each currency for itself."""
    kinds = KINDS[basis]
    rates = models.rates(of.since, of.until, kinds)
    days = [row for row in models.days(of.since, of.until) if row.kind in kinds]
    sections: list[Section] = []
    figures: list[tuple[Figure, ...]] = []
    for currency in sorted({row.currency for row in rates}):
        mine = [row for row in rates if row.currency == currency]
        sales = [row for row in mine if row.part == Part.SALE]
        base, taxed = sum(row.net for row in sales), sum(row.tax for row in sales)
        figures.append(
            (
                figure(_("Base"), currency, base),
                figure(_("Tax"), currency, taxed),
                figure(_("Together"), currency, base + taxed),
            )
        )
        sections.append(_by_rate(sales, basis, currency))
        sections.append(_by_time([row for row in days if row.currency == currency], of, currency))
        sections += _beside([row for row in mine if row.part != Part.SALE], currency)
    lede = (
        _("Tax of what was paid, %(days)s, with what was given back taken off.", days=words(of))
        if basis is Basis.CASH
        else _("Tax of what was invoiced, %(days)s, with credit notes taken off.", days=words(of))
    )
    teaches = _(
        "The tax of your invoices appears here by rate: for what you invoiced, or for what you were paid. "
        "In these days there is nothing yet."
    )
    return Report("tax", _("Tax"), lede, tuple(figures), tuple(sections), teaches)


def _by_rate(rows: Sequence[RateSum], basis: Basis, currency: str) -> Section:
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in rows:
        into = sums[row.category, row.percent]
        into[1 if row.kind in BACK else 0] += row.net
        into[2] += row.net
        into[3] += row.tax
    ordered = sorted(sums.items(), key=lambda each: (-Decimal(each[0][1] or 0), each[0][0]))
    table: list[tuple[Cell, ...]] = [(rate_name(*rate), rate[0], *amounts(currency, *each)) for rate, each in ordered]
    foot: tuple[Cell, ...] = (_("All"), "", *amounts(currency, *summed([each for _rate, each in ordered] or [[0] * 4])))
    title = _("Tax by rate in %(currency)s", currency=currency)
    chart = charts.lying(
        title, _("The tax of each rate; the table below has the figures."),
        [(rate_name(*rate), each[3]) for rate, each in ordered if each[3] > 0], say(currency),
    )  # fmt: skip
    note = ""
    if basis is Basis.CASH:
        note = _(
            "A part that is paid pays the same part of every rate. A refund for a credit note takes back what the "
            "credit note says."
        )
    return Section(f"rates-{currency}", title, _columns(basis), tuple(table), foot, chart, note=note)


def _by_time(rows: Sequence[DaySum], of: Range, currency: str) -> Section:
    places = spans(of.since, of.until)
    sums = fold(places, ((row.day, (row.net, row.tax)) for row in rows), 2)
    title = _("Tax by time in %(currency)s", currency=currency)
    chart = charts.upright(
        title, _("The tax of each part of these days; the table below has the figures."),
        [(span.label, span.short) for span in places], [Series(_("Tax"), [each[1] for each in sums])], say(currency),
    )  # fmt: skip
    table = tuple(
        line(span.label, currency, each)
        for span, each in zip(places, sums, strict=True)
        if any(each) or len(places) <= 31
    )
    foot: tuple[Cell, ...] = (_("All"), *amounts(currency, *summed(sums)))
    return Section(f"time-{currency}", title, BY_TIME, table, foot, chart)


def _beside(rows: Sequence[RateSum], currency: str) -> list[Section]:
    """What is no tax of ours and stands between the invoices and the money."""
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        sums[row.part] += row.gross
    table = tuple(line(str(words), currency, [sums[part]]) for part, words in PARTS.items() if sums.get(part))
    title = _("Beside the tax in %(currency)s", currency=currency)
    return [Section(f"beside-{currency}", title, BESIDE, table)] if table else []
