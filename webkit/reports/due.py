"""What is open: how late it is, of whom, and when the rest is to come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel.i18n import format_date, ngettext
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.sheets import Cell, Column
from webkit.invoices import service as invoices
from webkit.invoices.service import Open
from webkit.recurring import service as recurring
from webkit.recurring.service import ToCome
from webkit.reports import charts
from webkit.reports.charts import Series
from webkit.reports.ranges import month_name, month_of, month_short
from webkit.reports.revenue import say
from webkit.reports.shapes import Figure, Report, Section, amounts, figure, summed

LATE = (
    _l("Not due yet"),
    _l("1 to 30 days late"),
    _l("31 to 60 days late"),
    _l("61 to 90 days late"),
    _l("More than 90 days late"),
)
AGEING = (
    Column(_l("Client"), 32),
    Column(_l("Invoices"), 10),
    *(Column(label, 18) for label in LATE),
    Column(_l("Payment on its way"), 18),
    Column(_l("Open"), 18),
)
FORECAST = (
    Column(_l("Due"), 28),
    Column(_l("Invoices"), 10),
    Column(_l("To come")),
    Column(_l("Invoices of plans"), 10),
    Column(_l("To come from plans"), 18),
)
WEEKS, MONTHS = 8, 12


def due(most: int) -> Report:
    """As things are today; no more than `most` clients by name."""
    today = agencies.today()
    found, days = invoices.ageing(today), invoices.due_days()
    sections: list[Section] = []
    figures: list[tuple[Figure, ...]] = []
    ahead = recurring.to_come()
    currencies = sorted({row.currency for row in found} | {each.currency for each in ahead})
    shown = {code: sorted((r for r in found if r.currency == code), key=lambda row: -row.total) for code in currencies}
    names = clients.names({row.client_id for rows in shown.values() for row in rows[:most]})
    for currency in currencies:
        figures.append(_figures(shown[currency], currency))
        sections.append(_ageing(shown[currency], most, names, currency))
        planned = [each for each in ahead if each.currency == currency]
        sections.append(_forecast([row for row in days if row[0] == currency], planned, today, currency))
    lede = _("What clients owe today, %(day)s, and when it is due.", day=format_date(today))
    teaches = _(
        "Invoices that wait for money appear here: how late they are, whose they are, and when the rest is to come. "
        "Nothing is open."
    )
    return Report("open", _("Open invoices"), lede, tuple(figures), tuple(sections), teaches)


def _figures(rows: Sequence[Open], currency: str) -> tuple[Figure, ...]:
    count, whole, late = (
        sum(row.invoices for row in rows),
        sum(row.total for row in rows),
        sum(sum(row.amounts[1:]) for row in rows),
    )
    way = sum(row.on_its_way for row in rows)
    return (
        figure(_("Open"), currency, whole, ngettext("%(n)s invoice", "%(n)s invoices", count)),
        figure(_("Overdue"), currency, late, tone="bad" if late else ""),
        figure(_("Payment on its way"), currency, way),
    )


def _line(row: Open) -> tuple[int, ...]:
    return (row.invoices, *row.amounts, row.on_its_way, row.total)


def _cells(currency: str, figures: Sequence[int]) -> tuple[Cell, ...]:
    return (figures[0], *amounts(currency, *figures[1:]))


def _ageing(rows: Sequence[Open], most: int, names: dict[UUID, str], currency: str) -> Section:
    table: list[tuple[Cell, ...]] = [
        (names.get(row.client_id, ""), *_cells(currency, _line(row))) for row in rows[:most]
    ]
    refs: list[UUID | None] = [row.client_id for row in rows[:most]]
    if rest := rows[most:]:
        others = summed([_line(row) for row in rest])
        table.append((_("%(n)s other clients", n=len(rest)), *_cells(currency, others)))
        refs.append(None)
    whole = summed([_line(row) for row in rows])
    title = _("How late it is in %(currency)s", currency=currency)
    bars = [(str(label), minor) for label, minor in zip(LATE, whole[1:], strict=False)]
    text = _("What is open by how late it is; the last line of the table below has the figures.")
    chart = charts.lying(title, text, bars, say(currency))
    foot: tuple[Cell, ...] = (_("All"), *_cells(currency, whole))
    return Section(f"late-{currency}", title, AGEING, tuple(table), foot, chart, tuple(refs))


def _forecast(
    rows: Sequence[tuple[str, date, int, int]], planned: Sequence[ToCome], today: date, currency: str
) -> Section:
    """Late, then by weeks, then by months, then later; what plans will issue beside what is issued."""
    places = _places(today)
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    dues = [(day, (count, amount, 0, 0)) for _currency, day, count, amount in rows]
    dues += [(each.day, (0, 0, int(each.first), each.amount)) for each in planned]
    for day, adds in dues:
        place = next((n for n, (last, *_names) in enumerate(places) if day <= last), len(places) - 1)
        sums[place] = [was + more for was, more in zip(sums[place], adds, strict=True)]
    used = [n for n in range(len(places)) if n in sums or n <= WEEKS]
    table: list[tuple[Cell, ...]] = [(places[n][1], *_to_come(currency, sums[n])) for n in used]
    title = _("When it is to come in %(currency)s", currency=currency)
    text = _("What is due in each of these times; the table below has the same figures.")
    values = [Series(_("To come"), [sums[n][1] for n in used])]
    if planned:
        values.append(Series(_("To come from plans"), [sums[n][3] for n in used]))
    chart = charts.upright(title, text, [places[n][1:] for n in used], values, say(currency))
    foot: tuple[Cell, ...] = (_("All"), *_to_come(currency, summed([sums[n] for n in used])))
    note = _(
        "By the days that invoices and their instalments are due. What is on its way already is not among it. Plans "
        "that run are counted for twelve months, as they are today."
    )
    return Section(f"forecast-{currency}", title, FORECAST, tuple(table), foot, chart, note=note)


def _to_come(currency: str, sums: Sequence[int]) -> tuple[Cell, ...]:
    return (sums[0], *amounts(currency, sums[1]), sums[2], *amounts(currency, sums[3]))


def _places(today: date) -> list[tuple[date, str, str]]:
    """The last day of each time and what it is called, in the table and under the chart."""
    monday = today - timedelta(days=today.weekday())
    found = [(today - timedelta(days=1), _("Late already"), _("Late"))]
    for n in range(WEEKS):
        day = format_date(monday + timedelta(weeks=n), "d MMM")
        label = _("Week of %(day)s", day=day) if n else _("This week")
        found.append((monday + timedelta(weeks=n, days=6), label, day))
    month = month_of(found[-1][0] + timedelta(days=1))
    for _n in range(MONTHS):
        following = month_of(month + timedelta(days=31))
        found.append((following - timedelta(days=1), month_name(month), month_short(month)))
        month = following
    return [*found, (date.max, _("Later"), _("Later"))]
