"""Sessions remembered by a real Valkey, and what happens when it is gone."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis
import sqlalchemy as sa
from flask import Flask

from tests.client import Browser
from tests.factories.people import Person, begin_session, make_person
from webkit.accounts import service, sessions
from webkit.core.kernel import clock, db
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.db import session
from webkit.runtime import valkey


@pytest.fixture(scope="module")
def server() -> Iterator[redis.Redis]:
    with TemporaryDirectory(prefix="wk") as folder:
        data = Path(folder)
        process = subprocess.Popen(valkey.command(data))
        try:
            deadline = time.monotonic() + 10
            while not valkey.ready(data) and time.monotonic() < deadline:
                time.sleep(0.02)
            connection = redis.Redis.from_url(valkey.url(data))
            yield connection
            connection.close()
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def cache(app: Flask, server: redis.Redis) -> redis.Redis:
    server.flushall()
    runtimes.of(app).redis = server
    return server


@pytest.fixture
def person(app: Flask) -> Person:
    return make_person(email="ada@northwind.example")


def statements(app: Flask, token: str) -> int:
    """How many statements it takes to find out who holds a token."""
    seen: list[str] = []

    def note(*event: object) -> None:
        seen.append(str(event[2]))

    sa.event.listen(db.db.engine, "before_cursor_execute", note)
    try:
        with db.unit(db.Scope()):
            assert sessions.find(token) is not None
    finally:
        sa.event.remove(db.db.engine, "before_cursor_execute", note)
    return len(seen)


def test_the_second_question_needs_no_database(app: Flask, cache: redis.Redis, person: Person) -> None:
    token = begin_session(person)
    assert [statements(app, token), statements(app, token)] == [1, 0]
    (key,) = cache.keys("webkit:session:*")
    assert token.encode() not in key and 0 < cache.ttl(key) <= 60


def test_an_ended_session_is_forgotten_at_once(cache: redis.Redis, person: Person) -> None:
    token = begin_session(person)
    with db.unit(db.Scope()):
        live = sessions.find(token)
        service.sign_out(person.id, token)
        assert sessions.find(token) is None
        assert live is not None
        sessions._remember(sessions._hashed(token), live)  # a reader that was slower than the end
        assert sessions.find(token) is None


def test_a_new_name_is_seen_at_once(cache: redis.Redis, person: Person) -> None:
    token = begin_session(person)
    with db.unit(db.Scope()):
        assert sessions.find(token) is not None
        service.change_person(person.id, "Ada Lovelace", "it", token)
        live = sessions.find(token)
    assert live is not None and (live.user.name, live.user.locale) == ("Ada Lovelace", "it")


def test_what_is_remembered_is_what_is_stored(cache: redis.Redis, person: Person) -> None:
    token = begin_session(person)
    with db.unit(db.Scope()):
        assert sessions.find(token) == sessions.find(token)


def test_a_used_session_is_written_once_a_minute(cache: redis.Redis, person: Person) -> None:
    begun = clock.now()
    with clock.frozen(begun):
        token = begin_session(person)
    with clock.frozen(begun + timedelta(minutes=2)), db.unit(db.Scope()):
        live = sessions.find(token)
        assert live is not None and sessions.keep_alive(token, live)
        db.release()
        again = sessions.find(token)
        assert again is not None and not sessions.keep_alive(token, again)


def test_without_the_server_the_database_answers(app: Flask, person: Person, anonymous: Browser) -> None:
    runtimes.of(app).redis = redis.Redis(unix_socket_path="/nonexistent/valkey.sock", retry=None)
    token = begin_session(person)
    anonymous.sign_in(token)
    assert anonymous.get("/account").status_code == 200
    assert anonymous.post("/sign-out").status_code == 303
    with db.unit(db.Scope()):
        assert session().scalar(sa.select(sa.func.count()).select_from(sessions.SignInSession)) == 0
