"""The contract of vectors."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from webkit.core.capabilities.embeddings import Space, Vector
from webkit.core.capabilities.errors import ProviderRejected
from webkit.core.capabilities.vectors import Point, Vectors, VectorsFeature, WrongSpace

from .contract import ProviderContract
from .embeddings import cosine

SPACE = Space("double", 4)
NORTH, EAST, SOUTH, UP = (1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (-1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 2.0)
MANY, RECALL = 10_000, 0.95


def directions(count: int, dimensions: int, seed: int) -> list[Vector]:
    """Vectors of length one in clusters, as those of texts are."""
    draw = random.Random(seed)
    centres = [[draw.gauss(0, 1) for _ in range(dimensions)] for _ in range(50)]
    found = []
    for number in range(count):
        raw = [value + draw.gauss(0, 0.7) for value in centres[number % len(centres)]]
        length = sum(value * value for value in raw) ** 0.5
        found.append(tuple(value / length for value in raw))
    return found


class VectorsContract(ProviderContract):
    """Set the namespace if the double of the vendor expects another."""

    namespace = "agency-1:documents"

    def put(self, provider: Vectors, points: Sequence[tuple[str, Vector]], namespace: str = "") -> None:
        """Keep some in the usual space."""
        provider.put(namespace or self.namespace, SPACE, [Point(id, vector) for id, vector in points])

    def test_the_nearest_come_first(self, provider: Vectors, another: Vectors) -> None:
        self.put(provider, [("north", NORTH), ("east", EAST), ("south", SOUTH), ("up", UP)])
        found = another.nearest(self.namespace, SPACE, (0.9, 0.1, 0.0, 0.0))
        assert [near.id for near in found][:2] == ["north", "east"] and found[-1].id == "south"
        assert found[0].score == pytest.approx(0.9939, abs=1e-3) and found[-1].score == pytest.approx(-0.9939, abs=1e-3)
        assert [near.id for near in provider.nearest(self.namespace, SPACE, UP, limit=1)] == ["up"]
        assert provider.count(self.namespace) == 4

    def test_a_name_is_replaced(self, provider: Vectors) -> None:
        self.put(provider, [("a", NORTH), ("b", EAST)])
        self.put(provider, [("a", SOUTH)])
        assert provider.nearest(self.namespace, SPACE, SOUTH, limit=1)[0].id == "a"
        assert provider.count(self.namespace) == 2

    def test_nothing_crosses_namespaces(self, provider: Vectors) -> None:
        self.put(provider, [("a", NORTH)])
        self.put(provider, [("a", EAST), ("b", NORTH)], "agency-2:documents")
        assert provider.nearest(self.namespace, SPACE, NORTH)[0].score == pytest.approx(1)
        assert [near.id for near in provider.nearest(self.namespace, SPACE, NORTH)] == ["a"]
        provider.forget("agency-2:documents", ["a"])
        assert provider.count(self.namespace) == 1
        provider.forget_all("agency-2:documents")
        assert provider.count(self.namespace) == 1 and provider.count("agency-2:documents") == 0
        assert provider.nearest("agency-2:documents", SPACE, NORTH) == ()

    def test_forget_forgets(self, provider: Vectors) -> None:
        self.put(provider, [("a", NORTH), ("b", EAST), ("c", UP)])
        assert provider.forget(self.namespace, ["a", "nobody"]) == 1
        assert provider.forget(self.namespace, ["a"]) == provider.forget(self.namespace, []) == 0
        assert "a" not in [near.id for near in provider.nearest(self.namespace, SPACE, NORTH)]
        assert provider.forget_all(self.namespace) == 2
        assert provider.nearest(self.namespace, SPACE, NORTH) == ()

    @pytest.mark.parametrize("other", [Space("another", 4), Space("double", 3)])
    def test_spaces_are_never_mixed(self, provider: Vectors, other: Space) -> None:
        self.put(provider, [("a", NORTH)])
        vector = NORTH[: other.dimensions]
        with pytest.raises(WrongSpace):
            provider.put(self.namespace, other, [Point("b", vector)])
        with pytest.raises(WrongSpace):
            provider.nearest(self.namespace, other, vector)
        provider.forget_all(self.namespace)
        provider.put(self.namespace, other, [Point("b", vector)])
        assert provider.count(self.namespace) == 1

    def test_all_are_kept_or_none(self, provider: Vectors) -> None:
        for wrong in ((1.0, 0.0), (0.0, 0.0, 0.0, 0.0), (float("nan"), 0.0, 0.0, 1.0), (float("inf"), 0.0, 0.0, 0.0)):
            with pytest.raises(ProviderRejected):
                self.put(provider, [("a", NORTH), ("b", wrong)])
        assert provider.count(self.namespace) == 0

    @pytest.mark.parametrize("name", ["", "a b", "a'; DROP TABLE x; --", "x" * 201, "à", "../x"])
    def test_names_are_names(self, provider: Vectors, name: str) -> None:
        with pytest.raises(ProviderRejected):
            self.put(provider, [("a", NORTH)], name or " ")
        with pytest.raises(ProviderRejected):
            self.put(provider, [(name, NORTH)])
        for call in (provider.count, provider.forget_all):
            with pytest.raises(ProviderRejected):
                call(name)

    def test_two_who_begin_at_once_end_in_one_space(self, provider: Vectors, another: Vectors) -> None:
        spaces = [(provider, Space("one", 4)), (another, Space("two", 4))] * 4
        kept: list[Space] = []

        def begin(given: tuple[Vectors, Space]) -> None:
            try:
                given[0].put(self.namespace, given[1], [Point(given[1].model, NORTH)])
                kept.append(given[1])
            except WrongSpace:
                pass

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(begin, spaces))
        assert len(set(kept)) == 1 and provider.count(self.namespace) == 1

    @pytest.mark.slow
    def test_the_nearest_of_ten_thousand_are_found(self, provider: Vectors) -> None:
        vectors, space = directions(MANY, 64, 1), Space("double", 64)
        for start in range(0, MANY, 1000):
            points = [Point(str(start + n), vector) for n, vector in enumerate(vectors[start : start + 1000])]
            provider.put(self.namespace, space, points)
        found = right = 0
        for asked in directions(20, 64, 2):
            exact = sorted(range(MANY), key=lambda n: -cosine(asked, vectors[n]))[:10]
            near = [int(near.id) for near in provider.nearest(self.namespace, space, asked)]
            found += len(near)
            right += len(set(near) & set(exact))
        assert found == 200
        assert right / found >= (0.99 if VectorsFeature.EXACT in self.spec.features else RECALL)
