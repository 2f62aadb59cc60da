"""Registers Prometheus."""

from __future__ import annotations

from webkit.sdk import OBSERVING, Observer, ObservingFeature, ProviderSpec, hookimpl

from .settings import PrometheusSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Observer]]:
    return [
        ProviderSpec(
            capability=OBSERVING,
            name="prometheus",
            label="Prometheus",
            factory="plugins.observing_prometheus.provider:PrometheusObserver",
            settings=PrometheusSettings,
            features=frozenset({ObservingFeature.METRICS}),
            modules=("prometheus_client",),
            install_hint="pip install 'webkit[prometheus]'",
        )
    ]
