"""Which container, and the account it is in."""

from __future__ import annotations

from pydantic import SecretStr

from webkit.sdk import ProviderSettings, env


class AzureSettings(ProviderSettings):
    """A container of a storage account."""

    account: str = env(
        "AZBLOB_ACCOUNT_NAME",
        place=True,
        pattern=r"^[a-z0-9]{3,24}$",
        description="Name of the storage account.",
    )
    key: SecretStr = env("AZBLOB_ACCOUNT_KEY", "AZBLOB_KEY", description="One of its two access keys.")
    container: str = env(
        "AZBLOB_CONTAINER",
        "BUCKET_NAME",
        place=True,
        pattern=r"^[a-z0-9](-?[a-z0-9]){2,62}$",
        description="Name of the container.",
    )
    endpoint: str = env(
        "AZBLOB_ENDPOINT",
        default="",
        of_operator=True,
        pattern=r"^(https?://[^?#]+)?$",
        description="Address of the blob service. Empty: the account's at Azure.",
    )

    @property
    def address(self) -> str:
        return self.endpoint.rstrip("/") or f"https://{self.account}.blob.core.windows.net"
