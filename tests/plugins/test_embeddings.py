from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from plugins.embeddings_hashing.plugin import webkit_register_providers as hashing
from plugins.embeddings_openai.plugin import webkit_register_providers as openai
from plugins.embeddings_openai.provider import MOST_CHARACTERS, OpenAIEmbeddings
from plugins.embeddings_openai.settings import OpenAIEmbeddingsSettings
from plugins.embeddings_wordllama.plugin import webkit_register_providers as wordllama
from tests.plugins.openai_vendor import KEY, OpenAIDouble, Play
from webkit.core.providers import ProviderRegistry
from webkit.sdk import (
    EMBEDDINGS,
    CredentialsRejected,
    Embeddings,
    Health,
    NotFoundAtProvider,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
)
from webkit.sdk.testing.embeddings import EmbeddingsContract, cosine


class TestHashing(EmbeddingsContract):
    spec = hashing()[0]


@pytest.fixture(scope="module")
def llama() -> Embeddings:
    """One for all tests: it is loaded once."""
    environ = {"EMBEDDINGS_PROVIDER": "wordllama"}
    return ProviderRegistry(environ, wordllama(), capabilities=[EMBEDDINGS]).get(EMBEDDINGS)


@pytest.mark.slow  # a second to load the model
class TestWordLlama(EmbeddingsContract):
    spec = wordllama()[0]

    @pytest.fixture
    def provider(self, llama: Embeddings) -> Embeddings:
        return llama

    @pytest.fixture
    def another(self, llama: Embeddings) -> Embeddings:
        return llama

    def test_it_reads_more_than_words(self, provider: Embeddings) -> None:
        asked, near, far = provider.embed(("lawyer", "attorney at law", "banana bread")).vectors
        assert cosine(asked, near) > cosine(asked, far) + 0.1


@pytest.fixture(scope="module")
def double() -> Iterator[OpenAIDouble]:
    with OpenAIDouble() as double:
        yield double


@pytest.fixture
def vendor(double: OpenAIDouble) -> OpenAIDouble:
    double.reset()
    return double


class TestOpenAI(EmbeddingsContract):
    spec = openai()[0]

    @pytest.fixture
    def configured(self, vendor: OpenAIDouble) -> dict[str, str]:
        return {"EMBEDDINGS_PROVIDER": "openai", "OPENAI_API_KEY": vendor.key, "OPENAI_BASE_URL": vendor.url}


def asker(vendor: OpenAIDouble, **settings: Any) -> OpenAIEmbeddings:
    given = {"api_key": SecretStr(KEY), "base_url": vendor.url, **settings}
    return OpenAIEmbeddings(OpenAIEmbeddingsSettings(**given))


def test_many_texts_go_in_as_many_requests_as_the_vendor_wants(vendor: OpenAIDouble) -> None:
    found = asker(vendor).embed(["x"] * 2_050)
    assert [len(asked["input"]) for asked in vendor.asked] == [2_048, 2]
    assert len(found.vectors) == found.tokens == 2_050
    vendor.asked.clear()
    asker(vendor).embed(["y" * 8_000] * 40)
    assert [sum(map(len, asked["input"])) <= MOST_CHARACTERS for asked in vendor.asked] == [True, True]


@pytest.mark.parametrize(
    ("play", "kind", "code"),
    [
        (Play(status=401, code="invalid_api_key"), CredentialsRejected, "invalid_api_key"),
        (Play(status=404, code="model_not_found"), NotFoundAtProvider, "model_not_found"),
        (Play(status=400, code="context_length_exceeded"), ProviderRejected, "context_length_exceeded"),
        (
            Play(status=429, code="rate_limit_exceeded", headers={"Retry-After": "9"}),
            RateLimited,
            "rate_limit_exceeded",
        ),
        (Play(status=429, code="insufficient_quota"), CredentialsRejected, "insufficient_quota"),
        (Play(status=500, code="server_error"), ProviderUnavailable, "server_error"),
        (Play(raw="<html>"), ProviderUnavailable, "garbage"),
        (Play(raw=json.dumps({"data": [], "usage": {"prompt_tokens": 1}})), ProviderUnavailable, "garbage"),
        (Play(raw=json.dumps({"data": [{"index": 0, "embedding": "AAAA"}]})), ProviderUnavailable, "garbage"),
    ],
)
def test_every_failure_is_told_apart(vendor: OpenAIDouble, play: Play, kind: type[ProviderError], code: str) -> None:
    vendor.next(play)
    with pytest.raises(ProviderError) as raised:
        asker(vendor).embed(["a secret of the client"])
    assert type(raised.value) is kind
    assert (raised.value.code, raised.value.provider) == (code, "openai")
    assert KEY not in str(raised.value) and "secret" not in str(raised.value)
    assert raised.value.retry_after == (9 if kind is RateLimited else None)


@pytest.mark.parametrize(("model", "wanted"), [("text-embedding-3-small", Health.OK), ("nobody", Health.DOWN)])
def test_health_asks_for_the_models_card(vendor: OpenAIDouble, model: str, wanted: Health) -> None:
    assert asker(vendor, model=model).health().status is wanted
    assert vendor.asked == []
