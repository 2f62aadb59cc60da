"""Plays the vendor on this machine: takes what it takes, refuses what it refuses.

python tests/vendor.py --port 0     # as a process
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused, serve

API_KEY = "acme-test-key"
SLOW, QUICK, EMPTY = "https://slow.example/", "https://quick.example/", "https://empty.example/"
UNREACHABLE, BUSY = "https://gone.example/", "https://busy.example/"
ADVICE = ["Shrink pictures", "Load fonts later", "Send less script", "Keep answers", "Answer sooner", "Use fewer fonts"]
PAGES: dict[str, dict[str, Any]] = {
    SLOW: {
        "metrics": {"lcp": "4.8", "cls": "0.31", "fcp": "2.9", "tbt": "0.64", "si": "6.1"},
        "scores": {"performance": 34, "accessibility": 81, "best_practices": 73, "seo": 90},
        "advice": ADVICE,
    },
    QUICK: {
        "metrics": {"lcp": "0.9", "cls": "0", "fcp": "0.4", "tbt": "0", "si": "0.7"},
        "scores": {"performance": 100, "accessibility": 97, "best_practices": 100, "seo": 100},
        "advice": [],
    },
    EMPTY: {"metrics": {}, "scores": {}, "advice": []},
}


class Vendor(HttpDouble):
    """Knows a few pages."""

    def answer(self, call: Call) -> Answer:
        if call.headers.get("authorization") != f"Bearer {API_KEY}":
            raise Refused(401, {"error": "unknown key"})
        match call.method, call.path:
            case "GET", "/account":
                return Answer(200, {"name": "test"})
            case "GET", "/audits":
                return self._measured(call.query)
        raise Refused(404, {"error": "no such address"})

    def _measured(self, asked: Any) -> Answer:
        if set(asked) != {"url", "on", "language"} or asked["on"] not in ("mobile", "desktop"):
            raise Refused(400, {"error": "not a question"})
        if asked["url"] == BUSY:
            raise Refused(503, {"error": "busy"})
        if asked["url"] not in PAGES:
            raise Refused(422, {"error": "the page cannot be opened"})
        return Answer(200, {"final_url": asked["url"], "at": datetime.now(UTC).isoformat(), **PAGES[asked["url"]]})


if __name__ == "__main__":
    serve(Vendor)
