"""The provider: one form to Chromium's route, one PDF back, nothing kept in between."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import time
from collections.abc import Iterator

import urllib3
from pypdf import PdfReader
from urllib3.exceptions import HTTPError, LocationParseError

from webkit.sdk import (
    CredentialsRejected,
    DocumentRejected,
    Health,
    HealthReport,
    Pdf,
    PdfDocument,
    PdfRequest,
    ProviderError,
    ProviderMisconfigured,
    ProviderUnavailable,
    RateLimited,
)

from .closed import closed
from .settings import GotenbergSettings

NAME = "gotenberg"
LARGEST = 128 * 1024 * 1024
"""A document with its pictures inside, as for the embedded engine. Nobody is asked to hold more."""
CONNECT_SECONDS = 2.0
HEALTH_SECONDS = 1.5
_SAID = 200
_A4_INCHES = {"paperWidth": "8.27", "paperHeight": "11.69"}


class Gotenberg:
    """Asks the server; rendering changes nothing there, so whatever fails on the way may be tried again."""

    def __init__(self, settings: GotenbergSettings) -> None:
        self._url = settings.url.rstrip("/")
        self._seconds = settings.seconds
        self._most = settings.output_mb * 2**20
        self._headers = {"Connection": "close", "User-Agent": "webkit"}
        if settings.username:
            user = f"{settings.username}:{settings.password.get_secret_value()}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(user.encode()).decode()}"

    def render(self, request: PdfRequest) -> PdfDocument:
        fields = _form(request)
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=self._seconds)
        with self._asked("POST", "/forms/chromium/convert/html", timeout, fields) as answer:
            if answer.status != 200:
                raise _error(answer)
            content = self._read(answer)
        return PdfDocument(content=content, pages=_pages(content))

    def health(self) -> HealthReport:
        try:
            with self._asked("GET", "/health", urllib3.Timeout(total=HEALTH_SECONDS)) as answer:
                if answer.status not in (200, 503):
                    raise _error(answer)
                report = json.loads(answer.read(65_536))
            return _report(report["status"], report.get("details", {}))
        except ProviderError as error:
            return HealthReport(Health.DOWN, str(error))
        except HTTPError:
            return HealthReport(Health.DOWN, f"{self._url} does not answer in time")
        except (ValueError, LookupError, AttributeError, TypeError):
            return HealthReport(Health.DOWN, f"what answers at {self._url} is not Gotenberg")

    @contextlib.contextmanager
    def _asked(
        self,
        method: str,
        path: str,
        timeout: urllib3.Timeout,
        fields: dict[str, str | tuple[str, bytes, str]] | None = None,
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        # A connection for each document: none is left open to go stale, or to be shared with a fork.
        with urllib3.PoolManager(retries=False, headers=self._headers) as http:
            try:
                answer = http.request(
                    method, self._url + path, fields=fields, timeout=timeout, redirect=False, preload_content=False
                )
            except LocationParseError:
                raise ProviderMisconfigured(f"{self._url} is no address", provider=NAME) from None
            except HTTPError as error:
                text = f"{self._url} does not answer: {type(error).__name__}"
                raise ProviderUnavailable(text, provider=NAME) from None
            try:
                yield answer
            finally:
                answer.close()

    def _read(self, answer: urllib3.BaseHTTPResponse) -> bytes:
        """The body, not more and not longer than allowed."""
        deadline = time.monotonic() + self._seconds
        content = bytearray()
        try:
            while piece := answer.read1(65_536):
                content += piece
                if len(content) > self._most:
                    raise DocumentRejected(f"the PDF is larger than {self._most // 2**20} MiB", provider=NAME)
                if time.monotonic() > deadline:
                    raise ProviderUnavailable("the PDF does not arrive in time", provider=NAME)
        except HTTPError:
            raise ProviderUnavailable("the connection broke while the PDF arrived", provider=NAME) from None
        return bytes(content)


def _form(request: PdfRequest) -> dict[str, str | tuple[str, bytes, str]]:
    try:
        html = closed(request.html).encode()
    except UnicodeEncodeError:
        raise DocumentRejected("the document is not valid Unicode", provider=NAME) from None
    if len(html) > LARGEST:
        raise DocumentRejected("the document is too large", provider=NAME)
    properties = {"Title": request.title} | ({"Author": request.author} if request.author else {})
    return {
        "files": ("index.html", html, "text/html"),
        "preferCssPageSize": "true",
        "printBackground": "true",
        "generateTaggedPdf": "true",
        "metadata": json.dumps(properties),
        **_A4_INCHES,
    }


def _report(status: str, details: dict[str, dict[str, str]]) -> HealthReport:
    if status == "up":
        return HealthReport(Health.OK)
    sick = [name for name, part in details.items() if part["status"] != "up"]
    return HealthReport(Health.DOWN, f"not well: {', '.join(sick)}")


def _pages(content: bytes) -> int:
    try:
        return PdfReader(io.BytesIO(content)).get_num_pages()
    except Exception:  # the library raises whatever a broken file leads it into
        raise ProviderUnavailable("what came back is not a PDF", provider=NAME) from None


def _error(answer: urllib3.BaseHTTPResponse) -> ProviderError:
    """What a refusal means to us. Gotenberg says the reason in plain text."""
    status = answer.status
    code = str(status)
    match status:
        case 401:
            return CredentialsRejected("user or password is wrong", provider=NAME, code=code)
        case 403:
            text = "its lists of addresses refuse the document itself: file:///tmp/ must be allowed"
            return ProviderMisconfigured(text, provider=NAME, code=code)
        case 413:
            return DocumentRejected("the document is larger than Gotenberg takes", provider=NAME, code=code)
        case 429:
            return RateLimited("its queue is full", provider=NAME, code=code, retry_after=_seconds(answer))
        case 400 | 409 | 415 | 422:
            return DocumentRejected(f"refused: {_said(answer)}", provider=NAME, code=code)
        case _ if status >= 500:
            return ProviderUnavailable(f"{status}: {_said(answer)}", provider=NAME, code=code)
    return ProviderMisconfigured(f"GOTENBERG_URL answers {status}, as Gotenberg does not", provider=NAME, code=code)


def _said(answer: urllib3.BaseHTTPResponse) -> str:
    with contextlib.suppress(HTTPError):
        return answer.read(_SAID).decode(errors="replace").strip()
    return ""


def _seconds(answer: urllib3.BaseHTTPResponse) -> float | None:
    given = answer.headers.get("Retry-After", "")
    return float(given) if given.isdigit() else None


_checked: type[Pdf] = Gotenberg
