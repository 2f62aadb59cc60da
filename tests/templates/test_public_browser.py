"""Client pages in a browser: nothing wider than the screen, nothing axe complains about, the bar, the pad, paper."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.templates.harness import SAMPLES

SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
PATHS = [*SAMPLES, "error/404", "error/410?side=public", "error/500?side=public", "error/404?side=staff"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(browser: Browser, url: str, size: str = "desktop", script: bool = True) -> Page:
    width, height = SIZES[size]
    page = browser.new_context(viewport={"width": width, "height": height}, java_script_enabled=script).new_page()
    page.goto(url)
    return page


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", PATHS)
def test_everybody_can_read_it(browser: Browser, address: str, path: str, size: str) -> None:
    page = opened(browser, f"{address}/{path}", size)
    page.evaluate("scrollTo(0, 400)")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["html"][:120] for node in rule["nodes"]]) for rule in found] == []
    page.context.close()


@pytest.mark.parametrize("size", SIZES)
def test_the_bar_comes_with_the_first_scroll(browser: Browser, address: str, size: str) -> None:
    page = opened(browser, f"{address}/proposal", size)
    bar = page.locator(".act")
    assert not bar.is_visible()
    page.mouse.wheel(0, 300)
    bar.wait_for(state="visible")
    page.context.close()


def test_a_signature_is_typed_without_a_script_and_drawn_with_one(browser: Browser, address: str) -> None:
    plain = opened(browser, f"{address}/contract", script=False)
    assert plain.locator("input.typed").is_visible()
    assert not plain.locator(".tabs").is_visible()
    plain.context.close()
    page = opened(browser, f"{address}/contract")
    page.locator("input[value=draw]").check(force=True)
    pad = page.locator(".pad[data-ready] canvas")
    pad.wait_for(state="visible")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 50, steps=8)
    page.mouse.up()
    assert page.locator("input[name=signature_drawn]").input_value().startswith("data:image/png;base64,")
    page.context.close()


def test_answers_exclude_each_other_without_a_script(browser: Browser, address: str) -> None:
    page = opened(browser, f"{address}/proposal", script=False)
    page.locator("#decline > summary").click()
    assert page.locator("#decline textarea").is_visible()
    assert not page.locator("#accept input[name=name]").is_visible()
    page.context.close()


def test_paper_leaves_forms_and_bars_out(browser: Browser, address: str) -> None:
    page = opened(browser, f"{address}/proposal")
    page.emulate_media(media="print")
    for gone in (".act", ".answer", ".skip", ".again"):
        assert not page.locator(gone).first.is_visible()
    assert page.locator("#money .bill").first.is_visible()
    page.context.close()
