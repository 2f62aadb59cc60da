"""The script of client pages: each behaviour on a page that also works without it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask, Response, request, url_for
from playwright.sync_api import Browser, expect

from tests.assets.chromium import MARKS, chromium, open_page, serving
from webkit.core import assets
from webkit.core.paths import STATIC

pytestmark = MARKS
PICTURE = re.compile(r"^data:image/png;base64,.{100,}")
PAGE = """<!doctype html><html lang="en"><title>Page</title>
<link rel="stylesheet" href="{css}"><script type="module" src="{js}"></script>
<form id="options" method="get" action="/" data-live="#price">
<label><input type="checkbox" name="option" value="a">A</label>
<button data-live-button>Update the total</button></form><p id="price">{price}</p>
<form id="code" method="post" action="/done"><input name="code" aria-label="Code" maxlength="7" data-code></form>
<form id="sign" method="post" action="/done"><div class="js-only" data-pad>
<canvas width="300" height="120"></canvas>
<button type="button" data-pad-clear>Clear</button><input type="hidden" name="drawn"></div></form>
<button hidden data-copy="IT60 X054" data-copied="Copied">Copy</button>"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app = Flask("public", static_folder=str(STATIC), static_url_path="/static")

    @app.get("/")
    def show() -> str:
        price = "150" if request.args.get("option") else "100"
        css, js = (url_for("static", filename=assets.manifest()[name]) for name in ("public.css", "public.js"))
        return PAGE.format(css=css, js=js, price=price)

    @app.post("/done")
    def done() -> Response:
        return Response(f"<!doctype html><title>Done</title><p id=got>{request.form['code']}</p>")

    with serving(app) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def test_the_total_follows_the_options(browser: Browser, address: str) -> None:
    page = open_page(browser, address)
    expect(page.get_by_role("button", name="Update the total")).to_be_hidden()
    page.get_by_label("A").check()
    expect(page.locator("#price")).to_have_text("150")
    page.get_by_label("A").uncheck()
    expect(page.locator("#price")).to_have_text("100")
    assert page.evaluate("window.broken") == []
    page.context.close()


def test_without_script_the_button_does_it(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    page.get_by_label("A").check()
    page.get_by_role("button", name="Update the total").click()
    expect(page.locator("#price")).to_have_text("150")
    expect(page.locator("canvas")).to_be_hidden()
    context.close()


def test_six_digits_send_the_code(browser: Browser, address: str) -> None:
    page = open_page(browser, address)
    page.get_by_label("Code").press_sequentially("123 456")
    expect(page.locator("#got")).to_have_text("123456")
    page.context.close()


def test_a_drawn_signature_becomes_a_picture_and_can_be_cleared(browser: Browser, address: str) -> None:
    page = open_page(browser, address)
    page.locator("[data-ready] canvas").scroll_into_view_if_needed()
    box = page.locator("canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 50, steps=8)
    page.mouse.up()
    drawn = page.locator("input[name=drawn]")
    expect(drawn).to_have_value(PICTURE)
    page.get_by_role("button", name="Clear").click()
    expect(drawn).to_have_value("")
    assert page.evaluate("window.broken") == []
    page.context.close()


def test_copying_says_so(browser: Browser, address: str) -> None:
    page = open_page(browser, address)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "IT60 X054"
    page.context.close()
