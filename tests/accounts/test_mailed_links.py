"""A lost password and an address to confirm: links that work once, for one thing, one person, one address."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests.accounts.conftest import EMAIL, App, enter_code, enter_password, is_in
from tests.client import Browser
from tests.factories.people import PASSWORD, Person, make_person
from webkit.accounts import mail_links, models, service
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import clock, db

NEW = "another four good words"
Mails = Callable[[], list[OutboxMessage]]
Run = Callable[[], int]


@pytest.fixture
def mailed(run_jobs: Run, outbox_mails: Mails) -> Callable[[], str]:
    """The path of the newest link that was sent, of whatever kind."""

    def path() -> str:
        run_jobs()
        found = [re.search(r"(/sign-in/(?:link|reset|confirm)/\S+)", mail.text) for mail in outbox_mails()]
        return next(match[1] for match in found if match)

    return path


def test_a_lost_password(anonymous: Browser, person: Person, app: Flask, mailed: Callable[[], str]) -> None:
    elsewhere: Browser = app.test_client()
    enter_password(elsewhere)
    asked = anonymous.post("/sign-in/reset", data={"email": EMAIL})
    unknown = anonymous.post("/sign-in/reset", data={"email": "eve@northwind.example"})
    nonce = re.compile(r'nonce="[^"]*"')
    known, other = (nonce.sub("", page.text) for page in (asked, unknown))
    assert known == other.replace("eve@", "ada@").replace("eve%40", "ada%40")
    path = mailed()
    for _ in range(2):
        assert anonymous.get(path).status_code == anonymous.head(path).status_code == 200, "scanners burn nothing"
    weak = anonymous.post(path, data={"new": "qwerty123456"})
    assert weak.status_code == 422 and "tried first" in weak.text and "qwerty" not in weak.text
    done = anonymous.post(path, data={"new": NEW})
    assert done.location == "/sign-in" and done.headers["Referrer-Policy"] == "no-referrer"
    assert not is_in(anonymous), "who has the mailbox still has to sign in, with the second step if there is one"
    assert not is_in(elsewhere), "every session ends"
    assert anonymous.post(path, data={"new": NEW}).status_code == 410
    assert enter_password(anonymous).status_code == 422
    assert anonymous.post("/sign-in", data={"email": EMAIL, "password": NEW}).location == "/onward"


def test_it_does_not_go_round_the_second_step(
    anonymous: Browser, authenticator: App, mailed: Callable[[], str]
) -> None:
    anonymous.post("/sign-in/reset", data={"email": EMAIL})
    anonymous.post(mailed(), data={"new": NEW})
    signed = anonymous.post("/sign-in", data={"email": EMAIL, "password": NEW})
    assert signed.location == "/sign-in/second"


@pytest.mark.parametrize(
    ("ask", "minutes"), [("/sign-in/link", 15), ("/sign-in/reset", 60), ("/account/email/confirm", 24 * 60)]
)
def test_how_long_a_link_opens(
    anonymous: Browser, person: Person, mailed: Callable[[], str], ask: str, minutes: int
) -> None:
    begun = clock.now()
    with clock.frozen(begun):
        enter_password(anonymous)
        anonymous.post(ask, data={"email": EMAIL})
        path = mailed()
    with clock.frozen(begun + timedelta(minutes=minutes, seconds=-1)):
        assert anonymous.get(path).status_code == 200
    with clock.frozen(begun + timedelta(minutes=minutes, seconds=1)):
        assert anonymous.get(path).status_code == 410
        assert anonymous.post(path, data={"new": NEW}).status_code == 410


def test_a_link_opens_one_kind_of_door(anonymous: Browser, person: Person, mailed: Callable[[], str]) -> None:
    anonymous.post("/sign-in/reset", data={"email": EMAIL})
    token = mailed().rsplit("/", 1)[1]
    for other in ("/sign-in/link/", "/sign-in/confirm/"):
        assert anonymous.post(other + token).status_code == 410
    assert anonymous.get("/sign-in/reset/" + token).status_code == 200, "it is not used up by the wrong door"


def test_a_reset_closes_every_other_link(anonymous: Browser, person: Person, mailed: Callable[[], str]) -> None:
    anonymous.post("/sign-in/link", data={"email": EMAIL})
    link = mailed()
    anonymous.post("/sign-in/reset", data={"email": EMAIL})
    anonymous.post(mailed(), data={"new": NEW})
    assert anonymous.post(link).status_code == 410


def test_an_address_is_confirmed_by_a_click(anonymous: Browser, person: Person, mailed: Callable[[], str]) -> None:
    enter_password(anonymous)
    assert "not confirmed" in anonymous.get("/account/security").text
    anonymous.post("/account/email/confirm")
    path = mailed()
    anonymous.get(path)
    assert "not confirmed" in anonymous.get("/account/security").text
    assert anonymous.post(path).status_code == 200
    assert "not confirmed" not in anonymous.get("/account/security").text
    assert anonymous.post(path).status_code == 410


def test_moving_to_another_address(
    anonymous: Browser, person: Person, app: Flask, mailed: Callable[[], str], outbox_mails: Mails, run_jobs: Run
) -> None:
    enter_password(anonymous)
    anonymous.post("/sign-in/link", data={"email": EMAIL})
    former = mailed()
    anonymous.post("/account/email", data={"new_email": "Ada@Elsewhere.example"})
    path = mailed()
    assert "ada@elsewhere.example" in outbox_mails()[0].entry.to[0]
    assert EMAIL in anonymous.get("/account").text, "until the click nothing has changed"
    phone: Browser = app.test_client()
    assert phone.post(path).status_code == 200, "the mailbox may be on another device"
    assert "ada@elsewhere.example" in anonymous.get("/account").text
    run_jobs()
    assert any(EMAIL in mail.entry.to[0] and "another address" in mail.text for mail in outbox_mails())
    assert phone.post(former).status_code == 410, "links to the former address open nothing"
    assert phone.post("/sign-in", data={"email": EMAIL, "password": PASSWORD}).status_code == 422
    assert phone.post("/sign-in", data={"email": "ada@elsewhere.example", "password": PASSWORD}).location == "/onward"


@pytest.mark.parametrize("way", ["reset", "change"])
def test_a_new_password_ends_what_a_thief_began(
    anonymous: Browser, person: Person, authenticator: App, app: Flask, mailed: Callable[[], str], way: str
) -> None:
    """Somebody who knew the password has asked to move the account, and waits with half a sign-in."""
    thief: Browser = app.test_client()
    enter_password(thief)
    with db.unit(db.Scope()):
        service.ask_to_confirm(person.id, "thief@elsewhere.example", "203.0.113.9", "en-GB")
    moving = mailed()
    if way == "reset":
        anonymous.post("/sign-in/reset", data={"email": EMAIL})
        anonymous.post(mailed(), data={"new": NEW})
    else:
        with db.unit(db.Scope()):
            service.change_password(person.id, "", PASSWORD, NEW, "203.0.113.7")
    assert anonymous.post(moving).status_code == 410, "the account stays where it is"
    assert enter_code(thief, authenticator.code()).location == "/sign-in" and not is_in(thief)


def test_nobody_learns_whose_address_it_is(
    anonymous: Browser, person: Person, run_jobs: Run, outbox_mails: Mails
) -> None:
    make_person("Eve", "eve@northwind.example")
    enter_password(anonymous)
    free = anonymous.post("/account/email", data={"new_email": "free@northwind.example"})
    taken = anonymous.post("/account/email", data={"new_email": "eve@northwind.example"})
    assert free.location == taken.location == "/account/security"
    run_jobs()
    (mail,) = outbox_mails()
    assert "free@northwind.example" in mail.entry.to[0]


def test_an_address_that_was_taken_meanwhile(anonymous: Browser, person: Person, mailed: Callable[[], str]) -> None:
    enter_password(anonymous)
    anonymous.post("/account/email", data={"new_email": "free@northwind.example"})
    path = mailed()
    make_person("Eve", "free@northwind.example")
    assert anonymous.post(path).status_code == 410
    assert EMAIL in anonymous.get("/account").text


def test_a_link_is_for_one_person(person: Person, anonymous: Browser, mailed: Callable[[], str]) -> None:
    """An address that changes hands takes no link along."""
    anonymous.post("/sign-in/link", data={"email": EMAIL})
    path = mailed()
    with db.unit(db.Scope()), db.writing():
        user = models.by_email(EMAIL)
        assert user is not None
        models.move(user, "moved@northwind.example")
    make_person("Eve", EMAIL)
    assert anonymous.post(path).status_code == 410


def test_links_are_limited(anonymous: Browser, person: Person) -> None:
    answers = [anonymous.post("/sign-in/reset", data={"email": EMAIL}) for _ in range(mail_links.LINKS + 1)]
    assert answers[-1].status_code == 429 and "Retry-After" in answers[-1].headers


def test_nothing_is_sent_to_whoever_is_suspended(
    anonymous: Browser, person: Person, run_jobs: Run, outbox_mails: Mails
) -> None:
    from webkit.accounts import service

    with db.unit(db.Scope()):
        service.suspend(person.id, "unpaid")
    for path in ("/sign-in/link", "/sign-in/reset"):
        anonymous.post(path, data={"email": EMAIL})
    run_jobs()
    assert outbox_mails() == []
