from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from plugins.ai_openai.plugin import webkit_register_providers
from plugins.ai_openai.provider import Compatible, OpenAI
from plugins.ai_openai.settings import CompatibleSettings, OpenAISettings
from tests.plugins.openai_vendor import KEY, OpenAIDouble, Play
from webkit.sdk import (
    AIText,
    BrokenOff,
    Completion,
    CompletionRequest,
    CredentialsRejected,
    Delta,
    FeatureNotSupported,
    Health,
    Message,
    NotFoundAtProvider,
    Overloaded,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    Role,
    StopReason,
    TimedOut,
    Usage,
)
from webkit.sdk.testing.ai_text import AITextContract

OF_VENDOR, OF_SERVER = webkit_register_providers()


@pytest.fixture(scope="module")
def double() -> Iterator[OpenAIDouble]:
    with OpenAIDouble() as double:
        yield double


@pytest.fixture
def vendor(double: OpenAIDouble) -> OpenAIDouble:
    double.reset()
    return double


class TestOpenAI(AITextContract):
    spec = OF_VENDOR

    @pytest.fixture
    def configured(self, vendor: OpenAIDouble) -> dict[str, str]:
        return {"AI_PROVIDER": "openai", "OPENAI_API_KEY": vendor.key, "OPENAI_BASE_URL": vendor.url}


class TestCompatible(AITextContract):
    spec = OF_SERVER

    @pytest.fixture
    def configured(self, vendor: OpenAIDouble) -> dict[str, str]:
        return {
            "AI_PROVIDER": "openai_compatible",
            "OPENAI_COMPATIBLE_URL": vendor.url,
            "OPENAI_COMPATIBLE_MODEL": "local-model",
            "OPENAI_COMPATIBLE_KEY": vendor.key,
        }


def writer(vendor: OpenAIDouble, **settings: Any) -> OpenAI:
    given = {"api_key": SecretStr(KEY), "base_url": vendor.url, **settings}
    return OpenAI(OpenAISettings(**given))


def ask(text: str = "Why is the site slow?", **values: Any) -> CompletionRequest:
    return CompletionRequest(messages=(Message(Role.USER, text),), **values)


def whole(writer: AIText, request: CompletionRequest) -> Completion:
    return writer.complete(request)


def streamed(writer: AIText, request: CompletionRequest) -> Completion:
    *_, last = writer.stream(request)
    assert isinstance(last, Completion)
    return last


both_ways = pytest.mark.parametrize("answer", [whole, streamed])
Answer = Callable[[AIText, CompletionRequest], Completion]


@both_ways
@pytest.mark.parametrize(
    ("play", "kind", "code"),
    [
        (Play(status=401, code="invalid_api_key"), CredentialsRejected, "invalid_api_key"),
        (Play(status=403, code="unsupported_country"), CredentialsRejected, "unsupported_country"),
        (Play(status=404, code="model_not_found"), NotFoundAtProvider, "model_not_found"),
        (Play(status=409, code=""), ProviderUnavailable, "http_409"),
        (Play(status=400, code="context_length_exceeded"), ProviderRejected, "context_length_exceeded"),
        (Play(status=429, code="rate_limit_exceeded"), RateLimited, "rate_limit_exceeded"),
        (Play(status=429, code="insufficient_quota"), CredentialsRejected, "insufficient_quota"),
        (Play(status=500, code="server_error"), ProviderUnavailable, "server_error"),
        (Play(status=503, code=""), Overloaded, "http_503"),
        (Play(after=3), BrokenOff, "connection_lost"),
    ],
)
def test_every_failure_is_told_apart(
    vendor: OpenAIDouble, answer: Answer, play: Play, kind: type[ProviderError], code: str
) -> None:
    vendor.next(play)
    with pytest.raises(ProviderError) as raised:
        answer(writer(vendor), ask())
    assert type(raised.value) is kind
    code = "invalid_request_error" if code.startswith("http_") else code  # the vendor's type stands in for its code
    assert (raised.value.code, raised.value.provider) == (code, "openai")
    assert len(vendor.asked) == 1, "the platform tries again, not the SDK"


def test_the_vendor_says_when_it_listens_again(vendor: OpenAIDouble) -> None:
    for said, expected in (("12.5", 12.5), ("-1", None), ("soon", None)):
        vendor.next(Play(status=429, code="rate_limit_exceeded", headers={"Retry-After": said}))
        with pytest.raises(RateLimited) as raised:
            writer(vendor).complete(ask())
        assert raised.value.retry_after == expected


def test_no_key_is_repeated(vendor: OpenAIDouble) -> None:
    with pytest.raises(CredentialsRejected) as raised:
        writer(vendor, api_key=SecretStr("sk-other-123")).complete(ask())
    assert "sk-other-123" not in str(raised.value)


@pytest.mark.parametrize(
    ("play", "kind"),
    [
        (Play(after=3), BrokenOff),
        (Play(after=3, finish="ends"), BrokenOff),
        (Play(after=3, midway="rate_limit_exceeded"), RateLimited),
        (Play(after=3, midway="server_error"), ProviderUnavailable),
        (Play(after=3, midway="something_new"), ProviderUnavailable),
    ],
)
def test_a_stream_that_breaks_off_gives_what_came_and_no_completion(
    vendor: OpenAIDouble, play: Play, kind: type[ProviderError]
) -> None:
    vendor.next(play)
    came = []
    with pytest.raises(ProviderError) as raised:
        for part in writer(vendor).stream(ask()):
            came.append(part)  # noqa: PERF402  # it raises in between
    assert type(raised.value) is kind
    assert raised.value.retryable
    assert len(came) == 3 and all(isinstance(part, Delta) for part in came)


@both_ways
def test_a_refusal_and_the_length_limit_are_answers(vendor: OpenAIDouble, answer: Answer) -> None:
    vendor.next(Play(refusal=True), Play(finish="content_filter"))
    refused, filtered = answer(writer(vendor), ask()), answer(writer(vendor), ask())
    assert refused.stop is filtered.stop is StopReason.REFUSED
    assert refused.text
    short = answer(writer(vendor), ask(max_tokens=5))
    assert (short.stop, short.usage.output_tokens) == (StopReason.MAX_TOKENS, 5)
    assert answer(writer(vendor), ask()).stop is StopReason.END


@both_ways
def test_a_stop_for_an_unknown_reason_is_no_answer(vendor: OpenAIDouble, answer: Answer) -> None:
    vendor.next(Play(finish="tired"))
    with pytest.raises(ProviderRejected) as raised:
        answer(writer(vendor), ask())
    assert raised.value.code == "tired"


@both_ways
@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "[]",
        "{",
        "null",
        '{"choices": []}',
        "data: {not json\n\n",
        "data: []\n\n",
        'data: {"choices": [{}]}\n\n',
        "<html>",
    ],
)
def test_garbage_is_not_an_answer(vendor: OpenAIDouble, answer: Answer, garbage: str) -> None:
    vendor.next(Play(raw=garbage))
    with pytest.raises(ProviderUnavailable) as raised:
        answer(writer(vendor), ask())
    assert raised.value.code == "garbage"


@both_ways
def test_silence_is_waited_out_and_then_told(vendor: OpenAIDouble, answer: Answer) -> None:
    vendor.next(Play(silent=True))
    with pytest.raises(TimedOut):
        answer(writer(vendor, silence_seconds=0.1, seconds=0.1), ask())
    assert vendor.wait(lambda: vendor.hung_up == 1), "the vendor is left, not kept waiting"


def test_a_stream_that_drips_for_ever_ends(vendor: OpenAIDouble) -> None:
    vendor.next(Play(pause=0.05, text="word " * 1000))
    with pytest.raises(TimedOut) as raised:
        list(writer(vendor, silence_seconds=5.0, seconds=0.3).stream(ask()))
    assert raised.value.code == "too_long"
    assert vendor.wait(lambda: vendor.hung_up == 1)


def test_leaving_a_stream_stops_the_vendor(vendor: OpenAIDouble) -> None:
    vendor.next(Play(pause=0.01, text="word " * 1000))
    stream = writer(vendor).stream(ask())
    assert isinstance(next(stream), Delta)
    stream.close()
    assert vendor.wait(lambda: vendor.hung_up == 1)


def test_who_waits_in_a_stream_can_be_called_back(vendor: OpenAIDouble) -> None:
    vendor.next(Play(pause=5.0, text="word " * 10))
    stream = writer(vendor).stream(ask())
    threading.Timer(0.3, stream.interrupt).start()
    with pytest.raises(BrokenOff):
        list(stream)


@both_ways
def test_nobody_there_is_unavailable(vendor: OpenAIDouble, answer: Answer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        provider = writer(vendor, base_url=f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
        with pytest.raises(ProviderUnavailable) as raised:
            answer(provider, ask())
        assert provider.health().status is Health.DOWN
    assert raised.value.code == "no_connection"


def test_what_was_remembered_is_counted_and_costs_less(vendor: OpenAIDouble) -> None:
    provider = writer(vendor, price_input=Decimal("0.40"), price_cached=Decimal("0.10"), price_output=Decimal("1.60"))
    usage = provider.complete(ask("word " * 500)).usage
    assert usage.cached_tokens > 0
    cost = provider.cost(Usage(1_000_000, 1_000_000, cached_tokens=500_000))
    assert cost is not None and (cost.amount, cost.currency) == (Decimal("1.85"), "USD")
    assert provider.cost(usage, "gpt-5.4-mini-2026-03-17") is not None
    assert provider.cost(usage, "gpt-5.4") is None
    assert writer(vendor).cost(usage) is None


@both_ways
def test_a_server_that_counts_nothing_is_estimated(answer: Answer) -> None:
    with OpenAIDouble(usage=False) as server:
        settings = CompatibleSettings(base_url=server.url, model="local-model", api_key=SecretStr(KEY))
        found = answer(Compatible(settings), ask("word " * 100))
    assert found.usage.input_tokens == 126
    assert found.usage.output_tokens == len(found.text) // 4 + 1


def test_a_schema_is_enforced_where_the_vendor_can(vendor: OpenAIDouble) -> None:
    closed = {
        "type": "object",
        "properties": {"title": {"type": "string", "maxLength": 9}, "uniqueItems": {"type": "integer"}},
        "required": ["title", "uniqueItems"],
        "additionalProperties": False,
    }
    assert json.loads(writer(vendor).complete(ask(json_schema=closed)).text) == {"title": "Something", "uniqueItems": 1}
    sent = vendor.asked[0]["response_format"]["json_schema"]
    assert sent["strict"] is True
    assert sent["schema"]["properties"] == {"title": {"type": "string"}, "uniqueItems": {"type": "integer"}}
    assert closed["properties"]["title"]["maxLength"] == 9  # type: ignore[index]  # the caller's is as it was
    writer(vendor).complete(ask(json_schema={"type": "object", "properties": {"title": {"type": "string"}}}))
    assert vendor.asked[1]["response_format"]["json_schema"]["strict"] is False


def test_a_server_of_ones_own_is_asked_for_no_schema(vendor: OpenAIDouble) -> None:
    server = Compatible(CompatibleSettings(base_url=vendor.url, model="local-model", api_key=SecretStr(KEY)))
    with pytest.raises(FeatureNotSupported):
        server.complete(ask(json_schema={"type": "object"}))
    server.complete(ask())
    assert vendor.asked[-1]["max_tokens"] == 4096


def test_what_clients_said_is_in_no_log(vendor: OpenAIDouble, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        list(writer(vendor).stream(ask("a secret of the client")))
    assert "a secret of the client" not in caplog.text and KEY not in caplog.text


@pytest.mark.parametrize(("model", "wanted"), [("gpt-5.4-mini", Health.OK), ("gpt-nobody", Health.DOWN)])
def test_health_asks_for_the_models_card(vendor: OpenAIDouble, model: str, wanted: Health) -> None:
    assert writer(vendor, model=model).health().status is wanted
    assert vendor.asked == []
