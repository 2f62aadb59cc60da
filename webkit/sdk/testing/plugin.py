"""Fixtures for everybody's tests, found by pytest because webkit is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

# Named one by one: the suites are not imported yet, so their assertions can still explain themselves.
pytest.register_assert_rewrite(
    *(
        f"webkit.sdk.testing.{suite}"
        for suite in ("contract", "ai_text", "email", "pagespeed", "payments", "pdf", "storage")
    )
)


@pytest.fixture
def webkit_data(tmp_path: Path) -> Path:
    """An empty data folder."""
    folder = tmp_path / "webkit-data"
    folder.mkdir()
    return folder
