"""A person who is faster than the network: what saves by itself and what they press must not refuse each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.eyes import NEEDS_CHROMIUM, Eyes, chromium
from tests.journeys.conftest import NewDeal

pytestmark = [NEEDS_CHROMIUM, pytest.mark.slow, pytest.mark.timeout(120)]
LATENCY = {"offline": False, "latency": 900, "downloadThroughput": -1, "uploadThroughput": -1}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize("saving", [True, False], ids=["while it saves", "before it saves"])
def test_a_button_pressed_while_the_form_is_saved(browser: Browser, new_deal: NewDeal, saving: bool) -> None:
    deal = new_deal()
    for step in (deal.add_client, deal.write):
        step()
    eyes = Eyes(browser, deal.stack.url).sign_in(deal.staff.cookies)
    page = eyes.open(f"{deal.proposal_page}/edit").page
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", LATENCY)
    lines = page.locator("[name^=lines-][name$=-name]")
    for nth in range(3):
        before = lines.count()
        eyes.fill(summary=f"Written in a hurry, take {nth}.")
        if saving:
            expect(page.locator("#autosave")).to_have_text("Saving")
        eyes.press("Add a line")
        expect(lines).to_have_count(before + 1)
    eyes.fill(summary="Written in a hurry, the last time.")
    if saving:
        expect(page.locator("#autosave")).to_have_text("Saving")
    eyes.press("Preview").says("Written in a hurry, the last time.")
    eyes.close()
