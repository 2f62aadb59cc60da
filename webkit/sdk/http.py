"""For providers that ask a vendor over HTTP: one line to it, whose failures are already in the platform's words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from webkit.core.capabilities.errors import OutcomeUnknown, ProviderMisconfigured, ProviderUnavailable, TimedOut

__all__ = ["HttpAnswer", "HttpLine", "fetch_public", "open_gate", "without_addresses"]

CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
LONGEST_PAUSE = 24 * 3600.0
_NOT_SENT = (NewConnectionError, ConnectTimeoutError, NameResolutionError, SSLError)
_PERSONAL = re.compile(r"[^\s@<>()`'\"]+@[^\s@<>()`'\"]+|\+?[0-9][0-9 ().-]{6,}[0-9]")


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back; names of headers match in any case."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    def json(self) -> dict[str, Any]:
        """The JSON object of the answer; empty if it is none."""
        try:
            found = json.loads(self.content)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def retry_after(self) -> float | None:
        """Seconds until the vendor listens again, if it said so: as a number or as a date."""
        given = self.headers.get("retry-after", "").strip()
        if given.isascii() and given.isdecimal():
            return min(float(given), LONGEST_PAUSE)
        try:
            at = parsedate_to_datetime(given)
        except ValueError:
            return None
        left = (at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)
        return min(max(left.total_seconds(), 0.0), LONGEST_PAUSE)


class HttpLine:
    """Kept connections to one vendor. It follows no redirect and tries nothing again."""

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._pool = urllib3.PoolManager(num_pools=4, maxsize=16, retries=False)

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = {},
        body: bytes | None = None,
        seconds: float = READ_SECONDS,
    ) -> HttpAnswer:
        """One request. Raises ProviderUnavailable while nothing was sent, else OutcomeUnknown (TimedOut)."""
        timeout = urllib3.Timeout(connect=min(seconds, CONNECT_SECONDS), read=seconds)
        given = {"User-Agent": "webkit", "Accept": "application/json", **headers}
        try:
            answer = self._pool.request(method, url, body=body, headers=given, timeout=timeout, redirect=False)
        except _NOT_SENT as error:
            text = f"no connection to {self._vendor} ({type(error).__name__})"
            raise ProviderUnavailable(text, provider=self._vendor) from None
        except LocationValueError:
            raise ProviderMisconfigured(f"the address of {self._vendor} is none", provider=self._vendor) from None
        except ReadTimeoutError:
            raise TimedOut(f"{self._vendor} did not answer in time", provider=self._vendor) from None
        except HTTPError as error:
            text = f"{self._vendor} did not answer ({type(error).__name__})"
            raise OutcomeUnknown(text, provider=self._vendor) from None
        return HttpAnswer(answer.status, answer.headers, answer.data)


def fetch_public(url: str, *, seconds: float = 5.0, most: int = 65_536) -> HttpAnswer:
    """GET an address that came from outside, through the platform's guard: public servers only, no redirect.

    Raises ProviderUnavailable. Needs the application.
    """
    from webkit.core.kernel import outbound
    from webkit.core.kernel.errors import DomainError

    try:
        found = outbound.fetch(url, seconds=seconds, most=most, redirects=0)
    except DomainError as error:
        raise ProviderUnavailable(f"an address could not be opened: {error}") from None
    return HttpAnswer(found.status, found.headers, found.content)


def open_gate() -> AbstractContextManager[str]:
    """The address of a proxy for a program that opens pages (a browser): it leads to public web servers only.

    Needs the application.
    """
    from webkit.core.kernel import egress

    return egress.open_gate()


def without_addresses(words: str, longest: int = 300) -> str:
    """A vendor's sentence on one line, with mail addresses and phone numbers struck out."""
    return _PERSONAL.sub("…", " ".join(words.split()))[:longest]
