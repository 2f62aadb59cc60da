"""Pages of clients, as everybody who might try."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import listed
from tests.factories.clients import caffe_olmo, make_client
from webkit.clients import service
from webkit.clients.listing import CLIENTS
from webkit.core.extensions import DocumentCard, DocumentSource
from webkit.core.kernel import clock, db, events, tenancy
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.directory import AgencyView

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
FORM = {"name": "Caffè Olmo", "country": "IT"}


def add(browser: Browser, **values: str) -> str:
    answer = browser.post("/northwind/clients/new", data={**FORM, **values})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def test_an_empty_list_teaches(member: Browser) -> None:
    page = member.get("/northwind/clients")
    assert page.status_code == 200 and "Add your first client" in page.text and "search" in page.text.lower()


def test_a_client_from_the_form_to_its_page(member: Browser) -> None:
    form = member.get("/northwind/clients/new")
    once = re.search(r'name="once" value="([^"]+)"', form.text)
    assert once and '<option value="IT" selected>' in form.text
    path = add(member, once=once[1], email="Giulia@CaffeOlmo.example", city="Milano", notes="Never before ten.")
    page = member.get(path).text
    assert "giulia@caffeolmo.example" in page and "Milano" in page and "Never before ten." in page
    assert "Caffè Olmo was added as a client" in page and "Max Ferri" in page
    listed = member.get("/northwind/clients?q=caffe").text
    assert "Caffè Olmo" in listed
    assert add(member, once=once[1], name="Sent again") == path
    assert "Sent again" not in member.get("/northwind/clients").text


def test_htmx_gets_the_list_alone(member: Browser) -> None:
    add(member)
    part = member.get("/northwind/clients?q=olmo", headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div id="list"') and "Caffè Olmo" in part.text
    assert "<html" in member.get("/northwind/clients?q=olmo").text


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": ""}, "Please fill this in."),
        ({"name": "x" * 201}, "At most 200 characters"),
        ({"name": "bell\x07"}, "cannot be printed"),
        ({"name": "turned\u202egnp.exe"}, "cannot be printed"),
        ({"name": "two\nlines"}, "one line"),
        ({"email": "nonsense"}, "not an e-mail address"),
        ({"email": "a@b.c\r\nBcc: eve@evil.example"}, "one line"),
        ({"country": "Atlantis"}, "offered values"),
        ({"country": ""}, "Please fill this in."),
        ({"locale": "tlh"}, "offered values"),
        ({"website": "javascript:alert(1)"}, "not a web address"),
        ({"notes": "x" * 5001}, "At most 5000 characters"),
    ],
)
def test_wrong_input_is_answered_and_kept(member: Browser, values: dict[str, str], message: str) -> None:
    page = member.post("/northwind/clients/new", data={**FORM, "phone": "kept 123", **values})
    assert page.status_code == 422
    assert message in page.text and 'value="kept 123"' in page.text
    assert "Add your first client" in member.get("/northwind/clients").text


def test_hostile_text_is_shown_as_text(member: Browser) -> None:
    path = add(member, name=HOSTILE, contact_name=HOSTILE, city=HOSTILE[:100], notes="</textarea>" + HOSTILE)
    for address in (path, path + "/edit", "/northwind/clients", "/northwind/clients?q=script"):
        text = member.get(address).text
        assert "alert(1)" in text
        assert "<script>alert" not in text and "<img src=x" not in text
    searched = member.get("/northwind/clients", query_string={"q": HOSTILE + "nobody"}).text
    assert "<script>alert" not in searched and "<img src=x" not in searched


def test_editing(member: Browser) -> None:
    path = add(member)
    form = member.get(path + "/edit").text
    assert 'value="Caffè Olmo"' in form and 'name="revision" value="1"' in form
    saved = member.post(path + "/edit", data={**FORM, "city": "Roma", "revision": "1"})
    assert (saved.status_code, saved.location) == (303, path)
    assert "Roma" in member.get(path).text and "facts about Caffè Olmo were changed" in member.get(path).text
    assert member.post(path + "/edit", data={**FORM, "name": "", "revision": "2"}).status_code == 422


def test_an_old_tab_keeps_what_was_typed(member: Browser, owner: Browser) -> None:
    path = add(member)
    owner.post(path + "/edit", data={**FORM, "city": "Roma", "revision": "1"})
    old = member.post(path + "/edit", data={**FORM, "city": "Torino", "revision": "1"})
    assert old.status_code == 409
    assert 'value="Torino"' in old.text and "Somebody else has changed" in old.text
    assert 'name="revision" value="2"' in old.text, "saving again is a decision"
    assert member.post(path + "/edit", data={**FORM, "city": "Torino", "revision": "2"}).status_code == 303


def test_a_taken_address_says_whose_it_is(member: Browser) -> None:
    add(member, email="giulia@caffeolmo.example")
    page = member.post("/northwind/clients/new", data={**FORM, "name": "B", "email": "giulia@caffeolmo.example"})
    assert page.status_code == 422 and "Caffè Olmo has this address already." in page.text


def test_notes_and_archive(member: Browser, owner: Browser) -> None:
    path = add(member)
    assert member.post(path + "/notes", data={"notes": "Never before ten."}).location == path
    assert "Never before ten." in member.get(path).text
    assert member.post(path + "/notes", data={"notes": "x" * 5001}).status_code == 422
    assert member.post(path + "/archive").status_code == 403
    owner.post(path + "/archive")
    assert "Archived" in member.get(path).text
    assert "Caffè Olmo" not in member.get("/northwind/clients?q=olmo").text
    assert "Caffè Olmo" in member.get("/northwind/clients?archived=1").text
    owner.post(path + "/restore")
    assert "Caffè Olmo" in member.get("/northwind/clients").text


def test_a_long_list_has_pages(member: Browser, agency: AgencyView) -> None:
    for number in range(30):
        make_client(f"Client {number:02}")
    db.release()
    first = member.get("/northwind/clients").text
    assert "Client 24" in first and "Client 25" not in first
    (path,) = re.findall(r'href="([^"]*after=[^"]*)"', first)
    second = member.get(path.replace("&amp;", "&")).text
    assert "Client 25" in second and "Client 24" not in second
    for nonsense in ("after=nonsense", f"after={uuid4()}", "before=-1", "q=%ff%25_"):
        assert member.get(f"/northwind/clients?{nonsense}").status_code == 200


def test_a_long_history_has_pages(member: Browser, agency: AgencyView) -> None:
    client = caffe_olmo()
    for number in range(35):
        service.change(client, {"phone": str(number)}, None, "system")
    db.release()
    first = member.get(f"/northwind/clients/{client}").text
    assert "was added as a client" not in first
    (path,) = re.findall(r'href="([^"]*before=[^"]*)"', first)
    assert "was added as a client" in member.get(path).text


def test_documents_of_every_feature_are_shown(
    member: Browser, app: Flask, agency: AgencyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a feature names its documents, the text is shown as text."""
    card = DocumentCard(HOSTILE, "", "Sent", "wait", 123456, "EUR", "/northwind/somewhere", clock.now())
    sources = [
        DocumentSource("offer", 1, "Offers", lambda client_id: [card], "clients.new"),
        DocumentSource("deed", 2, "Deeds", lambda client_id: []),
    ]
    monkeypatch.setattr(runtimes.of(app), "document_sources", sources)
    client = caffe_olmo()
    db.release()
    text = member.get(f"/northwind/clients/{client}").text
    assert "Start another deal" in text and f"/northwind/clients/new?client={client}" in text
    assert "1,234.56" in text.replace('<span class="wk-dec">', "").replace("</span>", "")
    assert text.count("/northwind/somewhere") == 2 and "Deeds" in text
    assert "<script>alert" not in text and "<img src=x" not in text


PATHS = ("", "/new", "/{id}", "/{id}/edit")
POSTS = ("/new", "/{id}/edit", "/{id}/notes", "/{id}/archive", "/{id}/restore")


def test_strangers_and_the_anonymous_find_nothing(
    agency: AgencyView, stranger: Browser, anonymous: Browser, other_agency: AgencyView
) -> None:
    client = caffe_olmo()
    db.release()
    for path in PATHS:
        address = f"/northwind/clients{path.format(id=client)}"
        assert stranger.get(address).status_code == 404, address
        answer = anonymous.get(address)
        assert answer.status_code == 303 and answer.location.startswith("/sign-in?next="), address
    for path in POSTS:
        address = f"/northwind/clients{path.format(id=client)}"
        assert stranger.post(address, data={**FORM, "name": "Taken over"}).status_code == 404, address
        assert anonymous.post(address, data=FORM).location == "/sign-in", address
    assert service.get(client).name == "Caffè Olmo"


def test_another_agencys_client_is_not_there(agency: AgencyView, stranger: Browser, member: Browser) -> None:
    client = caffe_olmo()
    db.release()
    for path in PATHS[2:]:
        assert stranger.get(f"/harbour-pine/clients{path.format(id=client)}").status_code == 404
    for path in POSTS[1:]:
        answer = stranger.post(f"/harbour-pine/clients{path.format(id=client)}", data={**FORM, "revision": "1"})
        assert answer.status_code == 404
    view = service.get(client)
    assert view.name == "Caffè Olmo" and view.active and view.notes == ""
    assert "Olmo" not in stranger.get("/harbour-pine/clients?q=olmo").text
    assert member.get(f"/northwind/clients/{uuid4()}").status_code == 404
    assert member.get("/northwind/clients/not-an-id").status_code == 404


def test_other_sites_cannot_archive(member: Browser, agency: AgencyView) -> None:
    path = add(member)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        assert member.post(path + "/archive", headers=headers).status_code == 403
    assert len(listed.rows(CLIENTS)) == 1
    with tenancy.tenant(agency.id):
        assert len(events.recent()) == 1
