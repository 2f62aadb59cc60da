"""The key, or the proxy that has one."""

from __future__ import annotations

import re

from pydantic import SecretStr, field_validator, model_validator

from webkit.sdk import ProviderSettings, env

GOOGLE = "https://www.googleapis.com/pagespeedonline/v5/runPagespeed"


class GoogleSettings(ProviderSettings):
    """Google asks for a key; a proxy of one's own may add it."""

    api_key: SecretStr | None = env(
        "PAGESPEED_API_KEY",
        "GOOGLE_PAGESPEED_API_KEY",
        default=None,
        description="Key of the PageSpeed Insights API. Not needed where PAGESPEED_API_URL adds one.",
    )
    url: str = env(
        "PAGESPEED_API_URL",
        default=GOOGLE,
        description="Address of runPagespeed: Google's, or that of a proxy in front of it.",
    )
    seconds: float = env(
        "PAGESPEED_SECONDS", default=120.0, gt=0, le=200, description="Longest time for one measurement."
    )

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[\w.:\[\]-]+(/[\w./~:%-]*)?", value):
            raise ValueError("is not an address like https://speed.example/runPagespeed")
        return value

    @model_validator(mode="after")
    def _google_asks_for_a_key(self) -> GoogleSettings:
        if self.url == GOOGLE and self.api_key is None:
            raise ValueError("Google asks for a key: set PAGESPEED_API_KEY, or PAGESPEED_API_URL to a proxy")
        return self
