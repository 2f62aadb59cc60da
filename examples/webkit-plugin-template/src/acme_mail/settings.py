"""What an operator sets. `webkit settings` prints it; a secret is never shown."""

from __future__ import annotations

from pydantic import SecretStr

from webkit.sdk import ProviderSettings, env


class AcmeMailSettings(ProviderSettings):
    """The account at Acme mail."""

    api_key: SecretStr = env("ACME_MAIL_API_KEY", description="Secret key of the account.")
    # What is the operator's is the same for everybody; the rest an agency with its own account sets for itself.
    url: str = env(
        "ACME_MAIL_URL", default="https://api.acme.example", of_operator=True, description="Where the API is."
    )
    seconds: float = env(
        "ACME_MAIL_SECONDS", default=10.0, of_operator=True, gt=0, le=600, description="How long a call may take."
    )
