"""An audit as pages, proposals and prompts see it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from webkit.core.capabilities.pagespeed import (
    MOST_RECOMMENDATIONS,
    AuditReport,
    MetricKey,
    ScoreKey,
    Source,
    Strategy,
)
from webkit.core.kernel.i18n import current_timezone
from webkit.core.values import dataclass
from webkit.website_audits import measures
from webkit.website_audits.measures import SCALES, SCORES, Rating
from webkit.website_audits.models import AuditState, WebsiteAudit

LONGEST_RECOMMENDATION = 300


@dataclass(frozen=True, slots=True)
class MetricView:
    """One metric. `value` is in seconds or without unit; `good` and `fair` are the thresholds as people read them."""

    key: MetricKey
    label: str
    short: str
    felt: str
    value: Decimal | None
    printed: str
    rating: Rating
    source: Source
    good: str
    fair: str


@dataclass(frozen=True, slots=True)
class ScoreView:
    """One score, 0 to 100, or None."""

    key: ScoreKey
    label: str
    value: int | None
    printed: str
    rating: Rating


@dataclass(frozen=True, slots=True)
class AuditView:
    """One audit. Before it is done all metrics and scores are "not measured"; `service` names who measured."""

    id: UUID
    client_id: UUID
    url: str
    final_url: str
    strategy: Strategy
    state: AuditState
    reason: str
    service: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    measured_at: datetime | None
    metrics: tuple[MetricView, ...]
    scores: tuple[ScoreView, ...]
    recommendations: tuple[str, ...]

    @property
    def host(self) -> str:
        """The site in a word."""
        return (urlsplit(self.final_url or self.url).hostname or "").removeprefix("www.")

    @property
    def under_way(self) -> bool:
        return self.state in (AuditState.QUEUED, AuditState.MEASURING)

    @property
    def done(self) -> bool:
        return self.state is AuditState.DONE


def stored(report: AuditReport) -> dict[str, Any]:
    """A report as it is kept: each metric and score once, values converted, as text."""
    metrics = {metric.key: (measures.kept(metric), metric.source) for metric in report.metrics}
    return {
        "metrics": {
            key.value: {"value": None if value is None else str(value), "source": source.value}
            for key, (value, source) in metrics.items()
        },
        "scores": {score.key.value: score.value for score in report.scores},
        "recommendations": [text[:LONGEST_RECOMMENDATION] for text in report.recommendations[:MOST_RECOMMENDATIONS]],
    }


def view(row: WebsiteAudit) -> AuditView:
    """A row in the words of the current language."""
    report = row.report or {}
    return AuditView(
        id=row.id,
        client_id=row.client_id,
        url=row.url,
        final_url=row.final_url,
        strategy=row.strategy,
        state=row.state,
        reason=row.reason,
        service=row.provider,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        measured_at=row.measured_at,
        metrics=tuple(_metric(key, report.get("metrics", {}).get(key.value) or {}) for key in SCALES),
        scores=tuple(_score(key, report.get("scores", {}).get(key.value)) for key in SCORES),
        recommendations=tuple(report.get("recommendations", ())),
    )


def audit_snapshot(audit: AuditView) -> dict[str, Any]:
    """An audit as documents and prompts keep it: JSON without floats, printed in the current language."""
    return {
        "id": str(audit.id),
        "url": audit.url,
        "final_url": audit.final_url,
        "host": audit.host,
        "strategy": audit.strategy.value,
        "service": audit.service,
        "measured_at": audit.measured_at.isoformat() if audit.measured_at else None,
        "measured_on": _local_day(audit.measured_at) if audit.measured_at else None,
        "metrics": [_metric_snapshot(metric) for metric in audit.metrics],
        "scores": [_score_snapshot(score) for score in audit.scores],
        "recommendations": list(audit.recommendations),
    }


def _local_day(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo(current_timezone())).date().isoformat()


def _metric_snapshot(metric: MetricView) -> dict[str, Any]:
    return {
        "id": f"audit.{metric.key}",
        "key": metric.key.value,
        "label": metric.label,
        "short": metric.short,
        "felt": metric.felt,
        "value": None if metric.value is None else str(metric.value),
        "printed": metric.printed,
        "rating": metric.rating.value,
        "source": metric.source.value,
        "good": metric.good,
    }


def _score_snapshot(score: ScoreView) -> dict[str, Any]:
    return {
        "id": f"audit.{score.key}",
        "key": score.key.value,
        "label": score.label,
        "value": score.value,
        "printed": score.printed,
        "rating": score.rating.value,
    }


def _metric(key: MetricKey, found: dict[str, Any]) -> MetricView:
    value = None if found.get("value") is None else Decimal(found["value"])
    scale = SCALES[key]
    return MetricView(
        key=key,
        label=str(scale.label),
        short=scale.short,
        felt=str(scale.felt),
        value=value,
        printed=measures.printed(key, value),
        rating=measures.rate(key, value),
        source=Source(found.get("source", Source.LAB)),
        good=measures.limit(key, scale.good),
        fair=measures.limit(key, scale.fair),
    )


def _score(key: ScoreKey, value: int | None) -> ScoreView:
    return ScoreView(
        key=key,
        label=str(SCORES[key]),
        value=value,
        printed=measures.printed_score(value),
        rating=measures.rate_score(value),
    )
