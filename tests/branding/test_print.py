"""Paper: everything is inside the document, every letter is drawn and can be copied."""

import io
import re
import subprocess
from pathlib import Path

import plutoprint
import pytest
from flask import Flask
from pypdf import PdfReader, PdfWriter

from tests.templates.harness import make_app
from tests.templates.paper import DOCUMENTS, document
from webkit.branding.print import css_pages, css_string, print_context


class DataOnly(plutoprint.ResourceFetcher):
    """What is not inside the document fails the test."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def fetch_url(self, url: str) -> plutoprint.ResourceData:
        if not url.startswith("data:"):
            self.asked.append(url)
        return plutoprint.default_resource_fetcher.fetch_url(url)


@pytest.fixture(scope="module")
def app() -> Flask:
    return make_app()


def rendered(html: str) -> bytes:
    book, fetcher, stream = plutoprint.Book(plutoprint.PAGE_SIZE_A4), DataOnly(), io.BytesIO()
    book.custom_resource_fetcher = fetcher
    book.load_html(html)
    book.write_to_pdf_stream(stream)
    assert fetcher.asked == []
    return stream.getvalue()


def _plain(pdf: bytes) -> bytes:
    """The PDF with nothing compressed, to look into."""
    writer, stream = PdfWriter(PdfReader(io.BytesIO(pdf))), io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_letter_can_be_copied(app: Flask, name: str) -> None:
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(rendered(document(app, name)))).pages)
    assert "\ufffd" not in text
    assert "Verify: northwind.example/verify/7KQ4-M2XD" in text


def test_an_invoice_is_one_page_with_its_number_and_copyable_iban(app: Flask) -> None:
    pages = PdfReader(io.BytesIO(rendered(document(app, "invoice")))).pages
    text = pages[0].extract_text()
    assert len(pages) == 1
    assert "Page 1 of 1" in text
    assert "IT60 X054 2811 1010 0000 0123 456" in text
    assert "Tomasz Łukaszewski, Jiří Dvořák" in text


def test_only_our_own_fonts_are_used(app: Flask) -> None:
    names = re.findall(rb"/BaseFont\s*/[A-Z]{6}\+(\w+)", _plain(rendered(document(app, "contract"))))
    assert {name[:10] for name in names} == {b"Inter", b"Newsreader"}


def test_the_cover_reaches_the_edges_and_bears_no_page_number(app: Flask, tmp_path: Path) -> None:
    pdf = tmp_path / "p.pdf"
    pdf.write_bytes(rendered(document(app, "proposal")))
    assert "Page" not in PdfReader(pdf).pages[0].extract_text()
    subprocess.run(["pdftoppm", "-r", "20", "-f", "1", "-l", "1", str(pdf), str(tmp_path / "p")], check=True)
    picture = next(tmp_path.glob("*.ppm")).read_bytes()
    head, body = picture[:15].split(b"\n"), picture[-3 * 10 :]
    assert head[0] == b"P6"
    assert body[:3] == bytes.fromhex("1722a3")  # a pixel of the last row: the agency's cover colour


@pytest.mark.parametrize("hostile", ['";}</style><script>', "a\nb", "\\", "Łódź “x”", "{}"])
def test_a_text_in_css_cannot_leave_its_string(hostile: str) -> None:
    css = css_string(hostile)
    assert re.fullmatch(r'"(?:[^"\\\n<{}]|\\[0-9a-f]+ )*"', css)
    assert re.sub(r"\\([0-9a-f]+) ", lambda found: chr(int(found[1], 16)), css)[1:-1] == hostile


def test_page_numbers_follow_the_order_of_the_language() -> None:
    assert css_pages("Page {page} of {pages}") == '"Page " counter(page) " of " counter(pages)'
    assert css_pages("{pages} / {page}") == 'counter(pages) " \\2f  " counter(page)'


def test_a_context_is_computed_once_and_refuses_garbage() -> None:
    assert print_context("#2438d6")["print_css"] is print_context("#2438d6")["print_css"]
    with pytest.raises(ValueError, match="hexadecimal"):
        print_context("red;}")
