"""People watch a text being written: several windows, a reload, Stop, and somebody without script."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, expect

from tests.browser.eyes import DESKTOP, NEEDS_CHROMIUM, PHONE, Eyes, chromium
from tests.journeys.deal import Deal
from tests.journeys.stack import Stack, until
from tests.pages.test_accessible import RULES
from webkit.sdk.testing.doubles.anthropic import KEY, Behaviour, Mode, Remote

pytestmark = [NEEDS_CHROMIUM, pytest.mark.slow, pytest.mark.timeout(300)]
expect.set_options(timeout=30_000)
HOME = "/northwind-studio"
LETTERS = f"{HOME}/letters"


@pytest.fixture(scope="module")
def vendor() -> Iterator[Remote]:
    """The vendor's double, in a process of its own."""
    command = [sys.executable, "-m", "webkit.sdk.testing.doubles.anthropic"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout is not None
        yield Remote(process.stdout.readline().strip())
        process.terminate()


@pytest.fixture(scope="module")
def deal(vendor: Remote) -> Iterator[Deal]:
    """A running installation that writes letters, with its agency."""
    with tempfile.TemporaryDirectory(prefix="wk-") as folder:
        claude = {"AI_PROVIDER": "claude", "ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": vendor.url}
        stack = Stack(Path(folder), factory="tests.ai_runs.launch:create", **claude)
        try:
            first = Deal(stack.start(), stack.visitor())
            for step in first.BEFORE:
                step(first)
            yield first
            assert stack.errors() == []
        finally:
            stack.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def _window(browser: Browser, deal: Deal, **options: object) -> Eyes:
    eyes = Eyes(browser, deal.stack.url, **options)  # type: ignore[arg-type]
    return eyes.sign_in(deal.staff.cookies)


def _text(eyes: Eyes, nth: int = 0) -> Locator:
    return eyes.page.locator(".wk-prose").nth(nth)


def _tags(eyes: Eyes, word: str) -> Locator:
    return eyes.page.locator(".wk-tag").get_by_text(word, exact=True)


def _write(eyes: Eyes, prompt: str) -> None:
    eyes.open(LETTERS).fill(prompt=prompt).press("Write", exact=True)


def _accessible(eyes: Eyes) -> None:
    found = Axe().run(eyes.page, options=RULES)
    assert found.violations_count == 0, found.generate_report()


def test_two_windows_see_the_same_and_a_reload_loses_nothing(browser: Browser, deal: Deal, vendor: Remote) -> None:
    words = (
        "We begin in your workshop. For two days we listen.\n\n" * 6
        + "- Orders rise by 32%\n- Visitors: [[fact:answer.visitors]]"
    )
    vendor.when("two windows", Behaviour(Mode.SLOW, first=0.3, pause=0.05, text=words))
    first, second = _window(browser, deal), _window(browser, deal)
    _write(first, "two windows")
    second.open(LETTERS)
    for eyes in (first, second):
        expect(_text(eyes)).to_contain_text("We begin")
    first.look("ai/writing")
    first.open(LETTERS)
    assert "We begin" in _text(first).inner_text()
    for eyes in (first, second):
        expect(_tags(eyes, "Suggested")).to_have_count(3)
    fresh = _window(browser, deal).open(LETTERS)
    for nth in range(3):
        htmls = {_text(eyes, nth).inner_html() for eyes in (first, second, fresh)}
        assert len(htmls) == 1
        assert "1,200 visitors" in htmls.pop()
    expect(first.page.locator("mark.wk-doubt").last).to_contain_text("32%")
    _accessible(fresh)
    for eyes in (first, second, fresh):
        eyes.look()
        eyes.close()


def test_stop_ends_the_vendor_too_and_keeps_what_was_written(browser: Browser, deal: Deal, vendor: Remote) -> None:
    vendor.when("stop me", Behaviour(Mode.SLOW, first=0.1, pause=0.1, text="word " * 2000))
    eyes = _window(browser, deal)
    _write(eyes, "stop me")
    expect(_text(eyes)).to_contain_text("word word")
    for _ in range(3):
        eyes.page.get_by_role("button", name="Stop").first.click()
        eyes.page.wait_for_timeout(500)
    expect(_tags(eyes, "Stopped")).to_have_count(3)
    assert "word word" in _text(eyes).inner_text()
    until(lambda: vendor.stats()["running"] == 0, what="for the vendor to be let go")
    eyes.look("ai/stopped")
    eyes.close()


def test_without_script_the_page_renews_itself_and_stop_is_a_form(browser: Browser, deal: Deal, vendor: Remote) -> None:
    vendor.when("no script", Behaviour(Mode.SLOW, first=0.1, pause=0.1, text="plain " * 60))
    eyes = _window(browser, deal, script=False)
    _write(eyes, "no script")
    expect(_text(eyes)).to_contain_text("plain")
    eyes.press("Stop")
    expect(_tags(eyes, "Stopped")).to_have_count(1)
    expect(_tags(eyes, "Suggested")).to_have_count(2)
    eyes.close()


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light")])
def test_every_state_can_be_looked_at(
    browser: Browser, deal: Deal, vendor: Remote, size: tuple[int, int], scheme: str
) -> None:
    name = f"{scheme}-{size[0]}"
    vendor.when(name, Behaviour(Mode.REFUSES), times=1)
    vendor.when(name, Behaviour(Mode.TRUNCATES), times=1)
    vendor.when(name, Behaviour(Mode.HOSTILE))
    eyes = _window(browser, deal, size=size, scheme=scheme)
    _write(eyes, name)
    expect(eyes.page.locator("article[data-state=queued],article[data-state=running]")).to_have_count(0)
    eyes.look(f"ai/states-{name}")
    eyes.open(f"{HOME}/ai-runs").look(f"ai/usage-{name}")
    _accessible(eyes)
    eyes.open(eyes.page.get_by_role("link", name="Section 1").first.get_attribute("href") or "").look(f"ai/one-{name}")
    _accessible(eyes)
    eyes.close()
