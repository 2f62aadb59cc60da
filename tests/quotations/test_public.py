"""The client's page: read, chosen, answered with nothing but links and forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.client import Browser
from tests.factories import quotations as make
from tests.quotations.test_routes import HOSTILE, HTMX, words
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import clock, ids
from webkit.invoices import service as invoices
from webkit.quotations import answers, service
from webkit.quotations.offer import Offer, Section, Term

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0"}

pytestmark = pytest.mark.usefixtures("agency")


def form(html: str, **more: Any) -> dict[str, Any]:
    """What the accept form of a page holds in hidden fields."""
    part = html[html.index('id="choice"') :]
    seen = re.search(r'name="seen" value="([^"]*)"', part)
    assert seen
    options = re.findall(r'name="option" value="([^"]*)"', part)
    return {"seen": seen[1], "option": options, "name": "Davide Ratti", "title": "Owner", "consent": "yes", **more}


def test_everything_that_was_written_is_read_in_order(anonymous: Browser) -> None:
    page = anonymous.get(make.path(make.sent()), headers=BROWSER)
    assert page.status_code == 200 and page.headers["X-Robots-Tag"] == "noindex, nofollow"
    order = [
        "Quotation QUO-", make.TITLE, "Via Lungo Lario 8, 22100 Como", "Walls and floor", "The floor is covered first",
        "Fill the cracks", "Plaster and paint", "Two coats", "38 m²", "€ 42.50", "€ 1,615.00", "Light", "189.125 EUR",
        "€ 1,134.75", "Choose what goes in", "Dimmers", "Blinds", "3 at €95.00", "What it costs", "€ 3,824.41",
        "The work described above", "€ 3,059.75", "Discount 5 %", "First order", "IVA 22 %", "Total in EUR",
        "parking place", "Payment", "Half at the start", "Warranty", "Your answer", "Accept for €3,824.41",
    ]  # fmt: skip
    text, place = words(page.text[page.text.index("<body") :]), 0
    for told in order:
        assert told in text[place:], (told, text[place:])
        place = text.index(told, place)
    assert "They pay late" not in page.text


def test_a_choice_changes_total_button_and_form_with_and_without_a_script(anonymous: Browser) -> None:
    path = make.path(make.sent())
    both = {"chosen": "1", "option": ["dimmer", "blinds"]}
    page = anonymous.get(path, query_string=both, headers=BROWSER)
    assert "Accept for €4,154.72" in words(page.text) and form(page.text)["option"] == ["dimmer", "blinds"]
    part = anonymous.get(path, query_string={"chosen": "1"}, headers={**BROWSER, **HTMX})
    assert "<html" not in part.text and "<script" not in part.text and "Without any option" in part.text
    for id_ in ('id="price"', 'id="choice"', 'id="go"', 'class="act"'):
        assert id_ in part.text
    assert "3,546.25" in part.text.replace("<i>", "")


def test_accepting_without_a_script_goes_on_to_the_accepted_page(
    anonymous: Browser, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    made = make.sent()
    path = make.path(made)
    page = anonymous.get(path, query_string={"chosen": "1", "option": ["blinds"]}, headers=BROWSER)
    answer = anonymous.post(f"{path}/accept", data=form(page.text), headers=BROWSER)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}#answer")
    assert anonymous.post(f"{path}/accept", data=form(page.text), headers=BROWSER).status_code == 303
    text = words(anonymous.get(path, headers=BROWSER).text)
    assert "Davide Ratti, Owner accepted this quotation" in text and "With: Blinds" in text
    assert "Update the total" not in text and "Accept for" not in text
    run_jobs()
    mails = {mail.entry.subject: mail for mail in outbox_mails()}
    number = service.get(made).number
    copy, told = mails[f"Accepted: {make.TITLE} ({number})"], mails[f"Lario Cicli accepted {number}"]
    assert "Blinds" in copy.text and f"/northwind/quotations/{made}" in told.text
    pdf = anonymous.get(f"{path}/pdf", headers=BROWSER)
    assert pdf.mimetype == "application/pdf" and pdf.data == copy.attachments[0].content


def test_what_is_missing_is_asked_for_and_what_was_typed_stays(anonymous: Browser) -> None:
    made = make.sent()
    path = make.path(made)
    page = anonymous.get(path, headers=BROWSER)
    for missing, told in (("name", "fill this in"), ("consent", "Please tick this"), ("seen", "")):
        data = {name: value for name, value in form(page.text, title="Boss").items() if name != missing}
        refused = anonymous.post(f"{path}/accept", data=data, headers=BROWSER)
        assert refused.status_code == 422 and told in words(refused.text)
        assert 'value="Boss"' in refused.text
    assert anonymous.post(f"{path}/changes", data={"seen": str(make.seen(made)), "notes": "short"}).status_code == 422
    assert service.get(made).word == "sent"


def test_manipulated_options_and_foreign_versions_change_nothing(anonymous: Browser) -> None:
    made = make.sent()
    path = make.path(made)
    page = anonymous.get(path, headers=BROWSER)
    for wrong in ({"option": ["lamps"]}, {"option": ["dimmer", "nothing"]}, {"option": ["x" * 40]}):
        assert anonymous.post(f"{path}/accept", data=form(page.text, **wrong)).status_code == 422
    assert anonymous.post(f"{path}/accept", data=form(page.text, option=["o"] * 200)).status_code == 422
    other = anonymous.post(f"{path}/accept", data=form(page.text, seen=str(ids.uuid7())))
    assert other.status_code == 409 and "changed since you opened it" in words(other.text)
    query = {"chosen": "1", "option": ["lamps", "nothing", "dimmer"]}
    assert form(anonymous.get(path, query_string=query).text)["option"] == ["dimmer"]
    assert service.get(made).word == "sent"


def test_two_tabs_and_an_old_version(anonymous: Browser) -> None:
    made = make.sent()
    path = make.path(made)
    old = form(anonymous.get(path, headers=BROWSER).text)
    service.revise(made, make.ACTOR)
    waiting = anonymous.get(path, headers=BROWSER)
    assert "A new version is being written" in words(waiting.text) and "Accept for" not in waiting.text
    late = anonymous.post(f"{path}/accept", data=old)
    assert late.status_code == 409 and "being changed" in words(late.text)
    make.send(made)
    assert anonymous.post(f"{path}/accept", data=old).status_code == 409
    fresh = form(anonymous.get(path, headers=BROWSER).text)
    assert anonymous.post(f"{path}/decline", data={"seen": fresh["seen"], "reason": "No money."}).status_code == 303
    second = anonymous.post(f"{path}/accept", data=fresh)
    assert second.status_code == 409 and "already been declined" in words(second.text)
    assert "This quotation was declined" in words(anonymous.get(path).text)


def test_expired_withdrawn_and_closed_pages_say_so(anonymous: Browser) -> None:
    with clock.frozen(datetime(2026, 3, 1, 9, tzinfo=UTC)):
        made = make.sent(valid_until=date(2026, 3, 10))
        path = make.path(made)
        data = form(anonymous.get(path, headers=BROWSER).text)
    with clock.frozen(datetime(2026, 3, 11, 9, tzinfo=UTC)):
        assert "was valid until 10 March 2026" in words(anonymous.get(path).text)
        refused = anonymous.post(f"{path}/accept", data=data)
        assert refused.status_code == 409 and "no longer valid" in words(refused.text)
    service.withdraw(made, "", make.ACTOR)
    assert "withdrew this quotation" in words(anonymous.get(path).text)
    assert anonymous.post(f"{path}/accept", data=data).status_code == 409
    service.revoke_link(made, make.ACTOR)
    for address in (path, f"{path}/pdf"):
        assert anonymous.get(address).status_code == 410
    assert anonymous.get("/q/nothing").status_code == 404


def test_asking_for_changes_reaches_the_agency(
    anonymous: Browser, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    made = make.sent()
    path = make.path(made)
    data = {"seen": str(make.seen(made)), "notes": f"Please without lamps. {HOSTILE}"}
    assert anonymous.post(f"{path}/changes", data=data).status_code == 303
    assert anonymous.post(f"{path}/changes", data=data).status_code == 303
    run_jobs()
    [mail] = [each for each in outbox_mails() if "asks for changes" in each.entry.subject]
    assert "without lamps" in mail.text and "<script>" not in mail.html


def test_hostile_texts_are_only_texts(anonymous: Browser) -> None:
    offer = Offer(
        sections=(Section(id="a", title=HOSTILE, text=f"- {HOSTILE}\n\n{HOSTILE}"),),
        lines=(make.line("x", "a", "10", name=HOSTILE, text=HOSTILE, unit=HOSTILE[:40]),),
        terms=(Term(title=HOSTILE, text=HOSTILE),),
        notes=HOSTILE,
    )
    page = anonymous.get(make.path(make.sent(offer=offer, site=HOSTILE, title=HOSTILE)), headers=BROWSER)
    assert page.status_code == 200 and "<script>alert" not in page.text and "<img src=x" not in page.text


def test_views_count_clients_alone(anonymous: Browser, owner: Browser) -> None:
    made = make.sent()
    path = make.path(made)
    anonymous.get(path, headers=BROWSER)
    anonymous.get(path, headers={"User-Agent": "Slackbot-LinkExpanding 1.0"})
    anonymous.head(path, headers=BROWSER)
    owner.get(path, headers=BROWSER)
    anonymous.get(path, query_string={"chosen": "1"}, headers=BROWSER)
    assert service.get(made).views == 1


def test_the_page_speaks_the_clients_language(anonymous: Browser) -> None:
    made = make.sent(client_id=make.client("it@lario.example", locale="it-IT"))
    page = anonymous.get(make.path(made), headers=BROWSER)
    assert '<html lang="it-IT"' in page.text and "3.824,41" in page.text and "189,125 EUR" in page.text
    assert answers.shown(made).document.snapshot["rows"][-1]["amount"] == 382_441
    make.accept(made)
    bill = invoices.get(invoices.create_from_quotation(made, make.ACTOR))
    assert (bill.locale, bill.note) == ("it-IT", service.accepted(made).reference)
