"""Registers signing in with Microsoft."""

from __future__ import annotations

from webkit.sdk import IDENTITY, Identities, ProviderSpec, hookimpl

from .settings import MicrosoftSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Identities]]:
    return [
        ProviderSpec(
            capability=IDENTITY,
            name="microsoft",
            label="Microsoft",
            factory="plugins.identity_microsoft.provider:MicrosoftIdentities",
            settings=MicrosoftSettings,
        )
    ]
