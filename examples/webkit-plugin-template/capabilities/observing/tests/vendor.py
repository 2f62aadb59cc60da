"""Plays the vendor on this machine: takes what it takes, refuses what it refuses.

python tests/vendor.py --port 0     # as a process
"""

from __future__ import annotations

from typing import Any

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused, serve

API_KEY = "acme-test-key"


class Vendor(HttpDouble):
    """Keeps what it was told."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.failures: list[Any] = []

    def answer(self, call: Call) -> Answer:
        if call.headers.get("authorization") != f"Bearer {API_KEY}":
            raise Refused(401, {"error": "unknown key"})
        match call.method, call.path:
            case "GET", "/account":
                return Answer(200, {"name": "test"})
            case "POST", "/failures":
                return self._told(call.json())
        raise Refused(404, {"error": "no such address"})

    def _told(self, given: Any) -> Answer:
        if not isinstance(given, dict) or set(given) != {"error", "doing", "name"}:
            raise Refused(400, {"error": "not a failure"})
        self.failures.append(given)
        return Answer(200, {})


if __name__ == "__main__":
    serve(Vendor)
