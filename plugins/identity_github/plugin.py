"""Registers signing in with GitHub."""

from __future__ import annotations

from webkit.sdk import IDENTITY, Identities, ProviderSpec, hookimpl

from .settings import GitHubSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Identities]]:
    return [
        ProviderSpec(
            capability=IDENTITY,
            name="github",
            label="GitHub",
            factory="plugins.identity_github.provider:GitHubIdentities",
            settings=GitHubSettings,
        )
    ]
