"""From Google's answer to a report."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from webkit.sdk import AuditReport, Metric, MetricKey, Source, Unit
from webkit.sdk.lighthouse import number, read_report

INP = ("INTERACTION_TO_NEXT_PAINT", "EXPERIMENTAL_INTERACTION_TO_NEXT_PAINT")


def read(answer: dict[str, Any], asked: str) -> AuditReport:
    """The report in an answer of status 200."""
    url, at = str(answer.get("id") or ""), str(answer.get("analysisUTCTimestamp") or "")
    return read_report(answer["lighthouseResult"], asked, _inp(answer), url=url, at=at)


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
    return number(found.get("percentile"))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
