"""Embeddings: texts in, directions out; texts that mean alike point alike."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from .base import Capability, Provider, calls_nobody
from .errors import ProviderRejected

LONGEST_PASSAGE = 8_000
MOST_PASSAGES = 4_096
Vector = tuple[float, ...]


class EmbeddingsFeature(enum.StrEnum):
    """What a provider may do beyond the contract's core."""

    MEANING = "meaning"  # texts without a common word may be near; without it only words are compared


@dataclass(frozen=True, slots=True)
class Space:
    """What vectors are of: those of another model, or with another number of dimensions, cannot be compared."""

    model: str
    dimensions: int


@dataclass(frozen=True, slots=True)
class Embedded:
    """A vector of length one for each text, in their order; `tokens` as the vendor counts them, 0 where nobody does."""

    vectors: tuple[Vector, ...]
    space: Space
    tokens: int = 0


def check_passages(texts: Sequence[str]) -> Sequence[str]:
    """Return `texts` if everybody takes them: at most 4,096, none blank, none over 8,000 characters; else
    ProviderRejected. Every provider calls this first: whoever has more to say cuts it into passages.
    """
    if len(texts) > MOST_PASSAGES:
        raise ProviderRejected(f"{len(texts)} texts are more than {MOST_PASSAGES}", code="too_many")
    for text in texts:
        if not text.strip():
            raise ProviderRejected("a text without a word has no direction", code="blank")
        if len(text) > LONGEST_PASSAGE:
            raise ProviderRejected(
                f"a text of {len(text)} characters is longer than {LONGEST_PASSAGE}", code="too_long"
            )
    return texts


class Embeddings(Provider, Protocol):
    """Somebody who knows where texts point."""

    @calls_nobody
    def space(self) -> Space:
        """What the vectors of this provider are of."""
        ...

    def embed(self, texts: Sequence[str]) -> Embedded:
        """The vectors; how many a vendor takes at once is the provider's business.

        All or nothing. The same text has the same vector, up to the last digits. Raises ProviderRejected (see
        check_passages), CredentialsRejected, RateLimited, ProviderUnavailable, OutcomeUnknown.
        """
        ...


EMBEDDINGS: Capability[Embeddings] = Capability(
    key="embeddings", env="EMBEDDINGS_PROVIDER", protocol=Embeddings, default="hashing"
)
