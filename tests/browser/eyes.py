"""A person in front of headless Chromium: does things, takes pictures, and complains about what should not be seen."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, FloatRect, Locator, Page, Response, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NEEDS_CHROMIUM = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
DESKTOP, PHONE = (1280, 800), (390, 780)
PICTURES = "WEBKIT_PICTURES"
_WATCH = """
window.refused = [];
addEventListener("securitypolicyviolation", (event) => refused.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Headless Chromium."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Eyes:
    """One browser window of somebody, with their own cookies."""

    def __init__(
        self, browser: Browser, url: str, *, size: tuple[int, int] = DESKTOP, scheme: str = "light", script: bool = True
    ) -> None:
        self.url, self.script = url, script
        self.width = size[0]
        self.problems: list[str] = []
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=script,
            user_agent=AGENT,
            reduced_motion="reduce",
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        if script:
            self.page.add_init_script(_WATCH)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.page.on("response", self._answered)

    def _heard(self, message: ConsoleMessage) -> None:
        # A refused form is answered with 422, which Chromium writes on the console.
        if message.type == "error" and "status of 4" not in message.text:
            self.problems.append(f"console at {self.page.url}: {message.text}")

    def _answered(self, response: Response) -> None:
        outside = urlsplit(response.url).netloc != urlsplit(self.url).netloc and not response.url.startswith("data:")
        if response.status >= 500 or outside:
            self.problems.append(f"{response.status} {response.url}")

    def open(self, path: str) -> Eyes:
        self.page.goto(path if "://" in path else self.url + path, wait_until="load")
        return self

    def sign_in(self, cookies: dict[str, str]) -> Eyes:
        """Take over the cookies of a visitor who has signed in."""
        self.context.add_cookies([{"name": name, "value": value, "url": self.url} for name, value in cookies.items()])
        return self

    def fill(self, **fields: str) -> Eyes:
        """Type into fields, choose in selects and radios, tick boxes."""
        for name, value in fields.items():
            self._put(self.page.locator(f'main [name="{name}"]:not([type=hidden])'), value)
        return self

    def _put(self, field: Locator, value: str) -> None:
        kind = field.first.evaluate("e => e.type")
        if kind in ("radio", "checkbox"):
            field.and_(self.page.locator(f'[value="{value}"]')).check()
        elif kind.startswith("select"):
            field.select_option(value=value)
        else:
            field.fill(value)

    def press(self, name: str, *, exact: bool = False) -> Eyes:
        """Click the button or link with this name."""
        button = self.page.get_by_role("button", name=name, exact=exact)
        link = self.page.get_by_role("link", name=name, exact=exact)
        button.or_(link).first.click()
        self.page.wait_for_load_state("load")
        return self

    def says(self, *words: str) -> Eyes:
        """Wait until the page shows all of this."""
        for word in words:
            self.page.get_by_text(word).first.wait_for(state="attached")
        return self

    def look(self, name: str = "") -> Eyes:
        """Check what can be seen, and keep a picture of it."""
        self.page.wait_for_load_state("load")
        self.page.wait_for_timeout(150)  # what a script still draws
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > self.width:
            self.problems.append(f"{self.page.url} is {wide} px wide, not {self.width}")
        if self.script:
            self.problems += [f"CSP at {self.page.url}: {each}" for each in self.page.evaluate("refused")]
        assert self.problems == []
        if name and (folder := os.environ.get(PICTURES)):
            place = Path(folder) / f"{name}.jpg"
            place.parent.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=place, type="jpeg", quality=70, animations="disabled")
            assert place.stat().st_size < 150_000
        return self

    def close(self) -> None:
        assert self.problems == []
        self.context.close()


class Keys:
    """Somebody who has no mouse."""

    def __init__(self, eyes: Eyes) -> None:
        self.page = eyes.page
        self._pictures = count()

    def to(self, selector: str, most: int = 150) -> Keys:
        """Tab until the focus is there; it must be seen there."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("s => document.activeElement?.matches(s)", selector):
                self._is_seen()
                return self
        raise AssertionError(f"{self.page.url}: no Tab leads to {selector}")

    def _is_seen(self) -> None:
        """Something around the element looks different from how it looks without the focus."""
        element = self.page.evaluate_handle("document.activeElement").as_element()
        assert element is not None
        element.scroll_into_view_if_needed()
        around = self._around()
        with_focus = self.page.screenshot(clip=around, animations="disabled", caret="hide")
        element.evaluate("e => e.blur()")
        without = self.page.screenshot(clip=around, animations="disabled", caret="hide")
        element.evaluate("e => e.focus({focusVisible: true, preventScroll: true})")
        told = element.evaluate("e => e.outerHTML.slice(0, 200)")
        assert with_focus != without, f"{self.page.url}: the focus cannot be seen on {told}"

    def _around(self) -> FloatRect:
        box = self.page.evaluate(
            """() => {
                const own = document.activeElement.getBoundingClientRect();
                const label = document.activeElement.closest('label')?.getBoundingClientRect() ?? own;
                const [x, y] = [Math.min(own.x, label.x), Math.min(own.y, label.y)];
                const right = Math.max(own.right, label.right), low = Math.max(own.bottom, label.bottom);
                return [x, y, right - x, low - y, innerWidth, innerHeight];
            }"""
        )
        x, y, width, height, most_x, most_y = box
        left, top = max(0, x - 6), max(0, y - 6)
        return {
            "x": left,
            "y": top,
            "width": max(1, min(x + width + 6, most_x) - left),
            "height": max(1, min(y + height + 6, most_y) - top),
        }

    def type(self, text: str) -> Keys:
        """Replace what stands in the field."""
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)
        return self

    def press(self, key: str) -> Keys:
        self.page.keyboard.press(key)
        self.page.wait_for_load_state("load")
        return self
