"""The vendor's answers, byte for byte in its order of events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .behaviour import MIDWAY, Behaviour, Mode
from .memory import Read
from .rules import TYPES, Json, Model

_STOPS = {Mode.REFUSES: "refusal", Mode.TRUNCATES: "max_tokens"}
_REFUSAL = {"type": "refusal", "category": "general_harms", "explanation": "This request was declined."}
_DELTA = (
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":%s}}\n\n'
)


def error(status: int, message: str, request_id: str, kind: str = "") -> Json:
    """The body of an error."""
    return {"type": "error", "error": {"type": kind or TYPES[status], "message": message}, "request_id": request_id}


def headers(request_id: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What every answer carries."""
    return {
        "request-id": request_id,
        "anthropic-organization-id": "00000000-0000-4000-8000-000000000000",
        "anthropic-ratelimit-requests-limit": "4000",
        "anthropic-ratelimit-requests-remaining": "0" if more and "retry-after" in more else "3999",
        **(more or {}),
    }


@dataclass(frozen=True, slots=True)
class Answer:
    """A message that is written, in pieces. `thinks` puts an empty block of thoughts before the text, as models do."""

    id: str
    model: Model
    pieces: tuple[str, ...]
    stop: str
    read: Read
    thinks: bool

    def whole(self) -> Json:
        """In one piece."""
        content: list[Json] = [{"type": "thinking", "thinking": "", "signature": "c2ln"}] if self.thinks else []
        if self.pieces:
            content.append({"type": "text", "text": "".join(self.pieces)})
        return {**self._head(), "content": content, **self._end(), "usage": self.read.usage(self._written())}

    def opening(self) -> bytes:
        """Everything before the first token."""
        message = {
            **self._head(),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": self.read.usage(1),
        }
        events = [_event("message_start", {"message": message})]
        if self.thinks:
            events += self._thoughts()
        block = {"index": self._index, "content_block": {"type": "text", "text": ""}}
        return b"".join([*events, _event("content_block_start", block), _event("ping", {})])

    def deltas(self) -> Iterator[bytes]:
        """The tokens."""
        for piece in self.pieces:
            yield _DELTA % (self._index, json.dumps(piece).encode())

    def closing(self) -> bytes:
        """Everything after the last token."""
        delta = {"delta": self._end(), "usage": {"output_tokens": self._written()}}
        return b"".join(
            [
                _event("content_block_stop", {"index": self._index}),
                _event("message_delta", delta),
                _event("message_stop", {}),
            ]
        )

    @property
    def _index(self) -> int:
        return int(self.thinks)

    def _head(self) -> Json:
        return {"id": self.id, "type": "message", "role": "assistant", "model": self.model.id}

    def _end(self) -> Json:
        details = {"stop_details": _REFUSAL} if self.stop == "refusal" else {}
        return {"stop_reason": self.stop, "stop_sequence": None, **details}

    def _written(self) -> int:
        return max(len(self.pieces), 1)

    def _thoughts(self) -> list[bytes]:
        block = {"type": "thinking", "thinking": "", "signature": ""}
        return [
            _event("content_block_start", {"index": 0, "content_block": block}),
            _event("content_block_delta", {"index": 0, "delta": {"type": "signature_delta", "signature": "c2ln"}}),
            _event("content_block_stop", {"index": 0}),
        ]


def limited(pieces: list[str], limit: int, behaviour: Behaviour) -> tuple[tuple[str, ...], str]:
    """As many pieces as may be written, and why it stops there."""
    stop = "max_tokens" if len(pieces) > limit else "end_turn"
    if behaviour.mode in MIDWAY:
        limit, stop = min(limit, behaviour.after), _STOPS.get(behaviour.mode, stop)
    return tuple(pieces[:limit]), stop


def midway_error(kind: str) -> bytes:
    """An error in the middle of a stream."""
    return _event("error", {"error": {"type": kind, "message": kind.replace("_", " ").capitalize()}})


def _event(name: str, values: Json) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **values})}\n\n".encode()
