"""Which bucket, and whose."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator

from webkit.sdk import ProviderSettings, env


class S3Settings(ProviderSettings):
    """A bucket at Amazon, or at a service that gives the address of its S3."""

    region: str = env(
        "S3_REGION",
        "AWS_REGION",
        place=True,
        pattern=r"^[a-z0-9-]+$",
        description="Region the bucket is in, such as eu-south-1.",
    )
    access_key_id: SecretStr = env("S3_ACCESS_KEY", "AWS_ACCESS_KEY_ID", description="Access key ID of an IAM user.")
    secret_access_key: SecretStr = env("S3_SECRET_KEY", "AWS_SECRET_ACCESS_KEY", description="Its secret access key.")
    bucket: str = env("S3_BUCKET", "BUCKET_NAME", place=True, description="Name of the bucket.", min_length=3)
    endpoint: str = env(
        "S3_ENDPOINT", default="", place=True, description="Address of another service's S3. Empty: Amazon's own."
    )

    @field_validator("endpoint")
    @classmethod
    def _is_an_origin(cls, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        if endpoint and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/")):
            raise ValueError("is not an address like https://s3.example.com")
        return endpoint.rstrip("/")
