"""Plays the vendor on this machine: takes what it takes, refuses what it refuses.

python tests/vendor.py --port 0     # as a process
"""

from __future__ import annotations

from typing import Any

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused, serve

API_KEY = "acme-test-key"
FIELDS = {"from", "to", "reply_to", "subject", "text", "html", "headers", "attachments"}


class Vendor(HttpDouble):
    """Keeps what it was sent, each key once."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.messages: list[dict[str, Any]] = []
        self._by_key: dict[str, dict[str, Any]] = {}

    def answer(self, call: Call) -> Answer:
        if call.headers.get("authorization") != f"Bearer {API_KEY}":
            raise Refused(401, {"error": "unknown key"})
        match call.method, call.path:
            case "GET", "/account":
                return Answer(200, {"name": "test"})
            case "POST", "/messages":
                return self._take(call.headers.get("idempotency-key", ""), call.json())
        raise Refused(404, {"error": "no such address"})

    def control(self, name: str, given: Any) -> Any:
        return self.messages if name == "messages" else super().control(name, given)

    def _take(self, key: str, message: dict[str, Any]) -> Answer:
        if set(message) != FIELDS or not key or not message["to"] or "@" not in message["from"]["email"]:
            raise Refused(422, {"error": "not a message"})
        if key in self._by_key and self._by_key[key] != message:
            raise Refused(409, {"error": "the key was used for another message"})
        if key not in self._by_key:
            self._by_key[key] = message
            self.messages.append(message)
        return Answer(202, {"id": f"m_{key}"})


if __name__ == "__main__":
    serve(Vendor)
