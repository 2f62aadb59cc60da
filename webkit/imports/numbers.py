"""How the agency's own numbers go on after those it has brought along."""

from __future__ import annotations

from datetime import date

from webkit.agencies import numbering
from webkit.agencies import service as agencies
from webkit.core.kernel import counters, number_patterns
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.invoices import service as invoices

SERIES = "invoice"


@dataclass(frozen=True, slots=True)
class Continuation:
    """The highest number that was brought in of this year (or month), and what would come next here.

    `goes_on` is the number that follows it, given with `pattern` from `start` on; empty when it cannot be given any
    more, because numbers were given here already (`closed`).
    """

    highest: str
    next: str
    goes_on: str
    pattern: str
    start: int
    closed: bool


def continuation() -> Continuation | None:
    """What is to be proposed; None when nothing that was brought in has to do with the numbers of today."""
    pattern, day = agencies.profile().patterns[SERIES], agencies.today()
    if "{client}" in pattern:
        return None
    period = number_patterns.period(pattern, day)
    found = invoices.imported_numbers(_since(period), day)
    if not found:
        return None
    used = pattern
    read = _highest(pattern, found, day)
    if read is None:
        used = next(filter(None, (number_patterns.guess(number, day) for number in reversed(found))), "")
        read = _highest(used, found, day) if used else None
    if read is None:
        return None
    value, highest = read
    coming = counters.following(SERIES, pattern, day)
    if used == pattern and coming.value > value:
        return None
    goes_on = number_patterns.written(used, value + 1, day, "")
    return Continuation(highest, coming.number, goes_on if coming.open else "", used, value + 1, not coming.open)


@writes
def go_on() -> str:
    """Let the agency's numbers follow on those it has brought along; the next number. Raises Conflict."""
    proposed = continuation()
    if proposed is None or not proposed.goes_on:
        raise Conflict(_("The numbers go on by themselves now. Nothing was changed."))
    try:
        numbering.change({SERIES: proposed.pattern}, {SERIES: proposed.start})
    except Invalid as refused:
        raise Conflict(" ".join(refused.errors.values())) from None
    return proposed.goes_on


def _since(period: str) -> date:
    if not period:
        return date(1970, 1, 1)
    year, _dash, month = period.partition("-")
    return date(int(year), int(month or 1), 1)


def _highest(pattern: str, numbers: list[str], day: date) -> tuple[int, str] | None:
    read = [(value, number) for number in numbers if (value := number_patterns.read(pattern, number, day)) is not None]
    return max(read, default=None)
