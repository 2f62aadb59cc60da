"""Plays the vendor on this machine: takes what it takes, refuses what it refuses.

python tests/vendor.py --port 0     # as a process
"""

from __future__ import annotations

import hashlib
from typing import Any

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused, serve

API_KEY = "acme-test-key"
DIMENSIONS = 64


class Vendor(HttpDouble):
    """Knows words, not what they mean."""

    def answer(self, call: Call) -> Answer:
        if call.headers.get("authorization") != f"Bearer {API_KEY}":
            raise Refused(401, {"error": "unknown key"})
        match call.method, call.path:
            case "GET", "/account":
                return Answer(200, {"name": "test"})
            case "POST", "/directions":
                return self._directions(call.json())
        raise Refused(404, {"error": "no such address"})

    def _directions(self, given: Any) -> Answer:
        texts = given.get("texts") if isinstance(given, dict) else None
        if not isinstance(texts, list) or not 1 <= len(texts) <= 100:
            raise Refused(400, {"error": "between 1 and 100 texts"})
        return Answer(200, {"directions": [_direction(text) for text in texts]})


def _direction(text: str) -> list[float]:
    """The sum of its words' directions."""
    digests = [hashlib.sha512(word.encode()).digest() for word in text.casefold().split()]
    return [sum(digest[place] - 127.5 for digest in digests) for place in range(DIMENSIONS)]


if __name__ == "__main__":
    serve(Vendor)
