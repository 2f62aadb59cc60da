"""The same frozen documents by both engines: what a reader gets is the same, and nothing is missing or cut."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from pypdf import PdfReader

from plugins.pdf_gotenberg.provider import Gotenberg
from plugins.pdf_gotenberg.settings import GotenbergSettings
from plugins.pdf_pluto.provider import Pluto
from plugins.pdf_pluto.settings import PlutoSettings
from tests.pdf.documents import NAMES, golden, html, told
from tests.pdf.reading import Reading, folded, last_line, overlapping, read, says
from tests.plugins.gotenberg import CHROMIUM, REAL, printing
from webkit.core.kernel import i18n
from webkit.sdk import Pdf, PdfDocument, PdfRequest
from webkit.signing import seal

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM or REAL), reason="neither a Chromium nor a running Gotenberg here"),
]
ENGINES = ("pluto", "gotenberg")
MARGIN = 14
"""Points that stay white at every edge, on every page but a cover."""


class Press:
    """Both engines; each document is printed once by each."""

    def __init__(self, app: Flask, engines: dict[str, Pdf], folder: Path) -> None:
        self.app, self.engines, self.folder = app, engines, folder
        self.printed = cache(self._print)
        self.read = cache(self._read)

    def _print(self, name: str, engine: str) -> PdfDocument:
        document = golden(name)
        return self.engines[engine].render(PdfRequest(html(self.app, document), document.number, "Northwind"))

    def html(self, name: str) -> str:
        return html(self.app, golden(name))

    def _read(self, name: str, engine: str) -> Reading:
        file = self.folder / f"{name}-{engine}.pdf"
        file.write_bytes(self.printed(name, engine).content)
        return read(file)


@pytest.fixture(scope="module")
def press(house: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Press]:
    pluto = Pluto(PlutoSettings())
    folder = tmp_path_factory.mktemp("golden")
    if REAL:
        yield Press(house, {"pluto": pluto, "gotenberg": Gotenberg(GotenbergSettings(url=REAL))}, folder)
        return
    with printing() as server:
        yield Press(house, {"pluto": pluto, "gotenberg": Gotenberg(GotenbergSettings(url=server.url))}, folder)


each = pytest.mark.parametrize("name", NAMES)
by_each = pytest.mark.parametrize("engine", ENGINES)


@each
@by_each
def test_everything_the_document_says_is_there(press: Press, name: str, engine: str) -> None:
    text = folded(press.read(name, engine).text)
    said = told(press.html(name))
    assert len(said) > 20
    assert [words for words in said if not says(text, words)] == []


@each
def test_both_read_alike(press: Press, name: str) -> None:
    pluto, gotenberg = (press.read(name, engine) for engine in ENGINES)
    assert gotenberg.amounts == pluto.amounts
    assert len(gotenberg.amounts) >= 3
    assert abs(len(gotenberg.pages) - len(pluto.pages)) <= 1


@each
@by_each
def test_every_page_has_its_number_and_says_whose_it_is(press: Press, name: str, engine: str) -> None:
    document = golden(name)
    pages = press.read(name, engine).pages
    assert len(pages) == press.printed(name, engine).pages
    with press.app.app_context(), i18n.use_locale(document.locale, "Europe/Rome"):
        foot, address = i18n.gettext("Page {page} of {pages}"), document.verify_url
    for number, page in enumerate(pages, 1):
        numbered = folded(foot.format(page=number, pages=len(pages))) in folded(page.text)
        cover = bool(document.snapshot.get("cover")) and number == 1
        assert numbered is not cover
        if not cover:
            assert document.number in page.text
            assert folded(address) in folded(page.text)


@each
@by_each
def test_no_word_is_cut_or_drawn_over_another(press: Press, name: str, engine: str) -> None:
    for page in press.read(name, engine).pages:
        assert (round(page.width), round(page.height)) == (595, 842)
        outside = [
            word
            for word in page.words
            if word.left < MARGIN
            or word.top < MARGIN
            or word.right > page.width - MARGIN
            or word.bottom > page.height - MARGIN
        ]
        assert outside == []
        assert overlapping(page.words) == []


@each
@by_each
def test_every_font_is_inside(press: Press, name: str, engine: str) -> None:
    fonts = press.read(name, engine).fonts
    assert fonts
    assert [font for font, embedded in fonts if not embedded] == []
    assert any("Inter" in font for font, _ in fonts)


@by_each
def test_rows_break_between_pages_under_a_head_of_their_own(press: Press, engine: str) -> None:
    pages = press.read("invoice-rows", engine).pages
    rows = [int(number) for page in pages for number in re.findall(r", part (\d+)", page.text)]
    assert rows == list(range(1, 59))
    assert all(("Quantity" in page.text) == (", part " in page.text) for page in pages)


@by_each
def test_no_heading_stands_alone_at_the_end_of_a_page(press: Press, engine: str) -> None:
    headings = set(golden("proposal").snapshot["contents"]["headings"].values()) | {"Choose what goes in"}
    for page in press.read("proposal", engine).pages[1:]:
        assert last_line(page) not in headings


@by_each
def test_a_long_word_leaves_the_size_of_the_letters_alone(press: Press, engine: str) -> None:
    def height(name: str) -> float:
        return next(word.bottom - word.top for word in press.read(name, engine).pages[0].words if word.text == "IBAN")

    assert height("invoice-italian") == pytest.approx(height("invoice-hostile"), abs=0.1)


@by_each
def test_a_sealed_file_keeps_its_seal(press: Press, engine: str) -> None:
    pdf, key = press.printed("sealed", engine).content, Ed25519PrivateKey.generate()
    made = seal.make(
        pdf,
        sign=key.sign,
        public_key=key.public_key().public_bytes_raw(),
        snapshot_hash="0" * 64,
        agency="Northwind Studio",
        kind="contract_sealed",
        number="CON-2026-001",
        at=datetime(2026, 11, 22, tzinfo=UTC),
        verify_url="https://webkit.example/verify/x",
    )
    sealed = seal.attach(pdf, made)
    assert seal.read(sealed) == (pdf, made)
    assert len(PdfReader(io.BytesIO(sealed)).pages) == press.printed("sealed", engine).pages
