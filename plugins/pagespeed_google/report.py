"""From Google's answer to a report. What is missing, broken or impossible is None; nothing stands in for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from webkit.sdk import MOST_RECOMMENDATIONS, AuditReport, Metric, MetricKey, Score, ScoreKey, Source, Unit

LAB = {
    MetricKey.LCP: "largest-contentful-paint",
    MetricKey.CLS: "cumulative-layout-shift",
    MetricKey.FCP: "first-contentful-paint",
    MetricKey.TBT: "total-blocking-time",
    MetricKey.SI: "speed-index",
}
CATEGORIES = {
    ScoreKey.PERFORMANCE: "performance",
    ScoreKey.ACCESSIBILITY: "accessibility",
    ScoreKey.BEST_PRACTICES: "best-practices",
    ScoreKey.SEO: "seo",
}
UNITS = {"millisecond": Unit.MILLISECONDS, "second": Unit.SECONDS, "unitless": Unit.NONE}
INP = ("INTERACTION_TO_NEXT_PAINT", "EXPERIMENTAL_INTERACTION_TO_NEXT_PAINT")
PASSED = 0.9


def read(answer: dict[str, Any], asked: str) -> AuditReport:
    """The report in an answer of status 200."""
    lighthouse = answer["lighthouseResult"]
    audits = _dict(lighthouse.get("audits"))
    categories = _dict(lighthouse.get("categories"))
    final = lighthouse.get("finalDisplayedUrl") or lighthouse.get("finalUrl") or answer.get("id") or asked
    return AuditReport(
        final_url=str(final),
        fetched_at=_moment(answer.get("analysisUTCTimestamp") or lighthouse.get("fetchTime")),
        metrics=(*(_lab(key, _dict(audits.get(name))) for key, name in LAB.items()), _inp(answer)),
        scores=tuple(_score(key, _dict(categories.get(name))) for key, name in CATEGORIES.items()),
        recommendations=_recommendations(audits, categories),
    )


def _lab(key: MetricKey, audit: dict[str, Any]) -> Metric:
    default = Unit.NONE if key is MetricKey.CLS else Unit.MILLISECONDS
    unit = UNITS.get(str(audit.get("numericUnit")), default)
    value = _number(audit.get("numericValue"))
    if audit.get("scoreDisplayMode") == "error" or (unit is Unit.NONE) != (key is MetricKey.CLS):
        value, unit = None, default
    return Metric(key, value, unit)


def _inp(answer: dict[str, Any]) -> Metric:
    """Nobody taps in a laboratory: this one comes from real visitors, of the page or else of the whole site."""
    page, site = _dict(answer.get("loadingExperience")), _dict(answer.get("originLoadingExperience"))
    own = None if page.get("origin_fallback") else _percentile(page)
    if own is not None:
        return Metric(MetricKey.INP, own, Unit.MILLISECONDS, Source.PAGE)
    of_site = _percentile(site) if site else _percentile(page)
    return Metric(MetricKey.INP, of_site, Unit.MILLISECONDS, Source.SITE)


def _percentile(experience: dict[str, Any]) -> Decimal | None:
    metrics = _dict(experience.get("metrics"))
    found = next((_dict(metrics[name]) for name in INP if name in metrics), {})
    return _number(found.get("percentile"))


def _score(key: ScoreKey, category: dict[str, Any]) -> Score:
    value = _number(category.get("score"))
    if value is None or value > 1:
        return Score(key, None)
    return Score(key, int((value * 100).quantize(Decimal(1), ROUND_HALF_UP)))


def _recommendations(audits: dict[str, Any], categories: dict[str, Any]) -> tuple[str, ...]:
    """Titles of what a page fails: first what costs most time, then what weighs most elsewhere."""
    failed = sorted(_failed(audits, categories), key=lambda found: found[:2], reverse=True)
    return tuple(dict.fromkeys(title for _saves, _weight, title in failed))[:MOST_RECOMMENDATIONS]


def _failed(audits: dict[str, Any], categories: dict[str, Any]) -> Iterator[tuple[Decimal, Decimal, str]]:
    for name in CATEGORIES.values():
        listed = _dict(categories.get(name)).get("auditRefs")
        for reference in listed if isinstance(listed, list) else []:
            item = _dict(reference)
            audit = _dict(audits.get(str(item.get("id"))))
            score, title = _number(audit.get("score")), str(audit.get("title") or "").strip()
            if item.get("group") != "metrics" and title and score is not None and score < Decimal(str(PASSED)):
                yield _saving(audit), _number(item.get("weight")) or Decimal(0), title


def _saving(audit: dict[str, Any]) -> Decimal:
    """Milliseconds that following the advice would save."""
    whole = _number(_dict(audit.get("details")).get("overallSavingsMs")) or Decimal(0)
    single = [_number(value) or Decimal(0) for key, value in _dict(audit.get("metricSavings")).items() if key != "CLS"]
    return max([whole, *single])


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> Decimal | None:
    """A number of JSON, exactly as it was written, if it can be one: neither negative nor infinite nor a word."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number < Decimal("1e9") else None


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return datetime.now(UTC)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
