"""A service that answers as a test has told it to, behind the real registry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from flask import Flask

from webkit.core.kernel import db
from webkit.core.kernel import runtime as runtimes
from webkit.core.providers import ProviderRegistry
from webkit.sdk import (
    PAGESPEED,
    AuditReport,
    AuditRequest,
    Health,
    HealthReport,
    Metric,
    MetricKey,
    NoSettings,
    PageSpeed,
    PageSpeedFeature,
    ProviderSpec,
    Score,
    ScoreKey,
    Unit,
)

AT = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)
Answer = AuditReport | Exception | Callable[[AuditRequest], AuditReport]
answers: list[Answer] = []
asked: list[AuditRequest] = []


class Scripted:
    """Takes the next answer, the last one again and again."""

    def __init__(self, settings: NoSettings) -> None:
        pass

    def audit(self, request: AuditRequest) -> AuditReport:
        asked.append(request)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, AuditReport) else answer(request)

    def health(self) -> HealthReport:
        return HealthReport(Health.OK)


_checked: type[PageSpeed] = Scripted


def report(lcp: str | None = "2412.5", performance: int | None = 38, **values: Any) -> AuditReport:
    """A page that was measured, all but what real visitors feel."""
    milliseconds = {MetricKey.FCP: "900", MetricKey.TBT: "640", MetricKey.SI: "5800", MetricKey.LCP: lcp}
    return AuditReport(
        final_url=values.get("final_url", "https://www.lariocicli.example/"),
        fetched_at=values.get("fetched_at", AT),
        metrics=(
            *(Metric(k, None if v is None else Decimal(v), Unit.MILLISECONDS) for k, v in milliseconds.items()),
            Metric(MetricKey.CLS, Decimal("0.31"), Unit.NONE),
            Metric(MetricKey.INP, None, Unit.MILLISECONDS),
        ),
        scores=(
            Score(ScoreKey.PERFORMANCE, performance),
            Score(ScoreKey.ACCESSIBILITY, 71),
            Score(ScoreKey.BEST_PRACTICES, 92),
            Score(ScoreKey.SEO, None),
        ),
        recommendations=values.get("recommendations", ("Serve images in modern formats", "Remove unused JavaScript")),
    )


def connect(app: Flask, *given: Answer) -> None:
    """Let audits be answered by `given`, one after the other; `house` undoes it."""
    answers[:] = given or (report(),)
    asked.clear()
    runtime = runtimes.of(app)
    card: ProviderSpec[PageSpeed] = ProviderSpec(
        capability=PAGESPEED,
        name="scripted",
        label="Test bench",
        factory="tests.website_audits.scripted:Scripted",
        features=frozenset({PageSpeedFeature.MEASURES}),
    )
    environ = {"WEBKIT_DATA": str(runtime.settings.data), "PAGESPEED_PROVIDER": "scripted"}
    runtime.registry = ProviderRegistry(environ, [*runtime.plugins.providers, card], in_transaction=db.in_transaction)
