"""Registers Amazon SES."""

from __future__ import annotations

from webkit.sdk import EMAIL, Email, EmailFeature, ProviderSpec, hookimpl

from .settings import SesSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Email]]:
    return [
        ProviderSpec(
            capability=EMAIL,
            name="ses",
            label="Amazon SES",
            factory="plugins.email_ses.provider:SesEmail",
            settings=SesSettings,
            features=frozenset(EmailFeature) - {EmailFeature.IDEMPOTENT},
            modules=("botocore",),
            install_hint="pip install 'webkit[ses]'",
            agencies=True,
        )
    ]
