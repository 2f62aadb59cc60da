"""The business card: what this package offers to webkit."""

from __future__ import annotations

from webkit.sdk import STORAGE, ProviderSpec, Storage, hookimpl

from .settings import AcmeMailSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Storage]]:
    return [
        ProviderSpec(
            capability=STORAGE,
            name="acme_mail",
            label="Acme mail",
            factory="acme_mail.provider:AcmeMail",
            settings=AcmeMailSettings,
        )
    ]
