"""One short answer, whole and streamed, from the vendors themselves. It costs less than a cent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from plugins.ai_claude.plugin import webkit_register_providers as claude
from plugins.ai_openai.plugin import webkit_register_providers as openai
from tests.live.accounts import account, only
from webkit.sdk import AIText, Completion, CredentialsRejected, Delta, Health, StopReason
from webkit.sdk.testing import ai_text as contract

TRIED = frozenset(
    {
        "test_completes_with_text_model_and_usage",
        "test_a_stream_is_deltas_and_then_one_completion_with_their_sum",
        "test_a_stream_can_be_left_early",
        "test_an_undeclared_schema_is_refused_not_ignored",
        "test_a_declared_schema_is_followed",
        "test_the_account_is_well",
        "test_a_limit_is_no_end",
        "test_a_wrong_key_is_told",
    }
)


class LiveText(contract.AITextContract):
    """What may be done to a real account."""

    secret: ClassVar[str]

    @pytest.fixture(autouse=True)
    def _tried(self, request: pytest.FixtureRequest) -> None:
        only(TRIED, request)

    @pytest.fixture
    def configured(self, webkit_data: Path) -> dict[str, str]:
        return account(self.spec, webkit_data)

    def test_the_account_is_well(self, provider: AIText) -> None:
        assert provider.health().status is Health.OK

    def test_a_limit_is_no_end(self, provider: AIText) -> None:
        *deltas, last = provider.stream(replace(self.ask, max_tokens=16))
        assert isinstance(last, Completion) and all(isinstance(delta, Delta) for delta in deltas)
        assert last.stop in (StopReason.MAX_TOKENS, StopReason.END) and last.usage.output_tokens <= 400

    def test_a_wrong_key_is_told(self, configured: dict[str, str]) -> None:
        if self.secret not in configured:
            pytest.skip(f"{self.secret} is not set")
        wrong = {**configured, self.secret: "x" + configured[self.secret][1:]}
        with pytest.raises(CredentialsRejected):
            self.registry(wrong).get(self.spec.capability).complete(self.ask)


class TestClaude(LiveText):
    spec = claude()[0]
    secret = "ANTHROPIC_API_KEY"


class TestOpenAI(LiveText):
    spec = openai()[0]
    secret = "OPENAI_API_KEY"


class TestCompatible(LiveText):
    spec = openai()[1]
    secret = "OPENAI_COMPATIBLE_KEY"


del LiveText  # pytest would take it for a suite of its own
