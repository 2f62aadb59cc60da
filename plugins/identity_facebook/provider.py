"""OAuth 2 with Facebook. It does not say whether an address is verified, so none of its addresses proves anything."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

from webkit.sdk import (
    CredentialsRejected,
    Health,
    HealthReport,
    Identities,
    Identity,
    IdentityRefused,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    Refusal,
    SignInAnswer,
    SignInRequest,
    calls_nobody,
    check_identity,
)
from webkit.sdk.http import HttpAnswer
from webkit.sdk.oidc import CodeFlow

from .settings import FacebookSettings

VENDOR, ISSUER = "facebook", "https://www.facebook.com"
HEALTH_SECONDS = 0.8
_OURS, _SLOW, _TROUBLE, _CODE = {1, 101}, {4, 17, 32, 613}, {2}, {100}
"""Codes of errors: our app, too many calls, their trouble, the code somebody brought."""


class _Graph(CodeFlow):
    """Errors of Facebook are objects with numbers."""

    def refused(self, answer: HttpAnswer) -> ProviderError:
        error = answer.json().get("error")
        if not isinstance(error, dict):
            return super().refused(answer)
        code = error.get("code")
        named: dict[str, Any] = {"provider": VENDOR, "code": str(code)}
        if code in _OURS:
            return CredentialsRejected("facebook does not accept our app id and secret", **named)
        if code in _SLOW:
            return RateLimited("too many sign-ins at once", **named)
        if code in _TROUBLE or answer.status >= 500:
            return ProviderUnavailable("facebook has trouble", **named)
        why = Refusal.CODE if code in _CODE else Refusal.PROOF
        return IdentityRefused(f"facebook refused (code {code})", why, provider=VENDOR)


class FacebookIdentities:
    """People with an account at Facebook, each with a number for our app alone."""

    def __init__(self, settings: FacebookSettings) -> None:
        self._settings = settings
        self._secret = settings.client_secret.get_secret_value()
        self._flow = _Graph(VENDOR, settings.client_id, self._secret)

    @calls_nobody
    def label(self) -> str:
        return "Facebook"

    def authorize_url(self, request: SignInRequest) -> str:
        return self._flow.authorize_url(f"{self._settings.url}/dialog/oauth", request, "public_profile,email")

    def identify(self, answer: SignInAnswer) -> Identity:
        if answer.issuer and answer.issuer != ISSUER:
            raise IdentityRefused("another issuer has answered", Refusal.PROOF, provider=VENDOR)
        token = self._flow.tokens(f"{self._settings.graph_url}/oauth/access_token", answer)["access_token"]
        # The proof says that whoever uses the token has our secret: a token of another app gets no answer.
        proof = hmac.digest(self._secret.encode(), token.encode(), hashlib.sha256).hex()
        query = urlencode({"fields": "id,name,email", "appsecret_proof": proof})
        person = self._flow.fetch(f"{self._settings.graph_url}/me?{query}", token).json()
        number = person.get("id")
        if not isinstance(number, str) or not number.isdecimal():
            raise IdentityRefused("Facebook names nobody", Refusal.PROOF, provider=VENDOR)
        email, name = str(person.get("email") or ""), str(person.get("name") or "")
        return check_identity(Identity(ISSUER, number, email, False, name))

    def health(self) -> HealthReport:
        """Whether it knows our app and its secret."""
        app = f"{self._settings.graph_url}/{self._settings.client_id}?fields=id"
        try:
            self._flow.fetch(app, f"{self._settings.client_id}|{self._secret}", seconds=HEALTH_SECONDS)
        except ProviderError as error:
            return HealthReport(Health.DOWN, str(error))
        return HealthReport(Health.OK)


_checked: type[Identities] = FacebookIdentities
