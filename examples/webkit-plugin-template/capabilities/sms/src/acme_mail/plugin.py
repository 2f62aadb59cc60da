"""The business card: what this package offers to webkit."""

from __future__ import annotations

from webkit.sdk import SMS, ProviderSpec, Sms, SmsFeature, hookimpl

from .settings import AcmeMailSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Sms]]:
    return [
        ProviderSpec(
            capability=SMS,
            name="acme_mail",
            label="Acme mail",
            factory="acme_mail.provider:AcmeMail",
            settings=AcmeMailSettings,
            features=frozenset({SmsFeature.IDEMPOTENT}),
        )
    ]
