"""Registers A small model on this server."""

from __future__ import annotations

from webkit.sdk import EMBEDDINGS, Embeddings, EmbeddingsFeature, ProviderSpec, hookimpl

from .settings import WordLlamaSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Embeddings]]:
    return [
        ProviderSpec(
            capability=EMBEDDINGS,
            name="wordllama",
            label="A small model on this server",
            factory="plugins.embeddings_wordllama.provider:WordLlamaEmbeddings",
            settings=WordLlamaSettings,
            features=frozenset({EmbeddingsFeature.MEANING}),
            modules=("wordllama",),
            install_hint="pip install 'webkit[wordllama]'",
        )
    ]
