"""OpenID Connect with Google."""

from __future__ import annotations

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

from .settings import GoogleSettings


class GoogleIdentities:
    """People with a Google account, whoever keeps their mail."""

    def __init__(self, settings: GoogleSettings) -> None:
        flow = CodeFlow("google", settings.client_id, settings.client_secret.get_secret_value())
        self._issuer = OidcIssuer(flow, settings.issuer)

    @calls_nobody
    def label(self) -> str:
        return "Google"

    def authorize_url(self, request: SignInRequest) -> str:
        # Who has several accounts chooses one: nobody is linked with the account that happened to be open.
        return self._issuer.authorize_url(request, prompt="select_account")

    def identify(self, answer: SignInAnswer) -> Identity:
        claims = self._issuer.claims(answer)
        verified = claims.get("email_verified") is True
        email, name = str(claims.get("email") or ""), str(claims.get("name") or "")
        return check_identity(Identity(claims["iss"], claims["sub"], email, verified, name))

    def health(self) -> HealthReport:
        return self._issuer.health()


_checked: type[Identities] = GoogleIdentities
