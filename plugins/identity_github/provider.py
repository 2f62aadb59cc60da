"""OAuth 2 with GitHub, which signs no statement of who somebody is: its API is asked, with the token for our code."""

from __future__ import annotations

import json
from typing import Any

from webkit.sdk import (
    Health,
    HealthReport,
    Identities,
    Identity,
    IdentityRefused,
    ProviderError,
    Refusal,
    SignInAnswer,
    SignInRequest,
    calls_nobody,
    check_identity,
)
from webkit.sdk.oidc import CodeFlow

from .settings import GitHubSettings

VENDOR = "github"
SCOPE = "read:user user:email"
HEALTH_SECONDS = 0.8


class GitHubIdentities:
    """People with an account at GitHub."""

    def __init__(self, settings: GitHubSettings) -> None:
        self._settings = settings
        self._flow = CodeFlow(VENDOR, settings.client_id, settings.client_secret.get_secret_value())

    @calls_nobody
    def label(self) -> str:
        return "GitHub"

    def authorize_url(self, request: SignInRequest) -> str:
        return self._flow.authorize_url(f"{self._settings.url}/login/oauth/authorize", request, SCOPE)

    def identify(self, answer: SignInAnswer) -> Identity:
        if answer.issuer and answer.issuer not in (self._settings.url, f"{self._settings.url}/login/oauth"):
            raise IdentityRefused("another issuer has answered", Refusal.PROOF, provider=VENDOR)
        token = self._flow.tokens(f"{self._settings.url}/login/oauth/access_token", answer)["access_token"]
        person = self._flow.fetch(f"{self._settings.api_url}/user", token).json()
        # The number stays; the name in `login` can be given up, and taken by somebody else.
        number = person.get("id")
        if not isinstance(number, int) or isinstance(number, bool) or number <= 0:
            raise IdentityRefused("GitHub names nobody", Refusal.PROOF, provider=VENDOR)
        email = _own_address(self._flow.fetch(f"{self._settings.api_url}/user/emails", token).content)
        name = str(person.get("name") or person.get("login") or "")
        return check_identity(Identity(self._settings.url, str(number), email, bool(email), name))

    def health(self) -> HealthReport:
        """Whether its API is there; it tells of no client."""
        try:
            self._flow.fetch(self._settings.api_url, seconds=HEALTH_SECONDS)
        except ProviderError as error:
            return HealthReport(Health.DOWN, str(error))
        return HealthReport(Health.OK)


def _own_address(content: bytes) -> str:
    """The address that is primary and confirmed; another one, or one that somebody merely wrote, is not looked at."""
    try:
        found: Any = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    for each in found if isinstance(found, list) else ():
        if isinstance(each, dict) and each.get("primary") is True and each.get("verified") is True:
            return str(each.get("email") or "")
    return ""


_checked: type[Identities] = GitHubIdentities
