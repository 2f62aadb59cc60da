"""The mail server."""

from __future__ import annotations

import enum
import ipaddress
from pathlib import Path
from typing import Self

from pydantic import SecretStr, model_validator

from webkit.sdk import ProviderSettings, env


class Security(enum.StrEnum):
    """How the line to the server is protected."""

    STARTTLS = "starttls"  # encrypted before anything else is said, or not used
    TLS = "tls"  # encrypted from the first byte
    NONE = "none"  # open: for a server on this machine


PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


class SmtpSettings(ProviderSettings):
    """A mail server and, where it wants one, an account there."""

    host: str = env("SMTP_HOST", description="Name of the mail server.", min_length=1, max_length=253)
    port: int | None = env(
        "SMTP_PORT",
        default=None,
        ge=1,
        le=65535,
        description="Its port. Empty: 587 for starttls, 465 for tls, 25 for none.",
    )
    security: Security | None = env(
        "SMTP_SECURITY",
        default=None,
        description="starttls, tls or none. Empty: tls on port 465, else starttls.",
    )
    username: str = env(
        "SMTP_USERNAME", "SMTP_USER", default="", description="Account at the server. Empty: nobody signs in."
    )
    password: SecretStr = env("SMTP_PASSWORD", default=SecretStr(""), description="Password of the account.")
    ca_file: Path | None = env(
        "SMTP_CA_FILE",
        default=None,
        of_operator=True,
        description="PEM file with the authority of the server's certificate, where it is none of the public ones.",
    )

    @model_validator(mode="after")
    def _keeps_the_password(self) -> Self:
        if self.ca_file is not None and not self.ca_file.is_file():
            raise ValueError("SMTP_CA_FILE is no file")
        if bool(self.username) != bool(self.password.get_secret_value()):
            raise ValueError("SMTP_USERNAME and SMTP_PASSWORD belong together")
        if self.username and self.protection is Security.NONE and not _is_here(self.host):
            raise ValueError("SMTP_SECURITY=none would send the password over an open line")
        return self

    @property
    def protection(self) -> Security:
        return self.security or (Security.TLS if self.port == PORTS[Security.TLS] else Security.STARTTLS)

    @property
    def place(self) -> tuple[str, int]:
        return self.host, self.port or PORTS[self.protection]


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
