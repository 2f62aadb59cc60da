"""The contract of signing in with an account elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol
from urllib.parse import parse_qsl, urlsplit

import pytest
import urllib3

from webkit.core.capabilities.errors import CredentialsRejected, OutcomeUnknown, ProviderError, ProviderUnavailable
from webkit.core.capabilities.identity import (
    Identities,
    Identity,
    IdentityRefused,
    Refusal,
    SignInAnswer,
    SignInRequest,
)

from .contract import ProviderContract

REDIRECT = "http://127.0.0.1:8000/sign-in/with/issuer/callback"
REQUEST = SignInRequest(REDIRECT, state="s" * 43, nonce="n" * 43, verifier="v" * 64)


class IdentityVendor(Protocol):
    """The double of an issuer, with one client that may send people to REDIRECT."""

    def be(self, subject: int, email: str, verified: bool) -> None:
        """The next people who open its page are this one."""
        ...

    def fail(self, status: int = 0, body: Any = b"", *, times: int = 1, **more: Any) -> None:
        """Let the next calls fail as `HttpDouble` says."""
        ...


def visit(url: str) -> dict[str, str]:
    """Open the issuer's page as a browser does, where whoever opens it is signed in; what the redirect brings back."""
    answer = urllib3.request("GET", url, redirect=False, retries=False)
    assert answer.status in (302, 303), answer.data
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


class IdentityContract(ProviderContract):
    """Override `vendor`: a double of the issuer that the provider's `configured` settings lead to."""

    verifies: ClassVar[bool] = True
    """Whether this issuer ever says that an address is verified."""

    @pytest.fixture
    def vendor(self) -> IdentityVendor:
        raise NotImplementedError("override the `vendor` fixture")

    @pytest.fixture
    def answer(self, provider: Identities, vendor: IdentityVendor) -> SignInAnswer:
        """What comes back of somebody who has signed in."""
        return came_back(visit(provider.authorize_url(REQUEST)))

    def test_it_has_a_name_for_people(self, provider: Identities) -> None:
        assert 0 < len(provider.label()) <= 40

    def test_the_way_there_is_bound_and_keeps_the_verifier(self, provider: Identities, vendor: IdentityVendor) -> None:
        url = provider.authorize_url(REQUEST)
        asked = dict(parse_qsl(urlsplit(url).query))
        assert (asked["response_type"], asked["redirect_uri"], asked["state"]) == ("code", REDIRECT, REQUEST.state)
        assert asked["code_challenge_method"] == "S256"
        assert asked["code_challenge"] == "w1TpKUdYE9hUAcNSeeSRFioHDxfUxuHho_JHAfZ_vDM"
        assert REQUEST.verifier not in url and "secret" not in url

    def test_who_comes_back_is_the_same_again(self, provider: Identities, vendor: IdentityVendor) -> None:
        vendor.be(7, "ada@example.org", True)
        first, again = (self.signed_in(provider) for _ in range(2))
        vendor.be(8, "ada@example.org", True)
        assert first == again and first.issuer and first.subject
        assert (other := self.signed_in(provider)).subject != first.subject and other.issuer == first.issuer

    def test_an_address_is_verified_only_where_the_issuer_says_so(
        self, provider: Identities, vendor: IdentityVendor
    ) -> None:
        vendor.be(7, "Ada@Example.org", True)
        said = self.signed_in(provider)
        assert (said.email, said.email_verified) == ("ada@example.org", self.verifies)
        vendor.be(7, "ada@example.org", False)
        assert not self.signed_in(provider).email_verified

    def test_a_code_counts_once(self, provider: Identities, answer: SignInAnswer) -> None:
        provider.identify(answer)
        assert _refused(provider, answer) in (Refusal.CODE, Refusal.PROOF)

    @pytest.mark.parametrize(
        "changed",
        [{"verifier": "w" * 64}, {"redirect_uri": REDIRECT + "/x"}, {"code": "x"}, {"issuer": "https://evil.example"}],
    )
    def test_an_answer_of_another_sign_in_is_refused(
        self, provider: Identities, answer: SignInAnswer, changed: Mapping[str, str]
    ) -> None:
        names = ("code", "redirect_uri", "nonce", "verifier", "issuer")
        _refused(provider, SignInAnswer(**{**{name: getattr(answer, name) for name in names}, **changed}))

    def test_a_secret_that_is_wrong_is_the_operators_matter(
        self, configured: dict[str, str], answer: SignInAnswer
    ) -> None:
        (secret,) = (name for name in configured if name.endswith("_CLIENT_SECRET"))
        wrong = self.registry({**configured, secret: "another"}).get(self.spec.capability)
        with pytest.raises(CredentialsRejected):
            wrong.identify(answer)

    def test_trouble_at_the_issuer_is_no_refusal(
        self, provider: Identities, vendor: IdentityVendor, answer: SignInAnswer
    ) -> None:
        vendor.fail(503)
        with pytest.raises(ProviderUnavailable):
            provider.identify(answer)
        vendor.fail(drop="before")
        with pytest.raises(OutcomeUnknown):
            provider.identify(answer)
        assert provider.identify(answer).subject, "nobody has used the code"

    @pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"access_token": 1}', b"\xff" * 9, b"[" * 9000])
    def test_garbage_signs_nobody_in(
        self, provider: Identities, vendor: IdentityVendor, answer: SignInAnswer, body: bytes
    ) -> None:
        vendor.fail(200, body)
        with pytest.raises(ProviderError):
            provider.identify(answer)

    def signed_in(self, provider: Identities) -> Identity:
        """Who comes back from a whole sign-in."""
        return provider.identify(came_back(visit(provider.authorize_url(REQUEST))))


def came_back(query: Mapping[str, str]) -> SignInAnswer:
    """The answer to REQUEST in what the redirect brought."""
    assert query["state"] == REQUEST.state, json.dumps(dict(query))
    return SignInAnswer(query["code"], REDIRECT, REQUEST.nonce, REQUEST.verifier, query.get("iss", ""))


def _refused(provider: Identities, answer: SignInAnswer) -> Refusal:
    with pytest.raises(IdentityRefused) as refused:
        provider.identify(answer)
    assert answer.code == "x" or answer.code not in str(refused.value)
    return refused.value.why
