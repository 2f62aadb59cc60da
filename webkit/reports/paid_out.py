"""What payment services paid out on some days, payout by payout."""

from __future__ import annotations

from collections.abc import Sequence

from webkit.core.capabilities.payments import PayoutState
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.i18n import ngettext
from webkit.core.kernel.sheets import Cell, Column
from webkit.payouts import service as payouts
from webkit.payouts.service import PaidOutRow
from webkit.reports import ranges
from webkit.reports.ranges import Range
from webkit.reports.shapes import Figure, Report, Section, amounts, figure, summed

COLUMNS = (
    Column(_l("Arrives"), 12),
    Column(_l("State"), 12),
    Column(_l("Payments")),
    Column(_l("Given back and disputed")),
    Column(_l("Fees")),
    Column(_l("Other")),
    Column(_l("To your bank")),
    Column(_l("Reconciled"), 12),
)
EVERY = 100_000
"""So many payouts are counted at the most."""
STATES = {
    PayoutState.PENDING: _l("On its way"),
    PayoutState.PAID: _l("Paid out"),
    PayoutState.FAILED: _l("Came back"),
}


def paid_out(of: Range, most: int) -> Report:
    """The payouts of these days, `most` of each currency one by one; what came back is listed and in no sum."""
    found = payouts.between(of.since, of.until, EVERY)
    currencies = sorted({row.payout.currency for row in found})
    figures, sections = [], []
    for currency in currencies:
        rows = [row for row in found if row.payout.currency == currency]
        figures.append(_figures(rows, currency))
        sections.append(_section(rows, currency, most))
    return Report(
        "payouts",
        _("Payouts"),
        ranges.words(of),
        tuple(figures),
        tuple(sections),
        _("What your payment service sends to your bank appears here: what came, what went back, and what was kept."),
    )


def _minors(row: PaidOutRow) -> tuple[int, ...]:
    return (row.came_minor, row.back_minor, -row.payout.fee_minor, row.other_minor, row.payout.amount_minor)


def _sums(rows: Sequence[PaidOutRow]) -> tuple[int, ...]:
    counted = [_minors(row) for row in rows if row.payout.state is not PayoutState.FAILED]
    return summed(counted) if counted else (0,) * 5


def _figures(rows: Sequence[PaidOutRow], currency: str) -> tuple[Figure, ...]:
    came, _back, fees, _other, net = _sums(rows)
    return (
        figure(_("Payments"), currency, came),
        figure(_("Fees"), currency, fees),
        figure(_("To your bank"), currency, net),
    )


def _section(rows: Sequence[PaidOutRow], currency: str, most: int) -> Section:
    table: list[tuple[Cell, ...]] = [
        (
            row.payout.arrives_on,
            str(STATES[row.payout.state]),
            *amounts(currency, *_minors(row)),
            _("Yes") if row.reconciled else _("No"),
        )
        for row in rows[:most]
    ]
    if rest := rows[most:]:
        words = ngettext("%(n)s earlier one", "%(n)s earlier ones", len(rest))
        table.append((None, words, *amounts(currency, *_sums(rest)), None))
    foot: tuple[Cell, ...] = (_("All"), None, *amounts(currency, *_sums(rows)), None)
    title = _("Payouts in %(currency)s", currency=currency)
    note = _("By the days on which they arrive. What came back is in no sum: it goes out again with a later one.")
    return Section(f"payouts-{currency}", title, COLUMNS, tuple(table), foot, note=note)
