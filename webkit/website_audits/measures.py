"""From a vendor's value to what is kept, printed and judged.

A value is converted once, here: to seconds with three places, layout shift to a number with three places. What is
printed is judged as it reads: a value just beyond a threshold gets a place more rather than a word that contradicts it.
"""

from __future__ import annotations

import enum
from decimal import ROUND_HALF_UP, Decimal

from webkit.core.capabilities.pagespeed import Metric, MetricKey, ScoreKey, Unit
from webkit.core.kernel.i18n import format_rounded, ngettext
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.values import dataclass

KEPT = Decimal("0.001")
"""The smallest difference that is kept: a millisecond."""


class Rating(enum.StrEnum):
    """How good a value is. UNKNOWN was not measured, which says nothing about the page."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Scale:
    """Up to `good` a value is good, up to `fair` it needs work; both in seconds, or without unit."""

    label: object
    short: str
    felt: object
    good: Decimal
    fair: Decimal
    in_milliseconds: bool = False


SCALES: dict[MetricKey, Scale] = {
    MetricKey.LCP: Scale(
        _l("Largest Contentful Paint"), "LCP", _l("The main content appears"), Decimal("2.5"), Decimal(4)
    ),
    MetricKey.CLS: Scale(
        _l("Cumulative Layout Shift"), "CLS", _l("The page jumps while loading"), Decimal("0.1"), Decimal("0.25")
    ),
    MetricKey.INP: Scale(
        _l("Interaction to Next Paint"), "INP", _l("A tap is answered"), Decimal("0.2"), Decimal("0.5"), True
    ),
    MetricKey.FCP: Scale(_l("First Contentful Paint"), "FCP", _l("Something appears"), Decimal("1.8"), Decimal(3)),
    MetricKey.TBT: Scale(
        _l("Total Blocking Time"), "TBT", _l("The page is too busy to answer"), Decimal("0.2"), Decimal("0.6"), True
    ),
    MetricKey.SI: Scale(_l("Speed Index"), "SI", _l("The page fills up"), Decimal("3.4"), Decimal("5.8")),
}
SCORES: dict[ScoreKey, object] = {
    ScoreKey.PERFORMANCE: _l("Performance"),
    ScoreKey.ACCESSIBILITY: _l("Accessibility"),
    ScoreKey.BEST_PRACTICES: _l("Best practices"),
    ScoreKey.SEO: _l("Search engines"),
}
GOOD_SCORE, FAIR_SCORE = 90, 50
_FACTORS = {Unit.SECONDS: Decimal(1), Unit.MILLISECONDS: Decimal("0.001"), Unit.NONE: Decimal(1)}


def kept(metric: Metric) -> Decimal | None:
    """A vendor's value as it is kept: the one place where units are converted."""
    if metric.value is None:
        return None
    return (metric.value * _FACTORS[metric.unit]).quantize(KEPT, ROUND_HALF_UP)


def rate(key: MetricKey, value: Decimal | None) -> Rating:
    """How good a kept value is; a value on a threshold still belongs to the better side."""
    if value is None:
        return Rating.UNKNOWN
    scale = SCALES[key]
    if value <= scale.good:
        return Rating.GOOD
    return Rating.FAIR if value <= scale.fair else Rating.POOR


def rate_score(value: int | None) -> Rating:
    """How good a score is."""
    if value is None:
        return Rating.UNKNOWN
    if value >= GOOD_SCORE:
        return Rating.GOOD
    return Rating.FAIR if value >= FAIR_SCORE else Rating.POOR


def printed(key: MetricKey, value: Decimal | None) -> str:
    """A kept value as people read it, with its unit: "2.4 s", "340 ms", "0.31"."""
    if value is None:
        return _("not measured")
    return _amount(key, value, _shown_places(key, value))


def printed_score(value: int | None) -> str:
    """A score as people read it."""
    return _("not measured") if value is None else str(value)


def limit(key: MetricKey, value: Decimal) -> str:
    """A threshold as people read it, with no more places than it needs."""
    scale = SCALES[key]
    number = value * 1000 if scale.in_milliseconds else value
    text = format_rounded(number, max(0, -int(number.normalize().as_tuple().exponent)))
    return text if key is MetricKey.CLS else f"{text} {'ms' if scale.in_milliseconds else 's'}"


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a value since the time before: `better`, `worse` or `same`, and in words; all empty if unknown."""

    direction: str = ""
    words: str = ""


def change(key: MetricKey, before: Decimal | None, after: Decimal | None) -> Change:
    """Between two kept values, as precisely as both are printed. Less is better."""
    if before is None or after is None:
        return Change()
    places = 3 if SCALES[key].in_milliseconds else max(_shown_places(key, before), _shown_places(key, after))
    less = _rounded(before, places) - _rounded(after, places)
    amount = _amount(key, abs(less), places)
    if not less:
        return Change("same", _("unchanged"))
    return _better(amount) if less > 0 else _worse(amount)


def change_of_score(before: int | None, after: int | None) -> Change:
    """Between two scores. More is better."""
    if before is None or after is None:
        return Change()
    points = ngettext("%(n)s point", "%(n)s points", abs(after - before))
    if after == before:
        return Change("same", _("unchanged"))
    return _better(points) if after > before else _worse(points)


def _better(amount: str) -> Change:
    return Change("better", _("better by %(amount)s", amount=amount))


def _worse(amount: str) -> Change:
    return Change("worse", _("worse by %(amount)s", amount=amount))


def _amount(key: MetricKey, value: Decimal, places: int) -> str:
    if SCALES[key].in_milliseconds:
        return f"{format_rounded(value * 1000, 0)} ms"
    return format_rounded(value, places) if key is MetricKey.CLS else f"{format_rounded(value, places)} s"


def _shown_places(key: MetricKey, value: Decimal) -> int:
    return _places(key, value, 2 if key is MetricKey.CLS else 1)


def _places(key: MetricKey, value: Decimal, fewest: int) -> int:
    """So many that the rounded value is judged as the exact one is, and that something is not printed as nothing."""
    for places in range(fewest, 3):
        rounded = _rounded(value, places)
        if rate(key, rounded) is rate(key, value) and bool(rounded) is bool(value):
            return places
    return 3


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
