"""Registers SMTP."""

from __future__ import annotations

from webkit.sdk import EMAIL, Email, EmailFeature, ProviderSpec, hookimpl

from .settings import SmtpSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Email]]:
    return [
        ProviderSpec(
            capability=EMAIL,
            name="smtp",
            label="SMTP",
            factory="plugins.email_smtp.provider:SmtpEmail",
            settings=SmtpSettings,
            features=frozenset({EmailFeature.INLINE_IMAGES}),
            agencies=True,
        )
    ]
