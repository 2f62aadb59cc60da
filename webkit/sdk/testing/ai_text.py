"""The contract of AI text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

import pytest

from webkit.core.capabilities.ai_text import (
    AIFeature,
    AIText,
    Completion,
    CompletionRequest,
    Delta,
    Message,
    PricedText,
    Role,
    StopReason,
    Usage,
)
from webkit.core.capabilities.errors import FeatureNotSupported

from .contract import ProviderContract

SCHEMA: Mapping[str, object] = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "maxLength": 200},
        "steps": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 9},
    },
    "required": ["title", "steps"],
    "additionalProperties": False,
}


class AITextContract(ProviderContract):
    """Nothing to override: set `ask` if the double of the vendor expects certain words."""

    ask: ClassVar[CompletionRequest] = CompletionRequest(
        messages=(Message(Role.USER, "- Why the site is slow\n- What a rebuild costs\n- When it would be ready"),),
        system="You write proposals for a small agency.",
        max_tokens=400,
    )

    def test_completes_with_text_model_and_usage(self, provider: AIText) -> None:
        answer = provider.complete(self.ask)
        assert answer.text.strip()
        assert answer.model
        assert answer.stop in StopReason
        assert answer.usage.input_tokens > 0
        assert answer.usage.output_tokens > 0
        assert answer.usage.cached_tokens >= 0
        assert answer.usage.cache_write_tokens >= 0
        assert answer.usage.cached_tokens + answer.usage.cache_write_tokens <= answer.usage.input_tokens

    def test_a_price_is_exact_and_grows_with_the_tokens(self, provider: AIText) -> None:
        if not isinstance(provider, PricedText):
            pytest.skip("names no prices")
        nothing, little, much = (provider.cost(Usage(tokens, tokens)) for tokens in (0, 10, 1_000_000))
        if nothing is None or little is None or much is None:
            pytest.skip("knows no price of this model")
        assert isinstance(much.amount, Decimal)
        assert len(much.currency) == 3
        assert much.currency.isupper()
        assert nothing.amount == 0 < little.amount < much.amount

    def test_a_stream_is_deltas_and_then_one_completion_with_their_sum(self, provider: AIText) -> None:
        *deltas, last = list(provider.stream(self.ask))
        assert isinstance(last, Completion)
        assert all(isinstance(delta, Delta) and delta.text for delta in deltas)
        assert "".join(delta.text for delta in deltas if isinstance(delta, Delta)) == last.text
        assert last.text.strip()

    def test_streaming_means_piece_by_piece(self, provider: AIText) -> None:
        self.needs(AIFeature.STREAMING)
        assert sum(isinstance(part, Delta) for part in provider.stream(self.ask)) > 1

    def test_a_stream_can_be_left_early(self, provider: AIText) -> None:
        stream = provider.stream(self.ask)
        assert next(stream)
        close = getattr(stream, "close", None)
        assert callable(close), "a stream is a generator: closing it stops the vendor"
        close()
        assert list(stream) == []

    def test_any_letters_go_in(self, provider: AIText) -> None:
        for text in ("Università, 東京, עברית, 🏗️", "x", "word " * 20_000):
            request = CompletionRequest(messages=(Message(Role.USER, text),), max_tokens=64)
            assert provider.complete(request).text.strip()

    def test_a_conversation_is_answered(self, provider: AIText) -> None:
        turns = (Message(Role.USER, "A title?"), Message(Role.ASSISTANT, "Harbour"), Message(Role.USER, "Another one."))
        assert provider.complete(CompletionRequest(messages=turns, max_tokens=64)).text.strip()

    def test_an_undeclared_schema_is_refused_not_ignored(self, provider: AIText) -> None:
        if AIFeature.JSON_SCHEMA in self.spec.features:
            pytest.skip("declares json_schema")
        request = CompletionRequest(messages=self.ask.messages, json_schema={"type": "object"})
        with pytest.raises(FeatureNotSupported):
            provider.complete(request)
        with pytest.raises(FeatureNotSupported):
            list(provider.stream(request))

    def test_a_declared_schema_is_followed(self, provider: AIText) -> None:
        self.needs(AIFeature.JSON_SCHEMA)
        request = CompletionRequest(messages=self.ask.messages, json_schema=SCHEMA)
        *_, last = provider.stream(request)
        assert isinstance(last, Completion)
        for text in (last.text, provider.complete(request).text):
            answer = json.loads(text)
            assert isinstance(answer["title"], str)
            assert answer["steps"]
            assert all(isinstance(step, str) for step in answer["steps"])
