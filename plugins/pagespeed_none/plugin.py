"""Registers the absence of a service that measures pages."""

from __future__ import annotations

from webkit.sdk import PAGESPEED, PageSpeed, ProviderSpec, hookimpl


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[PageSpeed]]:
    return [
        ProviderSpec(
            capability=PAGESPEED,
            name="none",
            label="No audits",
            factory="plugins.pagespeed_none.provider:Nobody",
        )
    ]
