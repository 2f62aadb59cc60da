"""One GET to `runPagespeed`, which opens the page at Google and takes most of a minute."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError

from webkit.sdk import AuditReport, AuditRequest, Health, HealthReport, PageSpeed, ProviderUnavailable, ScoreKey
from webkit.sdk.lighthouse import runtime_error

from .errors import NAME, failure
from .report import read
from .settings import GoogleSettings

CATEGORIES = tuple(key.name for key in ScoreKey)
MOST_BYTES = 20_000_000
CHUNK = 65_536
CONNECT_SECONDS = 10.0


class Google:
    """Asks Google, or a proxy in front of it. The key travels in a header, so that no log of addresses holds it."""

    def __init__(self, settings: GoogleSettings) -> None:
        self._settings = settings
        self._pool = urllib3.PoolManager(maxsize=4)

    def audit(self, request: AuditRequest) -> AuditReport:
        deadline = time.monotonic() + self._settings.seconds
        status, body, retry_after = self._get(_query(request), deadline)
        answer = _parsed(body)
        if status != 200:
            raise failure(status, answer, retry_after)
        lighthouse = answer.get("lighthouseResult") if isinstance(answer, dict) else None
        if not isinstance(lighthouse, dict):
            raise ProviderUnavailable("the answer holds no report of Lighthouse", provider=NAME)
        if (error := runtime_error(lighthouse, NAME)) is not None:
            raise error
        return read(answer, request.url)

    def health(self) -> HealthReport:
        """Asks nobody: every question costs some of the day's quota."""
        return HealthReport(Health.OK, f"asks {self._settings.url}")

    def _get(self, query: str, deadline: float) -> tuple[int, bytes, str]:
        headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "webkit"}
        if self._settings.api_key is not None:
            headers["X-Goog-Api-Key"] = self._settings.api_key.get_secret_value()
        try:
            response = self._pool.request(
                "GET",
                f"{self._settings.url}?{query}",
                headers=headers,
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, total=_left(deadline)),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                return response.status, _body(response, deadline), response.headers.get("Retry-After", "")
            finally:
                response.close()
        except (HTTPError, OSError) as error:
            raise ProviderUnavailable(f"Google does not answer: {type(error).__name__}", provider=NAME) from None


def _query(request: AuditRequest) -> str:
    given = {"url": request.url, "strategy": request.strategy.name, "category": CATEGORIES, "locale": request.locale}
    return urlencode(given, doseq=True)


def _body(response: Any, deadline: float) -> bytes:
    """The whole body; a server that sends a byte now and then gains no time."""
    content = bytearray()
    while True:
        if response.connection is not None and response.connection.sock is not None:
            response.connection.sock.settimeout(_left(deadline))
        chunk = response.read1(CHUNK)
        if not chunk:
            return bytes(content)
        content += chunk
        if len(content) > MOST_BYTES:
            raise ProviderUnavailable("the answer is larger than any report", provider=NAME)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise urllib3.exceptions.TimeoutError("too slow")
    return left


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


_checked: type[PageSpeed] = Google
