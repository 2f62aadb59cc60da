"""Google PageSpeed Insights against the double: the contract, every kind of failure, what is asked for and read."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.pagespeed_google.plugin import webkit_register_providers
from plugins.pagespeed_google.report import read
from tests.plugins.pagespeed_pages import GoogleContract
from webkit.core.providers import ProviderRegistry
from webkit.sdk import (
    PAGESPEED,
    AuditRequest,
    CredentialsRejected,
    MetricKey,
    PageNotMeasured,
    PageSpeed,
    ProviderError,
    ProviderMisconfigured,
    ProviderUnavailable,
    RateLimited,
    ScoreKey,
    Source,
    Strategy,
    Trouble,
)
from webkit.sdk.testing.doubles.pagespeed import KEY, PageSpeedDouble

CARD = webkit_register_providers()[0]
M, S = MetricKey, ScoreKey


@pytest.fixture(scope="module")
def server() -> Iterator[PageSpeedDouble]:
    with PageSpeedDouble() as double:
        double.slow_seconds = 0.6
        yield double


@pytest.fixture
def double(server: PageSpeedDouble) -> PageSpeedDouble:
    server.calls.clear()
    return server


def google(double: PageSpeedDouble, **environ: str) -> PageSpeed:
    given = {"PAGESPEED_PROVIDER": "google", "PAGESPEED_API_KEY": KEY, "PAGESPEED_API_URL": double.url, **environ}
    return ProviderRegistry(given, [CARD], capabilities=[PAGESPEED]).get(PAGESPEED)


def page(scene: str) -> AuditRequest:
    return AuditRequest(f"https://lario.example/{scene}")


class TestContract(GoogleContract):
    spec = CARD

    @pytest.fixture
    def configured(self, double: PageSpeedDouble, webkit_data: Path) -> dict[str, str]:
        google = {"PAGESPEED_PROVIDER": "google", "PAGESPEED_API_KEY": KEY, "PAGESPEED_API_URL": double.url}
        return {"WEBKIT_DATA": str(webkit_data), **google}


@pytest.mark.parametrize(
    ("scene", "kind", "code"),
    [
        ("quota", RateLimited, "RATE_LIMIT_EXCEEDED"),
        ("quota-day", RateLimited, "RATE_LIMIT_EXCEEDED"),
        ("forbidden", CredentialsRejected, "SERVICE_DISABLED"),
        ("busy", ProviderUnavailable, "backendError"),
        ("overloaded", ProviderUnavailable, "backendError"),
        ("gateway", ProviderUnavailable, ""),
        ("garbage", ProviderUnavailable, ""),
        ("nonsense", ProviderUnavailable, ""),
        ("list", ProviderUnavailable, ""),
        ("bare", ProviderUnavailable, ""),
        ("cut", ProviderUnavailable, ""),
        ("redirect", ProviderMisconfigured, ""),
        ("odd", PageNotMeasured, "SOMETHING_NEW"),
        ("unreachable", PageNotMeasured, "FAILED_DOCUMENT_REQUEST"),
    ],
)
def test_failures(double: PageSpeedDouble, scene: str, kind: type[ProviderError], code: str) -> None:
    with pytest.raises(ProviderError) as caught:
        google(double).audit(page(scene))
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.provider) == (code, "google")
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("scene", "trouble"),
    [
        ("unreachable", Trouble.UNREACHABLE),
        ("error404", Trouble.UNREACHABLE),
        ("dns", Trouble.UNREACHABLE),
        ("file", Trouble.NOT_A_PAGE),
        ("blank", Trouble.BLANK),
        ("runtime-error", Trouble.BLANK),
        ("hung", Trouble.TOO_SLOW),
        ("odd", Trouble.UNKNOWN),
    ],
)
def test_what_is_wrong_with_a_page(double: PageSpeedDouble, scene: str, trouble: Trouble) -> None:
    with pytest.raises(PageNotMeasured) as caught:
        google(double).audit(page(scene))
    assert caught.value.trouble is trouble


def test_a_quota_says_when_to_come_back(double: PageSpeedDouble) -> None:
    for scene, seconds in (("quota", 60), ("quota-day", 86_400)):
        with pytest.raises(RateLimited) as caught:
            google(double).audit(page(scene))
        assert caught.value.retry_after == seconds


def test_a_wrong_key_and_none_are_refused(double: PageSpeedDouble) -> None:
    with pytest.raises(CredentialsRejected, match="API_KEY_INVALID"):
        google(double, PAGESPEED_API_KEY="AIzaWrong").audit(page(""))
    with pytest.raises(CredentialsRejected):
        google(double, PAGESPEED_API_KEY="").audit(page(""))


def test_a_proxy_needs_no_key(double: PageSpeedDouble) -> None:
    with PageSpeedDouble(key=None) as proxy:
        assert google(proxy, PAGESPEED_API_KEY="").audit(page("")).scores
        assert "x-goog-api-key" not in proxy.calls[0].headers


@pytest.mark.parametrize("scene", ["slow", "drip"])
def test_it_is_over_in_time(double: PageSpeedDouble, scene: str) -> None:
    with pytest.raises(ProviderUnavailable):
        google(double, PAGESPEED_SECONDS="0.2").audit(page(scene))


def test_nobody_there_is_unavailable() -> None:
    with PageSpeedDouble() as gone:
        vendor = google(gone)
    with pytest.raises(ProviderUnavailable):
        vendor.audit(page(""))


def test_what_is_asked_for(double: PageSpeedDouble) -> None:
    google(double).audit(AuditRequest("https://lario.example/a?b=c&d=à#x", Strategy.DESKTOP, "it-IT"))
    (call,) = double.calls
    assert call.parameters == {
        "url": ["https://lario.example/a?b=c&d=à#x"],
        "strategy": ["DESKTOP"],
        "category": ["PERFORMANCE", "ACCESSIBILITY", "BEST_PRACTICES", "SEO"],
        "locale": ["it-IT"],
    }
    assert call.headers["x-goog-api-key"] == KEY


def test_recommendations_begin_with_what_saves_most(double: PageSpeedDouble) -> None:
    assert google(double).audit(page("")).recommendations == (
        "Serve images in next-gen formats",
        "Eliminate render-blocking resources",
        "Reduce initial server response time",
        "Reduce unused JavaScript",
        "Properly size images",
    )


def test_half_a_report_is_half_a_report(double: PageSpeedDouble) -> None:
    found = google(double).audit(page("partial"))
    values = {metric.key: metric.value for metric in found.metrics}
    assert values == {M.LCP: None, M.CLS: Decimal("0.02"), M.FCP: Decimal(1800), M.TBT: None, M.SI: None, M.INP: None}
    scores = {score.key: score.value for score in found.scores}
    assert scores == {S.PERFORMANCE: None, S.ACCESSIBILITY: 90, S.BEST_PRACTICES: None, S.SEO: 50}


def test_taps_come_from_the_page_or_else_from_the_site(double: PageSpeedDouble) -> None:
    of_page, of_site, of_nobody = (google(double).audit(page(scene)).metrics[-1] for scene in ("", "fast", "partial"))
    assert (of_page.value, of_page.source) == (Decimal(340), Source.PAGE)
    assert (of_site.value, of_site.source) == (Decimal(96), Source.SITE)
    assert of_nobody.value is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(json_values, json_values, json_values)
def test_no_answer_breaks_the_reading_or_becomes_a_number(audit: Any, score: Any, experience: Any) -> None:
    names = ("largest-contentful-paint", "cumulative-layout-shift", "x")
    answer = {
        "lighthouseResult": {
            "audits": dict.fromkeys(names, audit) | {"y": {"numericValue": score}},
            "categories": {"performance": {"score": score, "auditRefs": [{"id": "x", "weight": score}, score]}},
            "fetchTime": score,
        },
        "loadingExperience": experience,
        "originLoadingExperience": {"metrics": experience},
    }
    found = read(answer, "https://lario.example/")
    is_share = isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 1
    assert (found.scores[0].value is not None) is is_share
    if "numericValue" not in str(audit) and "percentile" not in str(experience):
        assert {metric.value for metric in found.metrics} == {None}


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({}, "Google asks for a key"),
        ({"PAGESPEED_API_URL": "speed.example"}, "is not an address"),
        ({"PAGESPEED_API_KEY": "k", "PAGESPEED_SECONDS": "0"}, "greater than 0"),
    ],
)
def test_wrong_settings_are_told_at_boot(environ: dict[str, str], problem: str) -> None:
    registry = ProviderRegistry({"PAGESPEED_PROVIDER": "google", **environ}, [CARD], capabilities=[PAGESPEED])
    assert problem in registry.check()[0].problem


def test_both_names_of_the_key_are_read() -> None:
    for name in ("PAGESPEED_API_KEY", "GOOGLE_PAGESPEED_API_KEY"):
        registry = ProviderRegistry({"PAGESPEED_PROVIDER": "google", name: "k"}, [CARD], capabilities=[PAGESPEED])
        assert registry.check() == []


def test_the_double_runs_as_a_process() -> None:
    command = [sys.executable, "-m", "webkit.sdk.testing.doubles.pagespeed", "--port", "0", "--key", ""]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().strip()
            given = {"PAGESPEED_PROVIDER": "google", "PAGESPEED_API_URL": url}
            vendor = ProviderRegistry(given, [CARD], capabilities=[PAGESPEED]).get(PAGESPEED)
            assert vendor.audit(page("fast")).scores[0].value == 100
        finally:
            process.terminate()
