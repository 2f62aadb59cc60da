"""Invitations to try the platform: who sends them, what the link opens, once, for whom, and until when."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import people as factory
from tests.factories.people import Person
from webkit.administration import beta, service
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import clock, db
from webkit.core.kernel.errors import Gone, NotFound
from webkit.subscriptions import service as subscriptions

INVITED = "new@founder.example"
AGENCY = {"agency_name": "Founders Studio", "slug": "founders", "country": "IT"}
NEW = {"name": "Nora Founder", "password": factory.PASSWORD, **AGENCY}
Mails = Callable[[], list[OutboxMessage]]


@pytest.fixture
def root(app: Flask, browser_of: Callable[[Person], Browser]) -> Browser:
    person = factory.make_person("Root Berg", "root@platform.example")
    with db.unit(db.Scope()):
        service.grant_first(person.email, "superadmin")
    return browser_of(person)


@pytest.fixture
def link(root: Browser, run_jobs: Callable[[], int], outbox_mails: Mails) -> Callable[[], str]:
    """Invite, and take the newest link from the mails."""

    seen: set[str] = set()

    def newest() -> str:
        run_jobs()
        found = [each[0] for mail in outbox_mails() if (each := re.search(r"/invite/[\w-]{20,}", str(mail.text)))]
        (fresh,) = set(found) - seen
        seen.add(fresh)
        return fresh

    return newest


def _invite(root: Browser, **changes: str) -> int:
    until = (clock.now() + timedelta(days=90)).date().isoformat()
    values = {"email": INVITED.upper(), "tier": "growth", "until": until, "note": "Met in Milan", **changes}
    return root.post("/platform/invitations", data=values).status_code


def test_somebody_new_founds_an_agency_with_the_lent_tier(
    root: Browser, anonymous: Browser, link: Callable[[], str]
) -> None:
    assert _invite(root) == 303
    path = link()
    shown = anonymous.get(path)
    assert shown.status_code == 200 and INVITED in shown.text and shown.headers["Referrer-Policy"] == "no-referrer"
    assert anonymous.post(path, data=NEW | {"password": "short"}).status_code == 422
    assert anonymous.post(path, data=NEW | {"slug": "platform"}).status_code == 422
    assert anonymous.post(path, data=NEW).headers["Location"] == "/founders/"
    assert anonymous.get("/founders/").status_code == 200
    listed = root.get("/platform/invitations?q=milan").text
    assert "Used" in listed and "Founders Studio" in listed
    with db.unit(db.Scope()):
        (line,) = service.agency_lines("founders", None)
        (grant,) = subscriptions.of(line.agency.id).grants
        assert (grant.tier, str(grant.reason)) == ("growth", "beta_tester")
        assert grant.granted_by.startswith("user:")
    assert root.post(path, data=AGENCY).status_code == 410


def test_a_link_counts_once_and_what_fails_founds_nothing(
    root: Browser, anonymous: Browser, link: Callable[[], str], app: Flask
) -> None:
    _invite(root)
    token = link().removeprefix("/invite/")
    with db.unit(db.Scope()):
        beta.accept_as_new(token, "Nora Founder", factory.PASSWORD, "en", factory.new_agency("One", "one-studio"))
        with pytest.raises(Gone):
            beta.accept_as_new(token, "Nora Founder", factory.PASSWORD, "en", factory.new_agency("Two", "two-studio"))
        one = service.agency_lines("one-studio", None)[0].agency
        with pytest.raises(Gone), db.writing():  # two at once: the other has looked while it was open
            beta._settle(token, one)
        assert not service.agency_lines("two-studio", None)
        with pytest.raises(NotFound):
            beta.offered("nobody-has-sent-this")


def test_only_the_invited_account_accepts(
    root: Browser, owner: Browser, link: Callable[[], str], browser_of: Callable[[Person], Browser], app: Flask
) -> None:
    invited = factory.make_person("Nora Founder", INVITED)
    _invite(root)
    path = link()
    assert owner.post(path, data=AGENCY).status_code == 403
    assert Browser(app).post(path, data=NEW).status_code == 303  # they have an account: it asks who is there
    assert "Sign in to accept" in Browser(app).get(path).text
    assert browser_of(invited).post(path, data=AGENCY).headers["Location"] == "/founders/"


def test_again_cancel_and_too_late(root: Browser, anonymous: Browser, link: Callable[[], str]) -> None:
    _invite(root)
    first = link()
    assert _invite(root) == 409
    page = root.get("/platform/invitations").text
    again = re.search(r"/platform/invitations/[\w-]+/again", page)
    assert again and root.post(again[0]).status_code == 303
    second = link()
    assert anonymous.get(first).status_code == 404 and anonymous.get(second).status_code == 200
    with clock.frozen(clock.now() + beta.INVITED_FOR):
        assert anonymous.get(second).status_code == anonymous.post(second, data=NEW).status_code == 410
        with db.unit(db.Scope()):
            assert [each.state for each in beta.listed("", "", None)] == ["expired"]
    assert root.post(again[0].replace("again", "cancel")).status_code == 303
    assert root.post(again[0].replace("again", "cancel")).status_code == root.post(again[0]).status_code == 409
    assert anonymous.post(second, data=NEW).status_code == 410
    assert _invite(root) == 303


def test_refusals(root: Browser, owner: Browser, browser_of: Callable[[Person], Browser]) -> None:
    assert _invite(root, until="2020-01-01") == _invite(root, tier="gold") == _invite(root, email="no") == 422
    assert _invite(owner) == 404
    helper = factory.make_person("Sam Holm", "sam@platform.example")
    with db.unit(db.Scope()):
        service.grant_first(helper.email, "staff")
    sam = browser_of(helper)
    assert _invite(sam) == 403 and "Invite somebody" not in sam.get("/platform/invitations").text
