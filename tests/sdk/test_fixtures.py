"""Doubles that everybody's tests get as fixtures, because webkit is installed."""

from __future__ import annotations

import smtplib
import urllib.error
import urllib.request

import pytest

from webkit.sdk.testing.doubles.oidc import Oidc
from webkit.sdk.testing.doubles.s3 import S3
from webkit.sdk.testing.doubles.smtp import Smtp


def test_they_run(webkit_smtp: Smtp, webkit_s3: S3, webkit_oidc: Oidc) -> None:
    with smtplib.SMTP(webkit_smtp.host, webkit_smtp.port, timeout=10) as session:
        assert session.noop()[0] == 250
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{webkit_s3.url}/bucket/a")
    assert refused.value.code == 403
    refused.value.close()
    with urllib.request.urlopen(f"{webkit_oidc.issuer}/jwks") as answer:
        assert b"RS256" in answer.read()
