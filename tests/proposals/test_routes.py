"""Staff pages: who gets in, what is kept, what is said."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import authors
from tests.factories import catalogue as shop
from tests.factories import proposals as make
from tests.factories.people import Person
from webkit.accounts import seats
from webkit.accounts.models import Role
from webkit.catalogue import service as catalogue
from webkit.core.kernel import frozen, ids
from webkit.core.kernel.directory import AgencyView
from webkit.proposals import service
from webkit.proposals.views import Author

BASE = "/northwind/proposals"
HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"
HTMX = {"HX-Request": "true"}
TEXT = re.compile(
    r"title|subtitle|summary|opportunity|investment|closing|discount-note|heading-.+"
    r"|[a-z]+-\d+-(title|text|fix|name|features|unit)"
)


def form_of(html: str) -> dict[str, str]:
    """What the editor's form would send as it stands."""
    found: dict[str, str] = {}
    for field in re.finditer(r'<input[^>]*name="([^"]+)"(?:[^>]*?value="([^"]*)")?[^>]*>', html):
        if 'type="radio"' not in field[0]:
            found.setdefault(field[1], (field[2] or "").replace("&#39;", "'").replace("&amp;", "&"))
    for field in re.finditer(r'<textarea[^>]*name="([^"]+)"[^>]*>\n(.*?)</textarea>', html, re.DOTALL):
        found[field[1]] = field[2]
    for field in re.finditer(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', field[2])
        found[field[1]] = chosen[1] if chosen else ""
    return {name: value for name, value in found.items() if name not in ("q", "again", "once")}


@pytest.fixture
def mine(agency: AgencyView, ada: Person) -> UUID:
    """A draft of the owner."""
    return make.draft(author=Author(ada.id, ada.name, ada.email))


def test_pages_answer_their_owner(owner: Browser, mine: UUID) -> None:
    for path in ("/", "/?state=draft", "/?q=rides", "/?state=nonsense&before=x&client=y", "/new", f"/{mine}/edit"):
        assert owner.get(f"{BASE}{path}").status_code == 200, path
    for path in (f"/{mine}/preview", f"/{mine}/send"):
        assert owner.get(f"{BASE}{path}").status_code == 200, path
    assert owner.get(f"{BASE}/{mine}").headers["Location"].endswith("/edit")
    assert owner.get(f"{BASE}/{mine}/pdf").status_code == 404
    make.send(mine)
    shown = owner.get(f"{BASE}/{mine}")
    assert shown.status_code == 200 and "has not opened it yet" in shown.text
    assert owner.get(f"{BASE}/{mine}/edit").headers["Location"].endswith(str(mine))
    assert owner.get(f"{BASE}/{mine}/pdf").data.startswith(b"%PDF")
    assert owner.get(f"/api/proposals/{mine}/pdf").data.startswith(b"%PDF")


def test_others_find_nothing(stranger: Browser, anonymous: Browser, mine: UUID) -> None:
    for path in ("/", "/new", f"/{mine}", f"/{mine}/edit", f"/{mine}/preview", f"/{mine}/send", f"/{mine}/pdf"):
        assert stranger.get(f"{BASE}{path}").status_code == 404, path
        assert anonymous.get(f"{BASE}{path}").status_code == 303, path
    for path in ("edit", "send", "revise", "duplicate", "delete", "link/revoke", "link/renew"):
        assert stranger.post(f"{BASE}/{mine}/{path}").status_code == 404, path
        assert stranger.post(f"/harbour-pine/proposals/{mine}/{path}", data={"by": "link"}).status_code == 404, path
        assert anonymous.post(f"{BASE}/{mine}/{path}").status_code == 303, path
    make.send(mine)
    assert stranger.get(f"/api/proposals/{mine}/pdf").status_code == 404
    assert anonymous.get(f"/api/proposals/{mine}/pdf").status_code == 303
    assert service.get(mine).word == "sent"


def test_members_see_and_change_their_own(member: Browser, owner: Browser, mine: UUID, max_: Person) -> None:
    title = service.get(mine).title
    assert title in owner.get(f"{BASE}/").text and title not in member.get(f"{BASE}/").text
    assert member.get(f"{BASE}/{mine}/preview").status_code == 404
    for path in ("edit", "send", "revise", "delete", "link/revoke", "link/renew", "duplicate"):
        assert member.post(f"{BASE}/{mine}/{path}", data={"by": "link"}).status_code == 404, path
    authors.hand_to(max_.id)
    assert title in member.get(f"{BASE}/").text
    copied = member.post(f"{BASE}/{mine}/duplicate").headers["Location"]
    assert member.get(copied).status_code == 200
    own = UUID(copied.split("/")[-2])
    assert service.get(own).author_id == max_.id
    assert owner.get(f"{BASE}/{own}/edit").status_code == 200


def test_who_sees_all_changes_their_own_alone(member: Browser, mine: UUID, max_: Person) -> None:
    may = {"proposals.view": "all", "proposals.edit": "own", "proposals.create": "all"}
    seats.change(max_.id, Role.MEMBER, None, may)
    assert member.get(f"{BASE}/{mine}/preview").status_code == 200
    assert member.post(f"{BASE}/{mine}/edit").status_code == 403
    assert member.post(f"{BASE}/{mine}/send").status_code == 403
    copied = member.post(f"{BASE}/{mine}/duplicate").headers["Location"]
    assert member.get(copied).status_code == 200


def test_a_proposal_begins_with_the_client_of_the_link(owner: Browser, agency: AgencyView) -> None:
    assert "needs a client" in owner.get(f"{BASE}/new").text
    client = make.client()
    page = owner.get(f"{BASE}/new?client={client}").text
    assert f'value="{client}" selected' in page
    once = re.search(r'name="once" value="([^"]+)"', page)
    assert once
    data = {"client_id": str(client), "title": "Site", "once": once[1]}
    first = owner.post(f"{BASE}/new", data=data).headers["Location"]
    assert owner.post(f"{BASE}/new", data=data).headers["Location"] == first
    refused = owner.post(f"{BASE}/new", data={"client_id": str(ids.uuid7()), "title": "Kept title"})
    assert refused.status_code == 422 and "Kept title" in refused.text
    assert owner.post(f"{BASE}/new", data={"client_id": "x", "title": ""}).status_code == 422


def test_the_editor_saves_what_it_shows(owner: Browser, mine: UUID) -> None:
    before = service.get(mine)
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    assert owner.post(f"{BASE}/{mine}/edit", data=data).status_code == 303
    after = service.get(mine)
    assert after.revision == before.revision + 1
    assert (after.contents, after.offer, after.title, after.deposit_percent) == (
        before.contents,
        before.offer,
        before.title,
        before.deposit_percent,
    )


def test_saving_by_itself_answers_with_revision_and_totals(owner: Browser, mine: UUID) -> None:
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    data["lines-0-price"] = "4600.00"
    answer = owner.post(f"{BASE}/{mine}/edit", data=data, headers=HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert f'name="revision" value="{int(data["revision"]) + 1}"' in answer.text
    assert "13,786.00" in re.sub(r"<[^>]+>", "", answer.text)
    assert service.get(mine).once_minor == 1_378_600


def test_a_second_tab_is_told_and_can_keep_its_text(owner: Browser, mine: UUID) -> None:
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    owner.post(f"{BASE}/{mine}/edit", data={**data, "title": "First tab"})
    for headers in ({}, HTMX):
        answer = owner.post(f"{BASE}/{mine}/edit", data={**data, "title": "Second tab"}, headers=headers)
        assert answer.status_code == 409
        assert "Somebody else changed" in answer.text and "Second tab" in answer.text
    over = re.search(r'name="over" value="(\d+)"', answer.text)
    assert over and service.get(mine).title == "First tab"
    assert owner.post(f"{BASE}/{mine}/edit", data={**data, "title": "Second tab", "over": over[1]}).status_code == 303
    assert service.get(mine).title == "Second tab"


def test_an_old_tab_cannot_change_what_was_sent(owner: Browser, mine: UUID) -> None:
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    make.send(mine)
    answer = owner.post(f"{BASE}/{mine}/edit", data={**data, "title": "Too late", "over": "99"})
    assert answer.status_code == 409 and "Too late" in answer.text and 'name="over"' not in answer.text
    assert service.get(mine).title == make.TITLE
    assert owner.post(f"{BASE}/{mine}/delete").status_code == 409


def test_wrong_input_is_shown_again_with_its_sentence(owner: Browser, mine: UUID) -> None:
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    data |= {"lines-0-price": "a fortune", "summary": "Half a sentence", "title": ""}
    answer = owner.post(f"{BASE}/{mine}/edit", data=data)
    assert answer.status_code == 422
    assert "a fortune" in answer.text and "Half a sentence" in answer.text
    assert 'href="#f-lines-0-price"' in answer.text and 'id="f-lines-0-price-error"' in answer.text
    assert service.get(mine).title == make.TITLE
    for junk in ({}, {"revision": "x"}, {"lines-0-price": ["1", "2"]}, {"do": "add:lines\0"}):
        assert owner.post(f"{BASE}/{mine}/edit", data=junk).status_code == 422


def test_rows_are_changed_by_buttons_with_and_without_a_script(owner: Browser, mine: UUID) -> None:
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    part = owner.post(f"{BASE}/{mine}/edit", data={**data, "do": "add:steps"}, headers=HTMX)
    assert part.text.lstrip().startswith('<section class="wk-part wk-stack" id="steps"')
    assert 'name="steps-1-title"' in part.text and "autofocus" in part.text
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    moved = owner.post(f"{BASE}/{mine}/edit", data={**data, "do": "add:steps"})
    assert moved.headers["Location"].endswith("/edit?add=steps#steps")
    assert 'name="steps-1-title"' in owner.get(moved.headers["Location"]).text
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    owner.post(f"{BASE}/{mine}/edit", data={**data, "do": "up:lines:1"})
    assert [line.id for line in service.get(mine).offer.lines][:2] == ["build", "design"]
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    owner.post(f"{BASE}/{mine}/edit", data={**data, "do": "remove:lines:0"})
    assert service.get(mine).offer.lines[0].id == "design"


def test_the_catalogue_is_copied(owner: Browser, mine: UUID) -> None:
    package = catalogue.create_package(shop.package_terms(setup_fee=50_000))
    addon = catalogue.create_addon(shop.addon_terms())
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    answer = owner.post(f"{BASE}/{mine}/edit", data={**data, "do": f"pick:package:{package}"}, headers=HTMX)
    data["revision"] = str(int(data["revision"]) + 1)
    assert "Website Starter" in answer.text
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    owner.post(f"{BASE}/{mine}/edit", data={**data, "do": f"pick:addon:{addon}"})
    lines = service.get(mine).offer.lines[-3:]
    assert [(line.name, line.price, line.choice.value) for line in lines] == [
        ("Website Starter: set-up", 50_000, "required"),
        ("Website Starter", 480_000, "required"),
        ("Second language", 95_000, "offered"),
    ]
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    owner.post(f"{BASE}/{mine}/edit", data={**data, "prices": "gross", "do": f"pick:addon:{addon}"})
    assert service.get(mine).offer.lines[-1].price == 115_900
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    owner.post(
        f"{BASE}/{mine}/edit",
        data={**data, "prices": "net", "do": f"remove:lines:{len(service.get(mine).offer.lines) - 1}"},
    )
    for gone in (f"pick:package:{addon}", f"pick:addon:{ids.uuid7()}"):
        assert owner.post(f"{BASE}/{mine}/edit", data={**data, "do": gone}).status_code == 404
    catalogue.set_package_active(package, False)
    assert service.get(mine).offer.lines[-2].price == 480_000


def test_sending_by_mail_and_by_hand(owner: Browser, mine: UUID) -> None:
    page = owner.get(f"{BASE}/{mine}/send").text
    assert "davide@lario.example" in page
    revision = str(service.get(mine).revision)
    for wrong in ({"by": "mail", "to_email": ""}, {"by": "mail", "to_email": "nobody"}, {"by": "pigeon"}):
        answer = owner.post(f"{BASE}/{mine}/send", data={"revision": revision, **wrong, "message": "Kept words"})
        assert answer.status_code == 422 and "Kept words" in answer.text
    stale = owner.post(f"{BASE}/{mine}/send", data={"revision": "1", "by": "link"})
    assert stale.status_code == 409 and "changed since you opened it" in stale.text
    data = {"revision": revision, "by": "link"}
    assert owner.post(f"{BASE}/{mine}/send", data=data).status_code == 303
    assert owner.post(f"{BASE}/{mine}/send", data=data).status_code == 303
    shown = owner.get(f"{BASE}/{mine}").text
    link = service.link(mine)
    assert link and link in shown
    again = {"again": "1", "by": "mail", "to_email": "anna@lario.example", "to_name": "Anna"}
    assert owner.get(f"{BASE}/{mine}/send").status_code == 200
    assert owner.post(f"{BASE}/{mine}/send", data=again).status_code == 303
    assert "anna@lario.example" in owner.get(f"{BASE}/{mine}").text


def test_what_cannot_be_sent_says_why(owner: Browser, mine: UUID) -> None:
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    owner.post(f"{BASE}/{mine}/edit", data={**data, "valid_until": "2020-01-01"})
    page = owner.get(f"{BASE}/{mine}/send").text
    assert "This day has passed" in page and "Send the proposal" not in page
    revision = str(service.get(mine).revision)
    answer = owner.post(f"{BASE}/{mine}/send", data={"revision": revision, "by": "link"})
    assert answer.status_code == 422 and "This day has passed" in answer.text
    assert frozen.latest("proposal", mine) is None


def test_the_links_of_the_page_do_what_they_say(owner: Browser, mine: UUID, anonymous: Browser) -> None:
    make.send(mine)
    old = make.path(mine)
    assert owner.post(f"{BASE}/{mine}/link/revoke").status_code == 303
    assert anonymous.get(old).status_code == 410
    assert "Make a new link" in owner.get(f"{BASE}/{mine}").text
    assert owner.post(f"{BASE}/{mine}/link/renew").status_code == 303
    assert anonymous.get(old).status_code == 410
    assert anonymous.get(make.path(mine)).status_code == 200
    assert owner.post(f"{BASE}/{mine}/revise").headers["Location"].endswith("/edit")
    assert "Version 2 is a draft" in owner.get(f"{BASE}/{mine}").text
    assert owner.post(f"{BASE}/{mine}/delete").status_code == 409


def test_a_draft_is_deleted(owner: Browser, mine: UUID) -> None:
    assert owner.post(f"{BASE}/{mine}/delete").status_code == 303
    assert owner.get(f"{BASE}/{mine}/edit").status_code == 404


def test_hostile_text_is_text_everywhere(owner: Browser, mine: UUID, agency: AgencyView) -> None:
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    texts = {name: HOSTILE for name in data if TEXT.fullmatch(name)}
    texts = {name: value[:40] if name.endswith("unit") else value for name, value in texts.items()}
    assert len(texts) > 25
    answer = owner.post(
        f"{BASE}/{mine}/edit", data={**data, **texts, "discount-kind": "percent", "discount-value": "3"}
    )
    assert answer.status_code == 303, re.findall(r'id="f-[^"]+-error".*?</p>', answer.text)
    make.send(mine)
    make.accept(mine, "words", name=HOSTILE)
    for path in ("/", f"/{mine}"):
        page = owner.get(f"{BASE}{path}")
        assert page.status_code == 200
        assert "<script>alert" not in page.text and "<img src=x" not in page.text


def test_lists_page_by_key(owner: Browser, agency: AgencyView) -> None:
    client = make.client()
    for number in range(27):
        service.create(client, f"Proposal {number}", make.AUTHOR)
    first = owner.get(f"{BASE}/")
    older = re.search(r'href="([^"]*after=[^"]+)" rel="next"', first.text)
    assert older and "Proposal 26" in first.text and "Proposal 1<" not in first.text
    second = owner.get(older[1].replace("&amp;", "&"))
    assert "Proposal 1<" in second.text and "Proposal 26" not in second.text
    fragment = owner.get(f"{BASE}/?q=Proposal+26", headers=HTMX)
    assert "<html" not in fragment.text and "Proposal 26" in fragment.text
    assert "Nothing found" in owner.get(f"{BASE}/?q=zebra").text


def test_an_empty_list_teaches(owner: Browser, app: Flask) -> None:
    assert "No proposals yet" in owner.get(f"{BASE}/").text
