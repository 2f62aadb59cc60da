"""How deals go: how many are won, and how long clients take to accept, to sign and to pay."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from webkit.agencies import service as agencies
from webkit.contracts import service as contracts
from webkit.core.kernel.durations import Became, median
from webkit.core.kernel.i18n import format_decimal, ngettext
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.sheets import Amount, Cell, Column
from webkit.proposals import service as proposals
from webkit.quotations import service as quotations
from webkit.reports import charts, models
from webkit.reports.charts import Chart
from webkit.reports.ranges import Range, words
from webkit.reports.shapes import Figure, Report, Section

ANSWERS = (
    Column(_l("Document"), 16),
    Column(_l("Currency"), 9),
    Column(_l("Sent"), 8),
    Column(_l("Accepted"), 9),
    Column(_l("Declined"), 9),
    Column(_l("Expired"), 9),
    Column(_l("Waiting"), 9),
    Column(_l("Won of those decided, %"), 12),
    Column(_l("Accepted: amount")),
)
TIMES = (Column(_l("From … to …"), 36), Column(_l("How many"), 10), Column(_l("Middle: days"), 14))
WON, LOST = ("accepted",), ("declined", "expired")
DAY = 24
Hours = Sequence[tuple[int, int]]


def deals(of: Range) -> Report:
    """What was sent in these days and became of it; what was accepted, signed and paid in them."""
    since, until = moments(of)
    asked = since, until, agencies.today()
    sent = {_("Proposals"): proposals.became(*asked), _("Quotations"): quotations.became(*asked)}
    answers = _answers(sent)
    times: list[tuple[str, Hours]] = [
        (_("Proposal sent to accepted"), proposals.took(since, until)),
        (_("Quotation sent to accepted"), quotations.took(since, until)),
        (_("Contract sent to signed"), contracts.took(since, until)),
        (_("Invoice issued to paid"), [(days * DAY, often) for days, often in models.waited(of.since, of.until)]),
    ]
    figures = (*(_won(name, rows) for name, rows in sent.items()), _middle(_("To sign"), times[2][1]))
    sections = [section for section in (answers, _times(times)) if section.rows]
    return Report(
        "deals",
        _("Deals"),
        _("What was sent and what became of it, %(days)s.", days=words(of)),
        ((*figures, _middle(_("To pay"), times[3][1])),) if sections else (),
        tuple(sections),
        _(
            "How many of your proposals and quotations are accepted, and how long clients take to sign and to pay, "
            "appears here. Send the first proposal, or choose other days."
        ),
    )


def moments(of: Range) -> tuple[datetime, datetime]:
    """The first moment of the first day at the agency's place, and the first after the last."""
    zone = ZoneInfo(agencies.here().timezone)
    return (
        datetime.combine(of.since, time(), zone),
        datetime.combine(of.until + timedelta(days=1), time(), zone),
    )


def _percent(won: int, lost: int) -> Decimal | None:
    """Won of what was decided, in percent with one place."""
    if not won + lost:
        return None
    return (Decimal(100 * won) / (won + lost)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def _counts(rows: Sequence[Became]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        counts[row.state] += row.documents
    return counts


def _line(name: str, currency: str, rows: Sequence[Became]) -> tuple[Cell, ...]:
    counts = _counts(rows)
    won, sent = counts["accepted"], sum(counts.values())
    declined, expired = counts["declined"], counts["expired"]
    worth = sum(row.total for row in rows if row.state in WON)
    rate = _percent(won, declined + expired)
    waiting = sent - won - declined - expired
    return (name, currency, sent, won, declined, expired, waiting, rate, Amount(worth, currency))


def _answers(sent: dict[str, list[Became]]) -> Section:
    table = [
        _line(name, currency, [row for row in rows if row.currency == currency])
        for name, rows in sent.items()
        for currency in sorted({row.currency for row in rows})
    ]
    note = _(
        "Won is what was accepted of everything that was accepted, declined or has expired. What waits for an answer "
        "is not decided."
    )
    return Section("answers", _("Won and lost"), ANSWERS, tuple(table), None, _answers_chart(sent), note=note)


def _answers_chart(sent: dict[str, list[Became]]) -> Chart | None:
    labels = {"accepted": _("accepted"), "declined": _("declined"), "expired": _("expired")}
    bars = [
        (f"{name}: {label}", _counts(rows)[state])
        for name, rows in sent.items()
        if rows
        for state, label in labels.items()
    ]
    text = _("How many were accepted, declined or have expired; the table below has the figures.")
    return charts.lying(_("Won and lost"), text, bars, str)


def _days(hours: int | None) -> Decimal | None:
    """Days with one place."""
    return None if hours is None else (Decimal(hours) / DAY).quantize(Decimal("0.1"), ROUND_HALF_UP)


def _times(times: Sequence[tuple[str, Hours]]) -> Section:
    known = [(name, rows) for name, rows in times if rows]
    table = tuple((name, sum(often for _hours, often in rows), _days(median(rows))) for name, rows in known)
    bars = [(name, median(rows) or 0) for name, rows in known]
    text = _("How many days it took in the middle; the table below has the figures.")
    chart = charts.lying(_("How long it takes"), text, bars, lambda hours: format_decimal(_days(hours) or Decimal(0)))
    note = _("Half took less than the middle, half more. By what was accepted, signed or paid in these days.")
    return Section("times", _("How long it takes"), TIMES, table, None, chart, note=note)


def _won(name: str, rows: Sequence[Became]) -> Figure:
    counts = _counts(rows)
    rate = _percent(counts["accepted"], sum(counts[state] for state in LOST))
    said = _("%(percent)s %%", percent=format_decimal(rate)) if rate is not None else "–"
    decided = counts["accepted"] + sum(counts[state] for state in LOST)
    return Figure(_("%(what)s won", what=name), said, ngettext("of %(n)s decided", "of %(n)s decided", decided))


def _middle(label: str, rows: Hours) -> Figure:
    days = _days(median(rows))
    said = _("%(n)s days", n=format_decimal(days)) if days is not None else "–"
    return Figure(label, said, _("in the middle"))
