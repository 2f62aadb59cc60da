"""The project at Sentry."""

from __future__ import annotations

import re

from pydantic import SecretStr, field_validator

from webkit.sdk import ProviderSettings, env

_DSN = re.compile(r"https?://[^\s:@/]+(:[^\s@/]*)?@[^\s@/]+(/[^\s?#]*)?/[0-9]+")


class SentrySettings(ProviderSettings):
    """A project's address with its key, and which of its environments this is."""

    dsn: SecretStr = env("SENTRY_DSN", description="DSN of the project, https://KEY@HOST/NUMBER.")
    environment: str = env(
        "SENTRY_ENVIRONMENT",
        default="production",
        pattern=r"^[^\s/]{1,64}$",
        description="Which of the project's environments this is.",
    )

    @field_validator("dsn")
    @classmethod
    def _is_a_dsn(cls, dsn: SecretStr) -> SecretStr:
        if not _DSN.fullmatch(dsn.get_secret_value()):
            raise ValueError("is not a DSN like https://KEY@HOST/NUMBER")
        return dsn
