"""From a consultation to a proposal that is written before one's eyes, doubted, sent and read by its client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.eyes import DESKTOP, NEEDS_CHROMIUM, PHONE, Eyes, chromium
from tests.factories.consultations import ANSWERS
from tests.journeys.deal import Deal
from tests.journeys.stack import Stack
from tests.journeys.web import Visitor
from tests.pages.test_accessible import RULES
from webkit.sdk.testing.doubles.anthropic import KEY, Behaviour, Mode, Remote

pytestmark = [NEEDS_CHROMIUM, pytest.mark.slow, pytest.mark.timeout(300)]
expect.set_options(timeout=30_000)
HOME = "/northwind-studio"
SUMMARY = (
    "Lario Cicli sells bicycles to people who look for them on the phone. Call them at [[fact:answer.phone]].\n\n"
    "We build a shop that answers first. We expect it to lift orders by 32% in the first season. "
    "The work fits into our plan, and every step can be seen as it grows."
)
ISSUES = {
    "items": [
        {
            "weight": "high",
            "title": "The phone comes last",
            "text": "Pages are drawn for desks.",
            "fix": "Phone first.",
        },
        {"weight": "medium", "title": "Hard to find", "text": "Half of the pages have no title.", "fix": "Titles."},
    ]
}


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
    """A running installation with its agency, connected to the double."""
    with tempfile.TemporaryDirectory(prefix="wk-") as folder:
        claude = {"AI_PROVIDER": "claude", "ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": vendor.url}
        stack = Stack(Path(folder), **claude)
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


def _proposal(staff: Visitor, name: str) -> str:
    """The address of a draft made from a completed consultation."""
    page = staff.get(f"{HOME}/consultations/new").form("", has="client_id").submit("Begin").ok()
    place = page.path.rpartition("/")[0]
    told = ANSWERS | {"business_name": name, "email": f"{name.split()[0].lower()}@lario.example"}
    for step in ("business", "situation", "goals", "preferences"):
        form = staff.get(f"{place}/{step}").form(f"/{step}")
        form.fill({key: value for key, value in told.items() if key in form.names}).submit()
    staff.post(f"{place}/complete")
    consultation = place.rpartition("/")[2]
    page = staff.get(f"{HOME}/proposals/new?consultation={consultation}").form("", has="consultation").submit()
    return page.ok().path


def _accessible(eyes: Eyes) -> None:
    found = Axe().run(eyes.page, options=RULES)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(
    ("size", "scheme"), [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light")], ids=["light", "dark", "phone"]
)
def test_from_consultation_to_the_clients_page(
    browser: Browser, deal: Deal, vendor: Remote, size: tuple[int, int], scheme: str
) -> None:
    name = f"{scheme.title()}{size[0]} Cicli"
    vendor.when("Write the executive summary", Behaviour(Mode.SLOW, first=0.5, pause=0.15, text=SUMMARY))
    vendor.when("List 3 to 6 issues", Behaviour(Mode.SLOW, first=0.5, pause=0.02, text=json.dumps(ISSUES)))
    place = _proposal(deal.staff, name)
    eyes = Eyes(browser, deal.stack.url, size=size, scheme=scheme).sign_in(deal.staff.cookies)
    shot = f"writing/{scheme}-{size[0]}"
    eyes.open(place)
    for box in eyes.page.locator("input[name=section]").all():
        box.set_checked(box.get_attribute("value") in ("summary", "issues"))
    eyes.look(f"{shot}-choose")
    _accessible(eyes)
    eyes.press("Write", exact=True)
    text = eyes.page.locator("#ai .wk-prose").first
    expect(text).to_contain_text("sells bicycles")
    expect(eyes.page.locator("#ai .wk-ai").first.get_by_text("Writing", exact=True)).to_be_visible()
    eyes.look(f"{shot}-writing")
    expect(eyes.page.locator("#ai .wk-tag").get_by_text("Suggested", exact=True)).to_have_count(2)
    expect(text.locator("mark.wk-doubt")).to_contain_text("32%")
    expect(text.locator("mark.wk-fact")).to_contain_text("+39 0341 000111")
    eyes.look(f"{shot}-written")
    _accessible(eyes)
    eyes.press("Apply", exact=True)
    assert eyes.page.url.endswith("#summary")
    eyes.says("I vouch for “32%”").look(f"{shot}-applied")
    _accessible(eyes)
    eyes.press("Apply", exact=True)  # the issues, where the consultation left some already
    eyes.says("Choose what becomes of it").look(f"{shot}-asked")
    _accessible(eyes)
    eyes.press("Replace what stands there")
    eyes.says("2 figures have no source")
    _send(eyes, shot)
    page = deal.stack.visitor().get(eyes.page.locator("[name=link]").input_value())
    page.says("lift orders by 32%", "+39 0341 000111", "The phone comes last")
    assert "[[" not in page.html and "fact:" not in page.html
    eyes.close()


def _send(eyes: Eyes, shot: str) -> None:
    """Put a price in, send, be asked, and send all the same."""
    eyes.page.locator("#add-lines").click()
    eyes.page.locator('[name="lines-0-name"]').fill("Design")
    eyes.page.locator('[name="lines-0-price"]').fill("3000")
    eyes.page.locator(".wk-crumbs").get_by_role("button", name="Send").click()
    eyes.says("You are asked once more before it goes out.").look(f"{shot}-send")
    _accessible(eyes)
    eyes.page.get_by_label("I hand over the link myself").check()
    eyes.press("Send the proposal")
    eyes.says("Back to the text").look(f"{shot}-send-marked")
    _accessible(eyes)
    eyes.press("Send it with these figures")
    eyes.says("What happened")


def test_without_script_it_is_written_and_applied_too(browser: Browser, deal: Deal, vendor: Remote) -> None:
    vendor.when("Write the closing", Behaviour(Mode.SLOW, first=0.1, pause=0.05, text="We look forward to it. " * 8))
    place = _proposal(deal.staff, "Plain Cicli")
    eyes = Eyes(browser, deal.stack.url, script=False).sign_in(deal.staff.cookies)
    eyes.open(place)
    for box in eyes.page.locator("input[name=section]").all():
        box.set_checked(box.get_attribute("value") == "closing")
    eyes.press("Write", exact=True)
    expect(eyes.page.locator("#ai .wk-tag").get_by_text("Suggested", exact=True)).to_have_count(1)
    eyes.press("Apply", exact=True)
    assert "We look forward to it." in eyes.page.locator("textarea[name=closing]").input_value()
    eyes.close()


def test_a_hostile_model_reaches_nobody(browser: Browser, deal: Deal, vendor: Remote) -> None:
    vendor.when("Write the section on the opportunity", Behaviour(Mode.HOSTILE))
    place = _proposal(deal.staff, "Hostile Cicli")
    eyes = Eyes(browser, deal.stack.url).sign_in(deal.staff.cookies)
    eyes.open(place)
    for box in eyes.page.locator("input[name=section]").all():
        box.set_checked(box.get_attribute("value") == "opportunity")
    eyes.press("Write", exact=True)
    expect(eyes.page.locator("#ai .wk-tag").get_by_text("Suggested", exact=True)).to_have_count(1)
    assert eyes.page.locator("#ai mark.wk-doubt").count() > 0
    eyes.look("writing/hostile")
    eyes.press("Apply", exact=True).press("Replace what stands there")
    assert eyes.page.locator("#marks mark.wk-doubt").count() > 0
    said = eyes.open(place.replace("/edit", "/preview")).look("writing/hostile-preview").page.content()
    assert "[[" not in said and "fact:" not in said
    eyes.close()
