"""For providers of identities: the code flow with PKCE at an issuer, and OpenID Connect with everything it proves.

    flow = CodeFlow("acme", client_id, client_secret)             # OAuth 2 alone: GitHub and the like
    issuer = OidcIssuer("acme", "https://acme.example", flow)     # OpenID Connect: it also proves who came back
    issuer.authorize_url(request), issuer.claims(answer)

The libraries are imported on first use: a page that shows a button needs none of them.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from webkit.core.capabilities.base import Health, HealthReport
from webkit.core.capabilities.errors import (
    CredentialsRejected,
    ProviderError,
    ProviderMisconfigured,
    ProviderUnavailable,
    RateLimited,
)
from webkit.core.capabilities.identity import IdentityRefused, Refusal, SignInAnswer, SignInRequest, check_issuer
from webkit.sdk.http import HttpAnswer, HttpLine

__all__ = ["ALGORITHMS", "CodeFlow", "OidcIssuer"]

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519")
"""Signatures with a key that only the issuer has. Never `none`, and none with a secret that two sides share."""
SECONDS, HEALTH_SECONDS = 5.0, 0.8
KEPT_SECONDS = 3600.0
"""For how long an issuer's description and keys are believed; a key nobody knows is asked for at once."""
LEEWAY = 60
LARGEST = 200_000
_CLIENT = {"invalid_client", "unauthorized_client", "incorrect_client_credentials"}
_CODE = {"invalid_grant", "bad_verification_code"}


class CodeFlow:
    """The authorization code flow with PKCE, for one client of a vendor. Subclass it where refusals read otherwise."""

    def __init__(self, vendor: str, client_id: str, client_secret: str, line: HttpLine | None = None) -> None:
        self.vendor, self.client_id = vendor, client_id
        self._secret = client_secret
        self._line = line or HttpLine(vendor)

    def authorize_url(self, endpoint: str, request: SignInRequest, scope: str, **more: str) -> str:
        """Where the browser is sent; the verifier stays here, its hash goes along."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        return str(
            prepare_grant_uri(
                endpoint,
                self.client_id,
                "code",
                redirect_uri=request.redirect_uri,
                scope=scope,
                state=request.state,
                code_challenge=create_s256_code_challenge(request.verifier),
                code_challenge_method="S256",
                **more,
            )
        )

    def tokens(self, endpoint: str, answer: SignInAnswer, *, basic: bool = False) -> dict[str, Any]:
        """What the issuer gives for the code. Raises IdentityRefused, CredentialsRejected, ProviderUnavailable."""
        form = {
            "grant_type": "authorization_code",
            "code": answer.code,
            "redirect_uri": answer.redirect_uri,
            "code_verifier": answer.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if basic:
            who = f"{quote(self.client_id, safe='')}:{quote(self._secret, safe='')}"
            headers["Authorization"] = "Basic " + base64.b64encode(who.encode()).decode()
        else:
            form |= {"client_id": self.client_id, "client_secret": self._secret}
        given = self._line.ask("POST", endpoint, headers=headers, body=urlencode(form).encode(), seconds=SECONDS)
        content = given.json() if len(given.content) <= LARGEST else {}
        if given.status != 200 or content.get("error"):
            raise self.refused(given)
        if not isinstance(content.get("access_token"), str) or str(content.get("token_type", "")).lower() != "bearer":
            raise self.wrong("the issuer gave no token for the code")
        return content

    def fetch(self, url: str, token: str = "", *, seconds: float = SECONDS) -> HttpAnswer:
        """Something of the issuer's, with an access token if there is one. Raises what `tokens` raises."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self._line.ask("GET", url, headers=headers, seconds=seconds)
        if answer.status != 200 or len(answer.content) > LARGEST:
            raise self.refused(answer)
        return answer

    def refused(self, answer: HttpAnswer) -> ProviderError:
        """The platform's error for an answer that is not what was asked for."""
        error = str(answer.json().get("error", ""))[:60]
        named: dict[str, Any] = {"provider": self.vendor, "code": error or str(answer.status)}
        if answer.status == 429:
            return RateLimited("too many sign-ins at once", retry_after=answer.retry_after(), **named)
        if answer.status >= 500:
            return ProviderUnavailable(f"{self.vendor} has trouble (status {answer.status})", **named)
        if error in _CLIENT or (answer.status == 401 and not error):
            return CredentialsRejected(f"{self.vendor} does not accept our client id and secret", **named)
        if error in _CODE:
            return IdentityRefused("the code is unknown, too old or was used", Refusal.CODE, provider=self.vendor)
        return self.wrong(f"{self.vendor} refused (status {answer.status})")

    def wrong(self, text: str) -> IdentityRefused:
        """The error for an answer that proves nothing."""
        return IdentityRefused(text, Refusal.PROOF, provider=self.vendor)


class OidcIssuer:
    """An OpenID provider, found by its address. What it says is believed only with its signature, for us, for now.

    It must call itself by its address, or by `name`. Where that is a pattern, `own_issuer` fills it in for claims.
    """

    def __init__(
        self,
        flow: CodeFlow,
        issuer: str,
        *,
        scope: str = "openid email profile",
        name: str = "",
        own_issuer: Callable[[str, Mapping[str, Any]], str] | None = None,
    ) -> None:
        self._flow, self._address, self._scope = flow, issuer, scope
        self._name, self._is_pattern = name or issuer, own_issuer is not None
        self._own_issuer = own_issuer or (lambda issuer, _claims: issuer)
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}

    def authorize_url(self, request: SignInRequest, **more: str) -> str:
        """Where the browser is sent."""
        endpoint = self._endpoint("authorization_endpoint")
        return self._flow.authorize_url(endpoint, request, self._scope, nonce=request.nonce, **more)

    def claims(self, answer: SignInAnswer) -> dict[str, Any]:
        """What the issuer proves of whoever has come back; `iss` and `sub` are theirs for ever.

        Raises IdentityRefused, CredentialsRejected, ProviderUnavailable, OutcomeUnknown.
        """
        described = self._described()
        named = described.get("authorization_response_iss_parameter_supported") is True or bool(answer.issuer)
        if named and not self._is_pattern and answer.issuer != described["issuer"]:
            raise self._flow.wrong("another issuer has answered")  # it gets no code of ours
        ways = described.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        basic = "client_secret_basic" in ways
        tokens = self._flow.tokens(self._endpoint("token_endpoint"), answer, basic=basic)
        claims = self._proven(str(tokens.get("id_token", "")), answer.nonce, tokens["access_token"])
        if named and answer.issuer != claims["iss"]:
            raise self._flow.wrong("another issuer has answered")
        if "email" not in claims and isinstance(described.get("userinfo_endpoint"), str):
            told = self._flow.fetch(self._endpoint("userinfo_endpoint"), tokens["access_token"]).json()
            if told.get("sub") != claims["sub"]:
                raise self._flow.wrong("the issuer tells of somebody else")
            # Whether an address is verified is said beside that very address.
            claims = {**told, **claims, "email_verified": told.get("email_verified")}
        return claims

    def health(self) -> HealthReport:
        """Whether it describes itself."""
        try:
            self._described(fresh=True, seconds=HEALTH_SECONDS)
        except ProviderError as error:
            return HealthReport(Health.DOWN, str(error))
        return HealthReport(Health.OK)

    # --- what proves a token --------------------------------------------------------------------------------------

    def _proven(self, token: str, nonce: str, access: str) -> dict[str, Any]:
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import ClaimError, JoseError

        try:
            signer, key = self._key(token)
            decoded = jwt.decode(token, key, algorithms=list(ALGORITHMS))
            claims = decoded.claims
            issuer = self._own_issuer(self._described()["issuer"], claims)
            if signer and self._own_issuer(signer, claims) != issuer:
                raise ValueError("signed with the key of another")
            options = {name: {"essential": True, "value": value} for name, value in self._wanted(issuer).items()}
            params = {"nonce": nonce, "client_id": self._flow.client_id, "access_token": access}
            CodeIDToken(dict(claims), decoded.header, options, params).validate(leeway=LEEWAY)
        except ClaimError as error:
            if error.claim in ("exp", "iat", "nbf"):
                text = "the identity is not valid yet, or not any more"
                raise IdentityRefused(text, Refusal.CLOCK, provider=self._flow.vendor) from None
            raise self._flow.wrong(f"the identity is not for us ({error.claim})") from None
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise self._flow.wrong(f"the identity is not proven ({type(error).__name__})") from None
        if not isinstance(claims["sub"], str) or not isinstance(claims["iss"], str):
            raise self._flow.wrong("the issuer names nobody")
        return dict(claims)

    def _wanted(self, issuer: str) -> dict[str, str]:
        return {"iss": issuer, "aud": self._flow.client_id}

    def _key(self, token: str) -> tuple[str, Any]:
        """The one key that the token says it was signed with, and whose it is where the issuer says so.

        Keys are asked for again, once, if nobody knows it.
        """
        from joserfc import jws

        header = jws.extract_compact(token.encode()).headers()
        if header.get("alg") not in ALGORITHMS:
            raise ValueError("an algorithm that proves nothing")
        for fresh in (False, True):
            fit = self._keys(header.get("kid"), fresh=fresh)
            if len(fit) == 1:
                return fit[0]
        raise ValueError("no key")

    def _keys(self, id: object, *, fresh: bool) -> list[tuple[str, Any]]:
        from joserfc import jwk
        from joserfc.errors import JoseError

        given = self._get("keys", self._endpoint("jwks_uri"), fresh=fresh).get("keys")
        fit = []
        for each in given if isinstance(given, list) else []:
            if not isinstance(each, dict) or each.get("kty") not in ("RSA", "EC", "OKP") or each.get("use") == "enc":
                continue
            if id is not None and each.get("kid") != id:
                continue
            try:
                fit.append((str(each.get("issuer") or ""), jwk.import_key(each)))
            except (JoseError, ValueError, TypeError, KeyError):
                continue
        return fit

    # --- what it says of itself -----------------------------------------------------------------------------------

    def _described(self, *, fresh: bool = False, seconds: float = SECONDS) -> dict[str, Any]:
        address = f"{self._address.rstrip('/')}/.well-known/openid-configuration"
        found = self._get("described", address, fresh=fresh, seconds=seconds)
        if str(found.get("issuer", "")).rstrip("/") != self._name.rstrip("/"):
            self._kept.pop("described", None)
            text = f"{self._address} describes another issuer, or none"
            raise ProviderMisconfigured(text, provider=self._flow.vendor)
        return found

    def _endpoint(self, name: str) -> str:
        """One of its addresses; it must be as safe as the issuer's own."""
        address = str(self._described().get(name, ""))
        try:
            check_issuer(address.partition("?")[0])
            if urlsplit(address).scheme == urlsplit(self._address).scheme:
                return address
            raise ValueError
        except ValueError:
            text = f"{self._address} has no {name} that can be used"
            raise ProviderMisconfigured(text, provider=self._flow.vendor) from None

    def _get(self, what: str, url: str, *, fresh: bool, seconds: float = SECONDS) -> dict[str, Any]:
        at, found = self._kept.get(what, (0.0, {}))
        if not fresh and found and time.monotonic() - at < KEPT_SECONDS:
            return found
        found = self._flow.fetch(url, seconds=seconds).json()
        if not found:
            raise ProviderUnavailable(f"{self._flow.vendor} answered with something else", provider=self._flow.vendor)
        self._kept[what] = (time.monotonic(), found)
        return found
