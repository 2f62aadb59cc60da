"""Pages measured by the vendor."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from webkit.sdk import (
    MOST_RECOMMENDATIONS,
    AuditReport,
    AuditRequest,
    HealthReport,
    Metric,
    MetricKey,
    OutcomeUnknown,
    PageNotMeasured,
    PageSpeed,
    ProviderRejected,
    ProviderUnavailable,
    Score,
    ScoreKey,
    Trouble,
    Unit,
)

from .api import NAME, Api
from .settings import AcmeMailSettings

_AT_FAULT = "422"


class AcmeMail:
    """One GET for each page. What the vendor did not measure is None, never a guess."""

    def __init__(self, settings: AcmeMailSettings) -> None:
        self._api = Api(settings)

    def audit(self, request: AuditRequest) -> AuditReport:
        asked = urlencode({"url": request.url, "on": request.strategy.value, "language": request.locale})
        try:
            return _report(self._api.json("GET", f"/audits?{asked}"), request.url)
        except ProviderRejected as error:
            if error.code != _AT_FAULT:
                raise
            text = "the page cannot be opened"
            raise PageNotMeasured(text, trouble=Trouble.UNREACHABLE, provider=NAME, code=error.code) from None
        except (OutcomeUnknown, KeyError, TypeError, ValueError, InvalidOperation):
            raise ProviderUnavailable("the answer holds no report", provider=NAME) from None

    def health(self) -> HealthReport:
        return self._api.health()


def _report(answer: dict[str, Any], url: str) -> AuditReport:
    metrics, scores = answer["metrics"], answer["scores"]
    return AuditReport(
        final_url=answer.get("final_url") or url,
        fetched_at=datetime.fromisoformat(answer["at"]).astimezone(UTC),
        metrics=tuple(_metric(key, metrics.get(key.value)) for key in MetricKey),
        scores=tuple(Score(key, scores.get(key.value)) for key in ScoreKey),
        recommendations=tuple(answer["advice"][:MOST_RECOMMENDATIONS]),
    )


def _metric(key: MetricKey, value: str | None) -> Metric:
    unit = Unit.NONE if key is MetricKey.CLS else Unit.SECONDS
    return Metric(key, None if value is None or key is MetricKey.INP else Decimal(value), unit)


_checked: type[PageSpeed] = AcmeMail  # the type checker compares the signatures
