"""The same deal in Chromium: with and without scripts, on a desk and on a phone, and by keys alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.eyes import DESKTOP, NEEDS_CHROMIUM, PHONE, Eyes, Keys, chromium
from tests.journeys.conftest import NewDeal
from tests.journeys.deal import AMOUNTS, OWNER, SETTINGS, TITLE, Deal, address, code
from tests.journeys.facts import Facts
from tests.journeys.stack import Stack, text_of, until
from tests.journeys.web import Form

pytestmark = NEEDS_CHROMIUM
SUMMARY = (
    "Kestrel builds bicycles that people fall in love with on the first ride. The website does not get them onto the "
    "saddle.\n\nWe make it short, quick and honest, and put the test ride on every page."
)
LINES = (
    {"name": "Photographs", "quantity": "3", "unit": "days", "price": "133.35"},
    {"name": "Booking page", "price": "640.50", "choice": "offered", "text": "People book a ride, you get a mail."},
    {"name": "Second language", "price": "1200", "choice": "offered", "text": "All pages in Italian as well."},
    {"name": "Hosting and care", "price": "79.90", "interval": "monthly", "text": "Updates, backups, two hours."},
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def _sent(new_deal: NewDeal) -> Deal:
    """A deal whose proposal waits for its client."""
    deal = new_deal()
    for step in (deal.add_client, deal.write, deal.send, deal.read_mail):
        step()
    return deal


@pytest.mark.slow
def test_a_client_reads_accepts_signs_and_pays(browser: Browser, new_deal: NewDeal) -> None:
    deal = _sent(new_deal)
    eyes = Eyes(browser, deal.stack.url)
    _client(deal, eyes, "")
    deal.sealed()
    Facts(deal).all_hold()
    eyes.close()


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize(("size", "script"), [(PHONE, False), (PHONE, True), (DESKTOP, False)])
def test_it_works_on_a_phone_and_without_scripts(
    browser: Browser, new_deal: NewDeal, size: tuple[int, int], script: bool
) -> None:
    deal = _sent(new_deal)
    eyes = Eyes(browser, deal.stack.url, size=size, script=script)
    _client(deal, eyes, "phone-" if size == PHONE and not script else "")
    deal.sealed()
    eyes.open(deal.contract).says("Download the signed PDF").look()
    Facts(deal).all_hold()
    eyes.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("script", [True, False])
def test_keys_are_enough(browser: Browser, new_deal: NewDeal, script: bool) -> None:
    deal = _sent(new_deal)
    eyes = Eyes(browser, deal.stack.url, script=script)
    _by_keys(deal, eyes, Keys(eyes))
    deal.sealed()
    Facts(deal).all_hold()
    eyes.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_everything_by_hand_at_a_desk(browser: Browser, stack: Stack) -> None:
    deal = Deal(stack, stack.visitor())
    staff = Eyes(browser, stack.url)
    _found(deal, staff)
    _prepare(deal, staff)
    _write(deal, staff)
    deal.read_mail()
    client = Eyes(browser, stack.url)
    _client(deal, client, "client-")
    deal.sealed()
    client.open(deal.contract).says("Download the signed PDF").look("client-sealed")
    facts = Facts(deal)
    facts.all_hold()
    facts.written()
    _look_around(deal, staff, facts)
    client.close()
    staff.close()
    assert stack.errors() == []


# ---- the client


def _client(deal: Deal, eyes: Eyes, name: str) -> None:
    """From the mail to the receipt; `name` begins the names of the pictures."""

    def save(step: str) -> str:
        return f"{name}{step}" if name else ""

    eyes.open(deal.proposal).says(TITLE).look(save("proposal"))
    page = eyes.page
    page.locator("label", has_text="Booking page").locator("input").check()
    if not eyes.script:
        eyes.press("Update the total")
    expect(page.locator("#go")).to_contain_text(AMOUNTS.total)
    page.locator("#price").scroll_into_view_if_needed()
    eyes.says(AMOUNTS.discount, AMOUNTS.tax, AMOUNTS.monthly).look(save("price"))
    eyes.fill(name="Amelia Ross", consent="yes").press("Accept for").says("Amelia Ross accepted").look(save("accepted"))
    eyes.press("Go on to sign").says(AMOUNTS.total, AMOUNTS.deposit).look(save("contract"))
    deal.contract = page.url.partition("#")[0]
    eyes.press("Send me a code").says("Code from the mail")
    eyes.fill(code=_code_of(deal, eyes), name="Amelia Ross", title="Owner", signature_typed="Amelia Ross", agree="yes")
    eyes.look(save("sign"))
    eyes.press("Sign the contract").says("Signed by both sides").look(save("signed"))
    eyes.press("Go on to pay").says(AMOUNTS.deposit).look(save("invoice"))
    deal.invoice = page.url
    eyes.press("Pay €").says(AMOUNTS.deposit, deal.client_email).look(save("checkout"))
    page.locator('form[action$="/pay"] button').click()
    page.wait_for_url(re.compile(r"back=1"))
    deal.paid()
    eyes.open(deal.invoice).says("Paid. Thank you.").look(save("paid"))


def _code_of(deal: Deal, eyes: Eyes) -> str:
    found = re.search(r"Contract (\S+)", eyes.page.title())
    assert found
    return code(text_of(deal.stack.mail(deal.client_email, "Your code", found[1])))


def _by_keys(deal: Deal, eyes: Eyes, keys: Keys) -> None:
    eyes.open(deal.proposal)
    value = eyes.page.locator("label", has_text="Booking page").locator("input").get_attribute("value")
    keys.to(f'input[name=option][value="{value}"]').press("Space")
    if not eyes.script:
        keys.to("form[data-live] button").press("Enter")
    expect(eyes.page.locator("#go")).to_contain_text(AMOUNTS.total)
    keys.to("#accept [name=name]").type("Amelia Ross").to("[name=consent]").press("Space")
    keys.to("#go button").press("Enter")
    eyes.says("Amelia Ross accepted")
    keys.to('a[href*="/c/"]').press("Enter")
    eyes.says(AMOUNTS.deposit).look()
    deal.contract = eyes.page.url.partition("#")[0]
    keys.to('form[action$="/code"] button').press("Enter")
    eyes.says("Code from the mail")
    keys.to("[name=code]").type(_code_of(deal, eyes))
    keys.to("[name=name]").type("Amelia Ross").to("[name=title]").type("Owner")
    keys.to("[name=signature_typed]").type("Amelia Ross").to("[name=agree]").press("Space")
    keys.to("button.btn-go").press("Enter")
    eyes.says("Signed by both sides").look()
    keys.to('a[href*="/i/"]').press("Enter")
    eyes.says(AMOUNTS.deposit)
    deal.invoice = eyes.page.url
    keys.to('form[action$="/pay"] button').press("Enter")
    eyes.says(deal.client_email)
    keys.to('form[action$="/pay"] button').press("Enter")
    eyes.page.wait_for_url(re.compile(r"back=1"))
    deal.paid()
    eyes.open(deal.invoice).says("Paid. Thank you.").look()


# ---- the agency


def _found(deal: Deal, eyes: Eyes) -> None:
    eyes.open("/").fill(**OWNER, agency_name="Northwind Studio", brand="#1f5540").look("start")
    eyes.fill(country="IT").says("EUR").press("Open the studio")
    eyes.page.wait_for_url(re.compile(r"/northwind-studio/$"))
    deal.agency = "northwind-studio"
    eyes.look("dashboard-empty")
    deal.staff.cookies = {str(each["name"]): str(each["value"]) for each in eyes.context.cookies()}


def _prepare(deal: Deal, eyes: Eyes) -> None:
    eyes.open(f"/{deal.agency}/settings").fill(**SETTINGS, locale="en-GB").press("Save").look("settings")
    eyes.open(f"/{deal.agency}/settings/packages/new").fill(
        name="Website, twelve pages", pricing_model="lump_sum", one_time_price="4,850.00", included_features="Design"
    ).press("Save package").says("Website, twelve pages", "€4,850.00").look("packages")
    eyes.open(f"/{deal.agency}/clients/new").fill(
        name=deal.client_name,
        contact_name="Amelia Ross",
        email=deal.client_email,
        street="14 Mill Lane",
        postcode="BS1 4ST",
        city="Bristol",
        tax_id="IT98765430214",
    ).look("client-new")
    eyes.press("Add client").says("is a client now").look("client")
    deal.client_page = eyes.page.url.removeprefix(eyes.url)


def _write(deal: Deal, eyes: Eyes) -> None:
    """With autosave, rows that come without a reload, and a live sum."""
    eyes.open(f"/{deal.agency}/proposals/new").fill(title=TITLE)
    eyes.page.locator("[name=client_id]").select_option(label=deal.client_name)
    eyes.press("Write the proposal")
    page = eyes.page
    eyes.fill(summary=SUMMARY, opportunity="Nobody can book a ride today.")
    page.get_by_text("From the catalogue").click()
    eyes.press("Put in Website, twelve pages")
    page.locator("[name=lines-0-name]").wait_for()
    for at, line in enumerate(LINES, start=1):
        eyes.press("Add a line")
        page.locator(f"[name=lines-{at}-name]").wait_for()
        eyes.fill(**{f"lines-{at}-{name}": value for name, value in line.items()})
    eyes.fill(**{"discount-kind": "percent", "discount-value": "7.5", "discount-on": "once", "deposit_percent": "30"})
    page.locator("[name=contract_template_id]").select_option(label="Standard contract")
    deal.proposal_page = page.url.removeprefix(eyes.url).split("/edit")[0]
    until(lambda: _stored(deal)["contract_template_id"], 15, "for the editor to save by itself")
    expect(page.locator("#autosave")).to_contain_text("Saved")
    page.evaluate("scrollTo(0, 0)")
    eyes.look("editor")
    page.reload()
    expect(page.locator("[name=lines-4-name]")).to_have_value("Hosting and care")
    eyes.press("Preview").says(TITLE).look("preview")
    eyes.open(f"{deal.proposal_page}/edit").press("Send", exact=True).says("Send the proposal").look("send")
    eyes.press("Send the proposal").says("The proposal is on its way").look("proposal-sent")


def _stored(deal: Deal) -> Form:
    return deal.staff.get(f"{deal.proposal_page}/edit").form(has="summary")


def _look_around(deal: Deal, eyes: Eyes, facts: Facts) -> None:
    contract, invoice = (row["number"] for row in (facts.contract, facts.invoice))
    eyes.open(deal.client_page).says(contract, invoice, AMOUNTS.total).look("client-page")
    eyes.press(contract).says(AMOUNTS.deposit).look("contract-sealed")
    eyes.open(deal.client_page).press(invoice).says(AMOUNTS.deposit).look("invoice-paid")
    eyes.open(f"/{deal.agency}/").says(AMOUNTS.deposit).look("dashboard")
    eyes.open(f"/{deal.agency}/mail/").says("Receipt for").look("mail")
    eyes.open("/admin/jobs").look("jobs")
    verify = Eyes(eyes.context.browser, eyes.url) if eyes.context.browser else eyes
    verify.open(deal.contract).press("Check it yourself").says(contract).look("verify")
    verify.close()
    assert address(text_of(deal.stack.mail(deal.client_email, "/i/")), "/i/") == deal.invoice
