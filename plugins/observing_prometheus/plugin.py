"""Registers Prometheus and its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webkit.sdk import OBSERVING, Observer, ProviderSpec, hookimpl

from .settings import PrometheusSettings

if TYPE_CHECKING:
    from flask import Blueprint


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Observer]]:
    return [
        ProviderSpec(
            capability=OBSERVING,
            name="prometheus",
            label="Prometheus",
            factory="plugins.observing_prometheus.provider:PrometheusObserver",
            settings=PrometheusSettings,
            modules=("prometheus_client",),
            install_hint="pip install 'webkit[prometheus]'",
        )
    ]


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    from .pages import pages

    return [pages]
