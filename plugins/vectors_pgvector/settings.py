"""Which database."""

from __future__ import annotations

from pydantic import SecretStr

from webkit.sdk import ProviderSettings, env


class PgVectorSettings(ProviderSettings):
    """A PostgreSQL with the extension pgvector; it may be the platform's own."""

    url: SecretStr = env(
        "VECTORS_DATABASE_URL",
        description="Address of the database: postgresql://user:password@host/name.",
    )
