"""The styleguide in a real browser: nothing the CSP forbids, nothing axe finds, nothing wider than the screen."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, expect

from tests.assets.chromium import MARKS, chromium, open_page, serving
from webkit.core.kernel import templating
from webkit.core.paths import STATIC, TEMPLATES
from webkit.styleguide.routes import blueprint

pytestmark = MARKS
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app = Flask("webkit", template_folder=str(TEMPLATES), static_folder=str(STATIC), static_url_path="/static")
    app.secret_key = "test"
    app.extensions["webkit"] = SimpleNamespace(settings=SimpleNamespace(production=False), menu=[])
    templating.init_app(app)
    app.register_blueprint(blueprint)
    with serving(app) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light")])
@pytest.mark.parametrize("path", ["/styleguide", "/styleguide/outside", "/styleguide/lost"])
def test_it_is_accessible_and_within_the_policy(
    browser: Browser, address: str, path: str, width: int, scheme: str
) -> None:
    page = open_page(browser, address + path, width, scheme)
    found = Axe().run(page, options=RULES).response["violations"]
    assert not [(rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in found]
    assert page.evaluate("window.broken") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


def test_the_keys_work(browser: Browser, address: str) -> None:
    page = open_page(browser, address + "/styleguide")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.type("invo")
    expect(page.locator("#palette [aria-selected=true]")).to_have_text("Invoices")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("main [type=search]")).to_be_focused()
    page.context.close()


def test_a_dialog_closes_without_sending_and_gives_the_focus_back(browser: Browser, address: str) -> None:
    page = open_page(browser, address + "/styleguide")
    opener = page.locator("a[aria-haspopup=dialog]")
    opener.click()
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator("#delete-sample")).to_be_hidden()
    expect(opener).to_be_focused()
    page.context.close()


def test_a_failed_autosave_says_so_and_leaving_warns(browser: Browser, address: str) -> None:
    page = open_page(browser, address + "/styleguide")
    page.locator("#f-saved").fill("changed")
    expect(page.locator("#saved-here")).to_have_text("Not saved. Trying again in 4 s")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.close(run_before_unload=True)
    page.context.close()
    assert asked == ["beforeunload"]


def test_the_theme_is_remembered(browser: Browser, address: str) -> None:
    page = open_page(browser, address + "/styleguide")
    page.locator("main").get_by_role("button", name="Dark").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.context.close()
