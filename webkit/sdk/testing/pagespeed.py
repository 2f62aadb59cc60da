"""The contract of page speed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import pytest

from webkit.core.capabilities.errors import FeatureNotSupported, ProviderError, ProviderUnavailable
from webkit.core.capabilities.pagespeed import (
    MOST_RECOMMENDATIONS,
    AuditReport,
    AuditRequest,
    MetricKey,
    PageNotMeasured,
    PageSpeed,
    PageSpeedFeature,
    ScoreKey,
    Strategy,
    Unit,
)

from .contract import ProviderContract

SECONDS = {Unit.SECONDS: Decimal(1), Unit.MILLISECONDS: Decimal("0.001"), Unit.NONE: Decimal(1)}


@dataclass(frozen=True, slots=True)
class Measured:
    """A page that the double of the vendor knows, and what it finds there: seconds, or without unit, and scores."""

    url: str
    metrics: Mapping[MetricKey, str | None]
    scores: Mapping[ScoreKey, int | None]


class PageSpeedContract(ProviderContract):
    """Set the pages below, as the double of the vendor plays them. Without MEASURES there is nothing to set."""

    slow: ClassVar[Measured]
    """A page of which everything is known, with more than five recommendations."""
    quick: ClassVar[Measured]
    """A page that is faster than a second."""
    empty: ClassVar[str]
    """A page of which the vendor reports nothing at all, without an error."""
    unreachable: ClassVar[str]
    """A page that cannot be opened."""
    busy: ClassVar[str]
    """A page at which the vendor itself fails."""

    def report(self, provider: PageSpeed, url: str) -> AuditReport:
        self.needs(PageSpeedFeature.MEASURES)
        return provider.audit(AuditRequest(url))

    def test_who_does_not_measure_refuses(self, provider: PageSpeed) -> None:
        if PageSpeedFeature.MEASURES in self.spec.features:
            pytest.skip("declares measures")
        with pytest.raises(FeatureNotSupported):
            provider.audit(AuditRequest("https://lario.example/"))

    def test_a_report_has_every_metric_and_score_once(self, provider: PageSpeed) -> None:
        self.needs(PageSpeedFeature.MEASURES)
        for url in (self.slow.url, self.empty):
            found = self.report(provider, url)
            assert sorted(metric.key for metric in found.metrics) == sorted(MetricKey)
            assert sorted(score.key for score in found.scores) == sorted(ScoreKey)

    def test_values_and_scores_are_the_vendors(self, provider: PageSpeed) -> None:
        self.needs(PageSpeedFeature.MEASURES)
        for page in (self.slow, self.quick):
            found = self.report(provider, page.url)
            values = {m.key: None if m.value is None else m.value * SECONDS[m.unit] for m in found.metrics}
            wanted = {key: None if value is None else Decimal(value) for key, value in page.metrics.items()}
            assert values == wanted
            assert {score.key: score.value for score in found.scores} == dict(page.scores)

    def test_what_was_not_measured_is_none(self, provider: PageSpeed) -> None:
        self.needs(PageSpeedFeature.MEASURES)
        found = self.report(provider, self.empty)
        assert {metric.value for metric in found.metrics} == {None}
        assert {score.value for score in found.scores} == {None}
        assert found.recommendations == ()

    def test_answers_of_real_visitors_need_field_data(self, provider: PageSpeed) -> None:
        self.needs(PageSpeedFeature.MEASURES)
        if PageSpeedFeature.FIELD_DATA in self.spec.features:
            pytest.skip("declares field_data")
        found = self.report(provider, self.slow.url)
        assert next(metric for metric in found.metrics if metric.key is MetricKey.INP).value is None

    def test_recommendations_are_few_sentences(self, provider: PageSpeed) -> None:
        self.needs(PageSpeedFeature.MEASURES)
        found = self.report(provider, self.slow.url).recommendations
        assert len(found) == MOST_RECOMMENDATIONS
        assert len(set(found)) == len(found)
        assert all(text.strip() == text and text for text in found)

    def test_a_report_says_what_and_when(self, provider: PageSpeed) -> None:
        self.needs(PageSpeedFeature.MEASURES)
        found = self.report(provider, self.slow.url)
        assert found.final_url.startswith(("http://", "https://"))
        assert found.fetched_at.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - found.fetched_at) < timedelta(days=1)

    def test_both_strategies_and_any_language_are_taken(self, provider: PageSpeed) -> None:
        self.needs(PageSpeedFeature.MEASURES)
        for strategy in Strategy:
            for locale in ("en", "it-IT", "de-CH", "zh-Hant-TW"):
                assert provider.audit(AuditRequest(self.slow.url, strategy, locale)).metrics

    def test_a_page_at_fault_is_told_from_a_service_at_fault(self, provider: PageSpeed) -> None:
        self.needs(PageSpeedFeature.MEASURES)
        with pytest.raises(PageNotMeasured) as page:
            provider.audit(AuditRequest(self.unreachable))
        assert not page.value.retryable
        with pytest.raises(ProviderError) as service:
            provider.audit(AuditRequest(self.busy))
        assert isinstance(service.value, ProviderUnavailable)
        assert service.value.retryable
