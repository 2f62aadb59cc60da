"""The business card: what this package offers to webkit."""

from __future__ import annotations

from webkit.sdk import IDENTITY, Identities, ProviderSpec, hookimpl

from .settings import AcmeMailSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Identities]]:
    return [
        ProviderSpec(
            capability=IDENTITY,
            name="acme_mail",
            label="Acme mail",
            factory="acme_mail.provider:AcmeMail",
            settings=AcmeMailSettings,
        )
    ]
