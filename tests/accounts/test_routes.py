"""First run, sign-in, account and agencies in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories.people import PASSWORD, Person, make_person
from webkit.accounts import browser as browsers
from webkit.accounts import service, setup
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import db
from webkit.core.kernel.directory import AgencyView

FIRST = {
    "name": "Ada Brandt",
    "email": "ada@northwind.example",
    "password": PASSWORD,
    "agency_name": "Northwind Studio",
    "country": "IT",
}
AWAY = {"REMOTE_ADDR": "203.0.113.7"}


def test_the_first_page_makes_owner_and_agency(anonymous: Browser) -> None:
    front = anonymous.get("/")
    assert (front.status_code, front.location) == (303, "/start")
    assert anonymous.get("/sign-in").location == "/start"
    page = anonymous.get("/start")
    assert page.status_code == 200 and "Setup code" not in page.text
    made = anonymous.post("/start", data=FIRST)
    assert (made.status_code, made.location) == (303, "/northwind-studio/")
    assert "Ada Brandt" in anonymous.get("/northwind-studio/settings/members").text
    settings = anonymous.get("/northwind-studio/settings").text
    assert '<option value="it-IT" selected>' in settings and '<option value="it-vat" selected>' in settings


def test_it_is_there_once(anonymous: Browser, app: Flask) -> None:
    anonymous.post("/start", data=FIRST)
    other = app.test_client()
    assert other.get("/start").location == "/"
    again = other.post("/start", data={**FIRST, "email": "eve@northwind.example"})
    assert (again.status_code, again.location) == (303, "/")
    with db.unit(db.Scope()):
        assert service.user_id_of("eve@northwind.example") is None


def test_from_elsewhere_it_asks_for_the_code(anonymous: Browser, app: Flask) -> None:
    page = anonymous.get("/start", environ_base=AWAY)
    assert "Setup code" in page.text and "keys/setup-code" in page.text
    assert setup.code() not in page.text
    for code in ("", "guess"):
        refused = anonymous.post("/start", data={**FIRST, "setup_code": code}, environ_base=AWAY)
        assert refused.status_code == 403 and "not the code" in refused.text
    made = anonymous.post("/start", data={**FIRST, "setup_code": setup.code()}, environ_base=AWAY)
    assert made.location == "/northwind-studio/"
    assert not setup.place().exists(), "the code has done its work"


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_what_a_proxy_passes_on_is_not_local(anonymous: Browser, header: str) -> None:
    assert "Setup code" in anonymous.get("/start", headers={header: "203.0.113.7"}).text


def test_wrong_values_come_back_with_what_was_typed(anonymous: Browser) -> None:
    page = anonymous.post("/start", data={**FIRST, "email": "nonsense", "password": "short", "country": "Atlantis"})
    assert page.status_code == 422
    assert 'value="nonsense"' in page.text and 'value="Northwind Studio"' in page.text
    assert "short" not in page.text.replace("short-", "")
    weak = anonymous.post("/start", data={**FIRST, "password": "northwind studio"})
    assert weak.status_code == 422 and "nobody can guess" in weak.text
    reserved = anonymous.post("/start", data={**FIRST, "slug": "sign-in"})
    assert reserved.status_code == 422 and "used by the platform" in reserved.text


def test_a_country_brings_its_region(anonymous: Browser) -> None:
    part = anonymous.get("/start/region?country=AU", headers={"HX-Request": "true"}).text
    assert part.startswith('<div id="region"') and '<option value="AUD" selected>' in part
    assert anonymous.get("/start/region?country=%3Cb%3E").status_code == 200


def sign_in(browser: Browser, password: str = PASSWORD, **more: str) -> object:
    return browser.post("/sign-in", data={"email": "ada@northwind.example", "password": password, **more})


@pytest.fixture
def person(app: Flask) -> Person:
    return make_person(email="ada@northwind.example", password=PASSWORD)


def test_sign_in_and_out(anonymous: Browser, person: Person) -> None:
    anonymous.get("/sign-in")
    assert anonymous.get("/account").location == "/sign-in?next=/account"
    signed = anonymous.post("/sign-in", data={"email": " ADA@northwind.example ", "password": PASSWORD})
    assert (signed.status_code, signed.location) == (303, "/onward")
    cookie = signed.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and str(person.id) not in cookie
    assert anonymous.get("/account").status_code == 200
    assert anonymous.get("/sign-out").status_code >= 300
    assert anonymous.get("/account").status_code == 200, "a link cannot sign anybody out"
    assert anonymous.post("/sign-out").location == "/sign-in"
    assert anonymous.get("/account").status_code == 303


def test_a_stolen_cookie_ends_with_the_session(anonymous: Browser, person: Person, app: Flask) -> None:
    sign_in(anonymous)
    with anonymous.session_transaction() as cookie:
        token = cookie["_user_id"]
    thief: Browser = app.test_client()
    thief.sign_in(token)
    assert thief.get("/account").status_code == 200
    anonymous.post("/sign-out")
    assert thief.get("/account").status_code == 303


def test_every_sign_in_has_a_new_session(anonymous: Browser, person: Person) -> None:
    tokens = set()
    for _ in range(2):
        sign_in(anonymous)
        with anonymous.session_transaction() as cookie:
            tokens.add(cookie["_user_id"])
        anonymous.post("/sign-out")
    assert len(tokens) == 2


def test_wrong_passwords_tell_nothing(anonymous: Browser, person: Person) -> None:
    known = anonymous.post("/sign-in", data={"email": "ada@northwind.example", "password": "three wrong words"})
    unknown = anonymous.post("/sign-in", data={"email": "eve@northwind.example", "password": "three wrong words"})
    assert known.status_code == unknown.status_code == 422
    nonce = re.compile(r'nonce="[^"]*"')
    assert nonce.sub("", known.text) == nonce.sub("", unknown.text).replace("eve@", "ada@")
    assert "three wrong words" not in known.text


def test_too_many_tries_say_when_to_come_back(anonymous: Browser, person: Person) -> None:
    for _ in range(5):
        sign_in(anonymous, "three wrong words")
    refused = anonymous.post("/sign-in", data={"email": "ada@northwind.example", "password": PASSWORD})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert "15 minutes" in refused.text


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "/ /evil.example",
        "evil.example",
        "",
    ],
)
def test_sign_in_leads_nowhere_else(anonymous: Browser, person: Person, target: str) -> None:
    assert browsers.own_path(target) is None
    page = anonymous.get("/sign-in", query_string={"next": target})
    assert "evil" not in page.text
    signed = anonymous.post("/sign-in", data={"email": "ada@northwind.example", "password": PASSWORD, "next": target})
    assert signed.location == "/onward"
    assert anonymous.get("/sign-in", query_string={"next": target}).location == "/onward"


def test_sign_in_leads_where_one_wanted_to_go(anonymous: Browser, person: Person) -> None:
    signed = anonymous.post(
        "/sign-in", data={"email": "ada@northwind.example", "password": PASSWORD, "next": "/northwind/clients?q=a"}
    )
    assert signed.location == "/northwind/clients?q=a"


def test_other_sites_cannot_sign_anybody_in(anonymous: Browser, person: Person) -> None:
    data = {"email": "ada@northwind.example", "password": PASSWORD}
    assert anonymous.post("/sign-in", data=data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_a_link_by_mail(
    anonymous: Browser,
    person: Person,
    run_jobs: Callable[[], int],
    outbox_mails: Callable[[], list[OutboxMessage]],
) -> None:
    known = anonymous.post("/sign-in/link", data={"email": "ada@northwind.example"}).text
    unknown = anonymous.post("/sign-in/link", data={"email": "eve@northwind.example"}).text
    nonce = re.compile(r'nonce="[^"]*"')
    assert nonce.sub("", known) == nonce.sub("", unknown).replace("eve@", "ada@").replace("eve%40", "ada%40")
    run_jobs()
    (mail,) = outbox_mails()
    assert "ada@northwind.example" in str(mail)
    path = "/sign-in/link/" + mail.text.partition("/sign-in/link/")[2].split()[0]
    for _ in range(2):
        assert anonymous.get(path).status_code == 200, "programs that open links burn nothing"
        assert anonymous.head(path).status_code == 200
    assert anonymous.get("/account").status_code == 303
    assert anonymous.post(path).location == "/onward"
    assert anonymous.get("/account").status_code == 200
    anonymous.post("/sign-out")
    assert anonymous.post(path).status_code == 410
    used = anonymous.get(path)
    assert used.status_code == 410 and "used already" in used.text
    assert used.headers["Referrer-Policy"] == "no-referrer"


def test_the_only_agency_or_a_choice(
    owner: Browser, agency: AgencyView, ada: Person, other_agency: AgencyView, app: Flask
) -> None:
    assert owner.get("/").location == "/onward"
    assert owner.get("/onward").location == "/northwind/"
    made = owner.post("/agencies/new", data={"agency_name": "Second Wind", "country": "AU"})
    assert made.location == "/second-wind/"
    assert owner.get("/onward").location == "/agencies"
    chooser = owner.get("/agencies").text
    assert "Second Wind" in chooser and "Northwind Studio" in chooser and "Harbour" not in chooser
    taken = owner.post("/agencies/new", data={"agency_name": "Again", "slug": "harbour-pine", "country": "AU"})
    assert taken.status_code == 422 and "taken" in taken.text


def test_ones_own_account(owner: Browser, agency: AgencyView) -> None:
    assert "ada@northwind.example" in owner.get("/account").text
    page = owner.get("/account/security").text
    assert "ada@northwind.example" in page and "this browser" in page
    assert owner.post("/account", data={"name": "Ada Lovelace", "locale": "it"}).status_code == 303
    assert "Ada Lovelace" in owner.get("/account").text
    assert owner.post("/account", data={"name": "A" * 101}).status_code == 422
    assert owner.post("/account", data={"name": "Ada", "locale": "xx"}).status_code == 422


def test_a_password_can_be_set_and_changed(owner: Browser, agency: AgencyView, anonymous: Browser) -> None:
    assert owner.post("/account/password", data={"new": PASSWORD}).status_code == 303
    assert sign_in(anonymous).location == "/onward"  # type: ignore[attr-defined]
    wrong = owner.post("/account/password", data={"old": "three wrong words", "new": "another four good words"})
    assert wrong.status_code == 422 and "three wrong words" not in wrong.text
    changed = owner.post("/account/password", data={"old": PASSWORD, "new": "another four good words"})
    assert changed.status_code == 303
    assert anonymous.get("/account").status_code == 303, "other browsers are signed out"
    assert owner.get("/account").status_code == 200


def test_browsers_can_be_signed_out(owner: Browser, ada: Person, browser_of: Callable[[Person], Browser]) -> None:
    phone = browser_of(ada)
    (path,) = re.findall(r'action="(/account/sessions/[0-9a-f-]+/end)"', owner.get("/account/security").text)
    assert owner.post(path).status_code == 303
    assert phone.get("/account").status_code == 303
    phone = browser_of(ada)
    owner.post("/account/sessions/end")
    assert phone.get("/account").status_code == 303 and owner.get("/account").status_code == 200


def test_nobody_signs_others_out(owner: Browser, stranger: Browser, ada: Person, browser_of: object) -> None:
    browser_of(ada)  # type: ignore[operator]
    (path,) = re.findall(r'action="(/account/sessions/[0-9a-f-]+/end)"', owner.get("/account/security").text)
    stranger.post(path)
    assert path in owner.get("/account/security").text


@pytest.mark.parametrize("path", ["/account", "/account/security", "/agencies", "/agencies/new", "/onward"])
def test_ones_own_pages_ask_who_is_there(anonymous: Browser, person: Person, path: str) -> None:
    assert anonymous.get(path).location == f"/sign-in?next={path}"


def test_who_sees_the_members(owner: Browser, member: Browser, stranger: Browser, anonymous: Browser) -> None:
    path = "/northwind/settings/members"
    answers = [client.get(path).status_code for client in (owner, member, stranger, anonymous)]
    assert answers == [200, 200, 404, 303]
