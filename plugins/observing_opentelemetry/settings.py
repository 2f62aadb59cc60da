"""The collector, under the names that OpenTelemetry gives these settings."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr, field_validator

from webkit.sdk import ProviderSettings, env


class OpenTelemetrySettings(ProviderSettings):
    """Where spans go, how we are called there, and how many of the traces are kept."""

    endpoint: str = env(
        "OTEL_EXPORTER_OTLP_ENDPOINT", description="Address of the collector for OTLP over HTTP, http://HOST:4318."
    )
    headers: SecretStr = env(
        "OTEL_EXPORTER_OTLP_HEADERS",
        default=SecretStr(""),
        description="Headers the collector asks for: name=value, several with commas, values as in an address.",
    )
    service: str = env(
        "OTEL_SERVICE_NAME", default="webkit", min_length=1, max_length=100, description="Our name in traces."
    )
    share: float = env(
        "OTEL_TRACES_SAMPLER_ARG", default=1.0, ge=0, le=1, description="Share of traces that are kept, 0 to 1."
    )

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("is not an address like http://localhost:4318")
        return address.rstrip("/")

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: SecretStr) -> SecretStr:
        header_lines(headers)
        return headers

    @property
    def traces_url(self) -> str:
        """Where spans are posted to."""
        return f"{self.endpoint}/v1/traces"


def header_lines(given: SecretStr) -> Mapping[str, str]:
    """The headers; ValueError if they are none."""
    pairs = [pair.partition("=") for pair in given.get_secret_value().split(",") if pair.strip()]
    if not all(name.strip().isascii() and name.strip() and sign for name, sign, _value in pairs):
        raise ValueError("are not headers like name=value,name=value")
    return {name.strip().lower(): unquote(value.strip()) for name, _sign, value in pairs}
