"""The contract of PDF."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from pypdf import PdfReader

from webkit.core.capabilities.pdf import PDF, Pdf, PdfRequest
from webkit.core.plugins import load_plugins
from webkit.core.providers import ProviderRegistry

from .contract import ProviderContract


class Trap:
    """A server on this machine that remembers who came."""

    def __init__(self) -> None:
        self.visits: list[str] = []
        visits = self.visits

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                visits.append(self.path)
                self.send_error(404)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


def document(body: str, style: str = "") -> str:
    """A whole HTML document."""
    return (
        '<!doctype html><html lang="it"><head><meta charset="utf-8"><title>x</title>'
        f"<style>@page {{ size: A4; margin: 20mm }} {style}</style></head><body>{body}</body></html>"
    )


class PdfContract(ProviderContract):
    """Nothing to override."""

    @pytest.fixture
    def trap(self) -> Iterator[Trap]:
        trap = Trap()
        thread = Thread(target=trap.server.serve_forever, daemon=True)
        thread.start()
        yield trap
        trap.server.shutdown()
        trap.server.server_close()
        thread.join()

    def reader(self, provider: Pdf, html: str) -> PdfReader:
        """Render and open; the page count must be true."""
        pdf = provider.render(PdfRequest(html, "Proposta città", "Studio Łódź"))
        assert pdf.content.startswith(b"%PDF-")
        reader = PdfReader(io.BytesIO(pdf.content))
        assert pdf.pages == len(reader.pages)
        return reader

    def text(self, reader: PdfReader) -> str:
        """All text, with spaces folded."""
        return " ".join(" ".join(page.extract_text() for page in reader.pages).split())

    def test_text_and_properties_are_there(self, provider: Pdf) -> None:
        reader = self.reader(provider, document("<h1>Proposta</h1><p>Perché no? 1.234,56 €</p>"))
        text = self.text(reader)
        assert "Proposta" in text
        assert "Perché no?" in text
        assert "1.234,56" in text
        assert reader.metadata is not None
        assert reader.metadata.title == "Proposta città"
        assert reader.metadata.author == "Studio Łódź"

    def test_the_paper_is_the_documents(self, provider: Pdf) -> None:
        box = self.reader(provider, document("<p>x</p>")).pages[0].mediabox
        assert (round(box.width), round(box.height)) == (595, 842)

    def test_an_empty_document_is_a_page(self, provider: Pdf) -> None:
        assert len(self.reader(provider, document("")).pages) == 1

    def test_long_documents_break_into_pages(self, provider: Pdf) -> None:
        rows = "".join(f"<tr><td>Voce {n}</td><td>{n},00</td></tr>" for n in range(600))
        reader = self.reader(provider, document(f"<table><tbody>{rows}</tbody></table>"))
        assert len(reader.pages) > 5
        text = self.text(reader)
        assert "Voce 0" in text
        assert "Voce 599" in text

    def test_pictures_come_as_data(self, provider: Pdf) -> None:
        pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
        assert self.reader(provider, document(f'<img alt="" src="data:image/png;base64,{pixel}">x')).pages

    def test_the_network_is_not_reached(self, provider: Pdf, trap: Trap) -> None:
        body = (
            f'<img src="{trap.url}/img"><link rel="stylesheet" href="{trap.url}/css"><iframe src="{trap.url}/frame">'
            f'</iframe><object data="{trap.url}/object"></object><svg><image href="{trap.url}/svg"/></svg>still here'
            f'<script src="{trap.url}/js"></script>'
        )
        style = f'@import "{trap.url}/import"; @font-face {{ font-family: t; src: url({trap.url}/font) }} '
        style += f"body {{ font-family: t, sans-serif; background: url({trap.url}/background) }}"
        assert "still here" in self.text(self.reader(provider, document(body, style)))
        assert trap.visits == []

    def test_no_file_of_the_machine_is_read(self, provider: Pdf, tmp_path: Path) -> None:
        secret = tmp_path / "secret.txt"
        secret.write_text("s3cr3t-canary")
        body = f'<iframe src="{secret.as_uri()}"></iframe><object data="{secret.as_uri()}"></object>still here'
        body += f'<link rel="attachment" href="{secret.as_uri()}"><img src="{secret.as_uri()}">'
        pdf = provider.render(PdfRequest(document(body), "x"))
        assert b"s3cr3t-canary" not in pdf.content
        reader = PdfReader(io.BytesIO(pdf.content))
        assert "s3cr3t-canary" not in self.text(reader)
        assert not list(reader.attachments)

    def test_broken_markup_is_rendered_all_the_same(self, provider: Pdf) -> None:
        assert "unclosed" in self.text(self.reader(provider, document("<div><p>unclosed <b>tags & signs <")))

    def test_several_at_once(self, provider: Pdf) -> None:
        def words(number: int) -> str:
            return self.text(self.reader(provider, document(f"<p>Documento {number:03}</p>")))

        with ThreadPoolExecutor(4) as pool:
            texts = list(pool.map(words, range(12)))
        assert [f"Documento {number:03}" in text for number, text in enumerate(texts)] == [True] * 12


def embedded_printer() -> Callable[[PdfRequest], bytes]:
    """Prints with the engine that comes with webkit: for the double of a vendor that prints."""
    plugins = load_plugins()
    provider = ProviderRegistry({"PDF_PROVIDER": "pluto"}, plugins.providers, capabilities=[PDF]).get(PDF)
    return lambda request: provider.render(request).content
