"""One measurement of a public page by Google itself: `LIVE_PAGE`, or a page made for examples."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from plugins.pagespeed_google.plugin import webkit_register_providers
from tests.live.accounts import need
from webkit.core.providers import ProviderRegistry
from webkit.sdk import PAGESPEED, AuditRequest, CredentialsRejected, MetricKey, PageSpeed, ScoreKey

SPEC = webkit_register_providers()[0]


def google(data: Path, key: str) -> PageSpeed:
    given = {name: os.environ[name] for name in ("PAGESPEED_API_URL",) if os.environ.get(name)}
    environ = {"WEBKIT_DATA": str(data), "PAGESPEED_PROVIDER": "google", "PAGESPEED_API_KEY": key, **given}
    return ProviderRegistry(environ, [SPEC], capabilities=[PAGESPEED]).get(PAGESPEED)


def test_a_page_is_measured(tmp_path: Path) -> None:
    report = google(tmp_path, need("PAGESPEED_API_KEY")).audit(
        AuditRequest(os.environ.get("LIVE_PAGE", "https://example.com/"))
    )
    assert {metric.key for metric in report.metrics} == set(MetricKey)
    assert {score.key for score in report.scores} == set(ScoreKey)
    assert any(score.value is not None for score in report.scores)


def test_a_wrong_key_is_told(tmp_path: Path) -> None:
    need("PAGESPEED_API_KEY")
    with pytest.raises(CredentialsRejected):
        google(tmp_path, "AIzaNobody").audit(AuditRequest("https://example.com/"))
