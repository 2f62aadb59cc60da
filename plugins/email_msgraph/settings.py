"""The mailbox mail leaves from."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator

from webkit.sdk import ProviderSettings, env


class GraphSettings(ProviderSettings):
    """An app that is registered with Microsoft Entra, and the mailbox it sends from."""

    tenant: str = env(
        "MSGRAPH_TENANT_ID",
        "MS_GRAPH_TENANT_ID",
        description="Directory (tenant) id, or a domain of it.",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{2,252}$",
    )
    client: str = env(
        "MSGRAPH_CLIENT_ID",
        "MS_GRAPH_CLIENT_ID",
        description="Application (client) id.",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{7,63}$",
    )
    client_secret: SecretStr = env(
        "MSGRAPH_CLIENT_SECRET",
        "MS_GRAPH_CLIENT_SECRET",
        description="Client secret of the app: its value, not its id.",
    )
    mailbox: str = env(
        "MSGRAPH_MAILBOX",
        "MS_GRAPH_SENDER_EMAIL",
        default="",
        max_length=254,
        description="Address or id of the mailbox. Empty: that of the sender.",
    )
    api_url: str = env(
        "MSGRAPH_API_URL", default="https://graph.microsoft.com", of_operator=True, description="Address of Graph."
    )
    login_url: str = env(
        "MSGRAPH_LOGIN_URL",
        default="https://login.microsoftonline.com",
        of_operator=True,
        description="Address at which the app signs in.",
    )

    @field_validator("api_url", "login_url")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("is not an address like https://graph.microsoft.com")
        return address.rstrip("/")
