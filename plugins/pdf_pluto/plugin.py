"""Registers PlutoPrint."""

from __future__ import annotations

from webkit.sdk import PDF, Pdf, ProviderSpec, hookimpl

from .settings import PlutoSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Pdf]]:
    return [
        ProviderSpec(
            capability=PDF,
            name="pluto",
            label="PlutoPrint",
            factory="plugins.pdf_pluto.provider:Pluto",
            settings=PlutoSettings,
            modules=("plutoprint",),
            install_hint="pip install plutoprint (wheels exist for Linux x86_64, Windows and macOS on Apple silicon)",
        )
    ]
