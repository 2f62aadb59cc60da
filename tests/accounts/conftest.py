"""People with and without second factors, and what they type."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pyotp
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.client import Browser
from tests.factories.people import PASSWORD, Person, make_person
from webkit.accounts import codes, factor_models
from webkit.core.kernel import clock, db
from webkit.core.kernel.db import session, writing
from webkit.core.kernel.sealed import unseal

EMAIL = "ada@northwind.example"


@pytest.fixture
def person(app: Flask) -> Person:
    """Ada, with a password."""
    return make_person(email=EMAIL, password=PASSWORD)


@pytest.fixture
def outside(app: Flask) -> Iterator[None]:
    """A unit without an agency, as requests before sign-in have one."""
    with db.unit(db.Scope()):
        yield


class App:
    """Somebody's authenticator app, set up and in use."""

    def __init__(self, person: Person) -> None:
        with db.unit(db.Scope()):
            with writing():
                codes.enrol(person.id)
            row = factor_models.authenticator(person.id)
            assert row is not None
            self._app = pyotp.TOTP(unseal(factor_models.SECRET, person.id, row.secret))
            with writing():
                assert factor_models.take_step(person.id, 1)

    def code(self, moment: datetime | None = None, away: int = 0) -> str:
        return self._app.at((moment or clock.now()) + timedelta(seconds=30 * away))


@pytest.fixture
def authenticator(person: Person) -> App:
    return App(person)


@pytest.fixture
def paper(person: Person, authenticator: App) -> list[str]:
    """Ten backup codes beside the app."""
    drawn = codes.draw()
    stored = codes.hashes(drawn)
    with db.unit(db.Scope()), writing():
        factor_models.replace_codes(person.id, stored)
    return drawn


Enter = Callable[[Browser], TestResponse]


def enter_password(browser: Browser, **more: str) -> TestResponse:
    return browser.post("/sign-in", data={"email": EMAIL, "password": PASSWORD, **more})


def enter_code(browser: Browser, code: str) -> TestResponse:
    return browser.post("/sign-in/second", data={"code": code})


def is_in(browser: Browser) -> bool:
    return browser.get("/account").status_code == 200


def texts(page: str) -> str:
    """What a page says, without its markup."""
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def rows(table: type) -> list[object]:
    import sqlalchemy as sa

    with db.unit(db.Scope()):
        return list(session().scalars(sa.select(table)))
