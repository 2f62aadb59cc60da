"""Client pages: complete without a script, honest markup, small."""

import gzip
import re
from html.parser import HTMLParser

import pytest
from flask import Flask

from tests.templates.harness import SAMPLES
from webkit.core import assets
from webkit.core.paths import ROOT, STATIC, TEMPLATES

CODES = (400, 403, 404, 405, 409, 410, 413, 422, 429, 500, 503)
COMPONENTS = sorted((TEMPLATES / "components").glob("public_*.html"))


class Reader(HTMLParser):
    """Collects what tests ask about: attributes, ids, label targets."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]


def show(app: Flask, path: str) -> str:
    response = app.test_client().get(path)
    assert response.status_code == 200, path
    return response.text


PATHS = [f"/{name}" for name in SAMPLES] + [f"/error/{code}?side=public" for code in CODES]


@pytest.mark.parametrize("path", PATHS)
def test_no_inline_style_no_handlers_no_bare_script(app: Flask, path: str) -> None:
    html = show(app, path)
    names = {name for _tag, name, _value in Reader(html).attributes}
    assert "style" not in names
    assert not [name for name in names if name.startswith(("on", "hx-on"))]
    assert all("nonce=" in script for script in re.findall(r"<script[^>]*>", html))
    assert "<style" not in html


@pytest.mark.parametrize("path", PATHS)
def test_ids_are_single_and_references_lead_somewhere(app: Flask, path: str) -> None:
    page = Reader(show(app, path))
    assert len(page.ids) == len(set(page.ids))
    for tag, name, value in page.attributes:
        if name in ("aria-describedby", "aria-labelledby", "for"):
            assert set(value.split()) <= set(page.ids), (tag, name, value)


def test_a_page_says_whose_it_is_and_hides_from_search_engines(app: Flask) -> None:
    html = show(app, "/contract")
    assert '<html lang="en-AU">' in html
    assert '<meta name="robots" content="noindex">' in html
    assert "· Harbour &amp; Pine</title>" in html
    assert "/theme/public.css?agency=harbour-pine&amp;v=1" in html
    assert "webkit" not in html.lower()


def test_only_pages_that_ask_load_the_script(app: Flask) -> None:
    assert "<script" in show(app, "/proposal")
    assert "<script" not in show(app, "/invoice")


def test_consent_is_never_ticked_and_drawing_waits_for_a_script(app: Flask) -> None:
    html = show(app, "/contract")
    consent = re.search(r'<input type="checkbox"[^>]*name="agree"[^>]*>', html)
    assert consent
    assert "checked" not in consent[0]
    assert '<div class="tabs js-only">' in html
    assert '<div class="pad js-only" data-pad>' in html


def test_a_refused_field_keeps_its_text_and_ties_its_sentence(app: Flask) -> None:
    html = show(app, "/form")
    assert 'value="three or four"' in html
    assert 'aria-describedby="e-chairs"' in html
    assert 'aria-describedby="h-what e-what"' in html
    assert '<a href="#f-chairs">' in html
    assert 'value="2" checked' in html
    assert '<option value="both" selected>' in html


def test_names_of_clients_are_escaped(app: Flask) -> None:
    with app.test_request_context():
        ui = app.jinja_env.globals["ui"]
        row = {"label": "<b>", "amount": "<i>", "note": "<u>", "tag": "<s>"}
        assert "<b>" not in ui.public_rows([row]) and "<i>" not in ui.public_rows([row])  # type: ignore[attr-defined]
        assert "<script>" not in ui.public_field(None, "a", "<script>", value='"><script>')  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("side", ["", "public", "staff"])
def test_error_pages_draw_without_database_and_session(app: Flask, code: int, side: str) -> None:
    html = show(app, f"/error/{code}?side={side}")
    assert f">{code}</p>" in html
    assert "Nothing was changed." in html
    assert ("7KQ2-MX4D" in html) == (code >= 500)
    assert ("Harbour" in html) == bool(side)


def test_an_error_inside_an_exchange_is_a_fragment(app: Flask) -> None:
    values = {"code": 500, "title": "t", "message": "<m>", "request_id": "7KQ2"}
    with app.test_request_context():
        html = app.jinja_env.get_template("errors/fragment.html").render(**values)
    assert "<html" not in html
    assert "&lt;m&gt;" in html
    assert "7KQ2" in html


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.stem)
def test_a_component_is_one_macro_that_begins_with_what_it_is(path: object) -> None:
    text = (TEMPLATES / "components" / f"{path.stem}.html").read_text("utf-8")  # type: ignore[attr-defined]
    assert re.match(r"\{# \S.*[.:;] ?#\}\n", text)
    assert re.findall(r"macro (\w+)", text)[0] == path.stem  # type: ignore[attr-defined]
    assert path.stem in (TEMPLATES / "components" / "PUBLIC.md").read_text("utf-8")  # type: ignore[attr-defined]


def test_every_icon_drawn_is_in_the_set() -> None:
    texts = [path.read_text("utf-8") for path in [*COMPONENTS, *(TEMPLATES / "errors").glob("*.html")]]
    used = {name for text in texts for name in re.findall(r'(?:public_icon\(|icon=)"([a-z0-9-]+)"', text)}
    used |= {"circle-check", "clock", "alert-circle", "circle", "info-circle", "check", "x"}
    assert used <= set((ROOT / "assets" / "icons.txt").read_text("utf-8").split())


def test_a_client_page_stays_within_sixty_kilobytes(app: Flask) -> None:
    names = assets.manifest()
    css = (STATIC / (names["public.css"] + ".gz")).stat().st_size
    font = (STATIC / names["inter-public.woff2"]).stat().st_size
    page = len(gzip.compress(show(app, "/proposal").encode()))
    script = (STATIC / (names["public.js"] + ".gz")).stat().st_size
    assert css <= 8_000
    assert css + font + page + script <= 60_000
