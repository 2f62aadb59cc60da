"""Which bucket, and whose."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator, model_validator

from webkit.sdk import ProviderSettings, env


class R2Settings(ProviderSettings):
    """An account of Cloudflare, or the endpoint of another S3."""

    account_id: str = env(
        "R2_ACCOUNT_ID",
        "CLOUDFLARE_ACCOUNT_ID",
        default="",
        place=True,
        pattern=r"^[A-Za-z0-9-]*$",
        description="The Cloudflare account the bucket is in.",
    )
    endpoint: str = env(
        "R2_ENDPOINT",
        "S3_ENDPOINT",
        default="",
        place=True,
        description="Address of another S3-compatible service, or of a jurisdiction. Empty: the account's at R2.",
    )
    access_key_id: SecretStr = env(
        "R2_ACCESS_KEY_ID", "R2_ACCESS_KEY", "S3_ACCESS_KEY", description="Access key ID of an R2 API token."
    )
    secret_access_key: SecretStr = env(
        "R2_SECRET_ACCESS_KEY", "R2_SECRET_KEY", "S3_SECRET_KEY", description="Its secret access key."
    )
    bucket: str = env(
        "R2_BUCKET", "R2_BUCKET_NAME", "BUCKET_NAME", place=True, description="Name of the bucket.", min_length=3
    )
    region: str = env(
        "R2_REGION", "S3_REGION", default="auto", description="Region; R2 has one, other services have several."
    )

    @field_validator("endpoint")
    @classmethod
    def _is_an_origin(cls, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        if endpoint and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/")):
            raise ValueError("is not an address like https://<account>.r2.cloudflarestorage.com")
        return endpoint.rstrip("/")

    @model_validator(mode="after")
    def _has_a_place(self) -> R2Settings:
        if not (self.account_id or self.endpoint):
            raise ValueError("set R2_ACCOUNT_ID or R2_ENDPOINT")
        return self

    @property
    def address(self) -> str:
        return self.endpoint or f"https://{self.account_id}.r2.cloudflarestorage.com"
