"""PDF: one self-contained HTML document in, one PDF out."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Protocol

from .base import Capability, Provider
from .errors import ProviderRejected


class PdfFeature(enum.StrEnum):
    """What a PDF provider may do beyond the contract's core."""

    TAGGED = "tagged"  # readable by screen readers
    PDF_A3 = "pdf_a3"  # archival, with embedded files


class DocumentRejected(ProviderRejected):
    """The document cannot be rendered within the limits of size, memory and time."""


@dataclass(frozen=True, slots=True)
class PdfRequest:
    """`html` is a whole document that carries everything it needs: the renderer reaches no network and no file.

    Styles stand in `<style>`, fonts and pictures are inline or `data:` URLs; anything else is left out. The paper comes
    from `@page`.
    `title` and `author` become the document's properties.
    """

    html: str = field(repr=False)
    title: str
    author: str = ""


@dataclass(frozen=True, slots=True)
class PdfDocument:
    """A finished PDF: its bytes and how many pages it has."""

    content: bytes = field(repr=False)
    pages: int


class Pdf(Provider, Protocol):
    """Somebody who prints."""

    def render(self, request: PdfRequest) -> PdfDocument:
        """Render. Raises DocumentRejected (limits), ProviderUnavailable (the renderer is gone: try again)."""
        ...


PDF: Capability[Pdf] = Capability(key="pdf", env="PDF_PROVIDER", protocol=Pdf, default="pluto")
