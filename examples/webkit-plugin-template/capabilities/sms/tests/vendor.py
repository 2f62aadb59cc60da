"""Plays the vendor on this machine: takes what it takes, refuses what it refuses.

python tests/vendor.py --port 0     # as a process
"""

from __future__ import annotations

from typing import Any

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused, serve

API_KEY = "acme-test-key"


class Vendor(HttpDouble):
    """Keeps what it was sent, each key once."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.texts: list[dict[str, Any]] = []
        self._by_key: dict[str, dict[str, Any]] = {}

    def answer(self, call: Call) -> Answer:
        if call.headers.get("authorization") != f"Bearer {API_KEY}":
            raise Refused(401, {"error": "unknown key"})
        match call.method, call.path:
            case "GET", "/account":
                return Answer(200, {"name": "test"})
            case "POST", "/texts":
                return self._sent(call.json(), call.headers.get("idempotency-key", ""))
        raise Refused(404, {"error": "no such address"})

    def _sent(self, given: Any, key: str) -> Answer:
        if not isinstance(given, dict) or set(given) != {"to", "text"} or not key:
            raise Refused(400, {"error": "not a text"})
        if key not in self._by_key:
            self._by_key[key] = {"id": f"t{len(self.texts) + 1}", **given}
            self.texts.append(self._by_key[key])
        return Answer(200, {"id": self._by_key[key]["id"]})


if __name__ == "__main__":
    serve(Vendor)
