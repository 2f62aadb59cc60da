"""What a printed document needs of an agency: one style sheet that carries everything, fonts included.

The PDF engine reads no file and no network, so fonts are `data:` URLs. It wants them without a `format()` hint, in
static cuts, and a letter that no font has is left out, hence Greek and Cyrillic beside Latin.
"""

from base64 import b64encode
from functools import cache
from re import split

from markupsafe import Markup

from webkit.branding.art import LINES, cover_art, is_rings
from webkit.branding.colours import as_css, print_colours, public_colours
from webkit.core import assets
from webkit.core.paths import STATIC

_FACES = (
    ("Paper", 400, "inter-400"),
    ("Paper", 500, "inter-500"),
    ("Paper", 700, "inter-700"),
    ("PaperExt", 400, "inter-ext-400"),
    ("PaperExt", 700, "inter-ext-700"),
    ("PaperGreek", 400, "inter-greek-400"),
    ("PaperGreek", 700, "inter-greek-700"),
    ("PaperCyrillic", 400, "inter-cyrillic-400"),
    ("PaperCyrillic", 700, "inter-cyrillic-700"),
    ("Hand", 400, "newsreader-italic"),
)


def print_context(brand: str, slug: str = "") -> dict[str, object]:
    """The variables ``layouts/document_pdf.html`` needs; with ``slug`` the first page is the agency's cover."""
    return {
        "print_css": _css(brand, slug),
        "colours": print_colours(brand),
        "css_string": css_string,
        "css_pages": css_pages,
    }


def css_string(text: str) -> Markup:
    """Any text as a CSS string: whatever is not a plain letter, digit or space is written as its number."""
    return Markup('"' + "".join(_css_character(char) for char in text) + '"')  # noqa: S704 - all else is escaped


def css_pages(text: str) -> Markup:
    """``Page {page} of {pages}`` as the value of ``content``."""
    counters = {"{page}": "counter(page)", "{pages}": "counter(pages)"}
    pieces = [piece for piece in split(r"(\{pages?\})", text) if piece]
    return Markup(" ").join(Markup(counters[p]) if p in counters else css_string(p) for p in pieces)  # noqa: S704


@cache
def _css(brand: str, slug: str) -> Markup:
    parts = [_fonts(), as_css(print_colours(brand)), _sheet(), _cover_page(brand, slug) if slug else ""]
    return Markup("".join(parts))  # noqa: S704 - our own files, checked hex, base64


@cache
def _sheet() -> str:
    return (STATIC / assets.manifest()["print.css"]).read_text("utf-8")


@cache
def _fonts() -> str:
    return "".join(_face(family, weight, name) for family, weight, name in _FACES)


def _face(family: str, weight: int, name: str) -> str:
    data = b64encode((STATIC / assets.manifest()[f"{name}.woff2"]).read_bytes()).decode("ascii")
    return f"@font-face{{font-family:{family};font-weight:{weight};src:url(data:font/woff2;base64,{data})}}"


def _cover_page(brand: str, slug: str) -> str:
    """The first page in the agency's colour with its lines; only a page's own background reaches its edges."""
    colours = public_colours(brand)
    picture = b64encode(_cover_picture(slug, colours["cover-line"]).encode()).decode("ascii")
    return (
        f"@page:first{{background:{colours['cover']} url(data:image/svg+xml;base64,{picture}) 0 0/210mm 297mm"
        " no-repeat;@bottom-left{content:none}@bottom-right{content:none}}"
    )


def _cover_picture(slug: str, colour: str) -> str:
    """The lines between title and facts, fading where text stands (the engine knows no masks)."""
    paths = str(cover_art(slug)).split("/>")[:LINES]
    faded = "".join(f'{path} stroke-opacity="{_strength(slug, line):.2f}"/>' for line, path in enumerate(paths))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="794" height="1123" viewBox="0 0 794 1123">'
        f'<g transform="translate(-130 470) scale(.65)" fill="none" stroke="{colour}" stroke-width="2">{faded}</g>'
        "</svg>"
    )


def _strength(slug: str, line: int) -> float:
    share = line / (LINES - 1)
    return max(0.0, 1.0 - 1.2 * share) if is_rings(slug) else max(0.0, 0.9 - abs(share - 0.6) * 1.8)


def _css_character(char: str) -> str:
    return char if char.isalnum() or char == " " else f"\\{ord(char):x} "
