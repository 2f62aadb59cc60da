"""Fixtures for everybody's tests, found by pytest because webkit is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from webkit.sdk.testing.doubles.oidc import Oidc
    from webkit.sdk.testing.doubles.s3 import S3
    from webkit.sdk.testing.doubles.smtp import Smtp

# Named one by one: the suites are not imported yet, so their assertions can still explain themselves.
pytest.register_assert_rewrite(
    *(
        f"webkit.sdk.testing.{suite}"
        for suite in (
            "contract",
            "ai_text",
            "email",
            "embeddings",
            "identity",
            "pagespeed",
            "payments",
            "pdf",
            "sms",
            "storage",
            "vectors",
        )
    )
)


@pytest.fixture
def webkit_data(tmp_path: Path) -> Path:
    """An empty data folder."""
    folder = tmp_path / "webkit-data"
    folder.mkdir()
    return folder


@pytest.fixture
def webkit_smtp() -> Iterator[Smtp]:
    """A mail server that takes everything which is a mail."""
    from webkit.sdk.testing.doubles.smtp import Smtp

    with Smtp() as server:
        yield server


@pytest.fixture
def webkit_s3() -> Iterator[S3]:
    """An S3 with one empty bucket named `bucket`."""
    from webkit.sdk.testing.doubles.s3 import S3

    with S3() as server:
        yield server


@pytest.fixture
def webkit_oidc() -> Iterator[Oidc]:
    """An OpenID provider; put your redirect into its `redirects`."""
    from webkit.sdk.testing.doubles.oidc import Oidc

    with Oidc() as server:
        yield server
