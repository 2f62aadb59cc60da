"""Nobody learns whether an account exists: the same answer, the same statements, the same hashing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from werkzeug.test import TestResponse

from tests.accounts.conftest import EMAIL, App
from tests.client import Browser
from tests.factories.people import Person, make_person
from webkit.accounts import passwords
from webkit.core.kernel import db

NOBODY = "eve@northwind.example"
_NONCE = re.compile(r'nonce="[^"]*"')


class Counting(PasswordHasher):
    """Notes with what strength something was hashed."""

    done: list[str]

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:
        self.done.append(str(hash).rpartition("$")[0].rpartition("$")[0])
        return super().verify(hash, password)


@pytest.fixture
def hashing(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every verification, with its parameters."""
    counting = Counting(time_cost=1, memory_cost=8, parallelism=1)
    counting.done = []
    monkeypatch.setattr(passwords, "hasher", counting)
    passwords._nobody.cache_clear()
    passwords._nobody()
    yield counting.done
    passwords._nobody.cache_clear()


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(*event: object) -> None:
        seen.append(re.sub(r"\s+", " ", str(event[2]))[:60])

    sa.event.listen(db.db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(db.db.engine, "before_cursor_execute", note)


def alike(ask: Callable[[str], TestResponse], hashing: list[str], known: str = EMAIL) -> None:
    ask("warm@northwind.example")
    answers = []
    for email in (known, NOBODY):
        hashing.clear()
        with statements() as seen:
            answer = ask(email)
        body = _NONCE.sub("", answer.text).replace(email, "?").replace(email.replace("@", "%40"), "?")
        headers = {name: value for name, value in answer.headers.items() if name in ("Location", "Retry-After")}
        answers.append((answer.status_code, body, headers, list(seen), list(hashing)))
    assert answers[0] == answers[1]


def test_wrong_passwords(anonymous: Browser, person: Person, hashing: list[str]) -> None:
    alike(lambda email: anonymous.post("/sign-in", data={"email": email, "password": "three wrong words"}), hashing)
    assert len(hashing) == 1


def test_accounts_without_a_password(anonymous: Browser, person: Person, hashing: list[str]) -> None:
    make_person(email="link@northwind.example")

    def ask(email: str) -> TestResponse:
        return anonymous.post("/sign-in", data={"email": email, "password": "three wrong words"})

    alike(ask, hashing, "link@northwind.example")


def test_a_second_factor_shows_only_after_the_first(anonymous: Browser, authenticator: App, hashing: list[str]) -> None:
    alike(lambda email: anonymous.post("/sign-in", data={"email": email, "password": "three wrong words"}), hashing)


@pytest.mark.parametrize("path", ["/sign-in/link", "/sign-in/reset"])
def test_links(anonymous: Browser, person: Person, hashing: list[str], path: str) -> None:
    alike(lambda email: anonymous.post(path, data={"email": email}), hashing)


def test_too_many(anonymous: Browser, person: Person, hashing: list[str]) -> None:
    data = {"password": "three wrong words"}
    for email in (EMAIL, NOBODY):
        for _ in range(5):
            anonymous.post("/sign-in", data={"email": email, **data})
    refused = [anonymous.post("/sign-in", data={"email": email, **data}) for email in (EMAIL, NOBODY)]
    assert [answer.status_code for answer in refused] == [429, 429]
    assert [abs(int(answer.headers["Retry-After"]) - 900) < 30 for answer in refused] == [True, True]
    assert all(answer.headers["RateLimit-Remaining"] == "0" for answer in refused)
