"""One call to the vendor, and what went wrong in webkit's words: they decide whether a job tries again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

from webkit.sdk import (
    CredentialsRejected,
    Health,
    HealthReport,
    NotFoundAtProvider,
    OutcomeUnknown,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    TimedOut,
)

from .settings import AcmeMailSettings

NAME = "acme_mail"
CONNECT_SECONDS = 5.0
HEALTH_SECONDS = 1.5


class Api:
    """Keeps open connections, and nothing else: two accounts never mix."""

    def __init__(self, settings: AcmeMailSettings) -> None:
        self._url = settings.url.rstrip("/")
        self._seconds = settings.seconds
        self._headers = {"Authorization": f"Bearer {settings.api_key.get_secret_value()}", "User-Agent": "webkit"}
        self._pool = urllib3.PoolManager(maxsize=4, retries=False)

    def json(self, method: str, path: str, content: object = None, *, key: str = "", seconds: float = 0) -> Any:
        """Send JSON, or nothing, and read JSON. With `key` the vendor does it once however often it is asked."""
        body = None if content is None else json.dumps(content).encode()
        headers = {"Content-Type": "application/json"} if body else {}
        with self.open(method, path, body, {**headers, **_keyed(key)}, seconds) as answer:
            read = _read(answer)
        try:
            return json.loads(read)
        except ValueError:
            raise OutcomeUnknown("what came back is not JSON", provider=NAME) from None

    def open(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, seconds: float = 0
    ) -> urllib3.BaseHTTPResponse:
        """An answer that is good, not yet read. Raises ProviderError for every other one."""
        timeout = urllib3.Timeout(
            connect=min(CONNECT_SECONDS, seconds or CONNECT_SECONDS), read=seconds or self._seconds
        )
        try:
            answer = self._pool.request(
                method,
                f"{self._url}{path}",
                body=body,
                headers={**self._headers, **(headers or {})},
                timeout=timeout,
                redirect=False,
                preload_content=False,
            )
        except (NewConnectionError, ConnectTimeoutError):
            raise ProviderUnavailable(f"{self._url} cannot be reached", provider=NAME) from None
        except ReadTimeoutError:
            raise TimedOut(f"{self._url} does not answer in time", provider=NAME) from None
        except HTTPError as error:
            raise OutcomeUnknown(f"the connection died: {type(error).__name__}", provider=NAME) from None
        if answer.status >= 300:
            try:
                raise _error(answer)
            finally:
                answer.close()
        return answer

    def health(self) -> HealthReport:
        """Whether the vendor knows us; costs nothing."""
        try:
            self.json("GET", "/account", seconds=HEALTH_SECONDS)
        except ProviderError as error:
            return HealthReport(Health.DOWN, str(error))
        return HealthReport(Health.OK)


def _keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key} if key else {}


def _read(answer: urllib3.BaseHTTPResponse) -> bytes:
    try:
        return answer.data
    except HTTPError:
        raise OutcomeUnknown("the connection died while the answer came", provider=NAME) from None


def _error(answer: urllib3.BaseHTTPResponse) -> ProviderError:
    """What a refusal means. The vendor's own words may repeat what we sent, so only its code is passed on."""
    status, code = answer.status, str(answer.status)
    match status:
        case 401 | 403:
            return CredentialsRejected("the key is not accepted", provider=NAME, code=code)
        case 404:
            return NotFoundAtProvider("there is no such thing", provider=NAME, code=code)
        case 429:
            after = answer.headers.get("Retry-After", "")
            wait = float(after) if after.isdigit() else None
            return RateLimited("too many calls", provider=NAME, code=code, retry_after=wait)
        case _ if status >= 500:
            return ProviderUnavailable(f"it answers {status}", provider=NAME, code=code)
    return ProviderRejected(f"it answers {status}", provider=NAME, code=code)
