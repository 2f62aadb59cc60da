"""Revenue: what was invoiced and what was paid, by time, client and what was sold; each currency for itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.money import format_money
from webkit.core.kernel.sheets import Cell, Column
from webkit.reports import charts, models
from webkit.reports.charts import Series
from webkit.reports.entries import ASKED, CAME
from webkit.reports.models import ClientSum, DaySum, Worth
from webkit.reports.ranges import Range, fold, spans, words
from webkit.reports.shapes import Figure, Report, Section, amounts, figure, line, summed

BY_TIME = (
    Column(_l("Days"), 18),
    Column(_l("Invoiced without tax")),
    Column(_l("Tax")),
    Column(_l("Invoiced")),
    Column(_l("Paid")),
)
BY_CLIENT = (
    Column(_l("Client"), 32),
    Column(_l("Invoiced without tax")),
    Column(_l("Invoiced")),
    Column(_l("Paid")),
)
BY_WORK = (Column(_l("Sold"), 48), Column(_l("Invoiced without tax")))
BY_CURRENCY = (
    Column(_l("Currency"), 12),
    Column(_l("Invoiced")),
    Column(_l("Paid")),
    Column(_l("Invoiced, without a rate"), 20),
    Column(_l("Paid, without a rate"), 20),
)
CHARTED = 8


def revenue(of: Range, most: int) -> Report:
    """All of it; no more than `most` rows of what has many."""
    days, by_client = models.days(of.since, of.until), models.clients(of.since, of.until)
    sold = models.sold(of.since, of.until)
    sections: list[Section] = []
    figures: list[tuple[Figure, ...]] = []
    currencies = sorted({row.currency for row in days})
    shown = {currency: _top(by_client, currency, most) for currency in currencies}
    names = clients.names({row.client_id for rows, _rest in shown.values() for row in rows})
    own = agencies.here().currency
    if set(currencies) - {own}:
        sections.append(_worth(models.worths(of.since, of.until), own))
    for currency in currencies:
        mine = [row for row in days if row.currency == currency]
        sections.append(_by_time(mine, of, currency))
        sections.append(_by_client(*shown[currency], names, currency))
        net = sum(row.net for row in mine if row.kind in ASKED)
        sections += _by_work([(words, minor) for code, words, minor in sold if code == currency], net, currency, most)
        figures.append(_figures(mine, currency))
    return Report(
        "revenue",
        _("Revenue"),
        _("What was invoiced and what was paid, %(days)s.", days=words(of)),
        tuple(figures),
        tuple(sections),
        _(
            "What you invoice and what is paid of it appears here, by month, by client and by what you sold. "
            "Issue the first invoice, or choose other days."
        ),
    )


def _worth(rows: Sequence[Worth], own: str) -> Section:
    """All currencies in the agency's own, as far as rates were booked; the rest is named and in no sum."""
    sums: dict[str, list[int]] = {}
    unknown: dict[str, list[int]] = {}
    for row in rows:
        side = 0 if row.kind in ASKED else 1
        sums.setdefault(row.currency, [0, 0])[side] += row.base
        unknown.setdefault(row.currency, [0, 0])[side] += row.without
    table: list[tuple[Cell, ...]] = [
        (currency, *amounts(own, *sums[currency]), *amounts(currency, *unknown[currency])) for currency in sorted(sums)
    ]
    title = _("All currencies in %(currency)s", currency=own)
    note = _(
        "At the rates that were fixed when each invoice was issued or first paid. What has no rate yet stands in its "
        "own currency and is in no sum."
    )
    foot: tuple[Cell, ...] = (_("All"), *amounts(own, *summed(list(sums.values()))), None, None)
    return Section("own", title, BY_CURRENCY, tuple(table), foot, note=note)


def _figures(rows: Sequence[DaySum], currency: str) -> tuple[Figure, ...]:
    asked = [row for row in rows if row.kind in ASKED]
    net, gross = sum(row.net for row in asked), sum(row.gross for row in asked)
    came = sum(row.gross for row in rows if row.kind in CAME)
    return (
        figure(_("Invoiced without tax"), currency, net),
        figure(_("Invoiced"), currency, gross, _("less credit notes")),
        figure(_("Paid"), currency, came, _("less what went back")),
    )


def say(currency: str) -> Callable[[int], str]:
    """How a chart writes its figures."""
    return lambda minor: format_money(minor, currency)


def _by_time(rows: Sequence[DaySum], of: Range, currency: str) -> Section:
    places = spans(of.since, of.until)
    sums = fold(places, (_figured(row) for row in rows), 4)
    table = tuple(line(span.label, currency, each) for span, each in zip(places, sums, strict=True))
    chart = charts.upright(
        _("Revenue in %(currency)s", currency=currency),
        _("Bars for what was invoiced and what was paid; the table below has the same figures."),
        [(span.label, span.short) for span in places],
        [Series(_("Invoiced"), [each[2] for each in sums]), Series(_("Paid"), [each[3] for each in sums])],
        say(currency),
    )
    if len(table) > 31:  # days without anything say nothing
        table = tuple(row for row, each in zip(table, sums, strict=True) if any(each))
    foot: tuple[Cell, ...] = (_("All"), *amounts(currency, *summed(sums)))
    title = _("Revenue in %(currency)s", currency=currency)
    return Section(f"time-{currency}", title, BY_TIME, table, foot, chart)


def _figured(row: DaySum) -> tuple[date, tuple[int, int, int, int]]:
    return row.day, (row.net, row.tax, row.gross, 0) if row.kind in ASKED else (0, 0, 0, row.gross)


def _top(rows: Sequence[ClientSum], currency: str, most: int) -> tuple[list[ClientSum], tuple[int, int, int, int]]:
    """The clients with the most, and how many others there are with what they come to."""
    mine = sorted((row for row in rows if row.currency == currency), key=lambda row: (-row.net, -row.came))
    rest = mine[most:]
    return mine[:most], (len(rest), *(sum(getattr(row, name) for row in rest) for name in ("net", "asked", "came")))


def _by_client(
    rows: Sequence[ClientSum], rest: tuple[int, int, int, int], names: dict[UUID, str], currency: str
) -> Section:
    table: list[tuple[Cell, ...]] = [
        (names.get(row.client_id, ""), *amounts(currency, row.net, row.asked, row.came)) for row in rows
    ]
    refs: list[UUID | None] = [row.client_id for row in rows]
    if rest[0]:
        table.append((_("%(n)s other clients", n=rest[0]), *amounts(currency, *rest[1:])))
        refs.append(None)
    whole = summed([(row.net, row.asked, row.came) for row in rows] + [rest[1:]])
    title = _("By client in %(currency)s", currency=currency)
    bars = [(names.get(row.client_id, ""), row.net) for row in rows[:CHARTED]]
    chart = charts.lying(
        title, _("The clients with the most invoiced without tax; the table below has the figures."), bars,
        say(currency),
    )  # fmt: skip
    foot: tuple[Cell, ...] = (_("All"), *amounts(currency, *whole))
    return Section(f"clients-{currency}", title, BY_CLIENT, tuple(table), foot, chart, tuple(refs))


def _by_work(sold: Sequence[tuple[str, int]], net: int, currency: str, most: int) -> list[Section]:
    if not sold:
        return []
    named: dict[str, int] = defaultdict(int)
    for description, minor in sold[:most]:
        named[description or _("Without a line: contributions, duties, deposits taken off")] += minor
    rest = net - sum(named.values())
    table: list[tuple[Cell, ...]] = [(words, *amounts(currency, minor)) for words, minor in named.items()]
    if rest:
        table.append((_("Everything else"), *amounts(currency, rest)))
    title = _("By what was sold in %(currency)s", currency=currency)
    chart = charts.lying(
        title, _("What was sold the most, without tax; the table below has the figures."),
        list(named.items())[:CHARTED], say(currency),
    )  # fmt: skip
    note = _("By the descriptions of the lines: write the same work in the same words, and it is one row.")
    foot: tuple[Cell, ...] = (_("All"), *amounts(currency, net))
    return [Section(f"sold-{currency}", title, BY_WORK, tuple(table), foot, chart, note=note)]
