"""A quotation from the first line to the contract: staff in a browser, the client on a phone without a script."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.eyes import NEEDS_CHROMIUM, PHONE, Eyes, chromium
from tests.journeys.conftest import NewDeal

pytestmark = [NEEDS_CHROMIUM, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def test_from_the_first_line_to_the_contract(browser: Browser, new_deal: NewDeal) -> None:
    deal = new_deal()
    deal.add_client()
    staff = Eyes(browser, deal.stack.url).sign_in(deal.staff.cookies)
    client_id = deal.client_page.rsplit("/", 1)[-1]
    staff.open(f"/{deal.agency}/quotations/new?client={client_id}").look()
    staff.fill(title="Screens behind the bar").press("Write the quotation")
    page = staff.page
    staff.fill(**{"sections-0-title": "Screens", "site": "12 Mill Lane\nBath"})
    lines = page.locator("[name^=lines-][name$=-name]")
    for nth, (name, price, choice) in enumerate((("Two screens", "480.50", "required"), ("Sound", "120", "offered"))):
        staff.press("Add a line")
        expect(lines).to_have_count(nth + 1)
        row = f"lines-{nth}"
        staff.fill(**{f"{row}-name": name, f"{row}-price": price, f"{row}-choice": choice})
    total = page.locator("#totals .wk-tot dd").last
    expect(total).to_contain_text("586.21")  # the server's, while one types
    staff.fill(**{"lines-0-quantity": "2"})
    expect(total).to_contain_text("1,172.42")
    staff.press("Add terms").fill(**{"terms-0-title": "Payment", "terms-0-text": "When it hangs."})
    expect(page.locator("#autosave")).to_contain_text("Saved")
    staff.look("quotation-editor").press("Send")
    staff.fill(by="link").look().press("Send the quotation").says("has not opened it yet").look("quotation-sent")
    link = page.locator("#f-link").input_value()

    client = Eyes(browser, deal.stack.url, size=PHONE, script=False)
    client.open(link).look("quotation-phone")
    client.page.get_by_label("Sound").check()
    client.press("Update the total").says("Accept for €1,318.82")
    client.press("Accept for").page.wait_for_timeout(100)  # the browser asks for the name first
    client.page.locator("[name=name]").fill("Amelia Hart")
    client.page.locator("[name=title]").fill("Director")
    client.page.locator("[name=consent]").check()
    client.press("Accept for").says("Amelia Hart, Director accepted this quotation").look("quotation-accepted-phone")
    client.close()

    page.reload()
    staff.press("Draft the contract").says("€1,318.82").look()
    page.go_back()
    page.reload()
    staff.press("Open the contract").says("€1,318.82")
    staff.close()
