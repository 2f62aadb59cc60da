"""What we are to Facebook."""

from __future__ import annotations

from pydantic import SecretStr, field_validator

from webkit.sdk import ProviderSettings, check_issuer, env


class FacebookSettings(ProviderSettings):
    """An app of Meta's with Facebook Login."""

    client_id: str = env("FACEBOOK_CLIENT_ID", description="Id of the app.", pattern=r"^[0-9]{1,32}$")
    client_secret: SecretStr = env("FACEBOOK_CLIENT_SECRET", description="Secret of the app.")
    url: str = env(
        "FACEBOOK_URL", default="https://www.facebook.com/v23.0", description="Address and version of the dialog."
    )
    graph_url: str = env(
        "FACEBOOK_GRAPH_URL", default="https://graph.facebook.com/v23.0", description="Address and version of the API."
    )

    @field_validator("url", "graph_url")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        return check_issuer(address).rstrip("/")
