"""What an operator sets. `webkit settings` prints it; a secret is never shown."""

from __future__ import annotations

from pydantic import SecretStr

from webkit.sdk import ProviderSettings, env


class AcmeMailSettings(ProviderSettings):
    """A client of Acme mail's accounts."""

    client_id: str = env("ACME_MAIL_CLIENT_ID", min_length=1, description="Client id that the issuer gave.")
    client_secret: SecretStr = env("ACME_MAIL_CLIENT_SECRET", description="Client secret that the issuer gave.")
    issuer: str = env(
        "ACME_MAIL_ISSUER",
        default="https://id.acme.example",
        of_operator=True,
        description="The issuer, as it writes itself.",
    )
