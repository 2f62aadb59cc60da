"""The contract of AI text."""

from __future__ import annotations

from typing import ClassVar

import pytest

from webkit.core.capabilities.ai_text import (
    AIFeature,
    AIText,
    Completion,
    CompletionRequest,
    Delta,
    Message,
    Role,
    StopReason,
)
from webkit.core.capabilities.errors import FeatureNotSupported

from .contract import ProviderContract


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
        assert 0 <= answer.usage.cached_tokens <= answer.usage.input_tokens

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
