"""Variables people bring from the platform they come from: what became of each.

Only names that nothing here listens to are answered: a plugin that declares one takes it over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from webkit.core.problems import Problem

_ANSWERS: tuple[tuple[str, str, str], ...] = (
    (
        "CORE_URL CORE_URI PUBLIC_CORE_URL ADMIN_URL CLIENT_URL PUBLIC_CLIENT_URL SSE_URL",
        "there is one application now, with one address.",
        "PUBLIC_URL=https://…",
    ),
    (
        "DOMAIN PUBLIC_APP_DOMAIN",
        "cookies and links follow the address people reach the platform at.",
        "PUBLIC_URL=https://…",
    ),
    (
        "HTTP_PORT",
        "the web server's port has another name.",
        "PORT=8000",
    ),
    (
        "GRPC_PORT SSE_PORT NATS_URL",
        "the parts of the platform talk through the database and the queue.",
        "Remove it.",
    ),
    (
        "POSTGRES_HOST POSTGRES_PORT POSTGRES_DB POSTGRES_USER POSTGRES_PASSWORD DATABASE_PROVIDER",
        "the database is one address.",
        "DATABASE_URL=postgresql://webkit_app:…@HOST:5432/DB",
    ),
    (
        "DIRECT_URL",
        "migrations run as the role that owns the tables.",
        "DATABASE_MIGRATIONS_URL=postgresql://…",
    ),
    (
        "TURSO_URL TURSO_TOKEN",
        "the database is SQLite or PostgreSQL.",
        "DATABASE_URL=…",
    ),
    (
        "JWT_PRIVATE_KEY JWT_PUBLIC_KEY ENCRYPTION_KEY",
        "sign-ins are rows that can be revoked, and keys are made once in the data folder.",
        "Remove it, and keep a copy of the keys folder.",
    ),
    (
        "TASK_TOKEN",
        "the scheduler runs by itself.",
        "Start `webkit scheduler`.",
    ),
    (
        "NODE_ENV",
        "development and production are told apart by another name.",
        "WEBKIT_ENV=production",
    ),
    (
        "BODY_SIZE_LIMIT",
        "each form and each upload has its own limit.",
        "Remove it.",
    ),
    (
        "AUTH_PROVIDER",
        "people sign in by password or by a link in a mail.",
        "Remove it.",
    ),
    (
        "GITHUB_CLIENT_ID GITHUB_CLIENT_SECRET GOOGLE_CLIENT_ID GOOGLE_CLIENT_SECRET MICROSOFT_CLIENT_ID "
        "MICROSOFT_CLIENT_SECRET FACEBOOK_CLIENT_ID FACEBOOK_CLIENT_SECRET TWILIO_ACCOUNT_SID "
        "TWILIO_AUTH_TOKEN TWILIO_SERVICE_SID",
        "no installed plugin signs people in there; they sign in by password or by a link in a mail.",
        "Remove it.",
    ),
    (
        "STRIPE_SECRET_KEY STRIPE_API_KEY STRIPE_WEBHOOK_SECRET STRIPE_BILLING_WEBHOOK_SECRET",
        "no installed plugin takes payments through Stripe.",
        "Install one and set PAYMENTS_PROVIDER, or remove it.",
    ),
    (
        "PUBLIC_STRIPE_PUBLISHABLE_KEY",
        "people pay on Stripe's own page, which needs no publishable key.",
        "Remove it.",
    ),
    (
        "STRIPE_PRICE_STARTER_MONTHLY STRIPE_PRICE_STARTER_YEARLY STRIPE_PRICE_GROWTH_MONTHLY "
        "STRIPE_PRICE_GROWTH_YEARLY STRIPE_PRICE_ENTERPRISE_MONTHLY STRIPE_PRICE_ENTERPRISE_YEARLY",
        "no installed plugin sells subscriptions through Stripe.",
        "Install one and set PAYMENTS_PROVIDER, or remove it.",
    ),
    ("STRIPE_PRICE_ID_BASIC STRIPE_PRICE_ID_PREMIUM", "there are no such tiers.", "Remove it."),
    (
        "RESEND_API_KEY SENDGRID_API_KEY POSTMARK_API_KEY SES_ACCESS_KEY SES_SECRET_KEY SES_REGION SMTP_HOST "
        "SMTP_PORT SMTP_USERNAME SMTP_PASSWORD",
        "no installed plugin sends mail that way.",
        "Install one and set EMAIL_PROVIDER, or remove it.",
    ),
    (
        "BUCKET_NAME S3_REGION S3_ACCESS_KEY S3_SECRET_KEY R2_ENDPOINT R2_ACCESS_KEY R2_SECRET_KEY "
        "GOOGLE_APPLICATION_CREDENTIALS AZBLOB_ACCOUNT_NAME AZBLOB_ACCOUNT_KEY",
        "no installed plugin stores files there.",
        "Install one and set STORAGE_PROVIDER, or remove it.",
    ),
    (
        "ANTHROPIC_API_KEY",
        "no installed plugin writes with it.",
        "Install one and set AI_PROVIDER, or remove it.",
    ),
    (
        "GOTENBERG_URL",
        "no installed plugin prints there.",
        "Install one and set PDF_PROVIDER, or remove it.",
    ),
    (
        "PAGESPEED_API_KEY PAGESPEED_API_URL",
        "no installed plugin measures websites.",
        "Remove it.",
    ),
    (
        "CF_PAGES CLOUDFLARE",
        "the platform runs as processes of its own.",
        "Remove it.",
    ),
)

SENTENCES = {name: Problem(name, sentence, fix) for names, sentence, fix in _ANSWERS for name in names.split()}


def notes(environ: Mapping[str, str], heard: Iterable[str]) -> list[Problem]:
    """An answer for each variable that is set and that nothing listens to; `heard` are the names in use."""
    idle = set(SENTENCES) - set(heard)
    return [SENTENCES[name] for name in sorted(idle) if environ.get(name)]
