"""PDFs printed by the vendor."""

from __future__ import annotations

import io
import json

from pypdf import PdfReader
from urllib3.exceptions import HTTPError

from webkit.sdk import (
    DocumentRejected,
    HealthReport,
    OutcomeUnknown,
    Pdf,
    PdfDocument,
    PdfRequest,
    ProviderRejected,
    ProviderUnavailable,
)

from .api import NAME, Api
from .settings import AcmeMailSettings


class AcmeMail:
    """One POST for each document. Printing changes nothing at the vendor: whatever fails may be tried again."""

    def __init__(self, settings: AcmeMailSettings) -> None:
        self._api = Api(settings)

    def render(self, request: PdfRequest) -> PdfDocument:
        body = json.dumps({"html": request.html, "title": request.title, "author": request.author}).encode()
        try:
            with self._api.open("POST", "/documents", body, {"Content-Type": "application/json"}) as answer:
                content = answer.data
        except ProviderRejected as error:
            raise DocumentRejected("the document is refused", provider=NAME, code=error.code) from None
        except (OutcomeUnknown, HTTPError):
            raise ProviderUnavailable("the connection died", provider=NAME) from None
        return PdfDocument(content, _pages(content))

    def health(self) -> HealthReport:
        return self._api.health()


def _pages(content: bytes) -> int:
    try:
        return PdfReader(io.BytesIO(content)).get_num_pages()
    except Exception:  # the library raises whatever a broken file leads it into
        raise ProviderUnavailable("what came back is not a PDF", provider=NAME) from None


_checked: type[Pdf] = AcmeMail  # the type checker compares the signatures
