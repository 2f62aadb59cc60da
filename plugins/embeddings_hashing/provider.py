"""Every word and every pair of neighbours adds to a place of the vector that its hash names: no model, no vendor.

Texts are near when they share words. What they mean nobody here knows.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from webkit.sdk import Embedded, Embeddings, Health, HealthReport, Space, Vector, calls_nobody, check_passages

from .settings import HashingSettings

_WORD = re.compile(r"\w+|[^\w\s]")
PAIR_WEIGHT = 0.5


class Hashing:
    """The same everywhere and for ever: it depends on nothing but the text."""

    def __init__(self, settings: HashingSettings) -> None:
        self._space = Space("hashing-1", settings.dimensions)

    @calls_nobody
    def space(self) -> Space:
        return self._space

    def embed(self, texts: Sequence[str]) -> Embedded:
        return Embedded(tuple(map(self._vector, check_passages(texts))), self._space)

    def health(self) -> HealthReport:
        return HealthReport(Health.OK, "compares words, not meaning")

    def _vector(self, text: str) -> Vector:
        words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold()) or [text]
        values = [0.0] * self._space.dimensions
        for word in words:
            self._add(values, word, 1.0)
        for pair in pairwise(words):
            self._add(values, " ".join(pair), PAIR_WEIGHT)
        if not any(values):  # everything cancelled out
            values[0] = 1.0
        length = math.sqrt(sum(value * value for value in values))
        return tuple(value / length for value in values)

    def _add(self, values: list[float], word: str, weight: float) -> None:
        digest = int.from_bytes(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "big")
        values[(digest >> 1) % len(values)] += weight if digest & 1 else -weight


_checked: type[Embeddings] = Hashing
