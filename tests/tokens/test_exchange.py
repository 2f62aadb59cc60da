"""Tokens: what an exchange gives, what is believed, what ends a family."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, cast
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, OKPKey
from werkzeug.test import TestResponse

from tests.factories.people import Person
from tests.threads import at_once
from webkit.accounts import service as accounts
from webkit.core.kernel import clock, db
from webkit.core.kernel.bearers import Bearer, Unauthorized
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, DomainError
from webkit.tokens import access_tokens, bearer, cli, exchange, models, secrets, service, signing_keys
from webkit.tokens.access_tokens import Access
from webkit.tokens.views import NewKey, Pair

LATER = exchange.AT_ONCE + timedelta(seconds=1)


@pytest.fixture
def key(agency: AgencyView, ada: Person) -> NewKey:
    return service.create_own(ada.id, "Laptop", ["read", "invoices:write"], 90)


def begun(key: NewKey, *scopes: str) -> Pair:
    return exchange.exchange(bearer.authenticate(f"Bearer {key.key}"), scopes)


def shown(token: str) -> Bearer:
    return bearer.authenticate(f"Bearer {token}")


def opens(token: str) -> bool:
    try:
        shown(token)
    except Unauthorized:
        return False
    return True


def configured(app: Flask, **values: object) -> None:
    runtime = app.extensions["webkit"]
    runtime.settings = runtime.settings.model_copy(update=values)


@pytest.fixture(autouse=True)
def as_before(app: Flask) -> Iterator[None]:
    runtime = app.extensions["webkit"]
    before = runtime.settings
    yield
    runtime.settings = before


def body(answer: TestResponse) -> dict[str, Any]:
    found = answer.get_json(force=True)
    assert isinstance(found, dict)
    return found


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def test_an_exchange(app: Flask, key: NewKey, ada: Person) -> None:
    client: FlaskClient = app.test_client()
    asked = client.post(
        "/api/v1/auth/token", json={"grant_type": "api_key"}, headers={"Authorization": f"Bearer {key.key}"}
    )
    given = body(asked)
    assert asked.headers["Cache-Control"] == "no-store" and given["token_type"] == "Bearer"
    assert (given["expires_in"], given["scope"]) == (900, "invoices:write read")
    claims = claims_of(given["access_token"])
    assert {"iss", "aud", "sub", "jti", "sid", "iat", "exp", "typ", "kind", "scope"} == set(claims)
    assert (claims["typ"], claims["sub"], claims["kind"]) == ("access", str(ada.id), "personal")
    keys = KeySet.import_key_set(cast("Any", body(client.get("/.well-known/jwks.json"))))
    assert jwt.decode(given["access_token"], keys, registry=access_tokens._registry("EdDSA")).claims == claims
    again = client.post(
        "/api/v1/auth/token", data={"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    )
    assert again.status_code == 200 and body(again)["refresh_token"] != given["refresh_token"]
    assert client.post("/api/v1/auth/revoke", data={"token": body(again)["refresh_token"]}).status_code == 200
    assert not opens(body(again)["access_token"]) and not opens(given["access_token"]) and opens(key.key)


def test_what_the_endpoint_refuses(app: Flask, key: NewKey) -> None:
    client, pair = app.test_client(), begun(key)
    with_token = {"Authorization": f"Bearer {pair.access}"}
    with_key = {"Authorization": f"Bearer {key.key}"}
    wanted: list[tuple[dict[str, str], dict[str, Any], int, str]] = [
        ({}, {}, 400, "unsupported_grant_type"),
        ({}, {"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({}, {"grant_type": "api_key"}, 401, "invalid_grant"),
        (with_token, {"grant_type": "api_key"}, 401, "invalid_grant"),
        (with_key, {"grant_type": "api_key", "scope": "write"}, 422, "invalid_scope"),
        ({}, {"grant_type": "refresh_token"}, 401, "invalid_grant"),
        ({}, {"grant_type": "refresh_token", "refresh_token": key.key}, 401, "invalid_grant"),
        ({}, {"grant_type": "refresh_token", "refresh_token": pair.access}, 401, "invalid_grant"),
        ({}, {"grant_type": "refresh_token", "refresh_token": {"a": [1]}}, 401, "invalid_grant"),
    ]
    for headers, sent, code, word in wanted:
        answer = client.post("/api/v1/auth/token", json=sent, headers=headers)
        assert (answer.status_code, answer.mimetype) == (code, "application/problem+json"), sent
        assert body(answer)["error"] == word and key.key not in answer.text
    assert client.post("/api/v1/auth/token", json=[1], headers=with_key).status_code == 400
    assert client.post("/api/v1/auth/revoke", json={"token": "nobody's"}).status_code == 200


def test_who_refreshes_may_still_show_the_former_token(app: Flask, key: NewKey) -> None:
    pair = begun(key)
    over = {"Authorization": f"Bearer {pair.access}"}
    sent = {"grant_type": "refresh_token", "refresh_token": pair.refresh}
    with clock.frozen(clock.now() + timedelta(hours=1)):
        client = app.test_client()
        assert client.get("/api/v1/nothing-here", headers=over).status_code == 401
        assert client.post("/api/v1/auth/token", json={"grant_type": "api_key"}, headers=over).status_code == 401
        assert client.post("/api/v1/auth/token", json=sent, headers=over).status_code == 200


def test_a_token_reaches_as_far_as_its_key_and_no_further(key: NewKey) -> None:
    pair = begun(key, "invoices:read", "clients:read")
    assert shown(pair.access).scopes == {"invoices:read", "clients:read"}
    next_ = exchange.refresh(pair.refresh)
    assert shown(next_.access).scopes == {"invoices:read", "clients:read"}, "once narrowed, narrow for good"
    with pytest.raises(DomainError):
        exchange.refresh(next_.refresh, ["invoices:write"])
    assert exchange.refresh(next_.refresh, ["clients:read"]).scopes == ("clients:read",), "a refusal uses nothing up"


@pytest.mark.parametrize("algorithm", ["EdDSA", "HS256"])
def test_what_is_no_token(app: Flask, key: NewKey, algorithm: str) -> None:
    configured(app, jwt_algorithm=algorithm)
    token = begun(key).access
    claims, signing = claims_of(token), signing_keys.newest()
    header = {"alg": algorithm, "typ": "at+jwt", "kid": signing.id}

    def forged(changed: dict[str, Any], by: Any = None, **head: Any) -> str:
        registry = access_tokens._registry(head.get("alg", algorithm))
        return str(jwt.encode({**header, **head}, {**claims, **changed}, by or signing.key, registry=registry))

    assert opens(forged({}))
    public = json.dumps(signing.key.as_dict(private=False)) if algorithm == "EdDSA" else "x" * 32
    raw = signing.key.public_key.public_bytes_raw() if algorithm == "EdDSA" else b"x" * 32
    moment = int(clock.now().timestamp())
    none = base64.urlsafe_b64encode(json.dumps({**header, "alg": "none"}).encode()).rstrip(b"=").decode()
    wrong = [
        forged({"typ": "refresh"}),
        forged({"aud": "https://elsewhere.example/api/v1"}),
        forged({"iss": "https://elsewhere.example"}),
        forged({"exp": moment}),
        forged({"exp": moment + 9e9}),
        forged({"exp": "never"}),
        forged({"sub": str(uuid4())}),
        forged({"agency": str(uuid4())}),
        forged({"sid": str(uuid4())}),
        forged({"sid": "x"}),
        forged({"scope": None}),
        forged({}, typ="JWT"),
        forged({}, kid="nobody's"),
        forged({}, OKPKey.generate_key("Ed25519") if algorithm == "EdDSA" else OctKey.generate_key(256)),
        forged({}, OctKey.import_key(raw), alg="HS256") if algorithm == "EdDSA" else "",
        forged({}, OctKey.import_key(public.encode()), alg="HS256") if algorithm == "EdDSA" else "",
        forged({}, OKPKey.generate_key("Ed25519"), alg="EdDSA") if algorithm == "HS256" else "",
        f"{none}.{token.split('.')[1]}.",
        token[:-3],
        ".".join(token.split(".")[:2]),
        "a.b.c",
        "é",
    ]
    for each in wrong:
        assert not opens(each), each


def test_it_is_over_after_a_quarter_of_an_hour(key: NewKey) -> None:
    pair = begun(key)
    with clock.frozen(clock.now() + timedelta(minutes=14)):
        assert opens(pair.access)
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        assert not opens(pair.access)
        assert opens(exchange.refresh(pair.refresh).access)
    with clock.frozen(clock.now() + timedelta(days=31)), pytest.raises(Unauthorized):
        exchange.refresh(pair.refresh)


def test_using_a_refresh_token_again_ends_the_family(
    key: NewKey, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[Any]]
) -> None:
    first, other = begun(key), begun(key)
    second = exchange.refresh(first.refresh)
    with clock.frozen(clock.now() + LATER):
        with pytest.raises(Unauthorized):
            exchange.refresh(first.refresh)
        assert not opens(second.access)
        with pytest.raises(Unauthorized):
            exchange.refresh(second.refresh)
        assert opens(other.access) and opens(key.key), "another family is another one's"


def test_of_two_at_once_one_goes_on(key: NewKey) -> None:
    first = begun(key)
    second = exchange.refresh(first.refresh)
    with pytest.raises(Conflict):
        exchange.refresh(first.refresh)
    assert opens(second.access) and exchange.refresh(second.refresh)


def test_many_at_once_get_one_pair(app: Flask, key: NewKey) -> None:
    first = begun(key)

    def one() -> Pair:
        with db.unit(db.Scope()):
            return exchange.refresh(first.refresh)

    answers = at_once(app, *[one] * 4)
    got = [each for each in answers if isinstance(each, Pair)]
    assert len(got) == 1 and [type(each) for each in answers].count(Conflict) == 3, answers
    assert exchange.refresh(got[0].refresh)


@pytest.mark.parametrize("how", ["revoke", "suspend", "end"])
def test_what_stops_a_key_stops_its_tokens(key: NewKey, ada: Person, how: str) -> None:
    pair = begun(key)
    moment = clock.now()
    if how == "revoke":
        service.revoke_own(ada.id, key.id)
    elif how == "suspend":
        accounts.suspend(ada.id, "unpaid")
    else:
        moment += timedelta(days=90)
    with clock.frozen(moment):
        assert not opens(pair.access)
        with pytest.raises(Unauthorized):
            exchange.refresh(pair.refresh)


@pytest.mark.parametrize("algorithm", ["EdDSA", "HS256"])
def test_keys_follow_each_other(app: Flask, key: NewKey, algorithm: str) -> None:
    configured(app, jwt_algorithm=algorithm)
    former = begun(key).access
    fresh = signing_keys.rotate()
    latter = begun(key).access
    assert opens(former) and opens(latter) and signing_keys.newest().id == fresh.id
    published = [each["kid"] for each in signing_keys.public()]
    assert (fresh.id in published) is (algorithm == "EdDSA")
    assert not any({"d", "k"} & each.keys() for each in signing_keys.public())
    with clock.frozen(clock.now() + signing_keys.OVERLAP):
        assert signing_keys.named(jwt_header(former)["kid"]) is None
    signing_keys.rotate(at_once=True)
    assert not opens(former) and not opens(latter) and opens(begun(key).access)


def jwt_header(token: str) -> dict[str, Any]:
    head = token.split(".", maxsplit=1)[0]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    return found


def test_another_algorithm_is_taken_up_without_a_break(app: Flask, key: NewKey) -> None:
    configured(app, jwt_algorithm="EdDSA")
    former = begun(key).access
    configured(app, jwt_algorithm="HS256")
    latter = begun(key).access
    assert (jwt_header(former)["alg"], jwt_header(latter)["alg"]) == ("EdDSA", "HS256")
    assert opens(former) and opens(latter)


def test_commands(app: Flask, key: NewKey) -> None:
    begun(key)
    made = app.test_cli_runner().invoke(cli.tokens_group, ["rotate", "--at-once"])
    listed = app.test_cli_runner().invoke(cli.tokens_group, ["keys"])
    assert made.exit_code == listed.exit_code == 0, (made.output, listed.output)
    assert made.output.split()[0] in listed.output and "signs" in listed.output


def test_families_that_ran_out_are_forgotten(key: NewKey) -> None:
    from webkit.core.kernel.db import writing

    pair = begun(key)
    family = access_tokens.read(pair.access).family_id
    with writing():
        assert models.prune(clock.now()) == 0
        assert models.prune(clock.now() + timedelta(days=31)) == 1
    assert models.family(family) is None and models.refresh_by_hash(secrets.hashed(pair.refresh)) is None


def test_what_a_token_says_is_read_back(key: NewKey, agency: AgencyView, ada: Person) -> None:
    said = Access(uuid4(), ada.id, agency.id, frozenset({"read"}), "agency")
    token, seconds = access_tokens.issue(said)
    assert seconds == 900 and access_tokens.read(token) == said
