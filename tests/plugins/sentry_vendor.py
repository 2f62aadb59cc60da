"""A double of Sentry's intake: envelopes for one project, from whoever shows its key."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused

KEY, PROJECT = "0a1b2c3d4e5f60718293a4b5c6d7e8f9", "4507"
ITEMS = {"event", "transaction", "session", "sessions", "client_report", "attachment", "check_in"}
_FIELD = re.compile(r"\s*(sentry_\w+)=([^,\s]+)\s*")


class Sentry(HttpDouble):
    """The vendor."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []
        self.other: list[str] = []
        self.raw: list[bytes] = []

    @property
    def dsn(self) -> str:
        return self.url.replace("http://", f"http://{KEY}@") + f"/{PROJECT}"

    def answer(self, call: Call) -> Answer:
        if call.method != "POST" or call.path != f"/api/{PROJECT}/envelope/":
            raise Refused(404, {"detail": "no such project"})
        self._authorize(call.headers.get("x-sentry-auth", ""))
        if call.headers.get("content-type") != "application/x-sentry-envelope":
            raise Refused(415, {"detail": "not an envelope"})
        body = gzip.decompress(call.body) if call.headers.get("content-encoding") == "gzip" else call.body
        self.raw.append(body)
        head, _, rest = body.partition(b"\n")
        header = json.loads(head)
        while rest:
            line, _, rest = rest.partition(b"\n")
            if not line:
                continue
            item = json.loads(line)
            if item.get("type") not in ITEMS:
                raise Refused(400, {"detail": f"unknown item {item.get('type')!r}"})
            length = item.get("length")
            content, rest = (rest[:length], rest[length + 1 :]) if length is not None else rest.partition(b"\n")[::2]
            if length is not None and len(content) != length:
                raise Refused(400, {"detail": "the item is shorter than it says"})
            self._keep(item["type"], content, header)
        return Answer(200, {"id": header.get("event_id")})

    def _keep(self, kind: str, content: bytes, header: dict[str, Any]) -> None:
        if kind != "event":
            self.other.append(kind)
            return
        event = json.loads(content)
        if not re.fullmatch(r"[0-9a-f]{32}", event.get("event_id", "")) or event["event_id"] != header.get("event_id"):
            raise Refused(400, {"detail": "event_id"})
        self.events.append(event)

    def _authorize(self, header: str) -> None:
        scheme, _, rest = header.partition(" ")
        fields = {match[1]: match[2] for part in rest.split(",") if (match := _FIELD.fullmatch(part))}
        if scheme.lower() != "sentry" or fields.get("sentry_version") != "7" or not fields.get("sentry_client"):
            raise Refused(401, {"detail": "missing authorization information"})
        if fields.get("sentry_key") != KEY:
            raise Refused(403, {"detail": "bad sentry_key"})
