"""Which bucket, and the service account that may use it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import SecretStr, model_validator

from webkit.sdk import ProviderSettings, env

NEEDED = ("client_email", "private_key", "project_id", "token_uri")


class GcsSettings(ProviderSettings):
    """A bucket and the key of a service account: its JSON, or, for the operator, the file it is in."""

    bucket: str = env("GCS_BUCKET", "BUCKET_NAME", place=True, min_length=3, description="Name of the bucket.")
    credentials: SecretStr = env(
        "GCS_CREDENTIALS", default=SecretStr(""), description="JSON key of a service account, as Google gives it."
    )
    key_file: Path | None = env(
        "GOOGLE_APPLICATION_CREDENTIALS", default=None, unshared=True, description="File that holds such a key."
    )
    endpoint: str = env(
        "GCS_ENDPOINT",
        default="https://storage.googleapis.com",
        of_operator=True,
        pattern=r"^https?://[^/?#]+$",
        description="Address of the API.",
    )

    @model_validator(mode="after")
    def _has_a_key(self) -> GcsSettings:
        if not self.credentials.get_secret_value() and self.key_file is None:
            raise ValueError("set GCS_CREDENTIALS or GOOGLE_APPLICATION_CREDENTIALS")
        return self

    def account(self) -> dict[str, Any]:
        """The service account's key. Raises ValueError with what is wrong, never with the key."""
        text = self.credentials.get_secret_value()
        if not text and self.key_file is not None:
            try:
                text = self.key_file.read_text()
            except OSError as error:
                raise ValueError(f"GOOGLE_APPLICATION_CREDENTIALS cannot be read ({type(error).__name__})") from None
        try:
            found = json.loads(text)
        except ValueError:
            raise ValueError("the key of the service account is not JSON") from None
        if not isinstance(found, dict) or any(not isinstance(found.get(name), str) for name in NEEDED):
            raise ValueError(f"the key of a service account has {', '.join(NEEDED)}")
        return found
