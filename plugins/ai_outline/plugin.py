"""Registers the outline writer."""

from __future__ import annotations

from webkit.sdk import AI_TEXT, AIFeature, AIText, ProviderSpec, hookimpl


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[AIText]]:
    return [
        ProviderSpec(
            capability=AI_TEXT,
            name="outline",
            label="Outline writer",
            factory="plugins.ai_outline.provider:OutlineWriter",
            features=frozenset({AIFeature.STREAMING, AIFeature.JSON_SCHEMA}),
        )
    ]
