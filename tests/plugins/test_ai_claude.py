from __future__ import annotations

from collections.abc import Iterator

import pytest

from plugins.ai_claude.plugin import webkit_register_providers
from webkit.sdk.testing.ai_text import AITextContract
from webkit.sdk.testing.doubles.anthropic import AnthropicDouble


@pytest.fixture(scope="module")
def vendor() -> Iterator[AnthropicDouble]:
    with AnthropicDouble() as double:
        yield double


class TestClaude(AITextContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture
    def configured(self, vendor: AnthropicDouble) -> dict[str, str]:
        return {"AI_PROVIDER": "claude", "ANTHROPIC_API_KEY": vendor.key, "ANTHROPIC_BASE_URL": vendor.url}
