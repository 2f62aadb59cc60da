"""The account mail leaves from."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator

from webkit.sdk import ProviderSettings, env

US, EU = "https://api.sendgrid.com", "https://api.eu.sendgrid.com"


class SendGridSettings(ProviderSettings):
    """A key of SendGrid and the public key of its event webhook."""

    api_key: SecretStr = env("SENDGRID_API_KEY", description="API key; one that may only send mail is enough.")
    webhook_key: SecretStr | None = env(
        "SENDGRID_WEBHOOK_PUBLIC_KEY",
        "SENDGRID_WEBHOOK_VERIFICATION_KEY",
        default=None,
        description="Verification key of the event webhook, MFkw…; two with a comma while one replaces the other.",
    )
    api_url: str = env(
        "SENDGRID_API_URL",
        default=US,
        of_operator=True,
        description=f"Address of the API; {EU} for accounts in the EU.",
    )

    @field_validator("api_url")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(f"is not an address like {US}")
        return address.rstrip("/")

    @field_validator("webhook_key")
    @classmethod
    def _can_verify(cls, given: SecretStr | None) -> SecretStr | None:
        from .webhooks import public_key

        for text in _texts(given):
            try:
                public_key(text)
            except (ValueError, TypeError):
                raise ValueError("is not a verification key like MFkw…") from None
        return given

    @property
    def webhook_keys(self) -> tuple[str, ...]:
        """None of them: no webhook is genuine."""
        return _texts(self.webhook_key)


def _texts(given: SecretStr | None) -> tuple[str, ...]:
    texts = given.get_secret_value().split(",") if given else ()
    return tuple(text.strip() for text in texts if text.strip())
