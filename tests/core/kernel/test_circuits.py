"""Circuits: they open after failures, let one try, close by themselves, and are shared through Redis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from redis.exceptions import ConnectionError as Gone

from webkit.core.kernel import circuits, clock, runtime
from webkit.core.kernel.circuits import State

NAME = circuits.key("email", "owl", "platform")
START = datetime(2026, 11, 22, 9, tzinfo=UTC)


class Store:
    """As much of Redis as circuits use."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.gone = False

    def get(self, key: str) -> bytes | None:
        self._there()
        return self.kept.get(key)

    def set(self, key: str, value: str, *, ex: int, nx: bool = False) -> bool | None:
        self._there()
        if nx and key in self.kept:
            return None
        self.kept[key] = value.encode()
        return True

    def delete(self, key: str) -> None:
        self._there()
        self.kept.pop(key, None)

    def _there(self) -> None:
        if self.gone:
            raise Gone("gone")


@pytest.fixture(params=["shared", "own", "gone"])
def store(request: pytest.FixtureRequest, app: Flask) -> Iterator[Store]:
    """With Redis, without, and with one that does not answer."""
    here, store = runtime.of(app), Store()
    store.gone = request.param == "gone"
    here.circuits, here.redis = circuits.Own(), None if request.param == "own" else store
    yield store
    here.circuits, here.redis = circuits.Own(), None


def _at(seconds: float) -> Any:
    return clock.frozen(START + timedelta(seconds=seconds))


def _fail(times: int = circuits.FAILURES) -> None:
    for _ in range(times):
        circuits.failed(NAME, "no connection")


def test_it_opens_with_the_fifth_failure_in_a_row(store: Store) -> None:
    with _at(0):
        _fail(circuits.FAILURES - 1)
        circuits.succeeded(NAME)
        _fail(circuits.FAILURES - 1)
        assert circuits.lets_through(NAME)
        _fail(1)
        assert not circuits.lets_through(NAME)
        found = circuits.look(NAME)
        assert (found.state, found.reason, found.failures) == (State.OPEN, "no connection", 5)


def test_failures_far_apart_are_not_a_row(store: Store) -> None:
    for nth in range(10):
        with _at(nth * (circuits.WINDOW + 1)):
            _fail(1)
    with _at(10 * circuits.WINDOW):
        assert circuits.lets_through(NAME)


def test_after_the_pause_one_tries_for_all(store: Store) -> None:
    with _at(0):
        _fail()
    with _at(circuits.PAUSE + 1):
        assert circuits.look(NAME).state == State.HALF_OPEN
        assert [circuits.lets_through(NAME) for _ in range(3)] == [True, False, False]
        circuits.failed(NAME, "still down")
        assert not circuits.lets_through(NAME)
        assert circuits.look(NAME).pause == circuits.PAUSE * 2
    with _at(circuits.PAUSE * 4):
        assert circuits.lets_through(NAME)
        circuits.succeeded(NAME)
        assert circuits.look(NAME) == circuits.CLOSED
        assert circuits.lets_through(NAME) and circuits.lets_through(NAME)


def test_the_pause_has_an_end(store: Store) -> None:
    moment = 0.0
    for _ in range(12):
        with _at(moment):
            _fail()
        moment += circuits.LONGEST_PAUSE + 1
    assert circuits.look(NAME).pause == circuits.LONGEST_PAUSE


def test_processes_share_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    here, store = runtime.of(app), Store()
    here.redis = store
    with _at(0):
        _fail()
        here.circuits = circuits.Own()  # another process, which has seen nothing itself
        assert not circuits.lets_through(NAME)
        monkeypatch.setattr("redis.Redis.from_url", lambda *_address, **_options: store)
        assert circuits.peek("redis://store", NAME).state == State.OPEN
        assert circuits.peek("", NAME) == circuits.CLOSED
    with _at(circuits.PAUSE + 1):
        assert circuits.lets_through(NAME)
        here.circuits = circuits.Own()
        assert not circuits.lets_through(NAME)
    here.redis, here.circuits = None, circuits.Own()


def test_scopes_are_apart(store: Store) -> None:
    with _at(0):
        _fail()
        assert circuits.lets_through(circuits.key("email", "owl", "an agency's account"))
