"""What we are to Google."""

from __future__ import annotations

from pydantic import SecretStr, field_validator

from webkit.sdk import ProviderSettings, check_issuer, env


class GoogleSettings(ProviderSettings):
    """An OAuth client of a Google Cloud project."""

    client_id: str = env("GOOGLE_CLIENT_ID", description="OAuth client id.", min_length=1, max_length=255)
    client_secret: SecretStr = env("GOOGLE_CLIENT_SECRET", description="OAuth client secret.")
    issuer: str = env("GOOGLE_ISSUER", default="https://accounts.google.com", description="Address of the issuer.")

    @field_validator("issuer")
    @classmethod
    def _is_an_issuer(cls, address: str) -> str:
        return check_issuer(address)
