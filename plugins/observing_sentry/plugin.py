"""Registers Sentry."""

from __future__ import annotations

from webkit.sdk import OBSERVING, Observer, ProviderSpec, hookimpl

from .settings import SentrySettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Observer]]:
    return [
        ProviderSpec(
            capability=OBSERVING,
            name="sentry",
            label="Sentry",
            factory="plugins.observing_sentry.provider:SentryObserver",
            settings=SentrySettings,
            modules=("sentry_sdk",),
            install_hint="pip install 'webkit[sentry]'",
        )
    ]
