"""Registers the folder of text messages."""

from __future__ import annotations

from webkit.sdk import SMS, ProviderSpec, Sms, SmsFeature, hookimpl

from .settings import ConsoleSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Sms]]:
    return [
        ProviderSpec(
            capability=SMS,
            name="console",
            label="Text messages in a folder",
            factory="plugins.sms_console.provider:ConsoleSms",
            settings=ConsoleSettings,
            features=frozenset({SmsFeature.IDEMPOTENT}),
        )
    ]
