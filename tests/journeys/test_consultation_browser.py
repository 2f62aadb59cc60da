"""A consultation in Chromium: saved while one types, gone on with elsewhere, compared, and turned into a proposal."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.eyes import DESKTOP, NEEDS_CHROMIUM, PHONE, Eyes, chromium
from tests.journeys.conftest import NewDeal
from tests.journeys.deal import Deal

pytestmark = [NEEDS_CHROMIUM, pytest.mark.slow, pytest.mark.timeout(240)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def _seen(eyes: Eyes, name: str = "") -> None:
    """Nothing is wrong with the page for anybody."""
    eyes.look(name)
    assert [rule["id"] for rule in Axe().run(eyes.page, options=RULES).response["violations"]] == []


def _sign_in(browser: Browser, deal: Deal, size: tuple[int, int] = DESKTOP, *, script: bool = True) -> Eyes:
    return Eyes(browser, deal.stack.url, size=size, script=script).sign_in(deal.staff.cookies)


def _saved(eyes: Eyes) -> None:
    expect(eyes.page.locator("#autosave")).to_have_attribute("data-state", "saved", timeout=20_000)


def _types(eyes: Eyes, name: str, text: str) -> None:
    """Like a person: a key at a time, and then it is saved by itself."""
    eyes.page.locator("#autosave").evaluate("e => delete e.dataset.state")
    eyes.page.locator(f'main [name="{name}"]').press_sequentially(text, delay=15)
    _saved(eyes)


def test_from_the_first_word_to_the_proposal(browser: Browser, new_deal: NewDeal) -> None:
    deal = new_deal()
    desk, phone = _sign_in(browser, deal), _sign_in(browser, deal, PHONE)
    desk.open(f"/{deal.agency}/consultations/new")
    _seen(desk)
    desk.press("Begin")
    _types(desk, "business_name", deal.client_name)
    _types(desk, "email", deal.client_email)
    place = desk.page.url
    _goes_on_elsewhere(desk, phone, place, deal)
    _older_tab_is_told(desk, phone, place)
    _survives_a_broken_line(desk)
    _answers_the_rest(desk)
    _compares(desk, place)
    _becomes_a_proposal(desk, deal)
    desk.close()
    phone.close()


def _goes_on_elsewhere(desk: Eyes, phone: Eyes, place: str, deal: Deal) -> None:
    phone.open(place)
    expect(phone.page.locator('[name="business_name"]')).to_have_value(deal.client_name)
    _seen(phone)
    _types(phone, "contact_person", "Amelia Hart")


def _older_tab_is_told(desk: Eyes, phone: Eyes, place: str) -> None:
    """The desk was opened before the phone wrote on the same step."""
    desk.page.locator('main [name="phone"]').press_sequentially("020 7946 0000", delay=15)
    desk.says("somewhere else after you opened it here", "kept as version")
    expect(desk.page.locator('main [name="phone"]')).to_have_value("020 7946 0000")
    _seen(desk)
    desk.press("Go on with theirs")
    expect(desk.page.locator('main [name="contact_person"]')).to_have_value("Amelia Hart")
    _types(desk, "phone", "020 7946 0000")
    phone.open(place)
    expect(phone.page.locator('[name="phone"]')).to_have_value("020 7946 0000")


def _survives_a_broken_line(desk: Eyes) -> None:
    _seen(desk)
    desk.context.set_offline(True)
    desk.page.locator('main [name="website"]').press_sequentially("kestrel.example", delay=15)
    expect(desk.page.locator("#autosave")).to_have_text(re.compile("Not saved"), timeout=20_000)
    desk.context.set_offline(False)
    _saved(desk)
    expect(desk.page.locator('main [name="website"]')).to_have_value("kestrel.example")
    desk.problems.clear()  # the browser complains about the line


def _answers_the_rest(desk: Eyes) -> None:
    desk.press("Preferences").press("Complete")
    desk.says("2 answers are needed before it is complete", "Industry")
    _seen(desk)
    desk.press("Industry: Please fill this in.").says("Please fill this in.")
    desk.fill(industry="retail", business_type="small-business").press("Next", exact=True)
    desk.page.get_by_label("Hard to use on a phone").check()
    desk.page.get_by_label("Too few enquiries").check()
    desk.page.get_by_label("A website that needs rebuilding").check()
    _saved(desk)
    desk.page.evaluate("scrollTo(0, 0)")
    _seen(desk, "consultation")
    desk.press("Next", exact=True)
    desk.page.get_by_label("More enquiries").check()
    desk.fill(budget_range="5k-10k", timeline="1-3-months").press("Next", exact=True)
    desk.fill(consultation_notes="They close on Mondays.")
    _seen(desk)
    desk.press("Complete").says("The consultation is complete.")
    _seen(desk)


def _compares(desk: Eyes, place: str) -> None:
    shown = desk.page.url
    desk.open(place.replace("/business", "/versions")).says("kept aside", "counts now")
    _seen(desk, "consultation-versions")
    desk.press("Compare the two").says("only in version")
    _seen(desk)
    desk.open(shown)


def _becomes_a_proposal(desk: Eyes, deal: Deal) -> None:
    desk.press("Write the proposal").says("is carried over")
    _seen(desk)
    desk.press("Write the proposal")
    expect(desk.page.locator('[name="issues-0-title"]')).to_have_value("Too few enquiries")
    expect(desk.page.locator('[name="title"]')).to_have_value(f"A new website for {deal.client_name}")


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_it_works_without_scripts(browser: Browser, new_deal: NewDeal, size: tuple[int, int]) -> None:
    deal = new_deal()
    eyes = _sign_in(browser, deal, size, script=False)
    eyes.open(f"/{deal.agency}/consultations/new").press("Begin").look()
    eyes.fill(business_name=deal.client_name, contact_person="Amelia Hart", email=deal.client_email)
    eyes.fill(industry="retail", business_type="small-business").press("Next", exact=True)
    eyes.fill(primary_challenges="poor-mobile", website_status="none").look().press("Next", exact=True)
    eyes.fill(primary_goals="credibility").press("Next", exact=True).press("Back", exact=True)
    expect(eyes.page.locator('[value="credibility"]')).to_be_checked()
    eyes.press("Preferences").press("Complete").says("Write the proposal").look()
    eyes.close()
