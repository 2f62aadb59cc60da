"""Registers Words, computed here."""

from __future__ import annotations

from webkit.sdk import EMBEDDINGS, Embeddings, ProviderSpec, hookimpl

from .settings import HashingSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Embeddings]]:
    return [
        ProviderSpec(
            capability=EMBEDDINGS,
            name="hashing",
            label="Words, computed here",
            factory="plugins.embeddings_hashing.provider:Hashing",
            settings=HashingSettings,
            features=frozenset(),
        )
    ]
