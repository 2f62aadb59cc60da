"""Codes as text messages, through the folder that keeps them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests.accounts.conftest import enter_code, enter_password, is_in
from tests.client import Browser
from tests.factories.people import Person
from webkit.accounts import phones
from webkit.core.capabilities.sms import SMS, ReadableTexts
from webkit.core.kernel import clock, db
from webkit.core.kernel import runtime as runtimes

NUMBER = "+39 333 1234567"


@pytest.fixture
def texts(app: Flask, run_jobs: Callable[[], int]) -> Callable[[], list[tuple[str, str]]]:
    """Number and code of every text that was sent, newest first."""

    def read() -> list[tuple[str, str]]:
        run_jobs()
        provider = runtimes.of(app).registry.get(SMS)
        assert isinstance(provider, ReadableTexts)
        return [(kept.to, re.findall(r"\d{6}", kept.text)[0]) for kept in provider.texts()]

    return read


Texts = Callable[[], list[tuple[str, str]]]


def test_from_a_number_to_signing_in(anonymous: Browser, person: Person, texts: Texts, app: Flask) -> None:
    enter_password(anonymous)
    assert anonymous.post("/account/security/phone", data={"phone": "0333 123"}).status_code == 422
    assert anonymous.post("/account/security/phone", data={"phone": NUMBER}).location == "/account/security"
    ((number, code),) = texts()
    assert number == "+393331234567"
    wrong = "000000" if code != "000000" else "111111"
    assert anonymous.post("/account/security/phone/confirm", data={"code": wrong}).status_code == 422
    assert "backup codes" in anonymous.post("/account/security/phone/confirm", data={"code": code}).text.lower()
    page = anonymous.get("/account/security").text
    assert "… 567" in page and "333123" not in page, "only the end of a number is shown"
    browser: Browser = app.test_client()
    assert enter_password(browser).location == "/sign-in/second"
    assert enter_code(browser, code).status_code == 422, "that one was used"
    browser.post("/sign-in/second/text")
    fresh = texts()[0][1]
    assert enter_code(browser, fresh).location == "/onward" and is_in(browser)
    anonymous.post("/account/security/phone/remove")
    assert enter_password(app.test_client()).location == "/onward"


def test_five_tries_a_code_ten_minutes_long(person: Person, texts: Texts, outside: None) -> None:
    begun = clock.now()
    with clock.frozen(begun):
        phones.begin(person.id, "+393331234567")
        phones.send_code(person.id)
        code = texts()[0][1]
        wrong = "000000" if code != "000000" else "111111"
        assert not phones.take(person.id, code), "before it was added it proves nothing"
        assert [phones.take(person.id, wrong, enrolling=True) for _ in range(5)] == [False] * 5
        assert not phones.take(person.id, code, enrolling=True), "no sixth try, not even with the right one"
        phones.send_code(person.id)
        code = texts()[0][1]
    with clock.frozen(begun + timedelta(minutes=10, seconds=1)):
        assert not phones.take(person.id, code, enrolling=True)
    with clock.frozen(begun + timedelta(minutes=9)):
        assert phones.take(person.id, code, enrolling=True) and not phones.take(person.id, code)


def test_texts_are_limited(anonymous: Browser, person: Person) -> None:
    enter_password(anonymous)
    answers = [anonymous.post("/account/security/phone", data={"phone": NUMBER}) for _ in range(phones.TEXTS + 1)]
    assert [answer.status_code for answer in answers] == [303] * 3 + [429]


def test_in_production_somebody_must_send_them(app: Flask) -> None:
    here = runtimes.of(app)
    before = here.settings
    with db.unit(db.Scope()):
        assert phones.offered()
        here.settings = before.model_copy(update={"environment": "production"})
        try:
            assert not phones.offered()
        finally:
            here.settings = before
