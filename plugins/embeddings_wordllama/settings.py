"""How fine."""

from __future__ import annotations

from typing import Literal

from webkit.sdk import ProviderSettings, env


class WordLlamaSettings(ProviderSettings):
    """Nothing must be set."""

    dimensions: Literal[64, 128, 256] = env(
        "WORDLLAMA_DIMENSIONS", default=256, place=True, description="Numbers in a vector: 64, 128 or 256."
    )
