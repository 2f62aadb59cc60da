"""Plays the vendor on this machine: takes what it takes, refuses what it refuses.

python tests/vendor.py --port 0     # as a process
"""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from typing import Any

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused, serve

API_KEY = "acme-test-key"


class Vendor(HttpDouble):
    """Keeps vectors by namespace, each in one space."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.kept: dict[str, dict[str, list[float]]] = defaultdict(dict)
        self._spaces: dict[str, tuple[str, int]] = {}
        self._one_at_a_time = threading.Lock()

    def answer(self, call: Call) -> Answer:
        if call.headers.get("authorization") != f"Bearer {API_KEY}":
            raise Refused(401, {"error": "unknown key"})
        if (call.method, call.path) == ("GET", "/account"):
            return Answer(200, {"name": "test"})
        namespace = call.path.removeprefix("/vectors/")
        with self._one_at_a_time:
            match call.method:
                case "PUT":
                    return self._put(namespace, call.json())
                case "POST":
                    return self._nearest(namespace, call.json())
                case "DELETE":
                    return self._forget(namespace, call.json())
                case "GET":
                    return Answer(200, {"count": len(self.kept[namespace])})
        raise Refused(404, {"error": "no such address"})

    def _put(self, namespace: str, given: Any) -> Answer:
        self._check(namespace, given, begin=True)
        self.kept[namespace] |= {point["id"]: point["vector"] for point in given["points"]}
        return Answer(200, {"count": len(given["points"])})

    def _nearest(self, namespace: str, given: Any) -> Answer:
        self._check(namespace, given)
        scored = [(id, _cosine(given["vector"], vector)) for id, vector in self.kept[namespace].items()]
        return Answer(200, {"nearest": sorted(scored, key=lambda near: (-near[1], near[0]))[: given["limit"]]})

    def _forget(self, namespace: str, given: Any) -> Answer:
        ids = given.get("ids", list(self.kept[namespace]))
        if "ids" not in given:
            self._spaces.pop(namespace, None)
        return Answer(200, {"count": sum(self.kept[namespace].pop(id, None) is not None for id in ids)})

    def _check(self, namespace: str, given: Any, *, begin: bool = False) -> None:
        space = given["model"], given["dimensions"]
        held = self._spaces.setdefault(namespace, space) if begin else self._spaces.get(namespace, space)
        if held != space:
            raise Refused(409, {"error": "another space"})


def _cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))


if __name__ == "__main__":
    serve(Vendor)
