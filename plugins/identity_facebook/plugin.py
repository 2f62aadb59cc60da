"""Registers signing in with Facebook."""

from __future__ import annotations

from webkit.sdk import IDENTITY, Identities, ProviderSpec, hookimpl

from .settings import FacebookSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Identities]]:
    return [
        ProviderSpec(
            capability=IDENTITY,
            name="facebook",
            label="Facebook",
            factory="plugins.identity_facebook.provider:FacebookIdentities",
            settings=FacebookSettings,
        )
    ]
