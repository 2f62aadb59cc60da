"""The token the app works with, kept until shortly before it ends."""

from __future__ import annotations

import time
from threading import Lock
from urllib.parse import quote, urlencode

from webkit.sdk import OutcomeUnknown, ProviderUnavailable
from webkit.sdk.http import READ_SECONDS, HttpLine

from .errors import VENDOR, not_signed_in
from .settings import GraphSettings

EARLY_SECONDS = 120.0


class SignIn:
    """Signs the app in when it must. Threads share one token and ask for it one at a time."""

    def __init__(self, settings: GraphSettings, line: HttpLine) -> None:
        self._settings, self._line = settings, line
        self._lock = Lock()
        self._token, self._ends = "", 0.0

    def token(self, *, stale: str = "", seconds: float = READ_SECONDS) -> str:
        """A token that is still good; never the `stale` one, which was refused."""
        with self._lock:
            if not self._token or self._token == stale or time.monotonic() >= self._ends:
                self._token, self._ends = self._asked(seconds)
            return self._token

    def renew(self, *, seconds: float = READ_SECONDS) -> None:
        """Sign in anew, whether the token is still good or not."""
        asked = self._asked(seconds)
        with self._lock:
            self._token, self._ends = asked

    def _asked(self, seconds: float) -> tuple[str, float]:
        settings = self._settings
        form = {
            "client_id": settings.client,
            "client_secret": settings.client_secret.get_secret_value(),
            "grant_type": "client_credentials",
            "scope": f"{settings.api_url}/.default",
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        url = f"{settings.login_url}/{quote(settings.tenant)}/oauth2/v2.0/token"
        try:
            answer = self._line.ask("POST", url, headers=headers, body=urlencode(form).encode(), seconds=seconds)
        except OutcomeUnknown as error:  # nothing was sent: whether we have a token or not does not matter to anybody
            raise ProviderUnavailable(str(error), provider=VENDOR) from None
        if answer.status != 200:
            raise not_signed_in(answer)
        content = answer.json()
        token, lives = content.get("access_token"), content.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(lives, int):
            raise ProviderUnavailable("the sign-in answered with something else", provider=VENDOR)
        return token, time.monotonic() + max(lives - EARLY_SECONDS, 0.0)
