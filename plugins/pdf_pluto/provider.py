"""The provider: asks the running renderer, or where there is none keeps a child of its own."""

from __future__ import annotations

import os
import sys

from plugins.pdf_pluto.pool import NAME, Limits, Pool
from plugins.pdf_pluto.server import Client
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
        """Become the renderer that all other processes ask. What this process had loaded is let go for it."""
        numbers = (self._limits.seconds, self._limits.memory, self._limits.output, self._processes)
        program = [sys.executable, "-P", "-m", "plugins.pdf_pluto.server", socket, *map(str, numbers)]
        os.execv(sys.executable, program)  # noqa: S606


_checked: type[Pdf] = Pluto
