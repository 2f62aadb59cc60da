"""The account, the model, and how long we wait for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import SecretStr

from webkit.sdk import ProviderSettings, env


class ClaudeSettings(ProviderSettings):
    """Only the key has no default."""

    api_key: SecretStr = env(
        "ANTHROPIC_API_KEY", "CLAUDE_API_KEY", min_length=1, description="Key from the vendor's console."
    )
    model: str = env(
        "CLAUDE_MODEL", "ANTHROPIC_MODEL", default="claude-haiku-5-5", min_length=1, description="Model that writes."
    )
    base_url: str = env(
        "ANTHROPIC_BASE_URL",
        "CLAUDE_BASE_URL",
        default="https://api.anthropic.com",
        pattern=r"^https?://[^\s/]",
        description="Where the API is; another address for a gateway.",
    )
    thinking: Literal["off", "on"] = env(
        "CLAUDE_THINKING",
        default="off",
        description="on: the model thinks before it writes, which costs tokens and time before the first word.",
    )
    effort: Literal["", "low", "medium", "high", "xhigh", "max"] = env(
        "CLAUDE_EFFORT",
        default="",
        description="How hard it tries. Empty: the vendor's default; not for 4.5 models.",
    )
    cache: Literal["5m", "1h", "off"] = env(
        "CLAUDE_CACHE",
        default="5m",
        of_operator=True,
        description="How long the vendor remembers what prompts have in common.",
    )
    connect_seconds: float = env(
        "CLAUDE_CONNECT_SECONDS", default=5.0, of_operator=True, gt=0, description="Longest wait to connect."
    )
    silence_seconds: float = env(
        "CLAUDE_SILENCE_SECONDS",
        default=60.0,
        of_operator=True,
        gt=0,
        description="Longest silence of the vendor while it streams.",
    )
    seconds: float = env(
        "CLAUDE_SECONDS", default=300.0, of_operator=True, gt=0, description="Longest time for a whole answer."
    )
    price_input: Decimal | None = env(
        "CLAUDE_PRICE_INPUT",
        default=None,
        ge=0,
        description="US dollars for a million tokens read, if it is not the list price; the next three likewise.",
    )
    price_output: Decimal | None = env(
        "CLAUDE_PRICE_OUTPUT",
        default=None,
        ge=0,
        description="US dollars for a million tokens written.",
    )
    price_cache_read: Decimal | None = env(
        "CLAUDE_PRICE_CACHE_READ",
        default=None,
        ge=0,
        description="US dollars for a million tokens remembered.",
    )
    price_cache_write: Decimal | None = env(
        "CLAUDE_PRICE_CACHE_WRITE",
        default=None,
        ge=0,
        description="US dollars for a million tokens put into memory.",
    )
