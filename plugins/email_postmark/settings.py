"""The server (so Postmark calls it) that mail leaves from."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator

from webkit.sdk import ProviderSettings, env

SHORTEST_SECRET = 16


class PostmarkSettings(ProviderSettings):
    """A server's token, and what its webhooks sign in with."""

    server_token: SecretStr = env(
        "POSTMARK_SERVER_TOKEN", "POSTMARK_API_KEY", description="API token of the server that sends."
    )
    webhook_secret: SecretStr | None = env(
        "POSTMARK_WEBHOOK_SECRET",
        default=None,
        description="user:password of the webhooks, 16 letters or more; two with a comma while one replaces the other.",
    )
    stream: str = env(
        "POSTMARK_MESSAGE_STREAM",
        default="outbound",
        max_length=64,
        description="Message stream of all mail; a transactional one.",
    )
    api_url: str = env(
        "POSTMARK_API_URL", default="https://api.postmarkapp.com", of_operator=True, description="Address of the API."
    )

    @field_validator("api_url")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("is not an address like https://api.postmarkapp.com")
        return address.rstrip("/")

    @field_validator("webhook_secret")
    @classmethod
    def _can_sign_in(cls, given: SecretStr | None) -> SecretStr | None:
        for text in _secrets(given):
            if len(text) < SHORTEST_SECRET or not all(text.partition(":")):
                raise ValueError(f"is not user:password of at least {SHORTEST_SECRET} letters")
        return given

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """None of them: no webhook is genuine."""
        return _secrets(self.webhook_secret)


def _secrets(given: SecretStr | None) -> tuple[str, ...]:
    texts = given.get_secret_value().split(",") if given else ()
    return tuple(text.strip() for text in texts if text.strip())
