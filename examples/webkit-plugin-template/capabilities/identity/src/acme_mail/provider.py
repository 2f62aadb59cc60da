"""People who sign in with their account at the vendor."""

from __future__ import annotations

from webkit.sdk import HealthReport, Identities, Identity, SignInAnswer, SignInRequest, calls_nobody, check_identity

from . import api
from .settings import AcmeMailSettings


class AcmeMail:
    """An OpenID Connect issuer. An address is verified only where the issuer says so."""

    def __init__(self, settings: AcmeMailSettings) -> None:
        self._issuer = api.issuer(settings)

    @calls_nobody
    def label(self) -> str:
        return "Acme mail"

    def authorize_url(self, request: SignInRequest) -> str:
        return self._issuer.authorize_url(request)

    def identify(self, answer: SignInAnswer) -> Identity:
        claims = self._issuer.claims(answer)
        email, name = str(claims.get("email") or ""), str(claims.get("name") or "")
        verified = claims.get("email_verified") is True
        return check_identity(Identity(claims["iss"], claims["sub"], email, verified, name))

    def health(self) -> HealthReport:
        return self._issuer.health()


_checked: type[Identities] = AcmeMail  # the type checker compares the signatures
