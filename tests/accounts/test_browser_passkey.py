"""A passkey in Chromium, with its virtual authenticator: made, used alone, used as second step and as proof."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page
from werkzeug.serving import make_server

from tests.browser.eyes import NEEDS_CHROMIUM, Eyes, chromium
from tests.factories.people import PASSWORD, Person, make_agency

pytestmark = [NEEDS_CHROMIUM, pytest.mark.slow]
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def site(app: Flask, person: Person) -> Iterator[str]:
    """The application under a name for which browsers offer passkeys."""
    make_agency(person)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.port}"
    server.shutdown()
    thread.join()


def readable(page: Page) -> None:
    """What stands behind a step, where a walk over all pages does not come: axe finds nothing wrong."""
    page.evaluate(Axe().axe_script)
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    wrong = page.evaluate("async rules => (await axe.run(document, rules)).violations.map(each => each.id)", rules)
    assert wrong == [], page.url


def test_a_passkey_in_a_browser(site: str, person: Person) -> None:
    with chromium() as browser:
        eyes = Eyes(browser, site)
        page = eyes.page
        devices = eyes.context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})

        def by_password() -> None:
            page.goto(f"{site}/sign-in")
            page.get_by_label("E-mail").fill(person.email)
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()

        by_password()
        page.goto(f"{site}/account/security/passkeys/new")
        page.get_by_label("What shall it be called?").fill("Laptop")
        page.get_by_role("button", name="Make a passkey").click()
        assert len(page.locator(".acc-codes").inner_text().split()) == 10
        readable(page)
        page.goto(f"{site}/account/security")
        readable(page)
        page.locator("form[action='/account/security/app'] button").click()
        page.get_by_label("Code").wait_for()
        readable(page)
        for begin in (by_password, lambda: page.goto(f"{site}/sign-in")):  # the second step; then alone
            page.goto(f"{site}/account")
            page.get_by_role("button", name="Sign out").click()
            page.wait_for_url("**/sign-in")
            begin()
            page.get_by_role("button", name="Use a passkey").wait_for()
            readable(page)
            page.get_by_role("button", name="Use a passkey").click()
            page.wait_for_url("**/northwind/")
        eyes.context.close()
        assert not eyes.problems, eyes.problems
