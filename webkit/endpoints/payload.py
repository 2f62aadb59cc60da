"""What an endpoint is told of an event: a thin public view, bounded in size; and the headers that prove whose it is.

The scheme is that of Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`, one signature for each key in use.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

PREFIX = "whsec_"
EVERYTHING = "*"
OWN = "endpoint"
"""What is recorded about endpoints themselves is not sent to them."""
TEST = "webhook.test"
LONGEST_TEXT, LONGEST_LIST, RELATED = 500, 50, 10
LONGEST_BODY = 8_192
_UNTOLD = frozenset({"actor", "for"})


def new_secret() -> str:
    """A key as receivers are given it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,…` over one message."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    mac = hmac.new(base64.b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


def headers(keys: Iterable[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of one try, signed with every key."""
    moment = int(at.timestamp())
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "webkit-webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(moment),
        "webhook-signature": " ".join(signature(key, message_id, moment, body) for key in keys),
    }


def event_id(agency_id: UUID, seq: int) -> str:
    """The name of an event outside: always the same for the same event, and nobody can count by it."""
    return f"evt_{uuid5(agency_id, f'event {seq}').hex}"


def wants(kinds: Collection[str], kind: str) -> bool:
    """Whether somebody who chose these kinds is told of this one."""
    group = kind.partition(".")[0]
    return group != OWN and (kind in kinds or f"{group}.*" in kinds or EVERYTHING in kinds)


def body(agency_id: UUID, seq: int, text: str) -> str:
    """An event, from its text in the chain."""
    told: dict[str, Any] = json.loads(text)
    facts = told["facts"]
    others = [each for each in told["about"] if each != told["subject"]]
    return bounded(
        {
            "id": event_id(agency_id, seq),
            "type": told["kind"],
            "timestamp": moment(datetime.fromisoformat(told["at"])),
            "agency": str(agency_id),
            "object": _object(told["subject"]),
            "related": [_object(each) for each in others[:RELATED]],
            "actor": str(facts.get("actor", "system")).partition(":")[0],
            "data": public(facts),
        }
    )


def test_body(agency_id: UUID, endpoint_id: UUID, message_id: str, at: datetime) -> str:
    """What the button Send a test sends: shaped as an event is."""
    return bounded(
        {
            "id": message_id,
            "type": TEST,
            "timestamp": moment(at),
            "agency": str(agency_id),
            "object": {"type": OWN, "id": str(endpoint_id)},
            "related": [],
            "actor": "user",
            "data": {},
        }
    )


def moment(at: datetime) -> str:
    """ISO 8601 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def public(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Of an event's facts what is plain: texts, numbers, yes and no, lists of these. None of them is personal."""
    return {name: _short(value) for name, value in facts.items() if name not in _UNTOLD and _is_plain(value)}


def bounded(told: dict[str, Any]) -> str:
    """As JSON. What is too large loses its longest data first, and says so."""
    text = _written(told)
    while len(text.encode()) > LONGEST_BODY and told["data"]:
        data = dict(told["data"])
        del data[max(data, key=lambda name: (len(_written(data[name])), name))]
        told = {**told, "data": data, "shortened": True}
        text = _written(told)
    return text


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _object(subject: str) -> dict[str, str]:
    kind, _colon, key = subject.partition(":")
    return {"type": kind, "id": key}


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(each is None or isinstance(each, str | int) for each in value)
    return value is None or isinstance(value, str | int)


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else value[: LONGEST_TEXT - 1] + "…"
    return [_short(each) for each in value[:LONGEST_LIST]] if isinstance(value, list) else value


def grouped(kinds: Iterable[str]) -> list[tuple[str, Sequence[str]]]:
    """Kinds that can be chosen, by what they are about."""
    found: dict[str, list[str]] = {}
    for kind in sorted(kinds):
        group = kind.partition(".")[0]
        if group != OWN:
            found.setdefault(group, []).append(kind)
    return list(found.items())
