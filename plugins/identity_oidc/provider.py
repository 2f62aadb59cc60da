"""Any issuer that describes itself as OpenID Connect Discovery says."""

from __future__ import annotations

from urllib.parse import urlsplit

from webkit.sdk import (
    HealthReport,
    Identities,
    Identity,
    SignInAnswer,
    SignInRequest,
    calls_nobody,
    check_identity,
)
from webkit.sdk.oidc import CodeFlow, OidcIssuer

from .settings import OidcSettings


class OidcIdentities:
    """A client of an issuer."""

    def __init__(self, settings: OidcSettings) -> None:
        self._settings = settings
        flow = CodeFlow("oidc", settings.client_id, settings.client_secret.get_secret_value())
        self._issuer = OidcIssuer(flow, settings.issuer)

    @calls_nobody
    def label(self) -> str:
        return self._settings.name or urlsplit(self._settings.issuer).hostname or self._settings.issuer

    def authorize_url(self, request: SignInRequest) -> str:
        return self._issuer.authorize_url(request)

    def identify(self, answer: SignInAnswer) -> Identity:
        claims = self._issuer.claims(answer)
        verified = claims.get("email_verified") is True  # a text "true" is no yes
        email, name = str(claims.get("email") or ""), str(claims.get("name") or "")
        return check_identity(Identity(claims["iss"], claims["sub"], email, verified, name))

    def health(self) -> HealthReport:
        return self._issuer.health()


_checked: type[Identities] = OidcIdentities
