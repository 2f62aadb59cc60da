"""The business card: what this package offers to webkit."""

from __future__ import annotations

from webkit.sdk import PAYMENTS, PaymentFeature, Payments, ProviderSpec, hookimpl

from .settings import AcmeMailSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Payments]]:
    return [
        ProviderSpec(
            capability=PAYMENTS,
            name="acme_mail",
            label="Acme mail",
            factory="acme_mail.provider:AcmeMail",
            settings=AcmeMailSettings,
            agencies=True,  # one may bring an account of its own: nothing here is shared between accounts
            features=frozenset({PaymentFeature.REFUNDS, PaymentFeature.PARTIAL_REFUNDS}),
        )
    ]
