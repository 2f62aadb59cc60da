"""The second step: authenticator apps and codes on paper, from setting up to the last code."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.accounts.conftest import App, enter_code, enter_password, is_in, texts
from tests.client import Browser
from tests.factories.people import Person, make_person
from tests.threads import at_once
from webkit.accounts import codes, factor_models, service, sessions, signing_in
from webkit.accounts.factor_models import Authenticator, BackupCode, Step
from webkit.accounts.models import Method, SignInSession
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import clock, db, tenancy
from webkit.core.kernel.audit import AuditEntry
from webkit.core.kernel.db import session, writing
from webkit.core.kernel.errors import Forbidden, TooMany


def audited() -> list[str]:
    with tenancy.platform("a test reads the log") as unit:
        return list(unit.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))


def secret_of(page: str) -> str:
    found = re.search(r'class="acc-secret">([A-Z2-7 ]+)<', page)
    assert found is not None
    return found[1].replace(" ", "")


def codes_on(page: str) -> list[str]:
    return re.findall(r"[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}", page)


def test_from_setting_up_to_signing_in(anonymous: Browser, person: Person, app: Flask) -> None:
    begun = clock.now()
    with clock.frozen(begun):
        enter_password(anonymous)
        before = token_of(anonymous)
        anonymous.post("/account/security/app")
        page = anonymous.get("/account/security/app").text
        assert "data:image/svg+xml" in page
        phone = pyotp.TOTP(secret_of(page))
        other: Browser = app.test_client()
        assert enter_password(other).location == "/onward", "an app that was not confirmed asks for nothing"
        wrong = anonymous.post("/account/security/app/confirm", data={"code": "000000"})
        assert wrong.status_code == 422 and "not right" in wrong.text
        shown = anonymous.post("/account/security/app/confirm", data={"code": phone.at(begun)})
        paper = codes_on(shown.text)
        assert shown.status_code == 200 and len(set(paper)) == 10
        assert token_of(anonymous) != before, "what makes an account safer goes on under a new token"
        assert secret_of_is_gone(anonymous)
        assert not codes_on(anonymous.get("/account/security").text), "shown once"
    with clock.frozen(begun + timedelta(minutes=1)):
        browser: Browser = app.test_client()
        assert enter_password(browser, next="/account").location == "/sign-in/second"
        assert not is_in(browser), "half-way in is not in"
        assert "authenticator app" in browser.get("/sign-in/second").text
        assert enter_code(browser, phone.at(clock.now())).location == "/account"
        assert is_in(browser)
    assert audited().count("second.added") == 1 and "backup_codes.made" in audited()


def secret_of_is_gone(browser: Browser) -> bool:
    return browser.get("/account/security/app").location == "/account/security"


def token_of(browser: Browser) -> str:
    with browser.session_transaction() as cookie:
        return str(cookie["_user_id"])


@pytest.mark.parametrize(("away", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_wrong(anonymous: Browser, authenticator: App, away: int, taken: bool) -> None:
    with clock.frozen(clock.now().replace(second=15, microsecond=0)):
        enter_password(anonymous)
        enter_code(anonymous, authenticator.code(away=away))
        assert is_in(anonymous) is taken


def test_a_code_opens_once(anonymous: Browser, authenticator: App, app: Flask) -> None:
    with clock.frozen(clock.now()):
        code = authenticator.code()
        enter_password(anonymous)
        assert enter_code(anonymous, code).location == "/onward"
        thief: Browser = app.test_client()
        enter_password(thief)
        assert enter_code(thief, code).status_code == 422
        assert enter_code(thief, authenticator.code(away=-1)).status_code == 422, "nor does an older one"
        assert not is_in(thief)


def test_two_who_enter_the_same_code_at_once(app: Flask, person: Person, authenticator: App) -> None:
    code = authenticator.code()

    def take() -> bool:
        with db.unit(db.Scope()):
            return codes.take(person.id, code)

    assert sorted(at_once(app, take, take, take)) == [False, False, True]  # type: ignore[type-var]


def test_five_codes_then_a_pause_and_a_warning(
    anonymous: Browser,
    person: Person,
    authenticator: App,
    app: Flask,
    run_jobs: Callable[[], int],
    outbox_mails: Callable[[], list[OutboxMessage]],
) -> None:
    with clock.frozen(clock.now()):
        enter_password(anonymous)
        assert [enter_code(anonymous, "000000").status_code for _ in range(5)] == [422] * 5
        refused = enter_code(anonymous, authenticator.code())
        assert refused.status_code == 429 and 0 < int(refused.headers["Retry-After"]) <= 900
        assert refused.headers["RateLimit-Limit"] == "5"
        again: Browser = app.test_client()
        enter_password(again)
        assert enter_code(again, authenticator.code()).status_code == 429, "a new first step buys no new tries"
        run_jobs()
        (mail,) = outbox_mails()
        assert "five wrong codes" in mail.text


def test_a_code_on_paper_opens_once(anonymous: Browser, paper: list[str], app: Flask) -> None:
    enter_password(anonymous)
    assert enter_code(anonymous, paper[0].lower().replace("-", " ")).location == "/onward", "however it is typed"
    again: Browser = app.test_client()
    enter_password(again)
    assert enter_code(again, paper[0]).status_code == 422
    assert enter_code(again, paper[1]).location == "/onward"
    with db.unit(db.Scope()):
        stored = session().scalars(sa.select(BackupCode.code_hash)).all()
    assert len(stored) == 10 and all(text.startswith("$argon2id$") for text in stored)


def test_new_codes_void_the_former(anonymous: Browser, paper: list[str], app: Flask, authenticator: App) -> None:
    enter_password(anonymous)
    enter_code(anonymous, authenticator.code())
    fresh = codes_on(anonymous.post("/account/security/codes").text)
    assert len(fresh) == 10 and not set(fresh) & set(paper)
    other: Browser = app.test_client()
    enter_password(other)
    assert enter_code(other, paper[3]).status_code == 422
    assert enter_code(other, fresh[3]).location == "/onward"


def test_a_step_belongs_to_its_browser_and_ends(anonymous: Browser, authenticator: App, app: Flask) -> None:
    other: Browser = app.test_client()
    assert other.get("/sign-in/second").location == "/sign-in"
    assert enter_code(other, authenticator.code()).location == "/sign-in"
    begun = clock.now()
    with clock.frozen(begun):
        enter_password(anonymous)
    with clock.frozen(begun + timedelta(minutes=10, seconds=1)):
        assert enter_code(anonymous, authenticator.code()).location == "/sign-in"
        assert not is_in(anonymous)


def test_a_step_makes_one_session(app: Flask, person: Person, authenticator: App, paper: list[str]) -> None:
    with db.unit(db.Scope()):
        entry = signing_in.sign_in(person.id, Method.PASSWORD)
    assert entry.awaits_second

    def finish(code: str) -> Callable[[], object]:
        def run() -> object:
            with db.unit(db.Scope()):
                return signing_in.enter_code(entry.token, code)

        return run

    answers = at_once(app, finish(paper[0]), finish(paper[1]), finish(authenticator.code()))
    assert sum(isinstance(answer, str) for answer in answers) == 1
    with db.unit(db.Scope()):
        assert session().scalar(sa.select(sa.func.count()).select_from(SignInSession)) == 1


def test_without_the_last_factor_nothing_is_asked(anonymous: Browser, paper: list[str], authenticator: App) -> None:
    enter_password(anonymous)
    enter_code(anonymous, authenticator.code())
    assert anonymous.post("/account/security/app/remove").location == "/account/security"
    with db.unit(db.Scope()):
        assert session().scalar(sa.select(sa.func.count()).select_from(BackupCode)) == 0
    anonymous.post("/sign-out")
    assert enter_password(anonymous).location == "/onward"


def test_secrets_are_sealed(person: Person, authenticator: App) -> None:
    with db.unit(db.Scope()):
        (secret,) = session().scalars(sa.select(Authenticator.secret))
    assert secret.startswith("3.") and authenticator.code() not in secret


def test_a_link_asks_for_the_second_step_too(
    anonymous: Browser, authenticator: App, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    anonymous.post("/sign-in/link", data={"email": "ada@northwind.example"})
    run_jobs()
    path = "/sign-in/link/" + outbox_mails()[0].text.partition("/sign-in/link/")[2].split()[0]
    assert anonymous.post(path).location == "/sign-in/second"
    assert not is_in(anonymous)


def test_suspended_at_the_next_request(anonymous: Browser, person: Person) -> None:
    enter_password(anonymous)
    assert is_in(anonymous)
    with db.unit(db.Scope()):
        service.suspend(person.id, "unpaid")
    assert not is_in(anonymous)
    refused = enter_password(anonymous)
    assert refused.status_code == 403 and "suspended" in texts(refused.text)
    with db.unit(db.Scope()):
        service.unsuspend(person.id)
    assert enter_password(anonymous).location == "/onward"


def test_suspended_half_way(person: Person, authenticator: App, outside: None) -> None:
    entry = signing_in.sign_in(person.id, Method.PASSWORD)
    service.suspend(person.id, "unpaid")
    with pytest.raises(Exception, match="sign in again"):
        signing_in.enter_code(entry.token, authenticator.code())
    with pytest.raises(Forbidden):
        signing_in.sign_in(person.id, Method.LINK)


def test_steps_are_forgotten(person: Person, authenticator: App, outside: None) -> None:
    with clock.frozen(clock.now() - timedelta(days=3)):
        signing_in.sign_in(person.id, Method.PASSWORD)
    with writing():
        factor_models.prune_steps(clock.now() - timedelta(days=1))
    assert session().scalar(sa.select(sa.func.count()).select_from(Step)) == 0


def test_the_limit_is_the_persons(person: Person, authenticator: App, outside: None) -> None:
    other = make_person()
    for _ in range(signing_in.CODES):
        assert signing_in.check_code(person.id, "000000") is None
    with pytest.raises(TooMany):
        signing_in.check_code(person.id, "000000")
    assert signing_in.check_code(other.id, "000000") is None


def test_a_session_says_how_it_began(anonymous: Browser, person: Person, authenticator: App) -> None:
    enter_password(anonymous)
    enter_code(anonymous, authenticator.code())
    with db.unit(db.Scope()):
        (view,) = sessions.of(person.id, "")
    assert (view.method, view.second, view.address) == ("password", "totp", "127.0.0.0/24")
