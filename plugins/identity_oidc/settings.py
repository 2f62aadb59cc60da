"""The issuer, and what we are to it."""

from __future__ import annotations

from pydantic import SecretStr, field_validator

from webkit.sdk import ProviderSettings, check_issuer, env


class OidcSettings(ProviderSettings):
    """A client of an OpenID Connect issuer."""

    issuer: str = env("OIDC_ISSUER", description="Address of the issuer, as it writes it itself.", max_length=255)
    client_id: str = env("OIDC_CLIENT_ID", description="Client id that the issuer gave.", min_length=1, max_length=255)
    client_secret: SecretStr = env("OIDC_CLIENT_SECRET", description="Client secret that the issuer gave.")
    name: str = env(
        "OIDC_LABEL", default="", max_length=40, description="What people call it, for the button. Empty: its host."
    )

    @field_validator("issuer")
    @classmethod
    def _is_an_issuer(cls, address: str) -> str:
        return check_issuer(address)
