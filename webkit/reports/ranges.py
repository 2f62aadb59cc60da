"""Which days a report is about, by the agency's own calendar."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from webkit.core.extensions import LazyText
from webkit.core.kernel.i18n import format_date
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.values import dataclass

EARLIEST = date(1970, 1, 1)
MOST_YEARS = 100


@dataclass(frozen=True, slots=True)
class Range:
    """The first and the last day, and the name of the choice they came from."""

    since: date
    until: date
    name: str = ""

    @property
    def args(self) -> dict[str, Any]:
        """What makes an address lead to the same days: a name moves on with the calendar, own days stay."""
        return {"range": self.name} if self.name else {"since": self.since.isoformat(), "until": self.until.isoformat()}


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def _month(day: date) -> tuple[date, date]:
    first = month_of(day)
    return first, _before(_after(first))


def _after(first: date) -> date:
    """The first day of the next month."""
    return month_of(first + timedelta(days=31))


def _before(day: date) -> date:
    return day - timedelta(days=1)


def _quarter(day: date) -> tuple[date, date]:
    first = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return first, _month(first + timedelta(days=62))[1]


def _year(day: date) -> tuple[date, date]:
    return date(day.year, 1, 1), date(day.year, 12, 31)


PRESETS: dict[str, tuple[LazyText, Callable[[date], tuple[date, date]]]] = {
    "month": (_l("This month"), _month),
    "last_month": (_l("Last month"), lambda today: _month(_before(month_of(today)))),
    "quarter": (_l("This quarter"), _quarter),
    "last_quarter": (_l("Last quarter"), lambda today: _quarter(_before(_quarter(today)[0]))),
    "year": (_l("This year"), _year),
    "last_year": (_l("Last year"), lambda today: _year(date(today.year - 1, 1, 1))),
}
USUAL = "year"


def preset(name: str, today: date) -> Range:
    """The days of a choice today; this year's for a choice nobody offers."""
    known = name if name in PRESETS else USUAL
    return Range(*PRESETS[known][1](today), known)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a range that is one line of a table and one place of a chart."""

    first: date
    last: date
    label: str
    short: str
    """What stands under a chart, where there is little room."""


def spans(since: date, until: date) -> list[Span]:
    """Days for up to two months, months for up to five years, else years."""
    if (until - since).days < 62:
        return [Span(day, day, format_date(day), format_date(day, "d MMM")) for day in _days(since, until)]
    if until.year - since.year > 5:
        return [Span(date(y, 1, 1), date(y, 12, 31), str(y), str(y)) for y in range(since.year, until.year + 1)]
    return list(_months(since, until))


def _days(since: date, until: date) -> Iterator[date]:
    for n in range((until - since).days + 1):
        yield since + timedelta(days=n)


def _months(since: date, until: date) -> Iterator[Span]:
    first = month_of(since)
    while first <= until:
        yield Span(first, _before(_after(first)), month_name(first), month_short(first))
        first = _after(first)


def month_name(day: date) -> str:
    """A month as a column calls it."""
    return format_date(day, "LLL yyyy")


def month_short(day: date) -> str:
    """A month under a chart: with its year where one begins."""
    return format_date(day, "LLL yy" if day.month == 1 else "LLL")


def fold(places: Sequence[Span], rows: Iterable[tuple[date, Sequence[int]]], width: int) -> list[list[int]]:
    """The sums of each place; `rows` are days within the range with `width` figures each."""
    sums = [[0] * width for _place in places]
    ends = [place.last for place in places]
    for day, figures in rows:
        into = sums[bisect_left(ends, day)]
        for n, figure in enumerate(figures):
            into[n] += figure
    return sums


def words(of: Range) -> str:
    """The days in a sentence."""
    return _("%(since)s to %(until)s", since=format_date(of.since), until=format_date(of.until))
