"""Registers Microsoft Graph."""

from __future__ import annotations

from webkit.sdk import EMAIL, Email, EmailFeature, ProviderSpec, hookimpl

from .settings import GraphSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Email]]:
    return [
        ProviderSpec(
            capability=EMAIL,
            name="msgraph",
            label="Microsoft 365",
            factory="plugins.email_msgraph.provider:GraphEmail",
            settings=GraphSettings,
            features=frozenset({EmailFeature.INLINE_IMAGES}),
            agencies=True,
        )
    ]
