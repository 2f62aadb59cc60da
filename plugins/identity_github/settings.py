"""What we are to GitHub."""

from __future__ import annotations

from pydantic import SecretStr, field_validator

from webkit.sdk import ProviderSettings, check_issuer, env


class GitHubSettings(ProviderSettings):
    """An OAuth app of GitHub."""

    client_id: str = env("GITHUB_CLIENT_ID", description="Client id of the OAuth app.", min_length=1, max_length=255)
    client_secret: SecretStr = env("GITHUB_CLIENT_SECRET", description="Client secret of the OAuth app.")
    url: str = env("GITHUB_URL", default="https://github.com", description="Address of GitHub, or of your own one.")
    api_url: str = env(
        "GITHUB_API_URL",
        default="https://api.github.com",
        description="Address of its API; HOST/api/v3 of your own one.",
    )

    @field_validator("url", "api_url")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        return check_issuer(address).rstrip("/")
