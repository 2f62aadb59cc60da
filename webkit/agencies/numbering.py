"""How an agency numbers its documents: a pattern for each series, and where counting begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from webkit.agencies import service
from webkit.core.kernel import counters, number_patterns
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import DomainError, Invalid


@dataclass(frozen=True, slots=True)
class Series:
    """A series as its settings show it: `next` is the number that would be given now, or what is wrong (`problem`).

    `open` says whether counting can still begin elsewhere: nothing has been numbered in this year or month.
    """

    key: str
    pattern: str
    next: str
    value: int
    open: bool
    problem: str = ""


def overview(patterns: Mapping[str, str] | None = None) -> list[Series]:
    """Every series with the agency's patterns, or with others somebody is thinking about."""
    known, day = service.profile().patterns, service.today()
    chosen = {series: (patterns or {}).get(series) or known[series] for series in service.PATTERNS}
    found = []
    for series, pattern in chosen.items():
        if problem := counters.check_pattern(pattern) if pattern != known[series] else None:
            found.append(Series(series, pattern, "", 0, False, problem))
            continue
        if "{client}" in pattern:
            found.append(Series(series, pattern, number_patterns.example(pattern, day), 1, False))
            continue
        coming = counters.following(series, pattern, day)
        found.append(Series(series, pattern, coming.number, coming.value, coming.open))
    return found


@writes
def change(patterns: Mapping[str, str], starts: Mapping[str, int]) -> None:
    """Store patterns and let series begin elsewhere. Raises Invalid with the fields of the form."""
    service.change({"patterns": {**service.profile().patterns, **patterns}})
    wrong = {}
    for series, start in starts.items():
        pattern, day = patterns[series], service.today()
        if "{client}" in pattern or counters.following(series, pattern, day).value == start:
            continue
        try:
            counters.begin(series, pattern, day, start)
        except DomainError as error:
            wrong[f"start_{series}"] = error.message
    if wrong:
        raise Invalid(wrong)
