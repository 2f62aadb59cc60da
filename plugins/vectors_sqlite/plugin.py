"""Registers A file on this server."""

from __future__ import annotations

from webkit.sdk import VECTORS, ProviderSpec, Vectors, VectorsFeature, hookimpl

from .settings import SqliteSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Vectors]]:
    return [
        ProviderSpec(
            capability=VECTORS,
            name="sqlite",
            label="A file on this server",
            factory="plugins.vectors_sqlite.provider:SqliteVectors",
            settings=SqliteSettings,
            features=frozenset({VectorsFeature.EXACT}),
        )
    ]
