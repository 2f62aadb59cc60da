"""Registers Claude."""

from __future__ import annotations

from webkit.sdk import AI_TEXT, AIFeature, AIText, ProviderSpec, hookimpl

from .settings import ClaudeSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[AIText]]:
    return [
        ProviderSpec(
            capability=AI_TEXT,
            name="claude",
            label="Claude (Anthropic)",
            factory="plugins.ai_claude.provider:Claude",
            settings=ClaudeSettings,
            features=frozenset({AIFeature.STREAMING, AIFeature.JSON_SCHEMA}),
            agencies=True,
            modules=("anthropic",),
            install_hint="pip install 'webkit[claude]'",
        )
    ]
