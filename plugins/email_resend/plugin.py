"""Registers Resend."""

from __future__ import annotations

from webkit.sdk import EMAIL, Email, EmailFeature, ProviderSpec, hookimpl

from .settings import ResendSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Email]]:
    return [
        ProviderSpec(
            capability=EMAIL,
            name="resend",
            label="Resend",
            factory="plugins.email_resend.provider:ResendEmail",
            settings=ResendSettings,
            features=frozenset(EmailFeature),
            agencies=True,
        )
    ]
