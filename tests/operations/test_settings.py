"""Settings explain themselves, and no variable somebody brings along is ignored in silence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

from webkit.core.kernel import runtime
from webkit.core.providers import SettingDescription
from webkit.core.settings import environment_names
from webkit.operations import env_file, legacy_settings
from webkit.operations.doctor_cli import doctor_command
from webkit.operations.settings_cli import settings_command

ROOT = Path(__file__).resolve().parents[2]
BROUGHT_ALONG = """
CORE_URL DOMAIN LOG_LEVEL NODE_ENV PORT ORIGIN BODY_SIZE_LIMIT PUBLIC_CORE_URL PUBLIC_CLIENT_URL PUBLIC_APP_DOMAIN
PUBLIC_STRIPE_PUBLISHABLE_KEY POSTGRES_HOST POSTGRES_PORT POSTGRES_DB POSTGRES_USER POSTGRES_PASSWORD DATABASE_URL
DIRECT_URL JWT_PUBLIC_KEY ENCRYPTION_KEY STRIPE_SECRET_KEY STRIPE_WEBHOOK_SECRET ANTHROPIC_API_KEY GOTENBERG_URL
PAGESPEED_API_KEY PAGESPEED_API_URL RESEND_API_KEY EMAIL_FROM_ADDRESS EMAIL_FROM_NAME SMTP_HOST SMTP_PORT CF_PAGES
CLOUDFLARE HTTP_PORT GRPC_PORT ADMIN_URL CLIENT_URL TASK_TOKEN DATABASE_PROVIDER TURSO_URL TURSO_TOKEN AUTH_PROVIDER
GITHUB_CLIENT_ID GITHUB_CLIENT_SECRET GOOGLE_CLIENT_ID GOOGLE_CLIENT_SECRET MICROSOFT_CLIENT_ID
MICROSOFT_CLIENT_SECRET FACEBOOK_CLIENT_ID FACEBOOK_CLIENT_SECRET TWILIO_ACCOUNT_SID TWILIO_AUTH_TOKEN
TWILIO_SERVICE_SID PAYMENT_PROVIDER STRIPE_API_KEY STRIPE_PRICE_STARTER_MONTHLY STRIPE_PRICE_STARTER_YEARLY
STRIPE_PRICE_GROWTH_MONTHLY STRIPE_PRICE_GROWTH_YEARLY STRIPE_PRICE_ENTERPRISE_MONTHLY STRIPE_PRICE_ENTERPRISE_YEARLY
STRIPE_BILLING_WEBHOOK_SECRET STRIPE_PRICE_ID_BASIC STRIPE_PRICE_ID_PREMIUM EMAIL_PROVIDER EMAIL_FROM SENDGRID_API_KEY
POSTMARK_API_KEY SES_ACCESS_KEY SES_SECRET_KEY SES_REGION SMTP_USERNAME SMTP_PASSWORD FILE_PROVIDER LOCAL_FILE_DIR
BUCKET_NAME S3_REGION S3_ACCESS_KEY S3_SECRET_KEY R2_ENDPOINT R2_ACCESS_KEY R2_SECRET_KEY
GOOGLE_APPLICATION_CREDENTIALS AZBLOB_ACCOUNT_NAME AZBLOB_ACCOUNT_KEY JWT_PRIVATE_KEY SSE_PORT SSE_URL NATS_URL
CORE_URI
"""


def _heard() -> set[str]:
    described = runtime.current().registry.describe()
    return {name for setting in described for name in setting.names}.union(environment_names())


def test_the_example_is_up_to_date() -> None:
    """`webkit settings > .env.example` mends it."""
    printed = CliRunner().invoke(settings_command, env={"WEBKIT_PLUGINS_OFF": ""})
    assert (ROOT / ".env.example").read_text("utf-8") == printed.output


def test_every_setting_stands_in_the_example_once(app: Flask) -> None:
    lines = env_file.text(runtime.current().registry.describe()).splitlines()
    variables = [line[1:].partition("=")[0] for line in lines if line.startswith("#") and not line.startswith("# ")]
    assert sorted(variables) == sorted(set(variables))
    aliases = " ".join(line for line in lines if line.startswith("# "))
    assert [name for name in _heard() if name not in variables and name not in aliases] == []


def test_a_secret_shows_no_default() -> None:
    key = SettingDescription("Toy", ("TOY_KEY",), "secret", "", "Key of the account.", required=True, secret=True)
    assert env_file.text([key]).endswith("# Key of the account. Needed once its provider is chosen.\n#TOY_KEY=\n")


def test_every_name_brought_along_is_heard_or_answered(app: Flask) -> None:
    silent = set(BROUGHT_ALONG.split()) - _heard() - set(legacy_settings.SENTENCES)
    assert silent == set()


@pytest.mark.parametrize("name", sorted(legacy_settings.SENTENCES))
def test_answers_are_sentences(name: str) -> None:
    answer = legacy_settings.SENTENCES[name]
    assert answer.problem.endswith(".")
    assert answer.fix


def test_only_what_is_set_and_not_heard_is_noted() -> None:
    environ = {"DOMAIN": "webkit.example", "STRIPE_API_KEY": "x", "NATS_URL": "", "PORT": "8000"}
    assert [note.where for note in legacy_settings.notes(environ, ())] == ["DOMAIN", "STRIPE_API_KEY"]
    assert [note.where for note in legacy_settings.notes(environ, {"STRIPE_API_KEY"})] == ["DOMAIN"]


def test_doctor_shows_the_notes_and_is_not_alarmed(app: Flask) -> None:
    info = ScriptInfo(create_app=lambda: app)
    before = CliRunner().invoke(doctor_command, ["--json"], obj=info)
    after = CliRunner().invoke(doctor_command, ["--json"], obj=info, env={"GRPC_PORT": "9000"})
    assert after.exit_code == before.exit_code
    report = json.loads(after.output)
    assert report["problems"] == json.loads(before.output)["problems"]
    assert [note["where"] for note in report["notes"]] == ["GRPC_PORT"]
