"""What we are to Microsoft, and whose accounts are meant."""

from __future__ import annotations

from pydantic import SecretStr, field_validator

from webkit.sdk import ProviderSettings, check_issuer, env


class MicrosoftSettings(ProviderSettings):
    """An application registered with Microsoft Entra."""

    client_id: str = env("MICROSOFT_CLIENT_ID", description="Application (client) id.", min_length=1, max_length=255)
    client_secret: SecretStr = env("MICROSOFT_CLIENT_SECRET", description="Client secret: its value, not its id.")
    tenant: str = env(
        "MICROSOFT_TENANT",
        default="common",
        pattern=r"^(common|organizations|consumers|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$",
        description="Whose accounts: common (all), organizations, consumers, or the id of one tenant.",
    )
    url: str = env("MICROSOFT_URL", default="https://login.microsoftonline.com", description="Address of the issuer.")

    @field_validator("url")
    @classmethod
    def _is_an_issuer(cls, address: str) -> str:
        return check_issuer(address).rstrip("/")
