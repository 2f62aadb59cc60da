"""How an agency numbers its documents: a pattern for each series, and where counting begins."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from webkit.agencies import models, service
from webkit.agencies.models import NumberSeries
from webkit.agencies.service import InvoiceSeries
from webkit.core.kernel import audit, counters, number_patterns
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import DomainError, Invalid, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass


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
    _demand_new_apart(patterns)
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


@dataclass(frozen=True, slots=True)
class Branch:
    """A further series of invoices as its settings show it: the next number, and whether its start may be said."""

    series: InvoiceSeries
    next: str
    value: int
    open: bool


def branches() -> list[Branch]:
    """The further series of invoices, oldest first."""
    return [_branch(series) for series in service.invoice_series()]


def branch(key: str) -> Branch:
    """One of them. Raises NotFound."""
    found = next((each for each in service.invoice_series() if each.key == key), None)
    if found is None:
        raise NotFound(_("There is no such series of numbers."))
    return _branch(found)


def _branch(series: InvoiceSeries) -> Branch:
    if "{client}" in series.pattern:
        return Branch(series, number_patterns.example(series.pattern, service.today()), 1, False)
    coming = counters.following(series.counter, series.pattern, service.today())
    return Branch(series, coming.number, coming.value, coming.open)


@writes
def add_branch(name: str, pattern: str, start: int | None = None) -> str:
    """Another series of invoices; returns its key. Raises Invalid with the fields of the form."""
    known = service.invoice_series()
    _demand_apart("pattern", pattern, [service.series_of(""), *known, *_beside()])
    _demand_name(name, known)
    key = _key(name, {each.key for each in known})
    models.add_series(NumberSeries(key=key, name=name, pattern=pattern, closed=False))
    _begin(InvoiceSeries(key, name, pattern), start)
    audit.log("agency.series_added", detail={"name": name, "pattern": pattern})
    return key


@writes
def change_branch(key: str, name: str, pattern: str, start: int | None, *, closed: bool) -> None:
    """Change a series, or close it: no new invoice counts in it then. Raises Invalid with the fields of the form."""
    others = [each for each in service.invoice_series() if each.key != key]
    _demand_apart("pattern", pattern, [service.series_of(""), *others, *_beside()])
    _demand_name(name, others)
    row = next((row for row in models.number_series() if row.key == key), None)
    if row is None:
        raise NotFound(_("There is no such series of numbers."))
    row.name, row.pattern, row.closed = name, pattern, closed
    _begin(InvoiceSeries(key, name, pattern), start)
    audit.log("agency.series_changed", detail={"name": name, "pattern": pattern, "closed": closed})


def _beside(patterns: Mapping[str, str] | None = None) -> list[InvoiceSeries]:
    """What else goes to clients and into books beside invoices: its numbers are never those of an invoice."""
    chosen = patterns or service.profile().patterns
    names = {"credit_note": _("Credit notes"), "pro_forma": _("Pro-forma invoices")}
    return [InvoiceSeries(series, name, chosen[series]) for series, name in names.items()]


def _demand_new_apart(patterns: Mapping[str, str]) -> None:
    """Invoices, credit notes and pro-formas never have the same numbers. What was chosen before is left alone."""
    before = service.profile().patterns
    coming = {**before, **patterns}
    credit_notes, pro_formas = _beside(coming)
    invoices = [InvoiceSeries("", "", coming["invoice"]), *service.invoice_series()]
    others = {
        "invoice": [*service.invoice_series(), credit_notes, pro_formas],
        "credit_note": [*invoices, pro_formas],
        "pro_forma": [*invoices, credit_notes],
    }
    for series, beside in others.items():
        if coming[series] != before[series]:
            _demand_apart(f"pattern_{series}", coming[series], beside)


def _demand_apart(field: str, pattern: str, others: Iterable[InvoiceSeries]) -> None:
    """A pattern that could write a number of another series would give one twice."""
    for other in others:
        if number_patterns.may_meet(pattern, other.pattern):
            named = {"name": other.name or _("Invoices"), "pattern": other.pattern}
            message = _("This could give the same numbers as “%(name)s” (%(pattern)s). Begin it differently.", **named)
            raise Invalid({field: message})


def _demand_name(name: str, others: Iterable[InvoiceSeries]) -> None:
    if name.casefold() in {each.name.casefold() for each in others}:
        raise Invalid({"name": _("There is a series of this name already.")})


def _key(name: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    word = re.sub(r"[^a-z0-9]", "", plain)[:7] or "series"
    # The address of the empty form is taken too.
    return next(key for key in (word, *(f"{word}{n}" for n in range(2, 1000))) if key not in taken | {"new"})


def _begin(series: InvoiceSeries, start: int | None) -> None:
    day = service.today()
    if start is None or "{client}" in series.pattern:
        return
    if counters.following(series.counter, series.pattern, day).value != start:
        try:
            counters.begin(series.counter, series.pattern, day, start)
        except DomainError as error:
            raise Invalid({"start": error.message}) from None
