"""Registers signing in with Google."""

from __future__ import annotations

from webkit.sdk import IDENTITY, Identities, ProviderSpec, hookimpl

from .settings import GoogleSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Identities]]:
    return [
        ProviderSpec(
            capability=IDENTITY,
            name="google",
            label="Google",
            factory="plugins.identity_google.provider:GoogleIdentities",
            settings=GoogleSettings,
        )
    ]
