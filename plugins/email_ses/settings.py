"""The account mail leaves from."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator

from webkit.sdk import ProviderSettings, env

_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")


class SesSettings(ProviderSettings):
    """Keys of an AWS user, a region, and the topic through which SES reports."""

    access_key_id: SecretStr = env("SES_ACCESS_KEY", "SES_ACCESS_KEY_ID", description="Access key id of an AWS user.")
    secret_access_key: SecretStr = env(
        "SES_SECRET_KEY", "SES_SECRET_ACCESS_KEY", description="Secret access key of that user."
    )
    region: str = env(
        "SES_REGION",
        description="Region in which the domain is verified, such as eu-west-1.",
        pattern=r"^[a-z]{2}(-[a-z]+)+-\d$",
    )
    configuration_set: str = env(
        "SES_CONFIGURATION_SET",
        default="",
        max_length=64,
        pattern=r"^[A-Za-z0-9_-]*$",
        description="Configuration set whose events go to the topic. Empty: the identity's own.",
    )
    topic: str = env(
        "SES_SNS_TOPIC",
        default="",
        description="ARN of the SNS topic that reports; two with a comma while one replaces the other. Empty: none.",
    )
    api_url: str = env(
        "SES_API_URL", default="", of_operator=True, description="Address of the API. Empty: Amazon's for the region."
    )

    @field_validator("api_url")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        parts = urlsplit(address)
        if address and (parts.scheme not in ("http", "https") or not parts.netloc):
            raise ValueError("is not an address like https://email.eu-west-1.amazonaws.com")
        return address.rstrip("/")

    @field_validator("topic")
    @classmethod
    def _is_a_topic(cls, given: str) -> str:
        if not all(_TOPIC.fullmatch(text) for text in _texts(given)):
            raise ValueError("is not a topic like arn:aws:sns:eu-west-1:123456789012:mail")
        return given

    @property
    def topics(self) -> tuple[str, ...]:
        return _texts(self.topic)

    @property
    def address(self) -> str:
        zone = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        return self.api_url or f"https://email.{self.region}.{zone}"


def _texts(given: str) -> tuple[str, ...]:
    return tuple(text.strip() for text in given.split(",") if text.strip())
