"""Issuers that people sign in with: the contract for each, and for OpenID Connect every lie a token can tell."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import urllib3
from joserfc import jwt
from joserfc.jwk import ECKey

from plugins.identity_facebook.plugin import webkit_register_providers as facebook
from plugins.identity_github.plugin import webkit_register_providers as github
from plugins.identity_google.plugin import webkit_register_providers as google
from plugins.identity_microsoft.plugin import webkit_register_providers as microsoft
from plugins.identity_oidc.plugin import webkit_register_providers as oidc
from tests.plugins.identity_vendors import CONSUMERS, ID, SECRET, Entra, Facebook, GitHub, OpenId
from webkit.core.providers import ProviderRegistry
from webkit.sdk import IDENTITY, Identities, Identity, IdentityRefused, ProviderError, ProviderMisconfigured, Refusal
from webkit.sdk.testing.doubles.http import Answer
from webkit.sdk.testing.identity import REQUEST, IdentityContract, IdentityVendor, came_back, visit


def client(prefix: str, id: str = "webkit", secret: str = "double-secret") -> dict[str, str]:
    return {f"{prefix}_CLIENT_ID": id, f"{prefix}_CLIENT_SECRET": secret}


Running = Callable[[type[OpenId]], OpenId]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """One double of each kind."""
    with ExitStack() as stack:
        yield functools.cache(lambda kind: stack.enter_context(kind()))


def fresh(double: OpenId) -> OpenId:
    """As new, but for its key: to make one costs more than a test."""
    double._faults.clear()
    double._spoilt.clear()
    double.calls.clear()
    double.be(0, "ada@example.org", True)
    return double


class TestOidc(IdentityContract):
    spec = oidc()[0]
    environ: ClassVar = client("OIDC")
    double: ClassVar[type[OpenId]] = OpenId
    place = "OIDC_ISSUER"

    @pytest.fixture
    def vendor(self, running: Running) -> IdentityVendor:
        return fresh(running(self.double))

    @pytest.fixture
    def configured(self, webkit_data: Path, vendor: Any) -> dict[str, str]:
        return {"WEBKIT_DATA": str(webkit_data), **self.environ, self.place: vendor.url}


class TestGoogle(TestOidc):
    spec = google()[0]
    environ: ClassVar = client("GOOGLE")
    place = "GOOGLE_ISSUER"


class TestMicrosoft(TestOidc):
    spec = microsoft()[0]
    environ: ClassVar = client("MICROSOFT")
    double, place = Entra, "MICROSOFT_URL"


class TestGitHub(IdentityContract):
    spec = github()[0]
    environ: ClassVar = client("GITHUB", ID, SECRET)

    @pytest.fixture
    def vendor(self) -> Iterator[IdentityVendor]:
        with GitHub() as double:
            yield double

    @pytest.fixture
    def configured(self, webkit_data: Path, vendor: Any) -> dict[str, str]:
        place = {"GITHUB_URL": vendor.url, "GITHUB_API_URL": vendor.url}
        return {"WEBKIT_DATA": str(webkit_data), **self.environ, **place}

    def test_only_the_primary_address_counts(self, provider: Identities, vendor: Any) -> None:
        vendor.more = ({"email": "victim@example.org", "primary": False, "verified": True},)
        vendor.be(7, "ada@example.org", False)
        assert self.signed_in(provider).email == ""


class TestFacebook(IdentityContract):
    spec = facebook()[0]
    environ: ClassVar = client("FACEBOOK", ID, SECRET)
    verifies = False

    @pytest.fixture
    def vendor(self) -> Iterator[IdentityVendor]:
        with Facebook() as double:
            yield double

    @pytest.fixture
    def configured(self, webkit_data: Path, vendor: Any) -> dict[str, str]:
        place = {"FACEBOOK_URL": vendor.url, "FACEBOOK_GRAPH_URL": vendor.url}
        return {"WEBKIT_DATA": str(webkit_data), **self.environ, **place}


# --- What an OpenID provider may lie about --------------------------------------------------------------------------


@pytest.fixture
def liar(running: Running) -> OpenId:
    return fresh(running(OpenId))


def of(double: OpenId, **environ: str) -> Identities:
    given = {**client("OIDC"), "OIDC_ISSUER": double.url, **environ}
    return ProviderRegistry(given, oidc(), capabilities=[IDENTITY]).get(IDENTITY)


def whole(provider: Identities) -> Identity:
    return provider.identify(came_back(visit(provider.authorize_url(REQUEST))))


def why(provider: Identities) -> Refusal:
    with pytest.raises(IdentityRefused) as refused:
        whole(provider)
    return refused.value.why


LIES: list[dict[str, Any]] = [
    {"aud": "somebody-else"},
    {"aud": ["webkit", "somebody-else"]},
    {"aud": ["webkit", "somebody-else"], "azp": "somebody-else"},
    {"azp": "somebody-else"},
    {"aud": None},
    {"iss": "https://accounts.google.com"},
    {"iss": None},
    {"nonce": "of-another-sign-in"},
    {"nonce": None},
    {"sub": None},
    {"sub": ""},
    {"sub": 7},
    {"sub": "u" * 256},
    {"sub": "u\x007"},
    {"exp": None},
    {"exp": "soon"},
    {"at_hash": "b2YgYW5vdGhlciB0b2tlbg"},
    {"header": {"alg": "none"}},
    {"header": {"alg": "None"}},
    {"header": {"alg": "HS256"}},
    {"header": {"alg": "ES256"}},
    {"header": {"kid": "another"}},
    {"header": {"crit": ["x"], "x": 1}},
]


def test_no_lie_signs_anybody_in(liar: OpenId) -> None:
    provider = of(liar)
    for lie in LIES:
        liar.spoil(**lie)
        assert why(provider) in (Refusal.PROOF, Refusal.CLOCK), lie
    assert whole(provider).subject == "u0", "the truth does"


@pytest.mark.parametrize("away", [{"exp": -3600}, {"iat": 3600}, {"nbf": 3600}])
def test_a_clock_that_is_wrong_is_told_apart(liar: OpenId, away: dict[str, Any]) -> None:
    ((name, seconds),) = away.items()
    liar.spoil(**{name: int(time.time()) + seconds})
    assert why(of(liar)) is Refusal.CLOCK


@pytest.mark.parametrize("said", ["true", 1, "yes", ["true"], None, False])
def test_only_true_is_true(liar: OpenId, said: Any) -> None:
    liar.spoil(email_verified=said)
    assert whole(of(liar)).email_verified is False


def test_keys_are_asked_for_again_once_when_nobody_knows_one(liar: OpenId) -> None:
    provider = of(liar)

    def asked() -> int:
        return sum(call.path == "/jwks" for call in liar.calls)

    whole(provider), whole(provider)
    assert asked() == 1, "they are kept"
    liar.rotate(forget=True)
    assert whole(provider).subject and asked() == 2
    liar.spoil(header={"kid": "nobody's"})
    assert why(provider) is Refusal.PROOF and asked() == 3


def test_a_key_of_somebody_else_proves_nothing(liar: OpenId, monkeypatch: pytest.MonkeyPatch) -> None:
    key = ECKey.generate_key("P-256", {"kid": liar.keys[0].id})
    monkeypatch.setattr(
        liar, "signed", lambda claims, **_: jwt.encode({"alg": "ES256", "kid": liar.keys[0].id}, dict(claims), key)
    )
    assert why(of(liar)) is Refusal.PROOF


def test_a_description_of_somebody_else_is_refused(liar: OpenId, monkeypatch: pytest.MonkeyPatch) -> None:
    told = liar._discovery()
    for lie in (
        {"issuer": "https://accounts.google.com"},
        {"issuer": None},
        {"authorization_endpoint": "javascript:1"},
    ):
        monkeypatch.setattr(liar, "_discovery", lambda lie=lie: {**told, **lie})
        with pytest.raises(ProviderMisconfigured):
            of(liar).authorize_url(REQUEST)


def test_an_address_may_come_from_userinfo_but_of_the_same_person(
    liar: OpenId, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = of(liar)
    liar.spoil(email=None, email_verified=None)
    assert whole(provider).email_verified
    said = {"sub": liar.person["sub"], "email": "victim@example.org", "email_verified": False}
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(liar, "_userinfo", lambda call: Answer(200, said))
        liar.spoil(email=None)
        assert not whole(provider).email_verified, "what the token says verified is not what it says here"
    monkeypatch.setattr(liar, "_userinfo", lambda call: Answer(200, {"sub": "other", "email": "victim@example.org"}))
    liar.spoil(email=None)
    assert why(provider) is Refusal.PROOF


def test_microsoft_believes_only_the_tenant_that_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    def provider(tenant: str, double: Entra) -> Identities:
        given = {**client("MICROSOFT"), "MICROSOFT_URL": double.url, "MICROSOFT_TENANT": tenant}
        return ProviderRegistry(given, microsoft(), capabilities=[IDENTITY]).get(IDENTITY)

    with Entra() as double:
        double.place = "organizations"
        assert whole(provider("organizations", double)).issuer == double.issuer
        lies: list[dict[str, Any]] = [{"tid": CONSUMERS}, {"tid": ""}, {"tid": "../x"}]
        for lie in lies:
            double.spoil(**lie)
            assert why(provider("organizations", double)) is Refusal.PROOF, lie
        double.tenant = CONSUMERS
        assert why(provider("organizations", double)) is Refusal.PROOF
        double.place = "common"
        assert whole(provider("common", double)).issuer.endswith(f"/{CONSUMERS}/v2.0")


@pytest.mark.parametrize("issuer", ["http://login.example.com", "login.example.com", "https://", "https://a@b.example"])
def test_an_issuer_is_reached_safely(issuer: str) -> None:
    registry = ProviderRegistry({**client("OIDC"), "OIDC_ISSUER": issuer}, oidc(), capabilities=[IDENTITY])
    assert [problem.where for problem in registry.check()] == ["OIDC_ISSUER"]


def test_who_has_all_settings_is_offered() -> None:
    specs = [*oidc(), *google(), *github()]
    registry = ProviderRegistry(client("GOOGLE"), specs, capabilities=[IDENTITY])
    assert registry.chosen_names(IDENTITY) == ("google",)
    assert ProviderRegistry({}, specs, capabilities=[IDENTITY]).check() == []
    chosen = {**client("GOOGLE"), **client("GITHUB"), "AUTH_PROVIDER": "github,google"}
    assert ProviderRegistry(chosen, specs, capabilities=[IDENTITY]).chosen_names(IDENTITY) == ("github", "google")


@pytest.mark.filterwarnings("ignore")  # it uses what its own library calls old
def test_beside_an_issuer_that_others_have_written() -> None:
    from oidc_provider_mock import run_server_in_thread

    with run_server_in_thread(require_nonce=True) as server:
        url = f"http://localhost:{server.server_port}"
        urllib3.request("PUT", f"{url}/users/ada", json={"email": "ada@example.org", "email_verified": True})
        given = {**client("OIDC"), "OIDC_ISSUER": url, "OIDC_LABEL": "Studio"}
        provider = ProviderRegistry(given, oidc(), capabilities=[IDENTITY]).get(IDENTITY)
        form = {"sub": "ada"}
        url_there = provider.authorize_url(REQUEST)
        sent = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = urllib3.request("POST", url_there, body=urlencode(form), headers=sent, redirect=False)
        query = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
        found = provider.identify(came_back(query))
        assert (found.issuer, found.subject, found.email, found.email_verified) == (url, "ada", "ada@example.org", True)
        with pytest.raises(ProviderError):
            provider.identify(came_back(query))
