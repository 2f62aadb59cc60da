"""The account mail leaves from."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator

from webkit.sdk import ProviderSettings, env

SHORTEST_SECRET = 16


class ResendSettings(ProviderSettings):
    """A key of Resend and the secret of its webhook."""

    api_key: SecretStr = env("RESEND_API_KEY", description="API key; one that may only send is enough.")
    webhook_secret: SecretStr | None = env(
        "RESEND_WEBHOOK_SECRET",
        default=None,
        description="Signing secret of the webhook, whsec_…; two with a comma while one replaces the other.",
    )
    api_url: str = env(
        "RESEND_API_URL", default="https://api.resend.com", of_operator=True, description="Address of the API."
    )

    @field_validator("api_url")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("is not an address like https://api.resend.com")
        return address.rstrip("/")

    @field_validator("webhook_secret")
    @classmethod
    def _can_sign(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and any(len(secret) < SHORTEST_SECRET for secret in _secrets(given)):
            raise ValueError("is not a signing secret like whsec_…")
        return given

    @property
    def webhook_secrets(self) -> tuple[bytes, ...]:
        """None of them: no webhook is genuine."""
        return _secrets(self.webhook_secret) if self.webhook_secret else ()


def _secrets(given: SecretStr) -> tuple[bytes, ...]:
    texts = (text.strip() for text in given.get_secret_value().split(","))
    return tuple(base64.b64decode(text.removeprefix("whsec_"), validate=True) for text in texts if text)
