"""The account, the model, and how fine."""

from __future__ import annotations

from pydantic import SecretStr

from webkit.sdk import ProviderSettings, env


class OpenAIEmbeddingsSettings(ProviderSettings):
    """Only the key has no default."""

    api_key: SecretStr = env("OPENAI_API_KEY", min_length=1, description="Key of a project from the vendor's console.")
    model: str = env(
        "OPENAI_EMBEDDINGS_MODEL",
        default="text-embedding-3-small",
        place=True,
        min_length=1,
        description="Model that finds directions.",
    )
    dimensions: int = env(
        "OPENAI_EMBEDDINGS_DIMENSIONS", default=512, place=True, ge=64, le=3072, description="Numbers in a vector."
    )
    base_url: str = env(
        "OPENAI_BASE_URL",
        default="https://api.openai.com/v1",
        of_operator=True,
        pattern=r"^https?://[^\s/]",
        description="Where the API is; another address for a gateway.",
    )
    seconds: float = env(
        "OPENAI_EMBEDDINGS_SECONDS", default=30.0, of_operator=True, gt=0, description="Longest wait for one answer."
    )
