"""Registers the outbox folder."""

from __future__ import annotations

from webkit.sdk import EMAIL, Email, EmailFeature, ProviderSpec, hookimpl

from .settings import OutboxSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Email]]:
    return [
        ProviderSpec(
            capability=EMAIL,
            name="outbox",
            label="Outbox folder",
            factory="plugins.email_outbox.provider:OutboxFolder",
            settings=OutboxSettings,
            features=frozenset({EmailFeature.IDEMPOTENT, EmailFeature.INLINE_IMAGES}),
        )
    ]
