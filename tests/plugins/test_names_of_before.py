"""Who comes from one of the replaced systems keeps the lines of the vendors: each of these environments is enough."""

from __future__ import annotations

import pytest

from webkit.core.capabilities import ALL
from webkit.core.plugins import load_plugins
from webkit.core.providers import ProviderRegistry

APP = {"MS_GRAPH_TENANT_ID": "contoso.example", "MS_GRAPH_CLIENT_ID": "11111111-2222-4333-8444-555555555555"}
BEFORE: list[tuple[str, str, dict[str, str]]] = [
    ("ai_text", "claude", {"AI_PROVIDER": "claude", "ANTHROPIC_API_KEY": "k"}),
    ("ai_text", "openai", {"AI_PROVIDER": "openai", "OPENAI_API_KEY": "k"}),
    ("embeddings", "openai", {"EMBEDDINGS_PROVIDER": "openai", "OPENAI_API_KEY": "k"}),
    ("email", "resend", {"EMAIL_PROVIDER": "resend", "RESEND_API_KEY": "k"}),
    ("email", "sendgrid", {"EMAIL_PROVIDER": "sendgrid", "SENDGRID_API_KEY": "k"}),
    ("email", "postmark", {"EMAIL_PROVIDER": "postmark", "POSTMARK_API_KEY": "k"}),
    (
        "email",
        "ses",
        {"EMAIL_PROVIDER": "ses", "SES_ACCESS_KEY": "k", "SES_SECRET_KEY": "s", "SES_REGION": "eu-south-1"},
    ),
    (
        "email",
        "smtp",
        {
            "EMAIL_PROVIDER": "smtp",
            "SMTP_HOST": "mail.example",
            "SMTP_PORT": "587",
            "SMTP_USERNAME": "u",
            "SMTP_PASSWORD": "p",
        },
    ),
    (
        "email",
        "msgraph",
        {
            "EMAIL_PROVIDER": "msgraph",
            "MS_GRAPH_CLIENT_SECRET": "s",
            "MS_GRAPH_SENDER_EMAIL": "a@contoso.example",
            **APP,
        },
    ),
    (
        "sms",
        "twilio",
        {
            "SMS_PROVIDER": "twilio",
            "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_AUTH_TOKEN": "0" * 32,
            "TWILIO_SERVICE_SID": "VA" + "0" * 32,
        },
    ),
    (
        "payments",
        "stripe",
        {"PAYMENT_PROVIDER": "stripe", "STRIPE_API_KEY": "sk_test_k", "STRIPE_WEBHOOK_SECRET": "whsec_s"},
    ),
    (
        "payments",
        "stripe",
        {"PAYMENTS_PROVIDER": "stripe", "STRIPE_SECRET_KEY": "sk_test_k", "STRIPE_WEBHOOK_SECRET": "whsec_s"},
    ),
    ("storage", "local", {"FILE_PROVIDER": "local", "LOCAL_FILE_DIR": "/srv/files"}),
    ("storage", "local", {"FILE_PROVIDER": "local", "UPLOAD_DIR": "/srv/files"}),
    (
        "storage",
        "s3",
        {
            "FILE_PROVIDER": "s3",
            "BUCKET_NAME": "files",
            "S3_REGION": "eu-south-1",
            "S3_ACCESS_KEY": "k",
            "S3_SECRET_KEY": "s",
        },
    ),
    (
        "storage",
        "r2",
        {
            "FILE_PROVIDER": "r2",
            "BUCKET_NAME": "files",
            "R2_ENDPOINT": "https://a.r2.cloudflarestorage.com",
            "R2_ACCESS_KEY": "k",
            "R2_SECRET_KEY": "s",
        },
    ),
    (
        "storage",
        "gcs",
        {"FILE_PROVIDER": "gcs", "BUCKET_NAME": "files", "GOOGLE_APPLICATION_CREDENTIALS": "/srv/google.json"},
    ),
    (
        "storage",
        "azblob",
        {
            "FILE_PROVIDER": "azblob",
            "BUCKET_NAME": "files",
            "AZBLOB_ACCOUNT_NAME": "files",
            "AZBLOB_ACCOUNT_KEY": "c2VjcmV0",
        },
    ),
    ("pdf", "gotenberg", {"PDF_PROVIDER": "gotenberg", "GOTENBERG_URL": "http://127.0.0.1:3000"}),
    ("pagespeed", "google", {"PAGESPEED_PROVIDER": "google", "PAGESPEED_API_KEY": "k"}),
    ("observing", "sentry", {"SENTRY_DSN": "https://key@sentry.example/1"}),
    *(
        ("identity", name, {f"{name.upper()}_CLIENT_ID": "1" * 32, f"{name.upper()}_CLIENT_SECRET": "s", **chosen})
        for name in ("google", "github", "microsoft", "facebook")
        for chosen in ({}, {"AUTH_PROVIDER": name})
    ),
]


SPECS = load_plugins().providers


@pytest.mark.parametrize(("key", "name", "environ"), BEFORE, ids=[f"{key}-{name}" for key, name, _ in BEFORE])
def test_the_lines_of_before_are_enough(key: str, name: str, environ: dict[str, str]) -> None:
    registry = ProviderRegistry({"WEBKIT_DATA": "/srv/data", **environ}, SPECS)
    capability = next(each for each in ALL if each.key == key)
    assert registry.check() == []
    assert [spec.name for spec in registry.chain(capability)] == [name]
    assert registry.get(capability) is not None
