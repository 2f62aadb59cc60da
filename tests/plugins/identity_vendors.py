"""Doubles of issuers: GitHub and Facebook as strict as their documentation, Microsoft as an OpenID provider."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused
from webkit.sdk.testing.doubles.oidc import Oidc
from webkit.sdk.testing.identity import REDIRECT

ID, SECRET = "1234567890", "app-secret"
TENANT, CONSUMERS = "11111111-2222-3333-4444-555555555555", "9188040d-6c67-4c5b-b112-36a304b66dad"


class OpenId(Oidc):
    """Any OpenID provider."""

    def __init__(self) -> None:
        super().__init__(redirects=(REDIRECT,))

    def be(self, subject: int, email: str, verified: bool) -> None:
        self.person = {"sub": f"u{subject}", "email": email, "email_verified": verified, "name": "Ada"}


class Entra(OpenId):
    """Microsoft: every tenant is an issuer, `email` is the tenant's own word, `xms_edov` is Microsoft's."""

    tenant, place, edov, roof = TENANT, "common", True, "{tenantid}"

    @property
    def issuer(self) -> str:
        return f"{self.url}/{self.tenant}/v2.0"

    def be(self, subject: int, email: str, verified: bool) -> None:
        super().be(subject, email, True)
        self.edov = verified

    def answer(self, call: Call) -> Answer:
        prefix = f"/{self.place}/v2.0"
        if call.path == f"{prefix}/.well-known/openid-configuration":
            return Answer(200, {**self._discovery(), "issuer": f"{self.url}/{self.roof}/v2.0"})
        return super().answer(call)

    def signed(self, claims: Mapping[str, Any], **header: Any) -> str:
        return super().signed({"tid": self.tenant, **claims, "xms_edov": self.edov}, **header)


class _OAuth(HttpDouble):
    """What GitHub and Facebook share: a dialog, codes with PKCE, bearer tokens."""

    dialog = token_method = token_path = ""

    def __init__(self) -> None:
        super().__init__()
        self.codes: dict[str, tuple[str, str]] = {}
        self.tokens: set[str] = set()
        self.subject, self.email, self.verified = 1, "ada@example.org", True

    def be(self, subject: int, email: str, verified: bool) -> None:
        self.subject, self.email, self.verified = subject, email, verified

    def answer(self, call: Call) -> Answer:
        if (call.method, call.path) == ("GET", self.dialog):
            return self._authorize(call)
        if (call.method, call.path) == ("POST", self.token_path):
            return self._token(dict(parse_qsl(call.body.decode(), strict_parsing=True)))
        return self.api(call, call.headers.get("authorization", "").removeprefix("Bearer "))

    def _authorize(self, call: Call) -> Answer:
        given = call.query
        assert given["client_id"] == ID and given["redirect_uri"] == REDIRECT and len(given["state"]) > 8
        assert given["code_challenge_method"] == "S256" and len(given["code_challenge"]) == 43
        code = secrets.token_urlsafe(12)
        self.codes[code] = (given["redirect_uri"], given["code_challenge"])
        query = urlencode({"code": code, "state": given["state"]})
        return Answer(302, b"", {"Location": f"{given['redirect_uri']}?{query}"})

    def _token(self, form: Mapping[str, str]) -> Answer:
        if form["client_id"] != ID or form["client_secret"] != SECRET:
            raise self.no_client()
        redirect, challenge = self.codes.pop(form["code"], ("", ""))
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        fits = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
        if form["redirect_uri"] != redirect or not fits:
            raise self.no_code()
        self.tokens.add(token := secrets.token_urlsafe(12))
        return Answer(200, {"access_token": token, "token_type": "bearer"})

    def api(self, call: Call, token: str) -> Answer:
        raise NotImplementedError

    def no_client(self) -> Refused:
        raise NotImplementedError

    def no_code(self) -> Refused:
        raise NotImplementedError


class GitHub(_OAuth):
    """Errors of the token's address come with status 200, as GitHub sends them."""

    dialog, token_path = "/login/oauth/authorize", "/login/oauth/access_token"
    more: tuple[dict[str, Any], ...] = ()

    def no_client(self) -> Refused:
        return Refused(200, {"error": "incorrect_client_credentials", "error_description": "wrong"})

    def no_code(self) -> Refused:
        return Refused(200, {"error": "bad_verification_code", "error_description": "incorrect or expired"})

    def api(self, call: Call, token: str) -> Answer:
        if call.path == "/":
            return Answer(200, {"current_user_url": f"{self.url}/user"})
        if token not in self.tokens:
            raise Refused(401, {"message": "Requires authentication"})
        if call.path == "/user":  # the public address may be anything
            return Answer(200, {"id": self.subject, "login": "ada", "name": "Ada", "email": "boss@example.com"})
        own = {"email": self.email, "primary": True, "verified": self.verified, "visibility": None}
        return Answer(200, [*self.more, own])


class Facebook(_OAuth):
    """Errors are objects with numbers; a token is taken only with the proof of the app's secret."""

    dialog, token_path = "/dialog/oauth", "/oauth/access_token"

    def no_client(self) -> Refused:
        return Refused(400, {"error": {"message": "Error validating client secret.", "code": 1}})

    def no_code(self) -> Refused:
        return Refused(400, {"error": {"message": "This authorization code has been used.", "code": 100}})

    def api(self, call: Call, token: str) -> Answer:
        if call.path == f"/{ID}":
            return Answer(200, {"id": ID}) if token == f"{ID}|{SECRET}" else self.api_error(190)
        proof = hmac.digest(SECRET.encode(), token.encode(), hashlib.sha256).hex()
        if token not in self.tokens or call.query.get("appsecret_proof") != proof:
            return self.api_error(190)
        return Answer(200, {"id": str(self.subject), "name": "Ada", "email": self.email, "verified": True})

    def api_error(self, code: int) -> Answer:
        return Answer(400, {"error": {"message": "no", "type": "OAuthException", "code": code}})
