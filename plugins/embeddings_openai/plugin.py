"""Registers OpenAI."""

from __future__ import annotations

from webkit.sdk import EMBEDDINGS, Embeddings, EmbeddingsFeature, ProviderSpec, hookimpl

from .settings import OpenAIEmbeddingsSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Embeddings]]:
    return [
        ProviderSpec(
            capability=EMBEDDINGS,
            name="openai",
            label="OpenAI",
            factory="plugins.embeddings_openai.provider:OpenAIEmbeddings",
            settings=OpenAIEmbeddingsSettings,
            features=frozenset({EmbeddingsFeature.MEANING}),
            modules=("openai",),
            install_hint="pip install 'webkit[openai]'",
        )
    ]
