"""Registers OpenAI, and servers that speak as it does."""

from __future__ import annotations

from webkit.sdk import AI_TEXT, AIFeature, AIText, ProviderSpec, hookimpl

from .settings import CompatibleSettings, OpenAISettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[AIText]]:
    return [
        ProviderSpec(
            capability=AI_TEXT,
            name="openai",
            label="OpenAI",
            factory="plugins.ai_openai.provider:OpenAI",
            settings=OpenAISettings,
            features=frozenset({AIFeature.STREAMING, AIFeature.JSON_SCHEMA}),
            agencies=True,
            modules=("openai",),
            install_hint="pip install 'webkit[openai]'",
        ),
        ProviderSpec(
            capability=AI_TEXT,
            name="openai_compatible",
            label="A server that speaks as OpenAI does",
            factory="plugins.ai_openai.provider:Compatible",
            settings=CompatibleSettings,
            features=frozenset({AIFeature.STREAMING}),
            modules=("openai",),
            install_hint="pip install 'webkit[openai]'",
        ),
    ]
