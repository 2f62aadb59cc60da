"""Registers OpenTelemetry."""

from __future__ import annotations

from webkit.sdk import OBSERVING, Observer, ProviderSpec, hookimpl

from .settings import OpenTelemetrySettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Observer]]:
    return [
        ProviderSpec(
            capability=OBSERVING,
            name="opentelemetry",
            label="OpenTelemetry",
            factory="plugins.observing_opentelemetry.provider:OpenTelemetryObserver",
            settings=OpenTelemetrySettings,
            modules=("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"),
            install_hint="pip install 'webkit[opentelemetry]'",
        )
    ]
