"""Registers Gotenberg."""

from __future__ import annotations

from webkit.sdk import PDF, Pdf, PdfFeature, ProviderSpec, hookimpl

from .settings import GotenbergSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Pdf]]:
    return [
        ProviderSpec(
            capability=PDF,
            name="gotenberg",
            label="Gotenberg",
            factory="plugins.pdf_gotenberg.provider:Gotenberg",
            settings=GotenbergSettings,
            features=frozenset({PdfFeature.TAGGED}),
        )
    ]
