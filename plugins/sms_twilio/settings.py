"""The account texts leave from."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator, model_validator

from webkit.sdk import ProviderSettings, env


class TwilioSettings(ProviderSettings):
    """An account of Twilio, what texts are sent from, and the service that sends codes."""

    account_sid: str = env("TWILIO_ACCOUNT_SID", description="Account SID, AC….", pattern=r"^AC[0-9a-fA-F]{32}$")
    auth_token: SecretStr = env(
        "TWILIO_AUTH_TOKEN", description="Auth token of the account; it also signs webhooks.", min_length=8
    )
    sender: str = env(
        "TWILIO_FROM",
        "TWILIO_PHONE_NUMBER",
        default="",
        pattern=r"^(\+[1-9][0-9]{6,14}|[A-Za-z][A-Za-z0-9 ]{0,10}|)$",
        description="Number or name that texts come from.",
    )
    messaging_service: str = env(
        "TWILIO_MESSAGING_SERVICE_SID",
        default="",
        pattern=r"^(MG[0-9a-fA-F]{32}|)$",
        description="Messaging service, MG…, that chooses the number; instead of TWILIO_FROM.",
    )
    verify_service: str = env(
        "TWILIO_SERVICE_SID",
        "TWILIO_VERIFY_SERVICE_SID",
        default="",
        pattern=r"^(VA[0-9a-fA-F]{32}|)$",
        description="Verify service, VA…, that draws, sends and checks codes. Empty: Twilio checks none.",
    )
    webhook_url: str = env(
        "TWILIO_WEBHOOK_URL",
        default="",
        max_length=500,
        pattern=r"^(https://\S+|)$",
        description="https://HOST/webhooks/sms/twilio/platform, where Twilio reports. Empty: it does not.",
    )
    api_url: str = env(
        "TWILIO_API_URL", default="https://api.twilio.com", of_operator=True, description="Address of the API."
    )
    verify_url: str = env(
        "TWILIO_VERIFY_URL",
        default="https://verify.twilio.com",
        of_operator=True,
        description="Address of Verify's API.",
    )

    @field_validator("api_url", "verify_url")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("is not an address like https://api.twilio.com")
        return address.rstrip("/")

    @model_validator(mode="after")
    def _sends_something(self) -> Self:
        if not (self.sender or self.messaging_service or self.verify_service):
            raise ValueError("set TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID, or TWILIO_SERVICE_SID for codes alone")
        return self
