from __future__ import annotations

import logging
import os
import socket
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from plugins.ai_claude.plugin import webkit_register_providers
from plugins.ai_claude.provider import Claude
from plugins.ai_claude.settings import ClaudeSettings
from webkit.sdk import (
    AIText,
    BrokenOff,
    Completion,
    CompletionRequest,
    CredentialsRejected,
    Delta,
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
from webkit.sdk.testing.doubles.anthropic import KEY, AnthropicDouble, Behaviour, Mode


@pytest.fixture(scope="module")
def double() -> Iterator[AnthropicDouble]:
    with AnthropicDouble() as double:
        yield double


@pytest.fixture
def vendor(double: AnthropicDouble) -> AnthropicDouble:
    double.reset()
    return double


class TestClaude(AITextContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture
    def configured(self, vendor: AnthropicDouble) -> dict[str, str]:
        return {"AI_PROVIDER": "claude", "ANTHROPIC_API_KEY": vendor.key, "ANTHROPIC_BASE_URL": vendor.url}


def claude(vendor: AnthropicDouble, **settings: Any) -> Claude:
    given = {"api_key": SecretStr(KEY), "base_url": vendor.url, **settings}
    return Claude(ClaudeSettings(**given))


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
    ("mode", "kind", "code", "retryable"),
    [
        (Mode.UNAUTHORIZED, CredentialsRejected, "authentication_error", False),
        (Mode.FORBIDDEN, CredentialsRejected, "permission_error", False),
        (Mode.UNPAID, CredentialsRejected, "billing_error", False),
        (Mode.TOO_LARGE, ProviderRejected, "request_too_large", False),
        (Mode.RATE_LIMITED, RateLimited, "rate_limit_error", True),
        (Mode.OVERLOADED, Overloaded, "overloaded_error", True),
        (Mode.FAILS, ProviderUnavailable, "api_error", True),
        (Mode.BREAKS_OFF, BrokenOff, "connection_lost", True),
        (Mode.GARBAGE, ProviderUnavailable, "garbage", True),
    ],
)
def test_every_failure_is_told_apart(
    vendor: AnthropicDouble, answer: Answer, mode: Mode, kind: type[ProviderError], code: str, retryable: bool
) -> None:
    vendor.next(Behaviour(mode))
    with pytest.raises(ProviderError) as raised:
        answer(claude(vendor), ask())
    assert type(raised.value) is kind
    assert (raised.value.code, raised.value.retryable, raised.value.provider) == (code, retryable, "claude")
    assert len(vendor.calls) == 1, "the platform tries again, not the SDK"


def test_the_vendor_says_when_it_listens_again(vendor: AnthropicDouble) -> None:
    vendor.next(Behaviour(Mode.RATE_LIMITED, retry_after=12.5), Behaviour(Mode.RATE_LIMITED, retry_after=-1))
    for expected in (12.5, None):
        with pytest.raises(RateLimited) as raised:
            claude(vendor).complete(ask())
        assert raised.value.retry_after == expected


@both_ways
def test_what_is_wrong_with_a_request_is_said_and_not_repeated(vendor: AnthropicDouble, answer: Answer) -> None:
    with pytest.raises(ProviderRejected, match="text content blocks must be non-empty") as raised:
        answer(claude(vendor), ask(""))
    assert not raised.value.retryable
    with pytest.raises(NotFoundAtProvider, match="model: claude-nobody"):
        answer(claude(vendor, model="claude-nobody"), ask())
    with pytest.raises(ProviderRejected, match="too long") as raised:
        answer(claude(vendor, model="claude-haiku-4-5"), ask("word " * 170_000))
    assert raised.value.code == "prompt_too_long"


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (Behaviour(Mode.BREAKS_OFF), BrokenOff),
        (Behaviour(Mode.ENDS_EARLY), BrokenOff),
        (Behaviour(Mode.FAILS_MIDWAY, error="overloaded_error"), Overloaded),
        (Behaviour(Mode.FAILS_MIDWAY, error="rate_limit_error"), RateLimited),
        (Behaviour(Mode.FAILS_MIDWAY, error="api_error"), ProviderUnavailable),
        (Behaviour(Mode.FAILS_MIDWAY, error="timeout_error"), TimedOut),
        (Behaviour(Mode.FAILS_MIDWAY, error="something_new"), ProviderUnavailable),
    ],
)
def test_a_stream_that_breaks_off_gives_what_came_and_no_completion(
    vendor: AnthropicDouble, behaviour: Behaviour, kind: type[ProviderError]
) -> None:
    vendor.next(behaviour)
    came = []
    with pytest.raises(ProviderError) as raised:
        for part in claude(vendor).stream(ask()):
            came.append(part)  # noqa: PERF402  # it raises in between
    assert type(raised.value) is kind
    assert raised.value.retryable
    assert len(came) == behaviour.after
    assert all(isinstance(part, Delta) for part in came)


@both_ways
def test_a_refusal_and_the_length_limit_are_answers(vendor: AnthropicDouble, answer: Answer) -> None:
    vendor.next(Behaviour(Mode.REFUSES, after=3), Behaviour(Mode.REFUSES, after=0), Behaviour(Mode.TRUNCATES))
    refused, mute, truncated = (answer(claude(vendor), ask()) for _ in range(3))
    assert (refused.stop, bool(refused.text)) == (StopReason.REFUSED, True)
    assert (mute.stop, mute.text) == (StopReason.REFUSED, "")
    assert truncated.stop is StopReason.MAX_TOKENS
    short = answer(claude(vendor), ask(max_tokens=5))
    assert (short.stop, short.usage.output_tokens) == (StopReason.MAX_TOKENS, 5)
    assert answer(claude(vendor), ask()).stop is StopReason.END


@both_ways
@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "[]",
        "{",
        "null",
        '{"type":"message"}',
        "data: {not json\n\n",
        "data: []\n\n",
        'data: {"type":"content_block_delta"}\n\n',
        'data: {"type":"message_start","message":{"model":"m","usage":{}}}\n\ndata: {"type":"message_stop"}\n\n',
    ],
)
def test_garbage_is_not_an_answer(vendor: AnthropicDouble, answer: Answer, garbage: str) -> None:
    vendor.next(Behaviour(Mode.GARBAGE, text=garbage))
    with pytest.raises(ProviderUnavailable) as raised:
        answer(claude(vendor), ask())
    assert raised.value.code == "garbage"


@both_ways
def test_a_stop_for_an_unknown_reason_is_no_answer(vendor: AnthropicDouble, answer: Answer) -> None:
    counted = '"usage":{"input_tokens":1,"output_tokens":1}'
    message = f'{{"type":"message","model":"m","content":[],"stop_reason":"tired",{counted}}}'
    events = "".join(
        f"data: {data}\n\n"
        for data in (
            f'{{"type":"message_start","message":{{"model":"m",{counted}}}}}',
            '{"type":"message_delta","delta":{"stop_reason":"tired"},"usage":{"output_tokens":1}}',
            '{"type":"message_stop"}',
        )
    )
    vendor.next(Behaviour(Mode.GARBAGE, text=message if answer is whole else events))
    with pytest.raises(ProviderRejected) as raised:
        answer(claude(vendor), ask())
    assert raised.value.code == "tired"


@both_ways
def test_silence_is_waited_out_and_then_told(vendor: AnthropicDouble, answer: Answer) -> None:
    vendor.next(Behaviour(Mode.SILENT))
    with pytest.raises(TimedOut):
        answer(claude(vendor, silence_seconds=0.1, seconds=0.1), ask())
    assert vendor.wait(lambda: vendor.stats()["hung_up"] == 1), "the vendor is left, not kept waiting"


def test_a_stream_that_drips_for_ever_ends(vendor: AnthropicDouble) -> None:
    vendor.next(Behaviour(pause=0.05, text="word " * 1000))
    with pytest.raises(TimedOut) as raised:
        list(claude(vendor, silence_seconds=5.0, seconds=0.3).stream(ask()))
    assert raised.value.code == "too_long"
    assert vendor.wait(lambda: vendor.stats()["hung_up"] == 1)


@both_ways
def test_nobody_there_is_unavailable(vendor: AnthropicDouble, answer: Answer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ProviderUnavailable) as raised:
            answer(claude(vendor, base_url=url), ask())
    assert raised.value.code == "no_connection"


def test_leaving_a_stream_stops_the_vendor(vendor: AnthropicDouble) -> None:
    vendor.next(Behaviour(pause=0.01, text="word " * 1000))
    stream = claude(vendor).stream(ask())
    assert isinstance(next(stream), Delta)
    assert vendor.stats()["running"] == 1
    stream.close()  # type: ignore[attr-defined]
    assert vendor.wait(lambda: vendor.stats()["hung_up"] == 1)
    assert vendor.calls[0].tokens < 1000


def test_what_prompts_share_is_remembered_and_costs_less(vendor: AnthropicDouble) -> None:
    writer, system = claude(vendor), "You write proposals. " * 200
    first, second = (writer.complete(ask(section, system=system)) for section in ("The timeline", "The next steps"))
    assert first.usage.cache_write_tokens > 500
    assert first.usage.cached_tokens == 0
    assert second.usage.cached_tokens == first.usage.cache_write_tokens
    assert second.usage.cache_write_tokens == 0
    costs = [writer.cost(answer.usage) for answer in (first, second)]
    assert costs[0] and costs[1] and costs[1].amount < costs[0].amount
    assert streamed(writer, ask("The timeline", system=system)).usage.cached_tokens > 500


def test_of_a_conversation_everything_before_the_last_turn_is_kept(vendor: AnthropicDouble) -> None:
    turns = (Message(Role.USER, "Facts."), Message(Role.USER, "Write the summary."))
    claude(vendor, cache="1h").complete(CompletionRequest(messages=turns, system="Rules."))
    body = vendor.calls[0].body
    kept = {"type": "ephemeral", "ttl": "1h"}
    assert body["system"] == [{"type": "text", "text": "Rules.", "cache_control": kept}]
    assert body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "Facts.", "cache_control": kept}]},
        {"role": "user", "content": "Write the summary."},
    ]
    claude(vendor, cache="off").complete(CompletionRequest(messages=turns, system="Rules."))
    assert "cache_control" not in repr(vendor.calls[1].body)


def test_a_schema_is_enforced_where_the_vendor_can_and_told_where_it_cannot(vendor: AnthropicDouble) -> None:
    schema = {
        "type": "object",
        "properties": {"weeks": {"type": "array", "items": {"type": "integer", "minimum": 1}, "maxItems": 2}},
        "required": ["weeks"],
    }
    answer = claude(vendor, effort="low").complete(ask(json_schema=schema))
    assert answer.text.startswith('{"weeks": [')
    config = vendor.calls[0].body["output_config"]
    assert config["effort"] == "low"
    assert "maxItems" not in config["format"]["schema"]["properties"]["weeks"]
    assert "maxItems: 2" in config["format"]["schema"]["properties"]["weeks"]["description"]
    assert schema["properties"]["weeks"]["maxItems"] == 2  # type: ignore[index]  # the caller's is as it was
    with pytest.raises(ProviderRejected) as raised:
        claude(vendor).complete(ask(json_schema={"properties": {}}))
    assert raised.value.code == "schema"


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("claude-haiku-5-5", {"type": "disabled"}),
        ("claude-sonnet-5-5", {"type": "between_tools"}),
        ("claude-opus-5-5", None),
        ("claude-haiku-4-5", {"type": "disabled"}),
    ],
)
def test_models_write_at_once_where_they_can(vendor: AnthropicDouble, model: str, sent: object) -> None:
    assert claude(vendor, model=model).complete(ask()).text
    assert vendor.calls[0].body.get("thinking") == sent


@both_ways
def test_thoughts_are_not_part_of_the_text(vendor: AnthropicDouble, answer: Answer) -> None:
    vendor.usual = Behaviour(text="Said.")
    assert answer(claude(vendor, thinking="on"), ask()).text == "Said."
    assert "thinking" not in vendor.calls[0].body


@pytest.mark.parametrize(
    ("settings", "usage", "dollars"),
    [
        ({}, Usage(1_000_000, 0), "0.50"),  # long prompts cost more
        ({}, Usage(100_000, 1_000_000), "0.51"),
        ({}, Usage(100_000, 0, cached_tokens=50_000, cache_write_tokens=50_000), "0.00675"),
        ({"cache": "1h"}, Usage(100_000, 0, cache_write_tokens=100_000), "0.02"),
        ({"model": "claude-haiku-4-5-20251001"}, Usage(1_000_000, 1_000_000), "6"),
        ({"model": "claude-next"}, Usage(1, 1), None),
        ({"model": "claude-next", "price_input": Decimal(1), "price_output": Decimal(2)}, Usage(500_000, 10**6), "2.5"),
        ({"price_output": Decimal(9)}, Usage(0, 1_000_000), "9"),
    ],
)
def test_costs_are_exact(vendor: AnthropicDouble, settings: dict[str, Any], usage: Usage, dollars: str | None) -> None:
    cost = claude(vendor, **settings).cost(usage)
    assert (cost and (cost.amount, cost.currency)) == (dollars and (Decimal(dollars), "USD"))


def test_the_cost_of_another_model_is_its_list_price(vendor: AnthropicDouble) -> None:
    cost = claude(vendor, price_input=Decimal(9)).cost(Usage(1_000_000, 0), "claude-opus-5-5")
    assert cost
    assert cost.amount == 4


def test_health_costs_nothing_and_knows_why(vendor: AnthropicDouble) -> None:
    report = claude(vendor).health()
    assert (report.status, report.detail) == (Health.OK, "claude-haiku-5-5")
    for mode, expected in {
        Mode.UNAUTHORIZED: Health.DOWN,
        Mode.OVERLOADED: Health.DEGRADED,
        Mode.RATE_LIMITED: Health.DEGRADED,
        Mode.FAILS: Health.DOWN,
    }.items():
        vendor.usual = Behaviour(mode)
        assert claude(vendor).health().status is expected, mode
    vendor.usual = Behaviour()
    assert claude(vendor, api_key=SecretStr("wrong")).health().status is Health.DOWN
    assert claude(vendor, model="claude-nobody").health().detail.startswith("404 ")
    assert vendor.calls == [], "no message was asked for"


def test_health_does_not_wait_for_a_silent_vendor(vendor: AnthropicDouble) -> None:
    vendor.usual = Behaviour(Mode.SILENT)
    report = claude(vendor).health()
    assert (report.status, report.detail) == (Health.DOWN, "the vendor said nothing for too long")


def test_secrets_stay_out_of_logs_errors_and_representations(
    vendor: AnthropicDouble, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret, private = "sk-ant-canary-91c47f3a", "What the client told us in confidence."
    vendor.accept(secret)
    writer = claude(vendor, api_key=SecretStr(secret))
    seen = [repr(writer), str(vars(writer)["_settings"])]
    writer.complete(ask())
    list(writer.stream(ask()))
    for mode in Mode:
        if mode not in (Mode.SILENT, Mode.SLOW):
            vendor.next(Behaviour(mode))
            try:
                list(writer.stream(ask(private)))
            except ProviderError as error:
                seen += [repr(error), "".join(traceback.format_exception(error))]
    vendor.next(Behaviour(Mode.UNAUTHORIZED))
    seen += [writer.health().detail, caplog.text]
    assert caplog.text, "the SDK did log"
    assert secret not in "\n".join(seen)
    assert private not in "\n".join(seen)


def test_two_keys_in_threads_at_once_are_never_mixed(vendor: AnthropicDouble) -> None:
    keys = [f"sk-ant-tenant-{n}" for n in range(4)]
    vendor.accept(*keys)
    vendor.usual = Behaviour(first=0.002)
    writers = {key: claude(vendor, api_key=SecretStr(key)) for key in keys}

    def write(turn: int) -> None:
        key = keys[turn % len(keys)]
        answer = streamed if turn % 3 else whole
        assert answer(writers[key], ask(f"I am {key}")).text

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(write, range(120)))
    assert len(vendor.calls) == 120
    assert all(call.body["messages"][0]["content"] == f"I am {call.key}" for call in vendor.calls)


def test_a_forked_process_does_not_share_connections(vendor: AnthropicDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = claude(vendor)
    before = writer._client
    assert writer._client is before
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert writer._client is not before


@both_ways
def test_answers_after_each_other_share_a_connection(vendor: AnthropicDouble, answer: Answer) -> None:
    writer = claude(vendor)
    for _ in range(3):
        answer(writer, ask())
    assert len({call.port for call in vendor.calls}) == 1


@both_ways
def test_what_is_not_unicode_is_refused(vendor: AnthropicDouble, answer: Answer) -> None:
    with pytest.raises(ProviderRejected) as raised:
        answer(claude(vendor), ask("half a letter: \ud83d"))
    assert raised.value.code == "unicode"


def test_who_waits_for_a_silent_vendor_can_be_interrupted(vendor: AnthropicDouble) -> None:
    """The line is closed too, and the next request is not troubled by it."""
    vendor.next(Behaviour(Mode.SLOW, first=0.0, pause=30.0, text="One two three."))
    provider = claude(vendor)
    answer = provider.stream(ask())
    assert isinstance(next(answer), Delta)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, answer)
        answer.interrupt()
        with pytest.raises(BrokenOff):
            waiting.result(timeout=10)
    assert provider.complete(ask()).text


def test_an_answer_that_nobody_reads_any_more_may_be_interrupted(vendor: AnthropicDouble) -> None:
    answer = claude(vendor).stream(ask())
    *_, last = answer
    assert isinstance(last, Completion)
    answer.interrupt()
    before = claude(vendor).stream(ask())
    before.interrupt()
    with pytest.raises(BrokenOff):
        list(before)
