"""The client's page: read, chosen, answered with nothing but links and forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.client import Browser
from tests.factories import proposals as make
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import clock, ids, links
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.money import format_money
from webkit.proposals import answers, service, snapshot
from webkit.proposals.offer import Offer, OfferLine

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0"}
HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"

pytestmark = pytest.mark.usefixtures("agency")


def words(html: str) -> str:
    """The text of a page as it is read."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("&#39;", "'").split())


def form(html: str, **more: Any) -> dict[str, Any]:
    """What the accept form of a page holds in hidden fields."""
    part = html[html.index('id="choice"') :]
    seen = re.search(r'name="seen" value="([^"]*)"', part)
    assert seen
    options = re.findall(r'name="option" value="([^"]*)"', part)
    return {"seen": seen[1], "option": options, "name": "Davide Ratti", "consent": "yes", **more}


def test_everything_that_was_written_is_read_in_order(anonymous: Browser) -> None:
    made = make.sent()
    page = anonymous.get(make.path(made), headers=BROWSER)
    assert page.status_code == 200
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    cover, _contents, main = re.split(r'<nav class="toc"|<main id="main">', page.text)
    for told in (make.TITLE, "A new site before", "Davide Ratti, Lario Cicli", "Ada Brandt"):
        assert told in words(cover)
    order = [
        "Riders look on the phone", "We propose eight", "The opportunity", "Nine of ten", "What gets in the way",
        "High",
        "The first picture is late", "One photograph", "Test ride", "Day, Hour", "Choose what goes in", "Two languages",
        "Photography", "2.5 hours at €29.90", "Timeline", "Every week", "Prices hold until", "One time", "€ 12,566.00",
        "Every month", "€ 231.80", "40 % when you sign", "Next steps", "You accept", "Closing", "We would love",
        "Your answer", "Accept for €12,566.00 one time and €231.80 a month",
    ]  # fmt: skip
    text, place = words(main), 0
    for told in order:
        assert told in text[place:], told
        place = text.index(told, place)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.sets(st.sampled_from(["words", "photos", "search"])))
def test_the_shown_total_of_any_choice_is_the_kernels(anonymous: Browser, shared: UUID, chosen: set[str]) -> None:
    choice = snapshot.choice_of(answers.shown(shared).document.snapshot, chosen)
    once, monthly = (format_money(p.totals.gross, "EUR", "en-GB") for p in (choice.prices.once, choice.prices.monthly))
    page = anonymous.get(make.path(shared), query_string={"chosen": "1", "option": sorted(chosen)}, headers=BROWSER)
    assert f"Accept for {once} one time and {monthly} a month" in words(page.text)
    assert set(form(page.text)["option"]) == chosen
    for option in ("words", "photos", "search"):
        assert (f'value="{option}" checked' in page.text) is (option in chosen)


@pytest.fixture
def shared(agency: AgencyView) -> UUID:
    return make.sent()


def test_a_script_gets_only_what_changes(anonymous: Browser) -> None:
    path = make.path(make.sent())
    part = anonymous.get(path, query_string={"chosen": "1"}, headers={**BROWSER, "HX-Request": "true"})
    assert "<html" not in part.text and "<script" not in part.text
    for id_ in ('id="price"', 'id="choice"', 'id="go"', 'class="act"'):
        assert id_ in part.text
    assert "Without any option" in part.text


def test_accepting_without_a_script_goes_on_to_the_accepted_page(
    anonymous: Browser, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    made = make.sent()
    path = make.path(made)
    page = anonymous.get(path, query_string={"chosen": "1", "option": ["photos", "search"]}, headers=BROWSER)
    answer = anonymous.post(f"{path}/accept", data=form(page.text), headers=BROWSER)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{path}#answer")
    assert anonymous.post(f"{path}/accept", data=form(page.text), headers=BROWSER).status_code == 303
    text = words(anonymous.get(path, headers=BROWSER).text)
    assert "Davide Ratti accepted this proposal" in text and "With: Photography, Search" in text
    assert "Update the total" not in text and "Accept for" not in text
    got = service.accepted(made)
    assert [line.id for line in got.lines] == ["design", "build", "photos", "care", "search"]
    run_jobs()
    mails = {mail.entry.subject: mail for mail in outbox_mails()}
    copy = mails[f"Accepted: {make.TITLE} ({got.number})"]
    assert "Davide Ratti accepted" in copy.text
    assert [(file.filename, file.content[:4]) for file in copy.attachments] == [(f"{got.number}.pdf", b"%PDF")]
    assert f"Lario Cicli accepted {got.number}" in mails
    pdf = anonymous.get(f"{path}/pdf", headers=BROWSER)
    assert pdf.mimetype == "application/pdf" and pdf.data == copy.attachments[0].content


def test_the_first_mail_carries_link_and_pdf(
    run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    made = make.sent()
    run_jobs()
    (mail,) = outbox_mails()
    link = service.link(made)
    assert link and link in mail.text and link in mail.html
    assert "Ciao Davide." in mail.text and "Ciao Davide." in mail.html
    assert mail.attachments[0].content.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("action", "data", "field"),
    [
        ("accept", {"name": ""}, "f-name"),
        ("accept", {"name": "x" * 161}, "f-name"),
        ("accept", {"name": "two\nlines"}, "f-name"),
        ("accept", {"consent": ""}, "f-consent"),
        ("accept", {"consent": "maybe"}, "f-consent"),
        ("decline", {"reason": "x" * 2001}, "f-reason"),
        ("changes", {"notes": "short"}, "f-notes"),
        ("changes", {"notes": "x" * 2001}, "f-notes"),
        ("changes", {}, "f-notes"),
    ],
)
def test_wrong_input_is_kept_and_explained(anonymous: Browser, action: str, data: dict[str, str], field: str) -> None:
    made = make.sent()
    path = make.path(made)
    given_ = form(anonymous.get(path, headers=BROWSER).text) | data
    answer = anonymous.post(f"{path}/{action}", data=given_, headers=BROWSER)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text and re.search(rf'<details name="answer" id="{action}" open', answer.text)
    for name, typed in data.items():
        assert name == "consent" or typed in answer.text
    assert service.get(made).word == "sent"


def test_ticked_options_survive_a_refused_acceptance(anonymous: Browser) -> None:
    path = make.path(make.sent())
    given_ = form(anonymous.get(path, headers=BROWSER).text, option=["photos"], name="")
    answer = anonymous.post(f"{path}/accept", data=given_, headers=BROWSER)
    assert form(answer.text)["option"] == ["photos"]
    assert 'value="photos" checked' in answer.text and 'value="words" checked' not in answer.text
    assert (
        'name="consent" value="yes" required' in answer.text
        and "checked>" not in answer.text.split('id="f-consent"')[1][:60]
    )


def test_foreign_options_and_foreign_versions_change_nothing(anonymous: Browser) -> None:
    made = make.sent()
    path = make.path(made)
    given_ = form(anonymous.get(path, headers=BROWSER).text)
    answer = anonymous.post(f"{path}/accept", data={**given_, "option": ["design"]}, headers=BROWSER)
    assert answer.status_code == 422 and "does not belong to this proposal" in answer.text
    answer = anonymous.post(f"{path}/accept", data={**given_, "seen": str(ids.uuid7())}, headers=BROWSER)
    assert answer.status_code == 409 and "read the new version" in answer.text
    assert anonymous.post(f"{path}/accept", data={**given_, "seen": "x"}, headers=BROWSER).status_code == 422
    assert anonymous.get(path, query_string={"chosen": "1", "option": "<x>"}, headers=BROWSER).status_code == 200
    assert service.get(made).word == "sent"


def test_an_old_tab_is_told_what_happened(anonymous: Browser) -> None:
    made = make.sent()
    path = make.path(made)
    given_ = form(anonymous.get(path, headers=BROWSER).text)
    make.accept(made, "photos", name="Anna")
    for action, more in (("accept", {}), ("decline", {}), ("changes", {"notes": "Please change it."})):
        answer = anonymous.post(f"{path}/{action}", data={**given_, **more}, headers=BROWSER)
        assert answer.status_code == 409
        assert "already been accepted" in answer.text and "Anna accepted this proposal" in answer.text
    assert service.accepted(made).accepted_by == "Anna"


def test_declining_and_asking_for_changes_show_plainly(
    anonymous: Browser, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    made = make.sent()
    path = make.path(made)
    given_ = form(anonymous.get(path, headers=BROWSER).text)
    answer = anonymous.post(f"{path}/changes", data={**given_, "notes": HOSTILE}, headers=BROWSER)
    assert answer.status_code == 303
    assert "Changes asked for" in words(anonymous.get(path, headers=BROWSER).text)
    run_jobs()
    mail = outbox_mails()[0]
    assert mail.entry.subject.endswith("asks for changes to " + service.get(made).number)
    assert "<script>" not in mail.html and HOSTILE in mail.text
    service.revise(made, make.ACTOR)
    assert "A new version is being written" in words(anonymous.get(path, headers=BROWSER).text)
    make.send(made)
    given_ = form(anonymous.get(path, headers=BROWSER).text)
    assert anonymous.post(f"{path}/decline", data={**given_, "reason": ""}, headers=BROWSER).status_code == 303
    assert "was declined on" in words(anonymous.get(path, headers=BROWSER).text)
    run_jobs()
    assert any("No reason was given" in mail.text for mail in outbox_mails())


def test_an_expired_proposal_is_read_but_not_answered(anonymous: Browser) -> None:
    made = make.sent(valid_until=date(2099, 6, 30))
    path = make.path(made)
    given_ = form(anonymous.get(path, headers=BROWSER).text)
    with clock.frozen(datetime(2099, 6, 30, 22, 0, tzinfo=UTC)):
        page = anonymous.get(path, headers=BROWSER)
        assert page.status_code == 200 and "was valid until 30 June 2099" in words(page.text)
        assert "Accept for" not in page.text
        answer = anonymous.post(f"{path}/accept", data=given_, headers=BROWSER)
        assert answer.status_code == 409 and "no longer valid" in answer.text
    assert service.get(made).word == "sent"


def test_links_that_do_not_open(anonymous: Browser) -> None:
    made = make.sent()
    path = make.path(made)
    for unknown in ("/p/nonsense", "/p/" + "x" * 300, path[:-1], f"/c/{path[3:]}", f"/i/{path[3:]}"):
        assert anonymous.get(unknown, headers=BROWSER).status_code == 404, unknown
    service.revoke_link(made, make.ACTOR)
    for method, ending in (
        ("GET", ""),
        ("GET", "/pdf"),
        ("POST", "/accept"),
        ("POST", "/decline"),
        ("POST", "/changes"),
    ):
        assert anonymous.open(f"{path}{ending}", method=method, headers=BROWSER).status_code == 410
    assert service.get(made).word == "sent"


def test_drafts_have_no_page(anonymous: Browser) -> None:
    made = make.draft()
    assert links.token_for("p", made) is None


def test_a_forwarded_link_works_and_readers_are_counted_once_a_visit(
    anonymous: Browser, owner: Browser, stranger: Browser
) -> None:
    made = make.sent()
    path = make.path(made)
    anonymous.get(path, headers=BROWSER)
    stranger.get(path, headers=BROWSER)
    assert service.get(made).views == 2
    owner.get(path, headers=BROWSER)
    anonymous.head(path, headers=BROWSER)
    anonymous.get(path, headers={"User-Agent": "Slackbot-LinkExpanding 1.0"})
    anonymous.get(path, query_string={"chosen": "1"}, headers=BROWSER)
    anonymous.get(f"{path}/pdf", headers=BROWSER)
    assert service.get(made).views == 2
    make.accept(made)
    anonymous.get(path, headers=BROWSER)
    assert service.get(made).views == 2


def test_forms_from_elsewhere_are_refused(anonymous: Browser) -> None:
    made = make.sent()
    path = make.path(made)
    given_ = form(anonymous.get(path, headers=BROWSER).text)
    answer = anonymous.post(f"{path}/accept", data=given_, headers={**BROWSER, "Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert service.get(made).word == "sent"


def test_hostile_text_stays_text_on_page_and_in_mail(
    anonymous: Browser, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    values = make.CONTENTS.to_dict()
    values |= dict.fromkeys(("subtitle", "summary", "opportunity", "investment", "closing"), HOSTILE)
    values["issues"] = [{"title": HOSTILE, "text": HOSTILE, "fix": HOSTILE}]
    values["pages"] = [{"name": HOSTILE, "text": HOSTILE, "features": [HOSTILE]}]
    values["timeline"] = [{"name": HOSTILE, "text": HOSTILE}]
    values["steps"] = [{"title": HOSTILE, "text": HOSTILE}]
    values["headings"] = {"summary": HOSTILE}
    line = OfferLine(id='"><x', name=HOSTILE, text=HOSTILE, unit="<b>", price=100, choice="picked", quantity=2)  # type: ignore[arg-type]
    contents = type(make.CONTENTS).from_dict(values)
    made = make.sent(contents=contents, offer=Offer(lines=(line,)), title=HOSTILE)
    path = make.path(made)
    page = anonymous.get(path, headers=BROWSER)
    given_ = form(page.text, name=HOSTILE)
    given_["option"] = ['"><x']
    assert anonymous.post(f"{path}/accept", data=given_, headers=BROWSER).status_code == 303
    run_jobs()
    pages = [page.text, anonymous.get(path, headers=BROWSER).text, *(mail.html for mail in outbox_mails())]
    assert len(pages) == 5
    for html in pages:
        assert "<script>alert" not in html and "<img src=x" not in html and '"><x' not in html


def test_the_language_is_the_clients(anonymous: Browser) -> None:
    client = make.client(locale="it-IT")
    made = make.sent(client_id=client)
    page = anonymous.get(make.path(made), headers=BROWSER)
    assert '<html lang="it-IT">' in page.text
    assert "12.566,00" in page.text


def test_the_page_goes_on_to_the_contract_it_carries(anonymous: Browser) -> None:
    from webkit.contracts import service as contracts
    from webkit.contracts import templates

    template = templates.choose(None, "en-GB").id
    made = make.sent(contract_template_id=template)
    path = make.path(made)
    given_ = form(anonymous.get(path, headers=BROWSER).text)
    anonymous.post(f"{path}/accept", data=given_, headers=BROWSER)
    page = anonymous.get(path, headers=BROWSER)
    assert "Go on to sign" in page.text
    contract = service.get(made).contract_id
    assert contract is not None
    token = links.token_for("c", contract)
    assert token and f"/c/{token}" in page.text
    assert contracts.get(contract).total_minor == service.accepted(made).once.totals.gross
