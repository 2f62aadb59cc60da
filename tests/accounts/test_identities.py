"""Signing in with an account elsewhere, honest and hostile, over real HTTP: nobody gets into anybody's account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
import urllib3
from flask import Flask
from werkzeug.test import TestResponse

from tests.accounts.conftest import EMAIL, App, enter_code, is_in, texts
from tests.client import Browser
from tests.factories.people import PASSWORD, Person, id_of, make_person
from webkit.accounts import identities, models, service
from webkit.accounts.factor_models import Passkey, Step
from webkit.accounts.identity_models import ExternalIdentity
from webkit.core.kernel import clock, db
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.db import session, writing
from webkit.core.providers import ProviderRegistry
from webkit.sdk.testing.doubles.oidc import Oidc

Mails = Callable[[], list[Any]]
BASE = "http://127.0.0.1:8000"
NAMES = ("google", "oidc")
ADA = {"sub": "ada", "email": EMAIL, "email_verified": True, "name": "Ada Brandt"}


@pytest.fixture(scope="module")
def standing() -> Iterator[dict[str, Oidc]]:
    """Two issuers: what is called google here, and another one."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(Oidc(redirects=(f"{BASE}/sign-in/with/{name}/callback",))) for name in NAMES}


@pytest.fixture
def vendors(app: Flask, standing: dict[str, Oidc], monkeypatch: pytest.MonkeyPatch) -> dict[str, Oidc]:
    here = runtimes.of(app)
    environ = {"WEBKIT_DATA": str(here.settings.data), "OIDC_LABEL": "Studio Login"}
    for name, place in zip(NAMES, ("GOOGLE", "OIDC"), strict=True):
        double = standing[name]
        double.person, double.ahead = ADA, timedelta()
        double._faults.clear()
        double._spoilt.clear()
        double.calls.clear()
        environ |= {f"{place}_CLIENT_ID": "webkit", f"{place}_CLIENT_SECRET": "double-secret"}
        environ[f"{place}_ISSUER"] = double.url
    registry = ProviderRegistry(environ, here.plugins.providers, in_transaction=db.in_transaction)
    monkeypatch.setattr(here, "registry", registry)
    monkeypatch.setattr(here, "settings", here.settings.model_copy(update={"public_url": BASE}))
    return standing


@pytest.fixture
def google(vendors: dict[str, Oidc]) -> Oidc:
    return vendors["google"]


def leave(browser: Browser, name: str = "google", path: str = "", **form: str) -> str:
    """Go to the issuer; where it sends the browser back to, as a path of ours."""
    page = browser.post(path or f"/sign-in/with/{name}", data=form)
    assert page.status_code == 200, page.text
    url = page.text.partition('content="0;url=')[2].partition('"')[0].replace("&amp;", "&")
    location = urllib3.request("GET", url, redirect=False, retries=False).headers["Location"]
    assert location.startswith(f"{BASE}/sign-in/with/{name}/callback?")
    return location.removeprefix(BASE)


def sign_in(browser: Browser, name: str = "google", **form: str) -> TestResponse:
    return browser.get(leave(browser, name, **form), headers={"Sec-Fetch-Site": "cross-site"})


def linked() -> list[tuple[str, str]]:
    with db.unit(db.Scope()):
        rows = session().execute(sa.select(ExternalIdentity.provider, ExternalIdentity.subject))
        return sorted((row[0], row[1]) for row in rows)


def verify(person: Person) -> None:
    with db.unit(db.Scope()), writing():
        user = models.user(person.id)
        assert user is not None
        user.verified_at = clock.now()


@pytest.fixture
def known(person: Person) -> Person:
    """Ada, whose address we have verified."""
    verify(person)
    return person


# --- The honest way ---------------------------------------------------------------------------------------------------


def test_a_verified_address_leads_to_its_account_and_the_subject_opens_it(
    anonymous: Browser, known: Person, google: Oidc, app: Flask, run_jobs: Callable[[], int], outbox_mails: Mails
) -> None:
    page = anonymous.get("/sign-in?next=/account").text
    assert "Go on with Google" in page and "Go on with Studio Login" in page
    assert sign_in(anonymous, next="/account").location == "/account"
    assert is_in(anonymous) and linked() == [("google", "ada")]
    run_jobs()
    assert "Google now signs in to your account" in outbox_mails()[0].text
    google.person = {**ADA, "email": "moved@elsewhere.example", "email_verified": False}
    other: Browser = app.test_client()
    assert sign_in(other).status_code == 303 and is_in(other), "the subject is the key, not the address"


def test_the_second_factor_is_asked_for(anonymous: Browser, known: Person, google: Oidc, authenticator: App) -> None:
    assert sign_in(anonymous, next="/account").location == "/sign-in/second"
    assert not is_in(anonymous)
    assert enter_code(anonymous, authenticator.code()).location == "/account" and is_in(anonymous)


def test_a_stranger_gets_no_account(anonymous: Browser, person: Person, google: Oidc) -> None:
    google.person = {**ADA, "email": "nobody@else.example"}
    answer = sign_in(anonymous)
    assert answer.status_code == 403 and "opens no account here yet" in texts(answer.text)
    assert not is_in(anonymous) and linked() == []


def test_who_is_suspended_stays_out(anonymous: Browser, known: Person, google: Oidc) -> None:
    with db.unit(db.Scope()):
        service.suspend(known.id, "a test")
    answer = sign_in(anonymous)
    assert answer.status_code == 403 and "suspended" in answer.text and linked() == []


def test_an_invitation_lets_its_own_address_have_an_account(
    owner: Browser, google: Oidc, anonymous: Browser, app: Flask, run_jobs: Callable[[], int], outbox_mails: Mails
) -> None:
    owner.post("/northwind/settings/members/invite", data={"email": "Nina@felt.example", "role": "member"})
    run_jobs()
    text = outbox_mails()[0].text
    path = "/invitations/" + text.partition("/invitations/")[2].split()[0]
    assert "Go on with Google" in anonymous.get(path).text
    for email, verified in (("other@felt.example", True), ("nina@felt.example", False)):
        google.person = {"sub": "nina", "email": email, "email_verified": verified}
        assert sign_in(anonymous, next=path).status_code == 403
    google.person = {"sub": "nina", "email": "nina@felt.example", "email_verified": True, "name": "Nina Felt"}
    other: Browser = app.test_client()
    assert sign_in(other, next="/account").status_code == 403, "the invitation itself is needed"
    assert sign_in(anonymous, next=path).location == path
    assert anonymous.post(path).location == "/northwind/"
    assert anonymous.get("/northwind/").status_code == 200


# --- Nobody is taken over ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_is_not_verified_links_nothing(
    anonymous: Browser, known: Person, google: Oidc, verified: object
) -> None:
    google.person = {**ADA, "sub": "mallory", "email_verified": verified}
    assert sign_in(anonymous).status_code == 403
    assert not is_in(anonymous) and linked() == []


@pytest.mark.parametrize("key", ["password", "passkey", "identity"])
def test_an_account_made_in_advance_for_somebody_elses_address_is_not_opened(
    app: Flask, anonymous: Browser, google: Oidc, key: str
) -> None:
    """Its maker would keep the key to what the owner of the address does in it."""
    victim = make_person(email=EMAIL, password=PASSWORD if key == "password" else "")
    rows: dict[str, Any] = {
        "passkey": Passkey(name="x", credential="x", public_key="x", sign_count=0, transports=[]),
        "identity": ExternalIdentity(provider="oidc", issuer="https://x.example", subject="x"),
    }
    if row := rows.get(key):
        row.user_id = victim.id
        with db.unit(db.Scope()), writing():
            session().add(row)
    before = linked()
    assert sign_in(anonymous).status_code == 403 and not is_in(anonymous) and linked() == before
    verify(victim)
    entered = sign_in(anonymous)
    assert entered.location == ("/sign-in/second" if key == "passkey" else "/onward") and len(linked()) > len(before)


def test_an_account_without_any_key_is_its_mailboxs(anonymous: Browser, app: Flask, google: Oidc) -> None:
    make_person(email=EMAIL)
    assert sign_in(anonymous).status_code == 303 and is_in(anonymous)


@pytest.mark.parametrize(
    "lie", [{"nonce": "x" * 43}, {"aud": "another"}, {"iss": "https://evil.example"}, {"header": {"alg": "none"}},
            {"header": {"alg": "HS256"}}, {"exp": 1_000_000_000}],
)  # fmt: skip
def test_a_token_that_lies_signs_nobody_in(
    anonymous: Browser, known: Person, google: Oidc, lie: dict[str, Any]
) -> None:
    google.spoil(**lie)
    answer = sign_in(anonymous)
    said = "does not prove" if "exp" not in lie else "Our clock"
    assert answer.status_code == 422 and said in texts(answer.text) and not is_in(anonymous)


def test_an_answer_belongs_to_the_browser_that_asked_and_counts_once(
    anonymous: Browser, known: Person, google: Oidc, app: Flask
) -> None:
    mallory: Browser = app.test_client()
    google.person = {**ADA, "sub": "mallory", "email": "m@evil.example"}
    back = leave(mallory)
    google.person = ADA
    leave(anonymous)
    elsewhere: Browser = app.test_client()
    for answer in (anonymous.get(back), elsewhere.get(back)):
        assert answer.status_code == 410 and "not begun in this browser" in texts(answer.text)
    mine = leave(anonymous)
    with anonymous.session_transaction() as cookie:
        kept = dict(cookie)
    assert anonymous.get(mine).status_code == 303 and is_in(anonymous)
    again: Browser = app.test_client()
    with again.session_transaction() as cookie:
        cookie.update(kept)
    assert again.get(mine).status_code == 410 and not is_in(again), "replayed with the whole cookie"


def test_a_state_of_another_step_and_an_old_one_open_nothing(anonymous: Browser, known: Person, google: Oidc) -> None:
    back = leave(anonymous)
    assert anonymous.get(back.replace("state=", "state=x")).status_code == 410
    back, moment = leave(anonymous), clock.now()
    with clock.frozen(moment + timedelta(minutes=11)):
        assert anonymous.get(back).status_code == 410
    assert not is_in(anonymous) and linked() == []


def test_one_issuer_cannot_answer_for_another(anonymous: Browser, known: Person, vendors: dict[str, Oidc]) -> None:
    for lie in ("/sign-in/with/oidc/callback", "/sign-in/with/google/callback"):
        back = leave(anonymous, "google")
        query = urlsplit(back).query.replace("iss=http", "iss=https") if "google" in lie else urlsplit(back).query
        assert anonymous.get(f"{lie}?{query}").status_code in (410, 422)
    calls = [call.path for call in vendors["oidc"].calls]
    assert "/token" not in calls, "a code of one issuer is never shown to the other"
    assert not is_in(anonymous) and linked() == []


def test_the_same_subject_of_another_issuer_is_somebody_else(
    anonymous: Browser, known: Person, vendors: dict[str, Oidc], app: Flask
) -> None:
    assert sign_in(anonymous).status_code == 303
    vendors["oidc"].person = {**ADA, "email": "m@evil.example"}
    other: Browser = app.test_client()
    assert sign_in(other, "oidc").status_code == 403 and not is_in(other)


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:1"])
def test_nobody_is_sent_elsewhere(anonymous: Browser, known: Person, google: Oidc, wanted: str) -> None:
    assert sign_in(anonymous, next=wanted).location == "/onward"


# --- What goes wrong, in words ----------------------------------------------------------------------------------------


def test_what_went_wrong_is_said(anonymous: Browser, known: Person, google: Oidc) -> None:
    google.deny("access_denied")
    assert "You did not sign in with Google" in texts(sign_in(anonymous).text)
    google.deny("<script>alert(1)</script>")
    answer = sign_in(anonymous)
    assert "Google refused this sign-in" in texts(answer.text) and "alert(1)" not in answer.text
    back = leave(anonymous)
    google.fail(503)
    answer = anonymous.get(back)
    assert answer.status_code == 503 and "does not answer at the moment" in texts(answer.text)
    back = leave(anonymous)
    google.fail(200, b"<html>")
    assert "does not prove" in texts(anonymous.get(back).text)
    back = leave(anonymous)
    google.ahead = timedelta(minutes=2)
    assert "no longer knows this sign-in" in texts(anonymous.get(back).text)
    assert anonymous.get("/sign-in/with/google/callback").status_code == 410
    assert anonymous.get("/sign-in/with/nobody/callback").status_code == 404
    assert anonymous.post("/sign-in/with/nobody").status_code == 404
    assert not is_in(anonymous)


def test_an_issuer_that_is_down_does_not_stop_the_page(
    anonymous: Browser, known: Person, app: Flask, google: Oidc
) -> None:
    google.fail(503)
    answer = anonymous.post("/sign-in/with/google")
    assert answer.status_code == 503 and "does not answer" in texts(answer.text) and 'name="password"' in answer.text


# --- One's own --------------------------------------------------------------------------------------------------------


@pytest.fixture
def hers(person: Person, browser_of: Callable[[Person], Browser]) -> Browser:
    return browser_of(person)


def test_linking_and_unlinking(
    hers: Browser, person: Person, google: Oidc, app: Flask, run_jobs: Callable[[], int], outbox_mails: Mails
) -> None:
    google.person = {"sub": "private", "email": "ada@private.example", "email_verified": False}
    back = leave(hers, path="/account/security/identities/google")
    assert hers.get(back).location == "/account/security"
    page = texts(hers.get("/account/security").text)
    assert "ada@private.example" in page and "Link Studio Login" in page
    other: Browser = app.test_client()
    assert sign_in(other).status_code == 303 and is_in(other)
    (row,) = _own(person)
    assert hers.post(f"/account/security/identities/{row}/remove").location == "/account/security"
    again: Browser = app.test_client()
    assert linked() == [] and sign_in(again).status_code == 403
    run_jobs()
    assert "no longer signs in" in outbox_mails()[0].text


def test_linking_asks_who_one_is_and_belongs_to_that_person(
    hers: Browser, person: Person, google: Oidc, app: Flask, browser_of: Callable[[Person], Browser]
) -> None:
    back = leave(hers, path="/account/security/identities/google")
    mallory = browser_of(make_person("Mallory", "m@evil.example"))
    with hers.session_transaction() as cookie:
        token = cookie["link_step"]
    with mallory.session_transaction() as cookie:
        cookie["link_step"] = token
    mallory.get(back)
    assert linked() == [], "a step of somebody else's session links nothing"
    assert hers.get(back).location == "/account/security" and linked() == [("google", "ada")]
    mallory.get(leave(mallory, path="/account/security/identities/google"))
    assert "opens another account" in texts(mallory.get("/account/security").text) and len(linked()) == 1
    with clock.frozen(clock.now() + timedelta(hours=2)):
        assert hers.post("/account/security/identities/oidc").status_code == 403
        assert hers.post(f"/account/security/identities/{_own(person)[0]}/remove").status_code == 403


def test_the_last_way_in_stays(anonymous: Browser, app: Flask, google: Oidc) -> None:
    person = Person(make_person(email=EMAIL).id, EMAIL, "Ada")
    sign_in(anonymous)
    (row,) = _own(person)
    anonymous.post(f"/account/security/identities/{row}/remove")
    assert linked() == [("google", "ada")] and "Nothing else lets you in" in texts(
        anonymous.get("/account/security").text
    )
    verify(person)
    anonymous.post(f"/account/security/identities/{row}/remove")
    assert linked() == [] and id_of(EMAIL) == person.id


def test_nothing_of_a_step_is_kept_in_the_open(anonymous: Browser, known: Person, google: Oidc) -> None:
    back = leave(anonymous)
    with anonymous.session_transaction() as cookie:
        token = cookie["identity_step"]
    with db.unit(db.Scope()):
        (row,) = session().scalars(sa.select(Step))
        drawn = identities.state(token)
    assert token not in row.token_hash and row.challenge == "" and drawn in back and drawn != token


def test_without_issuers_nothing_shows(anonymous: Browser, hers: Browser) -> None:
    assert "Go on with" not in anonymous.get("/sign-in").text
    assert "Other accounts" not in hers.get("/account/security").text
    assert anonymous.post("/sign-in/with/google").status_code == 404


def _own(person: Person) -> list[Any]:
    with db.unit(db.Scope()):
        return [each.id for each in identities.linked(person.id)]
