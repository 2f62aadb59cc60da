"""Who may read."""

from __future__ import annotations

from pydantic import SecretStr

from webkit.sdk import ProviderSettings, env


class PrometheusSettings(ProviderSettings):
    """The page shows nobody's data, but it shows how the business goes: it asks for a token."""

    token: SecretStr = env(
        "METRICS_TOKEN", min_length=16, description="Token that Prometheus shows, 16 letters or more."
    )
