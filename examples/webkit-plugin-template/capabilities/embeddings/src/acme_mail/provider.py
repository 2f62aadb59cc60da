"""Directions of texts from the vendor's API."""

from __future__ import annotations

import math
from collections.abc import Sequence

from webkit.sdk import (
    Embedded,
    Embeddings,
    HealthReport,
    ProviderUnavailable,
    Space,
    Vector,
    calls_nobody,
    check_passages,
)

from .api import NAME, Api
from .settings import AcmeMailSettings

AT_ONCE = 100
SPACE = Space("acme-1", 64)


class AcmeMail:
    """One POST for every hundred texts."""

    def __init__(self, settings: AcmeMailSettings) -> None:
        self._api = Api(settings)

    @calls_nobody
    def space(self) -> Space:
        return SPACE

    def embed(self, texts: Sequence[str]) -> Embedded:
        every = list(check_passages(texts))
        vectors: list[Vector] = []
        for start in range(0, len(every), AT_ONCE):
            vectors += self._asked(every[start : start + AT_ONCE])
        return Embedded(tuple(vectors), SPACE)

    def health(self) -> HealthReport:
        return self._api.health()

    def _asked(self, texts: list[str]) -> list[Vector]:
        answer = self._api.json("POST", "/directions", {"texts": texts})
        try:
            vectors = [_of_length_one(tuple(map(float, numbers))) for numbers in answer["directions"]]
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            vectors = []
        if len(vectors) != len(texts):
            raise ProviderUnavailable("the answer has no direction for each text", provider=NAME)
        return vectors


def _of_length_one(vector: Vector) -> Vector:
    if len(vector) != SPACE.dimensions:
        raise ValueError("not as many numbers as the space has")
    length = math.hypot(*vector)
    return tuple(number / length for number in vector)


_checked: type[Embeddings] = AcmeMail  # the type checker compares the signatures
