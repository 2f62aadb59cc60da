"""Plays the vendor on this machine: takes what it takes, refuses what it refuses.

python tests/vendor.py --port 0     # as a process
"""

from __future__ import annotations

import json
from typing import Any

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused, serve

API_KEY = "acme-test-key"
MODEL = "acme-1"


class Vendor(HttpDouble):
    """Writes a few words about what it was asked."""

    def answer(self, call: Call) -> Answer:
        if call.headers.get("authorization") != f"Bearer {API_KEY}":
            raise Refused(401, {"error": "unknown key"})
        match call.method, call.path:
            case "GET", "/account":
                return Answer(200, {"name": "test"})
            case "POST", "/completions":
                return self._written(call.json())
        raise Refused(404, {"error": "no such address"})

    def _written(self, asked: dict[str, Any]) -> Answer:
        if set(asked) != {"system", "messages", "max_tokens", "stream"} or not asked["messages"]:
            raise Refused(422, {"error": "not a request"})
        if asked["messages"][-1]["role"] != "user":
            raise Refused(422, {"error": "the last turn is the user's"})
        words = f"You asked about {asked['messages'][-1]['text'][:80]}".split(" ")
        stop = "end" if len(words) <= asked["max_tokens"] else "length"
        text = " ".join(words[: asked["max_tokens"]])
        usage = {"input": sum(len(turn["text"]) for turn in asked["messages"]), "output": len(text)}
        whole = {"text": text, "model": MODEL, "stop": stop, "usage": usage}
        if not asked["stream"]:
            return Answer(200, whole)
        half = len(text) // 2
        events = [{"delta": text[:half]}, {"delta": text[half:]}, whole]
        body = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
        return Answer(200, body, {"Content-Type": "text/event-stream"})


if __name__ == "__main__":
    serve(Vendor)
