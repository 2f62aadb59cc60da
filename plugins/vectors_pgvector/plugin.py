"""Registers PostgreSQL (pgvector)."""

from __future__ import annotations

from webkit.sdk import VECTORS, ProviderSpec, Vectors, VectorsFeature, hookimpl

from .settings import PgVectorSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Vectors]]:
    return [
        ProviderSpec(
            capability=VECTORS,
            name="pgvector",
            label="PostgreSQL (pgvector)",
            factory="plugins.vectors_pgvector.provider:PgVectors",
            settings=PgVectorSettings,
            features=frozenset({VectorsFeature.EXACT}),
        )
    ]
