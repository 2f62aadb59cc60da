"""An audit on a running installation: asked for without a script, watched with one, finished although it was killed."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import pytest

from tests.browser.eyes import NEEDS_CHROMIUM, Eyes, chromium
from tests.journeys.audits import ask, measure
from tests.journeys.conftest import NewDeal
from tests.journeys.deal import Deal
from tests.journeys.stack import Stack, until
from webkit.sdk.testing.doubles.pagespeed import KEY, PageSpeedDouble

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
STATES = "SELECT state FROM website_audits ORDER BY id DESC LIMIT 1"


def test_without_a_script(new_deal: NewDeal) -> None:
    deal = new_deal()
    deal.add_client()
    measure(deal, "https://kestrel.example/").says("4.8 s", "Needs work", "340 ms", "Serve images in next-gen formats")
    measure(deal, "https://kestrel.example/partial").says("Not measured", "0.02", "1.8 s")
    failed = measure(deal, "https://kestrel.example/dns").says("The page could not be opened.")
    again = failed.form("/again").submit("Try again").ok()
    assert again.path != failed.path
    deal.staff.get(deal.client_page).ok().says("Performance 38", "was measured")


@NEEDS_CHROMIUM
def test_with_a_script_it_follows_by_itself(new_deal: NewDeal) -> None:
    deal = new_deal()
    deal.add_client()
    asked = ask(deal, "https://kestrel.example/slow")
    with chromium() as browser:
        eyes = Eyes(browser, deal.stack.url).sign_in(deal.staff.cookies)
        eyes.page.goto(deal.stack.url + asked.path)
        eyes.page.get_by_text("so far.").wait_for()
        eyes.page.get_by_role("heading", name="What a visitor feels").wait_for(timeout=60_000)
        assert eyes.page.get_by_role("img", name="Performance: 38 of 100").is_visible()
        eyes.look("audit")
        eyes.context.close()


def test_a_killed_worker_is_followed_by_another() -> None:
    with tempfile.TemporaryDirectory(prefix="wk-") as folder, PageSpeedDouble() as google:
        google.slow_seconds = 5
        settings = {"PAGESPEED_PROVIDER": "google", "PAGESPEED_API_KEY": KEY, "PAGESPEED_API_URL": google.url}
        stack = Stack(Path(folder), **settings)
        try:
            stack.start()
            deal = Deal(stack, stack.visitor())
            for step in deal.BEFORE:
                step(deal)
            deal.add_client()
            asked = ask(deal, "https://kestrel.example/slow")
            until(lambda: google.calls, 30, "for the first attempt")
            os.kill(stack.leaders()["worker-ai"], signal.SIGKILL)
            google.slow_seconds = 0
            until(lambda: stack.rows(STATES)[0]["state"] == "done", 90, "for the second attempt")
            deal.staff.get(asked.path).ok().says("4.8 s")
            assert len(google.calls) == 2
            stack.stop()
        finally:
            stack.kill()
