"""Where Gotenberg listens, who we are to it, and what one document may cost."""

from __future__ import annotations

from pydantic import SecretStr

from webkit.sdk import ProviderSettings, env


class GotenbergSettings(ProviderSettings):
    """User and password have the names under which Gotenberg itself reads them."""

    url: str = env(
        "GOTENBERG_URL",
        default="http://127.0.0.1:3000",
        pattern=r"^https?://[^\s/@]+(/[^\s?#]*)?$",
        description="Address of Gotenberg, with its root path if it has one.",
    )
    username: str = env(
        "GOTENBERG_API_BASIC_AUTH_USERNAME", default="", description="User, where Gotenberg asks for one."
    )
    password: SecretStr = env(
        "GOTENBERG_API_BASIC_AUTH_PASSWORD", default=SecretStr(""), description="That user's password."
    )
    seconds: float = env(
        "GOTENBERG_SECONDS",
        default=30.0,
        gt=0,
        le=600,
        description="Longest wait for a document, its turn at Gotenberg included.",
    )
    output_mb: int = env("GOTENBERG_OUTPUT_MB", default=50, ge=1, le=1024, description="Largest PDF, in MiB.")
