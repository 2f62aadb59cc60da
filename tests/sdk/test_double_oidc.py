"""The OpenID provider among the doubles: the whole way through, and every shortcut refused."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import urllib3
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from webkit.sdk.testing.doubles.oidc import Oidc

BACK = "http://127.0.0.1:8000/callback?from=there"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "client_id": "webkit",
    "redirect_uri": BACK,
    "response_type": "code",
    "scope": "openid email",
    "state": "state-123",
    "nonce": "nonce-123",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


@pytest.fixture(scope="module")
def running() -> Iterator[Oidc]:
    with Oidc(redirects=(BACK,)) as vendor:
        yield vendor


@pytest.fixture
def vendor(running: Oidc) -> Oidc:
    running.ahead = timedelta()
    return running


def get(url: str, **headers: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url, headers=headers, redirect=False, retries=False)


def authorize(vendor: Oidc, **changed: str | None) -> dict[str, str]:
    """What comes back to the client."""
    asked = {name: value for name, value in {**ASKED, **changed}.items() if value is not None}
    answer = get(f"{vendor.url}/authorize?{urlencode(asked)}")
    assert answer.status == 302, answer.data
    assert answer.headers["Location"].startswith(BACK + "&")
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def exchange(vendor: Oidc, code: str, **changed: str | None) -> tuple[int, dict[str, Any]]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        "client_id": "webkit",
        "client_secret": "double-secret",
        **changed,
    }
    body = urlencode({name: value for name, value in form.items() if value is not None})
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = urllib3.request("POST", f"{vendor.url}/token", body=body, headers=kind, retries=False)
    return answer.status, answer.json()


def claims(vendor: Oidc, token: str) -> dict[str, Any]:
    """As a careful client reads it."""
    keys = KeySet.import_key_set(get(f"{vendor.url}/jwks").json())
    found = jwt.decode(token, keys, algorithms=["RS256"])
    rules = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": vendor.issuer},
        aud={"essential": True, "value": "webkit"},
        nonce={"essential": True, "value": "nonce-123"},
        exp={"essential": True},
        sub={"essential": True},
    )
    rules.validate(found.claims)
    return found.claims


def test_a_person_is_signed_in(vendor: Oidc) -> None:
    found = get(f"{vendor.url}/.well-known/openid-configuration").json()
    assert found["issuer"] == vendor.issuer
    assert found["code_challenge_methods_supported"] == ["S256"]
    back = authorize(vendor)
    assert (back["state"], back["iss"], back["from"]) == ("state-123", vendor.issuer, "there")
    status, given = exchange(vendor, back["code"])
    assert status == 200
    told = claims(vendor, given["id_token"])
    assert (told["sub"], told["email"], told["email_verified"]) == ("u-ada", "ada@example.org", True)
    assert "name" not in told, "nobody asked for the profile"
    person = get(f"{vendor.url}/userinfo", Authorization=f"Bearer {given['access_token']}").json()
    assert person == {"sub": "u-ada", "email": "ada@example.org", "email_verified": True}


def test_a_client_may_sign_in_by_header(vendor: Oidc) -> None:
    code = authorize(vendor)["code"]
    body = urlencode(
        {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    )
    headers = urllib3.make_headers(basic_auth="webkit:double-secret")
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    assert urllib3.request("POST", f"{vendor.url}/token", body=body, headers=headers).status == 200


@pytest.mark.parametrize(
    "changed", [{"client_id": "other"}, {"redirect_uri": "http://evil.example/"}, {"redirect_uri": None}]
)
def test_nobody_is_sent_where_the_client_is_not(vendor: Oidc, changed: dict[str, str | None]) -> None:
    asked = {name: value for name, value in {**ASKED, **changed}.items() if value is not None}
    answer = get(f"{vendor.url}/authorize?{urlencode(asked)}")
    assert answer.status == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "email"}, "invalid_scope"),
        ({"scope": "openid everything"}, "invalid_scope"),
        ({"state": None}, "invalid_request"),
        ({"nonce": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_state_nonce_and_challenge_are_demanded(vendor: Oidc, changed: dict[str, str | None], error: str) -> None:
    back = authorize(vendor, **changed)
    assert back["error"] == error
    assert "code" not in back


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"code": "guessed"}, 400, "invalid_grant"),
        ({"code_verifier": "w" * 43}, 400, "invalid_grant"),
        ({"code_verifier": None}, 400, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:8000/other"}, 400, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "other"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_code_works_for_its_owner_only(vendor: Oidc, changed: dict[str, str | None], status: int, error: str) -> None:
    given = {"code": authorize(vendor)["code"], **changed}
    code = given.pop("code") or ""
    found, body = exchange(vendor, code, **given)
    assert (found, body["error"]) == (status, error)


def test_a_code_works_once_and_a_thief_ends_what_it_gave(vendor: Oidc) -> None:
    code = authorize(vendor)["code"]
    token = exchange(vendor, code)[1]["access_token"]
    assert get(f"{vendor.url}/userinfo", Authorization=f"Bearer {token}").status == 200
    assert exchange(vendor, code)[1]["error"] == "invalid_grant"
    assert get(f"{vendor.url}/userinfo", Authorization=f"Bearer {token}").status == 401


def test_a_code_grows_old(vendor: Oidc) -> None:
    code = authorize(vendor)["code"]
    vendor.ahead = timedelta(seconds=61)
    assert exchange(vendor, code)[1]["error"] == "invalid_grant"


def test_a_person_may_say_no(vendor: Oidc) -> None:
    vendor.deny("login_required")
    assert authorize(vendor)["error"] == "login_required"
    assert "code" in authorize(vendor)


@pytest.mark.parametrize(
    "lie",
    [
        {"aud": "somebody-else"},
        {"iss": "https://evil.example"},
        {"nonce": "another"},
        {"exp": 1},
        {"sub": None},
        {"header": {"alg": "none"}},
        {"header": {"alg": "HS256"}},
        {"header": {"kid": "unknown"}},
    ],
)
def test_tokens_can_be_told_to_lie(vendor: Oidc, lie: dict[str, Any]) -> None:
    vendor.spoil(**lie)
    token = exchange(vendor, authorize(vendor)["code"])[1]["id_token"]
    with pytest.raises((JoseError, ValueError)):
        claims(vendor, token)
    assert claims(vendor, exchange(vendor, authorize(vendor)["code"])[1]["id_token"])


def test_keys_are_rotated(vendor: Oidc) -> None:
    old = exchange(vendor, authorize(vendor)["code"])[1]["id_token"]
    vendor.rotate()
    assert claims(vendor, old)
    new = exchange(vendor, authorize(vendor)["code"])[1]["id_token"]
    assert json.loads(base64.urlsafe_b64decode(new.partition(".")[0] + "=="))["kid"] == vendor.keys[0].id
    vendor.rotate(forget=True)
    with pytest.raises((JoseError, ValueError)):
        claims(vendor, new)


def test_it_fails_when_told_to(vendor: Oidc) -> None:
    vendor.fail(503, times=2)
    assert [get(f"{vendor.url}/jwks").status for _ in range(3)] == [503, 503, 200]


def test_it_runs_as_a_process() -> None:
    command = [sys.executable, "-m", "webkit.sdk.testing.doubles.oidc", "--redirect", BACK]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert urllib3.request("POST", f"{url}/_control/deny", json={"error": "access_denied"}).status == 200
        assert "error=access_denied" in get(f"{url}/authorize?{urlencode(ASKED)}").headers["Location"]
        process.terminate()
        assert process.wait(10) == 0
