"""The contract of embeddings."""

from __future__ import annotations

import math

import pytest

from webkit.core.capabilities.embeddings import (
    LONGEST_PASSAGE,
    MOST_PASSAGES,
    Embeddings,
    EmbeddingsFeature,
    Vector,
    check_passages,
)
from webkit.core.capabilities.errors import ProviderRejected

from .contract import ProviderContract

TEXTS = (
    "The invoice was not paid in time.",
    "Il preventivo è scaduto ieri.",
    "東京の天気",
    "🏗️",
    "x",
    "word " * 1_500,
    "{{ 7 * 7 }} -- <script>alert(1)</script>",
)


def cosine(one: Vector, other: Vector) -> float:
    """How alike two directions of length one are."""
    return math.sumprod(one, other) if hasattr(math, "sumprod") else sum(a * b for a, b in zip(one, other, strict=True))


class EmbeddingsContract(ProviderContract):
    """Nothing to override."""

    def test_every_text_has_a_direction_of_length_one(self, provider: Embeddings) -> None:
        found = provider.embed(TEXTS)
        assert found.space == provider.space()
        assert len(found.vectors) == len(TEXTS)
        assert found.tokens >= 0
        for vector in found.vectors:
            assert len(vector) == found.space.dimensions
            assert abs(cosine(vector, vector) - 1) < 1e-4

    def test_the_same_text_has_the_same_vector(self, provider: Embeddings, another: Embeddings) -> None:
        (alone,), first = provider.embed(TEXTS[:1]).vectors, another.embed(TEXTS).vectors[0]
        assert cosine(alone, first) > 0.9999
        assert another.space() == provider.space()

    def test_another_text_has_another_vector(self, provider: Embeddings) -> None:
        one, two = provider.embed(("The invoice was not paid.", "A weekend at the lake.")).vectors
        assert cosine(one, two) < 0.95

    def test_what_means_alike_is_near(self, provider: Embeddings) -> None:
        self.needs(EmbeddingsFeature.MEANING)
        asked, near, far = provider.embed(
            ("The bill was not paid in time.", "This invoice is overdue.", "A recipe for apple cake.")
        ).vectors
        assert cosine(asked, near) > cosine(asked, far)

    def test_common_words_are_near(self, provider: Embeddings) -> None:
        asked, near, far = provider.embed(
            ("hosting contract with monthly backups", "monthly backups of the hosting", "apple cake with cinnamon")
        ).vectors
        assert cosine(asked, near) > cosine(asked, far)

    def test_many_keep_their_order(self, provider: Embeddings) -> None:
        texts = [f"Number {number} of the list" for number in range(300)]
        together = provider.embed(texts).vectors
        for number in (0, 99, 299):
            (alone,) = provider.embed([texts[number]]).vectors
            assert cosine(alone, together[number]) > 0.9999

    def test_nothing_asked_is_nothing_answered(self, provider: Embeddings) -> None:
        assert provider.embed(()).vectors == ()

    @pytest.mark.parametrize(
        "texts", [("",), ("a", " \n"), ("x" * (LONGEST_PASSAGE + 1),), ("x",) * (MOST_PASSAGES + 1)]
    )
    def test_what_nobody_takes_is_refused(self, provider: Embeddings, texts: tuple[str, ...]) -> None:
        with pytest.raises(ProviderRejected):
            check_passages(texts)
        with pytest.raises(ProviderRejected):
            provider.embed(texts)
