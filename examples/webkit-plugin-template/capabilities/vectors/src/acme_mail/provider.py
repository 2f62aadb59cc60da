"""Vectors kept by the vendor."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from webkit.sdk import (
    MOST_NEAREST,
    HealthReport,
    Near,
    OutcomeUnknown,
    Point,
    ProviderRejected,
    Space,
    Vector,
    Vectors,
    WrongSpace,
    check_namespace,
    check_points,
    check_vector,
)

from .api import NAME, Api
from .settings import AcmeMailSettings

_OTHER_SPACE = "409"


class AcmeMail:
    """One call for each question; the vendor keeps a namespace to its space."""

    def __init__(self, settings: AcmeMailSettings) -> None:
        self._api = Api(settings)

    def put(self, namespace: str, space: Space, points: Sequence[Point]) -> None:
        kept = [{"id": point.id, "vector": point.vector} for point in check_points(space, points)]
        self._ask("PUT", namespace, space, {"points": kept})

    def nearest(self, namespace: str, space: Space, vector: Vector, *, limit: int = 10) -> tuple[Near, ...]:
        asked = {"vector": check_vector(space, vector), "limit": min(limit, MOST_NEAREST)}
        try:
            return tuple(Near(*each) for each in self._ask("POST", namespace, space, asked)["nearest"])
        except (KeyError, TypeError):
            raise OutcomeUnknown("the answer names nobody", provider=NAME) from None

    def forget(self, namespace: str, ids: Collection[str]) -> int:
        return self._counted(self._ask("DELETE", namespace, None, {"ids": list(ids)}))

    def forget_all(self, namespace: str) -> int:
        return self._counted(self._ask("DELETE", namespace, None, {}))

    def count(self, namespace: str) -> int:
        return self._counted(self._ask("GET", namespace, None, None))

    def health(self) -> HealthReport:
        return self._api.health()

    def _ask(self, method: str, namespace: str, space: Space | None, content: dict[str, Any] | None) -> Any:
        of_space = {"model": space.model, "dimensions": space.dimensions} if space else {}
        given = None if content is None else {**content, **of_space}
        try:
            return self._api.json(method, f"/vectors/{check_namespace(namespace)}", given)
        except ProviderRejected as error:
            if error.code == _OTHER_SPACE:
                raise WrongSpace("the namespace has another space", provider=NAME, code=error.code) from None
            raise

    def _counted(self, answer: Any) -> int:
        try:
            return int(answer["count"])
        except (KeyError, TypeError, ValueError):
            raise OutcomeUnknown("the answer counts nothing", provider=NAME) from None


_checked: type[Vectors] = AcmeMail  # the type checker compares the signatures
