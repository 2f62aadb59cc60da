"""The issuer: its description, its keys and what it signs are checked by the platform's part of OpenID Connect."""

from __future__ import annotations

from webkit.sdk.oidc import CodeFlow, OidcIssuer

from .settings import AcmeMailSettings

NAME = "acme_mail"


def issuer(settings: AcmeMailSettings) -> OidcIssuer:
    """As this client sees it."""
    return OidcIssuer(CodeFlow(NAME, settings.client_id, settings.client_secret.get_secret_value()), settings.issuer)
