"""An OpenID provider on loopback: discovery, authorize, token, keys and userinfo of the code flow, as strict as can be.

    with Oidc(redirects=("http://127.0.0.1:8000/callback",)) as vendor:
        vendor.issuer, vendor.client_id, vendor.client_secret
        vendor.person = {"sub": "u1", "email": "ada@example.org", "email_verified": True}
        vendor.deny("access_denied")                # the next person says no
        vendor.spoil(aud="somebody-else")           # the next token lies: claims that replace the true ones
        vendor.spoil(header={"alg": "none"})        # or is not signed as it should be
        vendor.rotate()                             # signs with a new key from now on
        vendor.fail(503)                            # see doubles.http

    python -m webkit.sdk.testing.doubles.oidc --port 0 --redirect http://127.0.0.1:8000/callback

Whoever opens `authorize` is signed in at once. It insists on state, nonce and PKCE with S256; a code works once, for a
minute, for the same client, redirect and verifier; who uses one twice loses the tokens it gave.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused
from webkit.sdk.testing.doubles.running import wait_for_the_end

__all__ = ["Oidc"]

CODE_LIFE, TOKEN_LIFE = timedelta(minutes=1), timedelta(minutes=5)
SCOPES = ("openid", "email", "profile")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_BY_SCOPE = {"email": ("email", "email_verified"), "profile": ("name", "given_name", "family_name", "locale")}


@dataclass(slots=True)
class _Code:
    redirect: str
    nonce: str
    challenge: str
    scopes: frozenset[str]
    until: datetime
    person: Mapping[str, Any]
    used_for: str = ""


@dataclass(frozen=True, slots=True)
class _Key:
    id: str
    private: rsa.RSAPrivateKey = field(repr=False)

    def jwk(self) -> dict[str, str]:
        """The public half as others read it."""
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id, "n": _number(numbers.n), "e": _number(numbers.e)
        }  # fmt: skip


class Oidc(HttpDouble):
    """The vendor, with one registered client."""

    def __init__(
        self,
        *,
        port: int = 0,
        client_id: str = "webkit",
        client_secret: str = "double-secret",
        redirects: Iterable[str] = (),
    ) -> None:
        super().__init__(port=port)
        self.client_id, self.client_secret, self.redirects = client_id, client_secret, tuple(redirects)
        self.person: Mapping[str, Any] = {
            "sub": "u-ada", "email": "ada@example.org", "email_verified": True, "name": "Ada Brandt", "locale": "it"
        }  # fmt: skip
        self.ahead = timedelta()
        self.tokens: dict[str, tuple[Mapping[str, Any], frozenset[str]]] = {}
        self.keys = [_key()]
        self._codes: dict[str, _Code] = {}
        self._denials: list[str] = []
        self._spoilt: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self._lock = threading.Lock()

    @property
    def issuer(self) -> str:
        """Its name, which is its address."""
        return self.url

    def now(self) -> datetime:
        """Its clock, which `ahead` puts forward."""
        return datetime.now(UTC) + self.ahead

    # --- what tests tell it ---------------------------------------------------------------------------------------

    def deny(self, error: str = "access_denied") -> None:
        """Let the next person not be signed in."""
        self._denials.append(error)

    def spoil(self, *, header: Mapping[str, Any] | None = None, **claims: Any) -> None:
        """Let the next identity token be wrong in these claims (None leaves one out) and header fields."""
        self._spoilt.append((dict(header or {}), claims))

    def rotate(self, *, forget: bool = False) -> None:
        """Sign with a new key; the old ones stay published unless they are forgotten."""
        self.keys = [_key(), *([] if forget else self.keys)]

    def control(self, name: str, given: Mapping[str, Any]) -> Any:
        match name:
            case "deny":
                self.deny(**given)
            case "spoil":
                self.spoil(**given)
            case "rotate":
                self.rotate(**given)
            case "person":
                self.person = given
            case _:
                return super().control(name, given)
        return {"ok": True}

    # --- what it answers ------------------------------------------------------------------------------------------

    def answer(self, call: Call) -> Answer:
        """One call."""
        with self._lock:
            match call.method, call.path:
                case "GET", "/.well-known/openid-configuration":
                    return Answer(200, self._discovery())
                case "GET", "/authorize":
                    return self._authorize(call)
                case "POST", "/token":
                    return self._token(call)
                case "GET", "/jwks":
                    return Answer(200, {"keys": [key.jwk() for key in self.keys]})
                case (("GET" | "POST"), "/userinfo"):
                    return self._userinfo(call)
        raise Refused(404, {"error": "not_found"})

    def _discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": list(SCOPES),
        }

    def _authorize(self, call: Call) -> Answer:
        given = _once(urlsplit(call.target).query)
        redirect = given.get("redirect_uri", "")
        # Nobody is sent on to an address that is not the client's.
        if given.get("client_id") != self.client_id:
            raise Refused(400, {"error": "invalid_client"})
        if redirect not in self.redirects:
            raise Refused(400, {"error": "invalid_request", "error_description": "redirect_uri is not registered"})
        state = given.get("state", "")
        error = self._denials.pop(0) if self._denials else _unfit(given)
        if error:
            return _sent_on(redirect, {"error": error, "state": state})
        code = secrets.token_urlsafe(24)
        scopes = frozenset(given["scope"].split())
        until = self.now() + CODE_LIFE
        self._codes[code] = _Code(redirect, given["nonce"], given["code_challenge"], scopes, until, dict(self.person))
        return _sent_on(redirect, {"code": code, "state": state, "iss": self.issuer})

    def _token(self, call: Call) -> Answer:
        if call.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
            raise _no("invalid_request", "the body is a form")
        given = _once(call.body.decode("utf-8", "replace"))
        self._check_client(call, given)
        if given.get("grant_type") != "authorization_code":
            raise _no("unsupported_grant_type")
        code = self._codes.get(given.get("code", ""))
        if code is None:
            raise _no("invalid_grant", "no such code")
        if code.used_for:
            self.tokens.pop(code.used_for, None)  # somebody has stolen it: nobody keeps what it gave
            raise _no("invalid_grant", "the code was used before")
        code.used_for = access = secrets.token_urlsafe(24)
        if self.now() > code.until:
            raise _no("invalid_grant", "the code is too old")
        if given.get("redirect_uri") != code.redirect:
            raise _no("invalid_grant", "redirect_uri is not that of the code")
        verifier = given.get("code_verifier", "")
        if not _VERIFIER.fullmatch(verifier) or not hmac.compare_digest(_hashed(verifier), code.challenge):
            raise _no("invalid_grant", "code_verifier does not fit the challenge")
        self.tokens[access] = (code.person, code.scopes)
        body = {
            "access_token": access, "token_type": "Bearer", "expires_in": int(TOKEN_LIFE.total_seconds()),
            "scope": " ".join(sorted(code.scopes)), "id_token": self._identity(code, access),
        }  # fmt: skip
        return Answer(200, body, {"Cache-Control": "no-store"})

    def _check_client(self, call: Call, given: Mapping[str, str]) -> None:
        kind, _, encoded = call.headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            if "client_secret" in given:
                raise _no("invalid_request", "one way to sign in, not two")
            try:
                user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
            except ValueError:
                user, secret = "", ""
            user, secret = unquote(user), unquote(secret)
        else:
            user, secret = given.get("client_id", ""), given.get("client_secret", "")
        if user != self.client_id or not hmac.compare_digest(secret.encode(), self.client_secret.encode()):
            body = {"error": "invalid_client"}
            raise Refused(401, body, {"WWW-Authenticate": 'Basic realm="token"'})

    def _identity(self, code: _Code, access: str) -> str:
        now = int(self.now().timestamp())
        true = {
            "iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + int(TOKEN_LIFE.total_seconds()),
            "nonce": code.nonce, "at_hash": _half_hash(access), **_claims(code.person, code.scopes),
        }  # fmt: skip
        header, claims = self._spoilt.pop(0) if self._spoilt else ({}, {})
        told = {name: value for name, value in {**true, **claims}.items() if value is not None}
        return self.signed(told, **header)

    def signed(self, claims: Mapping[str, Any], **header: Any) -> str:
        """A token with these claims, signed with the newest key unless the header says otherwise."""
        key = self.keys[0]
        head = {"alg": "RS256", "typ": "JWT", "kid": key.id, **header}
        text = f"{_packed(json.dumps(head).encode())}.{_packed(json.dumps(dict(claims)).encode())}"
        if head["alg"] == "none":
            return f"{text}."
        if head["alg"] == "HS256":  # the old trick: the public key taken for a shared secret
            return f"{text}.{_packed(hmac.digest(json.dumps(key.jwk()).encode(), text.encode(), 'sha256'))}"
        return f"{text}.{_packed(key.private.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def _userinfo(self, call: Call) -> Answer:
        kind, _, token = call.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or token not in self.tokens:
            raise Refused(401, {"error": "invalid_token"}, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        person, scopes = self.tokens[token]
        return Answer(200, _claims(person, scopes))


def _unfit(given: Mapping[str, str]) -> str:
    """What is wrong with a request to sign somebody in, in the protocol's words; "" if nothing."""
    if given.get("response_type") != "code" or given.get("response_mode", "query") != "query":
        return "unsupported_response_type"
    scopes = given.get("scope", "").split()
    if "openid" not in scopes or not set(scopes) <= set(SCOPES):
        return "invalid_scope"
    if len(given.get("state", "")) < 8 or len(given.get("nonce", "")) < 8:
        return "invalid_request"
    if given.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(given.get("code_challenge", "")):
        return "invalid_request"
    return ""


def _once(encoded: str) -> dict[str, str]:
    found = parse_qs(encoded, keep_blank_values=True)
    if any(len(values) > 1 for values in found.values()):
        raise _no("invalid_request", "a parameter stands there twice")
    return {name: values[0] for name, values in found.items()}


def _claims(person: Mapping[str, Any], scopes: frozenset[str]) -> dict[str, Any]:
    shown = {"sub", *(name for scope in scopes for name in _BY_SCOPE.get(scope, ()))}
    return {name: value for name, value in person.items() if name in shown}


def _sent_on(redirect: str, given: Mapping[str, str]) -> Answer:
    sign = "&" if urlsplit(redirect).query else "?"
    return Answer(302, b"", {"Location": f"{redirect}{sign}{urlencode(given)}", "Cache-Control": "no-store"})


def _no(error: str, text: str = "") -> Refused:
    return Refused(400, {"error": error, **({"error_description": text} if text else {})})


def _hashed(verifier: str) -> str:
    return _packed(hashlib.sha256(verifier.encode()).digest())


def _half_hash(token: str) -> str:
    return _packed(hashlib.sha256(token.encode()).digest()[:16])


def _packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _number(number: int) -> str:
    return _packed(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _key() -> _Key:
    return _Key(secrets.token_hex(8), rsa.generate_private_key(public_exponent=65537, key_size=2048))


def main() -> None:
    """Run as a process until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--redirect", action="append", default=[], help="an address people may be sent back to")
    parser.add_argument("--client-id", default="webkit")
    parser.add_argument("--client-secret", default="double-secret")
    given = parser.parse_args()
    options = {"client_id": given.client_id, "client_secret": given.client_secret, "redirects": given.redirect}
    with Oidc(port=given.port, **options) as vendor:
        print(vendor.url, flush=True)  # noqa: T201  whoever started it reads this line
        wait_for_the_end()


if __name__ == "__main__":
    main()
