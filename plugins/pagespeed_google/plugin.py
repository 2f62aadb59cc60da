"""Registers Google PageSpeed Insights."""

from __future__ import annotations

from webkit.sdk import PAGESPEED, PageSpeed, PageSpeedFeature, ProviderSpec, hookimpl

from .settings import GoogleSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[PageSpeed]]:
    return [
        ProviderSpec(
            capability=PAGESPEED,
            name="google",
            label="Google PageSpeed Insights",
            factory="plugins.pagespeed_google.provider:Google",
            settings=GoogleSettings,
            features=frozenset({PageSpeedFeature.MEASURES, PageSpeedFeature.FIELD_DATA}),
        )
    ]
