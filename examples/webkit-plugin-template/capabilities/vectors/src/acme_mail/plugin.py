"""The business card: what this package offers to webkit."""

from __future__ import annotations

from webkit.sdk import VECTORS, ProviderSpec, Vectors, VectorsFeature, hookimpl

from .settings import AcmeMailSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Vectors]]:
    return [
        ProviderSpec(
            capability=VECTORS,
            name="acme_mail",
            label="Acme mail",
            factory="acme_mail.provider:AcmeMail",
            settings=AcmeMailSettings,
            features=frozenset({VectorsFeature.EXACT}),
        )
    ]
