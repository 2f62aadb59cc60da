"""Vectors: directions kept under names, and the nearest of them found again."""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from .base import Capability, Provider
from .embeddings import Space, Vector
from .errors import ProviderRejected

MOST_NEAREST = 1_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,199}")


class VectorsFeature(enum.StrEnum):
    """What a provider may do beyond the contract's core."""

    EXACT = "exact"  # the nearest are the nearest; without it nearly always


class WrongSpace(ProviderRejected):
    """The namespace holds vectors of another model or of other dimensions."""


@dataclass(frozen=True, slots=True)
class Point:
    """A vector under its name."""

    id: str
    vector: Vector


@dataclass(frozen=True, slots=True)
class Near:
    """A name and how near it is: the cosine, 1.0 in the same direction, -1.0 in the opposite one."""

    id: str
    score: float


def check_namespace(namespace: str) -> str:
    """Return a name of letters, digits and `:._-`, at most 200; else ProviderRejected. Every provider calls it."""
    if not _NAME.fullmatch(namespace):
        raise ProviderRejected(f"{namespace[:80]!r} is not a namespace", code="namespace")
    return namespace


def check_points(space: Space, points: Sequence[Point]) -> Sequence[Point]:
    """Return `points` if each has a name and a direction in this space; else ProviderRejected."""
    for point in points:
        if not _NAME.fullmatch(point.id):
            raise ProviderRejected(f"{point.id[:80]!r} is not a name", code="name")
        check_vector(space, point.vector)
    return points


def check_vector(space: Space, vector: Vector) -> Vector:
    """Return `vector` if it has this space's dimensions, finite numbers and a direction; else ProviderRejected."""
    if len(vector) != space.dimensions:
        raise WrongSpace(f"{len(vector)} numbers are not {space.dimensions}", code="dimensions")
    if not all(map(math.isfinite, vector)) or not any(vector):
        raise ProviderRejected("these numbers point nowhere", code="direction")
    return vector


class Vectors(Provider, Protocol):
    """Somebody who keeps vectors. A namespace belongs to one space, from its first vector until it is forgotten."""

    def put(self, namespace: str, space: Space, points: Sequence[Point]) -> None:
        """Keep them, in place of those of the same names. All or nothing. Raises WrongSpace."""
        ...

    def nearest(self, namespace: str, space: Space, vector: Vector, *, limit: int = 10) -> tuple[Near, ...]:
        """The nearest names of this namespace, nearest first, at most 1,000. Raises WrongSpace."""
        ...

    def forget(self, namespace: str, ids: Collection[str]) -> int:
        """Forget these; how many there were."""
        ...

    def forget_all(self, namespace: str) -> int:
        """Forget the namespace and its space; how many there were."""
        ...

    def count(self, namespace: str) -> int:
        """How many are kept there."""
        ...


VECTORS: Capability[Vectors] = Capability(key="vectors", env="VECTORS_PROVIDER", protocol=Vectors, default="sqlite")
