"""Embeddings by the vendor itself: the whole contract, a few thousand tokens."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.embeddings_openai.plugin import webkit_register_providers
from tests.live.accounts import account
from webkit.sdk.testing.embeddings import EmbeddingsContract


class TestOpenAI(EmbeddingsContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture
    def configured(self, webkit_data: Path) -> dict[str, str]:
        return account(self.spec, webkit_data)
