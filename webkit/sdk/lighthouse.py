"""For providers that run Lighthouse, or ask somebody who does: its report in the words of the contract.

What is missing, broken or impossible is None; nothing stands in for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from webkit.core.capabilities.pagespeed import (
    MOST_RECOMMENDATIONS,
    AuditReport,
    Metric,
    MetricKey,
    PageNotMeasured,
    Score,
    ScoreKey,
    Trouble,
    Unit,
)

__all__ = ["not_measured", "number", "read_report", "runtime_error"]

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
PASSED = Decimal("0.9")
TROUBLES = {
    "DNS_FAILURE": Trouble.UNREACHABLE,
    "FAILED_DOCUMENT_REQUEST": Trouble.UNREACHABLE,
    "ERRORED_DOCUMENT_REQUEST": Trouble.UNREACHABLE,
    "INSECURE_DOCUMENT_REQUEST": Trouble.UNREACHABLE,
    "CHROME_INTERSTITIAL_ERROR": Trouble.UNREACHABLE,
    "INVALID_URL": Trouble.UNREACHABLE,
    "NO_DOCUMENT_REQUEST": Trouble.UNREACHABLE,
    "NOT_HTML": Trouble.NOT_A_PAGE,
    "NO_FCP": Trouble.BLANK,
    "NO_LCP": Trouble.BLANK,
    "NO_SCREENSHOTS": Trouble.BLANK,
    "PAGE_HUNG": Trouble.TOO_SLOW,
    "CRI_TIMEOUT": Trouble.TOO_SLOW,
    "PROTOCOL_TIMEOUT": Trouble.TOO_SLOW,
    "NO_NAVSTART": Trouble.TOO_SLOW,
}
"""What Lighthouse says about a page that it could not measure; other codes are UNKNOWN."""


def read_report(lighthouse: dict[str, Any], asked: str, inp: Metric, *, url: str = "", at: str = "") -> AuditReport:
    """The report. `inp` comes from elsewhere: nobody taps in a laboratory. `url` and `at` fill in what it lacks."""
    audits, categories = _dict(lighthouse.get("audits")), _dict(lighthouse.get("categories"))
    final = lighthouse.get("finalDisplayedUrl") or lighthouse.get("finalUrl") or url or asked
    return AuditReport(
        final_url=str(final),
        fetched_at=_moment(at or lighthouse.get("fetchTime")),
        metrics=(*(_lab(key, _dict(audits.get(name))) for key, name in LAB.items()), inp),
        scores=tuple(_score(key, _dict(categories.get(name))) for key, name in CATEGORIES.items()),
        recommendations=_recommendations(audits, categories),
    )


def runtime_error(lighthouse: dict[str, Any], provider: str) -> PageNotMeasured | None:
    """What a report says that is no report."""
    code = _dict(lighthouse.get("runtimeError")).get("code")
    return not_measured(str(code), provider) if code and code != "NO_ERROR" else None


def not_measured(code: str, provider: str) -> PageNotMeasured:
    """The error for Lighthouse's word."""
    text = f"Lighthouse could not measure the page ({code})"
    return PageNotMeasured(text, trouble=TROUBLES.get(code, Trouble.UNKNOWN), provider=provider, code=code)


def _lab(key: MetricKey, audit: dict[str, Any]) -> Metric:
    default = Unit.NONE if key is MetricKey.CLS else Unit.MILLISECONDS
    unit = UNITS.get(str(audit.get("numericUnit")), default)
    value = number(audit.get("numericValue"))
    if audit.get("scoreDisplayMode") == "error" or (unit is Unit.NONE) != (key is MetricKey.CLS):
        value, unit = None, default
    return Metric(key, value, unit)


def _score(key: ScoreKey, category: dict[str, Any]) -> Score:
    value = number(category.get("score"))
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
            score, title = number(audit.get("score")), str(audit.get("title") or "").strip()
            if item.get("group") != "metrics" and title and score is not None and score < PASSED:
                yield _saving(audit), number(item.get("weight")) or Decimal(0), title


def _saving(audit: dict[str, Any]) -> Decimal:
    """Milliseconds that following the advice would save."""
    whole = number(_dict(audit.get("details")).get("overallSavingsMs")) or Decimal(0)
    single = [number(value) or Decimal(0) for key, value in _dict(audit.get("metricSavings")).items() if key != "CLS"]
    return max([whole, *single])


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def number(value: Any) -> Decimal | None:
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
