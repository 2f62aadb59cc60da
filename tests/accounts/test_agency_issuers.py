"""An own issuer of an agency, honest and hostile, over real HTTP: it opens that agency for its people, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
import urllib3
from flask import Flask
from flask_login import login_user
from werkzeug.test import TestResponse

from tests.accounts.conftest import texts
from tests.client import Browser
from tests.factories import documents
from tests.factories import people as factory
from tests.factories.people import Person
from webkit.accounts import agency_issuer_models as models
from webkit.accounts import identities, passwords, seats, service
from webkit.accounts import models as users
from webkit.accounts.models import Role
from webkit.accounts.views import UserView
from webkit.administration import service as administration
from webkit.agencies import service as agencies
from webkit.core.kernel import db, doors, links, stepup, tenancy
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.directory import AgencyView
from webkit.sdk.testing.doubles.oidc import Oidc

BASE = "http://127.0.0.1:8000"
ADDRESS = "/northwind/settings/sign-in"
DOOR = "/northwind/sign-in"
MAX = {"sub": "s-max", "email": "max@login.example", "email_verified": True, "name": "Max"}


@pytest.fixture(scope="module")
def standing() -> Iterator[Oidc]:
    redirects = (f"{BASE}{DOOR}/callback", f"{BASE}/harbour-pine/sign-in/callback")
    with Oidc(redirects=redirects) as double:
        yield double


@pytest.fixture
def issuer(app: Flask, standing: Oidc, monkeypatch: pytest.MonkeyPatch) -> Oidc:
    """One that this machine may ask, although it stands in no public network."""
    here = runtimes.of(app)
    allowed = {"public_url": BASE, "allow_hosts": (standing.url.removeprefix("http://"),)}
    monkeypatch.setattr(here, "settings", here.settings.model_copy(update=allowed))
    standing.person = MAX
    standing._spoilt.clear()
    standing.calls.clear()
    return standing


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepup, "is_fresh", lambda: True)


def choose(owner: Browser, double: Oidc, slug: str = "northwind", **changes: str) -> TestResponse:
    values = {"label": "Studio Login", "issuer": double.url, "client_id": "webkit", "client_secret": "double-secret"}
    return owner.post(f"/{slug}/settings/sign-in", data=values | changes)


def there(browser: Browser, path: str = DOOR) -> str:
    """Go to the issuer; where it sends the browser back to, as a path of ours."""
    page = browser.post(path)
    assert page.status_code == 200, page.text
    url = page.text.partition('content="0;url=')[2].partition('"')[0].replace("&amp;", "&")
    return urllib3.request("GET", url, redirect=False, retries=False).headers["Location"].removeprefix(BASE)


def come_in(browser: Browser, path: str = DOOR) -> TestResponse:
    return browser.get(there(browser, path), headers={"Sec-Fetch-Site": "cross-site"})


@pytest.fixture
def linked(owner: Browser, member: Browser, issuer: Oidc, fresh: None) -> Browser:
    """Max has linked his account there; what comes back is a browser that came in by it."""
    assert choose(owner, issuer).status_code == 303
    assert come_in(member, f"{DOOR}/link").location == DOOR
    browser = Browser(member.application)
    assert come_in(browser).location == "/northwind/"
    return browser


def test_a_person_links_and_comes_in(linked: Browser, member: Browser, anonymous: Browser) -> None:
    assert linked.get("/northwind/").status_code == 200
    assert "max@login.example" in member.get(DOOR).text
    assert "Go on with Studio Login" in anonymous.get(DOOR).text
    assert linked.post("/sign-out").status_code == 303 and linked.get("/northwind/").status_code == 303


def test_what_it_opens_reaches_that_agency_alone(
    linked: Browser, agency: AgencyView, max_: Person, app: Flask, stranger: Browser
) -> None:
    """An issuer that claims to be somebody gets neither their account nor their other agencies."""
    other = factory.make_agency(max_, name="Max alone", slug="max-alone")
    with db.unit(db.Scope()):
        administration.grant_first(max_.email, "superadmin")
    asked = (
        "/account",
        "/account/security",
        "/account/keys",
        f"/{other.slug}/",
        "/agencies",
        "/agencies/new",
        "/onward",
    )
    for path in (*asked, "/platform/agencies", "/admin/", "/account/prove", "/account/data"):
        answer = linked.get(path)
        assert answer.status_code in (303, 404) and "/northwind" not in (answer.location or ""), path
        assert "max@northwind.example" not in answer.text, path
    assert linked.get(f"/{other.slug}/").location.startswith("/sign-in")
    assert linked.post("/account/password", data={"new": "another long password"}).status_code == 303
    assert linked.post("/agencies/default", data={"agency": other.slug}).location.startswith("/sign-in")
    assert linked.post(f"{DOOR}/link").status_code == linked.post(f"{DOOR}/unlink").status_code == 403


def test_documents_of_that_agency_alone(linked: Browser, max_: Person, member: Browser) -> None:
    """What stands under no agency's address compares the agency itself."""
    own = documents.issued()
    seats.change(max_.id, Role.ADMIN, None, None)
    db.release()
    other = factory.make_agency(max_, name="Max alone", slug="max-alone")
    with tenancy.tenant(other.id):
        foreign = documents.issued()
        with db.writing():
            token = links.create("i", foreign)
    for browser, codes in ((linked, (200, 404)), (member, (200, 200))):
        assert tuple(browser.get(f"/api/invoices/{each}/pdf").status_code for each in (own, foreign)) == codes
    with linked.application.test_request_context(f"/i/{token}"):
        login_user(UserView(max_.id, max_.name, max_.email, "en", False, "", None, UUID(int=1)))
        assert not doors._is_staff(other.id)


def test_an_address_leads_to_no_account(
    owner: Browser, anonymous: Browser, issuer: Oidc, fresh: None, max_: Person, run_jobs: Callable[[], int]
) -> None:
    """A hostile issuer claims whoever it likes, verified: nobody is linked and nobody comes in."""
    choose(owner, issuer)
    for email in ("max@northwind.example", "ada@northwind.example", "mira@harbour.example", "root@platform.example"):
        issuer.person = {"sub": f"s-{email}", "email": email, "email_verified": True}
        answer = come_in(anonymous)
        assert answer.status_code == 403 and "lets nobody into" in texts(answer.text)
        assert anonymous.get("/northwind/").status_code == anonymous.get("/account").status_code == 303


def test_linking_asks_who_is_there(
    owner: Browser, member: Browser, anonymous: Browser, issuer: Oidc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody at a browser that was left open links nothing."""
    with monkeypatch.context() as just_now:
        just_now.setattr(stepup, "is_fresh", lambda: True)
        assert choose(owner, issuer).status_code == 303
    monkeypatch.setattr(stepup, "is_fresh", lambda: False)
    assert anonymous.post(f"{DOOR}/link").status_code == 403
    issuer.calls.clear()
    asked = member.post(f"{DOOR}/link")
    assert asked.status_code == 403 and not issuer.calls


def test_what_it_opened_is_no_proof_of_the_person(
    owner: Browser, ada: Person, issuer: Oidc, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    """Whoever runs an issuer comes in as the owner, but makes no keys and moves no bank account in their name."""
    with monkeypatch.context() as just_now:
        just_now.setattr(stepup, "is_fresh", lambda: True)
        assert choose(owner, issuer).status_code == 303
        assert come_in(owner, f"{DOOR}/link").location == DOOR
    browser = Browser(app)
    assert come_in(browser).location == "/northwind/" and browser.get("/northwind/settings").status_code == 200
    for path in ("/northwind/settings/keys/new", "/northwind/settings/data/deletion", ADDRESS, f"{ADDRESS}/remove"):
        asked = browser.post(path, data={"label": "typed"})
        assert asked.status_code == 403 and "Is it you?" in asked.text and "passkey" not in asked.text, path
        assert 'href="/northwind/"' in asked.text and "/account/security" not in asked.text
    assert browser.get("/northwind/settings/keys/new").location.startswith("/account/prove")
    assert browser.get("/account/prove").location.startswith("/sign-in")
    with db.unit(db.Scope()), db.writing():
        user = users.user(ada.id)
        assert user is not None
        user.password_hash = passwords.hashed(factory.PASSWORD)
    shown = browser.post(f"{ADDRESS}/remove", data={"_proof_password": factory.PASSWORD})
    assert shown.status_code == 303 and browser.get("/northwind/").status_code == 303


def test_an_issuer_that_was_left_meanwhile_opens_nothing(
    linked: Browser, owner: Browser, member: Browser, issuer: Oidc, agency: AgencyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between what it says and the session that it would open, the owner removes it or takes another one."""
    asked = identities.come_back

    def while_it_ends(*args: object) -> object:
        found = asked(*args)  # type: ignore[arg-type]
        with tenancy.tenant(agency.id), db.writing():
            models.drop()
        return found

    paths = [(Browser(linked.application), DOOR), (member, f"{DOOR}/link")]
    backs = [(browser, there(browser, path)) for browser, path in paths]
    monkeypatch.setattr(identities, "come_back", while_it_ends)
    assert backs[0][0].get(backs[0][1]).status_code == 410
    assert backs[0][0].get("/northwind/").status_code == 303
    assert backs[1][0].get(backs[1][1]).status_code == 404, "there is no such door any more"


def test_only_its_own_people_link_and_come_in(
    linked: Browser, stranger: Browser, owner: Browser, agency: AgencyView, max_: Person, issuer: Oidc
) -> None:
    issuer.person = {**MAX, "sub": "s-mira"}
    assert stranger.post(f"{DOOR}/link").status_code == 403
    issuer.person = MAX
    assert come_in(owner, f"{DOOR}/link").status_code == 409, "it lets Max in"
    with tenancy.tenant(agency.id):
        seats.take(max_.id)
    assert linked.get("/northwind/").status_code == 404
    assert come_in(Browser(linked.application)).status_code == 403


def test_the_same_subject_means_nothing_to_another_agency(
    linked: Browser, stranger: Browser, issuer: Oidc, anonymous: Browser
) -> None:
    """Two agencies with the same issuer: what is linked in one opens nothing in the other."""
    assert choose(stranger, issuer, "harbour-pine").status_code == 303
    assert come_in(anonymous, "/harbour-pine/sign-in").status_code == 403
    assert linked.get("/harbour-pine/").location.startswith("/sign-in")
    path = there(anonymous)  # begun at one agency, finished at the other
    assert anonymous.get(path.replace("/northwind/", "/harbour-pine/")).status_code == 410


def test_an_answer_counts_once_in_the_browser_that_began(owner: Browser, issuer: Oidc, linked: Browser) -> None:
    app = linked.application
    first, second = Browser(app), Browser(app)
    path = there(first)
    assert second.get(path).status_code == 410
    assert first.get(path).status_code == 303 and first.get(path).status_code == 410
    issuer.spoil(iss="https://elsewhere.example")
    assert come_in(second).status_code >= 400 and second.get("/northwind/").status_code == 303


def test_another_issuer_knows_nobody_and_ends_what_it_opened(
    linked: Browser, owner: Browser, issuer: Oidc, agency: AgencyView
) -> None:
    assert choose(owner, issuer, client_secret="", client_id="other").status_code == 422
    assert choose(owner, issuer, client_secret="", label="Other name").status_code == 303
    assert linked.get("/northwind/").status_code == 200
    assert owner.post(f"{ADDRESS}/remove").status_code == 303
    assert linked.get("/northwind/").status_code == 303
    with tenancy.tenant(agency.id):
        assert models.own() is None and models.count() == 0
    assert Browser(linked.application).get(DOOR).location.startswith("/sign-in?next=")
    assert linked.post(DOOR).status_code == 404


def test_who_may_choose_and_what_is_refused(
    owner: Browser, member: Browser, issuer: Oidc, fresh: None, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert member.get(ADDRESS).status_code == choose(member, issuer).status_code == 403
    page = owner.get(ADDRESS)
    assert page.status_code == 200 and f"{BASE}{DOOR}/callback" in page.text
    for wrong in ("ftp://login.example", "http://login.example", "https://169.254.169.254", "https://localhost"):
        assert choose(owner, issuer, issuer=wrong).status_code == 422, wrong
    answer = choose(owner, issuer)
    assert answer.status_code == 303 and "double-secret" not in owner.get(ADDRESS).text
    here = runtimes.of(app)
    monkeypatch.setattr(here, "settings", here.settings.model_copy(update={"allow_hosts": ()}))
    assert choose(owner, issuer).status_code == 422, "an address of this machine"
    assert owner.post(DOOR).status_code == 503


def test_the_tier_sells_it(
    linked: Browser, owner: Browser, issuer: Oidc, app: Flask, monkeypatch: pytest.MonkeyPatch, agency: AgencyView
) -> None:
    here = runtimes.of(app)
    monkeypatch.setattr(here, "settings", here.settings.model_copy(update={"billing": True, "trial_days": 0}))
    agencies.set_tier(agency.slug, "growth")
    db.release()
    assert choose(owner, issuer).status_code == 403
    assert Browser(app).get(DOOR).status_code == 303
    agencies.set_tier(agency.slug, "enterprise")
    db.release()
    assert Browser(app).get(DOOR).status_code == 200


def test_who_is_suspended_stays_out(linked: Browser, max_: Person) -> None:
    with db.unit(db.Scope()):
        service.suspend(max_.id, "a test")
    assert linked.get("/northwind/").status_code == 303
    assert come_in(Browser(linked.application)).status_code == 403
