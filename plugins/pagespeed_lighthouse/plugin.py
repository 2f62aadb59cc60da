"""Registers Lighthouse."""

from __future__ import annotations

from webkit.sdk import PAGESPEED, PageSpeed, PageSpeedFeature, ProviderSpec, hookimpl

from .settings import LighthouseSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[PageSpeed]]:
    return [
        ProviderSpec(
            capability=PAGESPEED,
            name="lighthouse",
            label="Lighthouse on this server",
            factory="plugins.pagespeed_lighthouse.provider:Lighthouse",
            settings=LighthouseSettings,
            features=frozenset({PageSpeedFeature.MEASURES}),
        )
    ]
