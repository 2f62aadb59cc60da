"""How often somebody may ask: exactly, for all processes, in the question that is asked anyhow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from flask import Flask

from tests.accounts.test_session_cache import server as server
from tests.client import Browser
from tests.factories.people import PASSWORD, Person, make_person
from webkit.core.kernel import cache
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.directory import AgencyView
from webkit.domains import routes as domains
from webkit.tokens import service as tokens

HERE, THERE = {"REMOTE_ADDR": "203.0.113.7"}, {"REMOTE_ADDR": "203.0.113.8"}


@pytest.fixture
def counted(app: Flask, server: redis.Redis) -> Iterator[redis.Redis]:
    """The application with a store of its own, where at most three come at once and sixty a minute."""
    server.flushall()
    here = runtimes.of(app)
    before = here.settings
    here.redis, here.settings = server, before.model_copy(update={"rate_burst": 3, "rate_signed_in": 12})
    yield server
    here.settings = before


def asked(browser: Browser, times: int, path: str = "/sign-in", **options: Any) -> list[int]:
    return [browser.get(path, **options).status_code for _ in range(times)]


def test_a_burst_then_an_even_pace(counted: redis.Redis, anonymous: Browser, person: Person) -> None:
    assert asked(anonymous, 5, environ_base=HERE) == [200, 200, 200, 429, 429]
    refused = anonymous.get("/sign-in", environ_base=HERE)
    wait = int(refused.headers["Retry-After"])
    assert wait == 1 and "1 second" in refused.text.replace("one second", "1 second")
    assert refused.headers["RateLimit-Limit"] == "60" and refused.headers["RateLimit-Remaining"] == "0"
    assert 1 <= int(refused.headers["RateLimit-Reset"]) <= 3
    assert asked(anonymous, 1, environ_base=THERE) == [200], "another address has a bucket of its own"
    time.sleep(wait)
    assert asked(anonymous, 2, environ_base=HERE) == [200, 429], "exactly then one is taken"


def test_every_answer_says_what_is_left(counted: redis.Redis, anonymous: Browser, person: Person) -> None:
    left = [anonymous.get("/sign-in", environ_base=HERE).headers["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]


def test_one_house_has_one_bucket_however_many_addresses(
    counted: redis.Redis, anonymous: Browser, person: Person
) -> None:
    homes = [{"REMOTE_ADDR": f"2001:db8::{number}"} for number in range(4)]
    assert [asked(anonymous, 1, environ_base=home)[0] for home in homes] == [200, 200, 200, 429]


def test_who_is_signed_in_is_counted_apart(counted: redis.Redis, owner: Browser, anonymous: Browser) -> None:
    assert asked(anonymous, 4) == [200, 200, 200, 429]
    assert asked(owner, 3, "/account") == [200, 200, 429], "two of twelve a minute at once"
    owner.post("/sign-out")


def test_a_cookie_that_is_worth_nothing_buys_nothing(counted: redis.Redis, app: Flask, person: Person) -> None:
    browser: Browser = app.test_client()
    browser.sign_in("no-such-session")
    assert asked(browser, 4) == [200, 200, 200, 429]


def test_some_addresses_are_never_counted(counted: redis.Redis, anonymous: Browser, person: Person) -> None:
    for path in ("/healthz", "/static/nothing.css"):
        assert 429 not in asked(anonymous, 6, path)
    for _ in range(5):
        data = {"email": "ada@northwind.example", "password": "three wrong words"}
        assert anonymous.post("/sign-in", data=data).status_code == 422, "sign-in has limits of its own"
    assert anonymous.post("/sign-in", data=data).headers["RateLimit-Limit"] == "5"


def test_forms_of_strangers_have_a_slower_bucket(counted: redis.Redis, anonymous: Browser, person: Person) -> None:
    answers = [anonymous.post("/sign-in/link", data={"email": f"p{n}@example.com"}) for n in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["RateLimit-Limit"] == "20" and int(answers[3].headers["Retry-After"]) in (2, 3)


def test_a_page_of_staff_asks_the_store_once(
    counted: redis.Redis, owner: Browser, agency: AgencyView, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = runtimes.of(app)
    here.settings = here.settings.model_copy(update={"rate_signed_in": 6000})
    owner.get(f"/{agency.slug}/settings/members")
    sent: list[Any] = []
    original = redis.Redis.execute_command

    def note(self: redis.Redis, *args: Any, **options: Any) -> Any:
        sent.append(args[0])
        return original(self, *args, **options)

    monkeypatch.setattr(redis.Redis, "execute_command", note)
    assert owner.get(f"/{agency.slug}/settings/members").status_code == 200
    assert [name for name in sent if name in ("EVALSHA", "MGET", "GET")].count("EVALSHA") == 1
    assert "MGET" not in sent, sent


def test_nobody_is_turned_away_because_the_store_is_gone(app: Flask, anonymous: Browser, person: Person) -> None:
    runtimes.of(app).redis = redis.Redis(unix_socket_path="/nonexistent/valkey.sock", retry=None)
    assert asked(anonymous, 12) == [200] * 12


def test_no_address_is_kept_as_it_is(counted: redis.Redis, anonymous: Browser, person: Person) -> None:
    asked(anonymous, 1, environ_base=HERE)
    assert not [key for key in counted.keys("*") if b"203.0.113" in key]
    (key,) = counted.keys("webkit:rate:*")
    assert 0 < counted.pttl(key) <= 1001, "what is full again is forgotten"
    assert isinstance(cache.private("x"), str)


@pytest.fixture
def person(app: Flask) -> Person:
    return make_person(email="ada@northwind.example", password=PASSWORD)


def test_a_key_is_counted_wherever_it_is_used(
    counted: redis.Redis, app: Flask, agency: AgencyView, ada: Person
) -> None:
    here = runtimes.of(app)
    here.settings = here.settings.model_copy(update={"rate_bearer": 12})
    keys = [tokens.create_own(ada.id, "Laptop", ["read"], 30).key for _ in range(2)]
    path, headers = "/api/v1/nothing-here", [{"Authorization": f"Bearer {key}"} for key in keys]
    places = [app.test_client().get(path, headers=headers[0], environ_base=place) for place in (HERE, THERE, HERE)]
    assert [each.status_code for each in places] == [404, 404, 429], "two of twelve a minute at once"
    assert places[2].headers["RateLimit-Limit"] == "12" and 1 <= int(places[2].headers["Retry-After"]) <= 5
    assert app.test_client().get(path, headers=headers[1]).status_code == 404
    wrong = {"Authorization": "Bearer wkp_guessed"}
    guesses = [app.test_client().get(path, headers=wrong, environ_base=HERE).status_code for _ in range(4)]
    assert guesses == [401, 401, 401, 429], "what opens nothing counts for its address"


def test_whoever_asks_for_certificates_is_counted_apart(
    counted: redis.Redis, anonymous: Browser, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy asks from one address for many names: neither this nor its pages use up what the other has."""
    monkeypatch.setattr(domains, "ASKED_PER_MINUTE", 4)
    path = "/.well-known/webkit-certificate?domain=docs.nobody.example"
    assert asked(anonymous, 6, path, environ_base=HERE) == [404, 404, 404, 404, 429, 429]
    assert asked(anonymous, 1, environ_base=HERE) == [200] and asked(anonymous, 1, path, environ_base=THERE) == [404]
