"""Registers SendGrid."""

from __future__ import annotations

from webkit.sdk import EMAIL, Email, EmailFeature, ProviderSpec, hookimpl

from .settings import SendGridSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Email]]:
    return [
        ProviderSpec(
            capability=EMAIL,
            name="sendgrid",
            label="SendGrid",
            factory="plugins.email_sendgrid.provider:SendGridEmail",
            settings=SendGridSettings,
            features=frozenset(EmailFeature) - {EmailFeature.IDEMPOTENT},
            agencies=True,
        )
    ]
