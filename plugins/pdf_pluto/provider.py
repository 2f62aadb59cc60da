"""The provider: asks the running renderer, or where there is none keeps a child of its own."""

from __future__ import annotations

from pathlib import Path

from plugins.pdf_pluto.pool import NAME, Limits, Pool
from plugins.pdf_pluto.server import Client, serve
from webkit.sdk import DocumentRejected, Health, HealthReport, Pdf, PdfDocument, PdfRequest, ProviderUnavailable

from .settings import PlutoSettings


class Pluto:
    """Documents are rendered outside this process in any case: an engine in C++ meets text that people wrote."""

    def __init__(self, settings: PlutoSettings) -> None:
        mebibyte = 2**20
        self._limits = Limits(settings.seconds, settings.memory_mb * mebibyte, settings.output_mb * mebibyte)
        self._processes = settings.processes
        self._client = Client(settings.socket, self._limits) if settings.socket else None
        # Starts nothing before the first document.
        self._pool = Pool(self._limits, size=1)

    def render(self, request: PdfRequest) -> PdfDocument:
        try:
            rendered = (self._client or self._pool).render(request.html, request.title, request.author)
        except UnicodeEncodeError:
            raise DocumentRejected("the document is not valid Unicode", provider=NAME) from None
        return PdfDocument(content=rendered.content, pages=rendered.pages)

    def health(self) -> HealthReport:
        if self._client is None:
            return HealthReport(Health.OK, "each process renders in a child of its own")
        try:
            self._client.ping()
        except ProviderUnavailable as error:
            return HealthReport(Health.DOWN, str(error))
        return HealthReport(Health.OK)

    def serve(self, socket: str) -> None:
        """Be the renderer that all other processes ask; returns after SIGTERM."""
        serve(Path(socket), Pool(self._limits, self._processes))


_checked: type[Pdf] = Pluto
