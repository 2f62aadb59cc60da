"""Plays the vendor on this machine: takes what it takes, refuses what it refuses.

python tests/vendor.py --port 0     # as a process
"""

from __future__ import annotations

import re

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused, serve

API_KEY = "acme-test-key"


class Vendor(HttpDouble):
    """Keeps objects in memory."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port)
        self.objects: dict[str, tuple[bytes, str]] = {}

    def answer(self, call: Call) -> Answer:
        if call.headers.get("authorization") != f"Bearer {API_KEY}":
            raise Refused(401, {"error": "unknown key"})
        if (call.method, call.path) == ("GET", "/account"):
            return Answer(200, {"name": "test"})
        if not call.path.startswith("/objects/"):
            raise Refused(404, {"error": "no such address"})
        key = call.path.removeprefix("/objects/")
        if call.method == "PUT":
            self.objects[key] = (call.body, call.headers["content-type"])
            return Answer(204)
        if call.method == "DELETE":
            self.objects.pop(key, None)
            return Answer(204)
        if key not in self.objects:
            raise Refused(404, {"error": "no such object"})
        return self._shown(call, *self.objects[key])

    def _shown(self, call: Call, body: bytes, content_type: str) -> Answer:
        headers = {"Content-Type": content_type, "X-Size": str(len(body))}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", call.headers.get("range", ""))
        if asked is None:
            return Answer(200, b"" if call.method == "HEAD" else body, headers)
        start, end = int(asked[1]), int(asked[2]) + 1 if asked[2] else len(body)
        if start >= len(body):
            raise Refused(416, {"error": "it ends before that"})
        return Answer(206, body[start:end], headers)


if __name__ == "__main__":
    serve(Vendor)
