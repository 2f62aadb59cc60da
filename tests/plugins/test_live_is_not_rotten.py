"""What `make live` would do with keys, done to the doubles: nothing in it has gone stale since it was written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.plugins import graph_vendor, openai_vendor, postmark_vendor, sendgrid_vendor, ses_vendor, twilio_vendor
from webkit.sdk.testing.doubles.anthropic import AnthropicDouble
from webkit.sdk.testing.doubles.pagespeed import PageSpeedDouble
from webkit.sdk.testing.doubles.resend import Resend
from webkit.sdk.testing.doubles.s3 import S3
from webkit.sdk.testing.doubles.smtp import Smtp
from webkit.sdk.testing.doubles.stripe import StripeDouble

TWIN = "tests/live/test_storage.py::TestR2"
"""It understands the names of S3 too, and is the same code."""
ROOT = Path(__file__).parents[2]
LEAST = {
    "test_ai.TestClaude": 8,
    "test_ai.TestOpenAI": 8,
    "test_ai.TestCompatible": 6,
    "test_embeddings.TestOpenAI": 12,
    "test_email.TestResend": 6,
    "test_email.TestSmtp": 6,
    "test_email.TestSendGrid": 6,
    "test_email.TestPostmark": 6,
    "test_email.TestSes": 6,
    "test_email.TestGraph": 6,
    "test_sms.TestTwilio": 6,
    "test_storage.TestS3": 40,
    "test_payments.TestStripe": 5,
    "test_pagespeed": 2,
}
"""Suites that software on this machine can stand in for, and how many of their tests must have passed."""


@pytest.fixture(scope="module")
def keys() -> Iterator[dict[str, str]]:
    """The environment of somebody with an account everywhere."""
    with ExitStack() as stack:
        enter = stack.enter_context
        claude, openai, resend = enter(AnthropicDouble()), enter(openai_vendor.OpenAIDouble()), enter(Resend())
        sendgrid, postmark, ses = (
            enter(sendgrid_vendor.SendGrid()),
            enter(postmark_vendor.Postmark()),
            enter(ses_vendor.Ses()),
        )
        graph, twilio = enter(graph_vendor.Graph()), enter(twilio_vendor.Twilio())
        smtp, s3 = enter(Smtp(user="studio", password="a-password")), enter(S3(buckets=("files",)))
        stripe, google = enter(StripeDouble()), enter(PageSpeedDouble(key="AIzaDouble"))
        yield {
            "ANTHROPIC_API_KEY": claude.key,
            "ANTHROPIC_BASE_URL": claude.url,
            "OPENAI_API_KEY": openai.key,
            "OPENAI_BASE_URL": openai.url,
            "OPENAI_COMPATIBLE_KEY": openai.key,
            "OPENAI_COMPATIBLE_URL": openai.url,
            "OPENAI_COMPATIBLE_MODEL": "local-model",
            "RESEND_API_KEY": "re_test_full",
            "RESEND_API_URL": resend.url,
            "SMTP_HOST": smtp.host,
            "SMTP_PORT": str(smtp.port),
            "SMTP_SECURITY": "none",
            "SMTP_USERNAME": "studio",
            "SMTP_PASSWORD": "a-password",
            "SENDGRID_API_KEY": sendgrid_vendor.KEY,
            "SENDGRID_API_URL": sendgrid.url,
            "POSTMARK_SERVER_TOKEN": postmark_vendor.TOKEN,
            "POSTMARK_API_URL": postmark.url,
            "SES_ACCESS_KEY": ses_vendor.KEY_ID,
            "SES_SECRET_KEY": ses_vendor.SECRET,
            "SES_API_URL": ses.url,
            "SES_REGION": ses_vendor.REGION,
            "MSGRAPH_API_URL": graph.url,
            "MSGRAPH_LOGIN_URL": graph.url,
            "MSGRAPH_TENANT_ID": graph_vendor.TENANT,
            "MSGRAPH_CLIENT_ID": graph_vendor.CLIENT,
            "MSGRAPH_CLIENT_SECRET": graph_vendor.SECRET,
            "TWILIO_ACCOUNT_SID": twilio_vendor.SID,
            "TWILIO_AUTH_TOKEN": twilio_vendor.TOKEN,
            "TWILIO_SERVICE_SID": twilio_vendor.VERIFY,
            "TWILIO_FROM": twilio_vendor.FROM,
            "TWILIO_API_URL": twilio.url,
            "TWILIO_VERIFY_URL": twilio.url,
            "S3_ACCESS_KEY": s3.key_id,
            "S3_SECRET_KEY": s3.secret,
            "S3_ENDPOINT": s3.url,
            "S3_REGION": s3.region,
            "S3_BUCKET": "files",
            "STRIPE_SECRET_KEY": stripe.key,
            "STRIPE_WEBHOOK_SECRET": "whsec_live",
            "STRIPE_API_BASE": stripe.url,
            "PAGESPEED_API_KEY": "AIzaDouble",
            "PAGESPEED_API_URL": google.url,
            "LIVE_PAGE": "https://lario.example/",
            "LIVE_EMAIL_FROM": "studio@example.com",
            "LIVE_EMAIL_TO": "ada@example.org",
            "LIVE_SMS_TO": "+393331234567",
            "LIVE_BUCKET": "1",
        }


def live(given: Mapping[str, str], folder: Path) -> tuple[Counter[str], Counter[str], str]:
    """Run the live tests with exactly this environment: how many passed and were skipped, and what went wrong."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "WEBKIT_LIVE": "1", **given}
    report = folder / "report.xml"
    options = ["-q", "-p", "no:cacheprovider", f"--junitxml={report}", f"--basetemp={folder / 'bt'}"]
    command = [sys.executable, "-m", "pytest", *options, "tests/live", "--deselect", TWIN]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=300)
    passed: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    for case in ElementTree.parse(report).iter("testcase"):
        suite = case.get("classname", "").removeprefix("tests.live.")
        (skipped if case.find("skipped") is not None else passed)[suite] += 1
    return passed, skipped, "" if done.returncode == 0 else done.stdout[-6000:]


@pytest.mark.slow
def test_with_accounts_everywhere_everything_passes(keys: dict[str, str], tmp_path: Path) -> None:
    passed, _skipped, said = live(keys, tmp_path)
    assert not said, said
    assert {suite: passed[suite] for suite, least in LEAST.items() if passed[suite] < least} == {}


@pytest.mark.slow
def test_without_a_key_nobody_is_asked(tmp_path: Path) -> None:
    passed, skipped, said = live({"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}, tmp_path)
    assert not said, said
    assert {*LEAST} <= {*skipped}
    assert all(number < 12 for number in passed.values()), "what passes without an account only reads the card"
