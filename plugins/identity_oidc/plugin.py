"""Registers signing in with any OpenID Connect issuer."""

from __future__ import annotations

from webkit.sdk import IDENTITY, Identities, ProviderSpec, hookimpl

from .settings import OidcSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Identities]]:
    return [
        ProviderSpec(
            capability=IDENTITY,
            name="oidc",
            label="OpenID Connect",
            factory="plugins.identity_oidc.provider:OidcIdentities",
            settings=OidcSettings,
        )
    ]
