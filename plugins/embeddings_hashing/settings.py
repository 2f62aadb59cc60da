"""How fine."""

from __future__ import annotations

from webkit.sdk import ProviderSettings, env


class HashingSettings(ProviderSettings):
    """Nothing must be set."""

    dimensions: int = env(
        "HASHING_DIMENSIONS", default=512, ge=64, le=4096, place=True, description="Numbers in a vector."
    )
