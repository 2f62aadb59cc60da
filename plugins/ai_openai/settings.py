"""The account or the server, the model, and how long we wait for it."""

from __future__ import annotations

from decimal import Decimal

from pydantic import SecretStr

from webkit.sdk import ProviderSettings, env

ADDRESS = r"^https?://[^\s/]"


class Waiting(ProviderSettings):
    """How long we wait, whoever writes."""

    connect_seconds: float = env(
        "OPENAI_CONNECT_SECONDS", default=5.0, of_operator=True, gt=0, description="Longest wait to connect."
    )
    silence_seconds: float = env(
        "OPENAI_SILENCE_SECONDS",
        default=60.0,
        of_operator=True,
        gt=0,
        description="Longest silence of the vendor while it streams.",
    )
    seconds: float = env(
        "OPENAI_SECONDS", default=300.0, of_operator=True, gt=0, description="Longest time for a whole answer."
    )


class OpenAISettings(Waiting):
    """Only the key has no default."""

    api_key: SecretStr = env("OPENAI_API_KEY", min_length=1, description="Key of a project from the vendor's console.")
    model: str = env("OPENAI_MODEL", default="gpt-5.4-mini", min_length=1, description="Model that writes.")
    base_url: str = env(
        "OPENAI_BASE_URL",
        default="https://api.openai.com/v1",
        of_operator=True,
        pattern=ADDRESS,
        description="Where the API is; another address for a gateway.",
    )
    price_input: Decimal | None = env(
        "OPENAI_PRICE_INPUT",
        default=None,
        ge=0,
        description="US dollars for a million tokens read; without prices no cost is shown. The next two likewise.",
    )
    price_cached: Decimal | None = env(
        "OPENAI_PRICE_CACHED", default=None, ge=0, description="US dollars for a million tokens remembered."
    )
    price_output: Decimal | None = env(
        "OPENAI_PRICE_OUTPUT", default=None, ge=0, description="US dollars for a million tokens written."
    )


class CompatibleSettings(Waiting):
    """A server of one's own: vLLM, llama.cpp, Ollama, LM Studio, a gateway."""

    base_url: str = env(
        "OPENAI_COMPATIBLE_URL",
        of_operator=True,
        pattern=ADDRESS,
        description="Where its API is, up to /v1: http://localhost:11434/v1.",
    )
    model: str = env("OPENAI_COMPATIBLE_MODEL", min_length=1, description="Model that writes.")
    api_key: SecretStr = env(
        "OPENAI_COMPATIBLE_KEY", default=SecretStr(""), description="Its key, where it asks for one."
    )
