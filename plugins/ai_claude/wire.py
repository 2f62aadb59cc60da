"""The vendor's answers, whole and streamed. Pure: lines and objects in, contract out.

Streams are read line by line: the SDK's own reader builds objects for every token and costs three times as much.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from webkit.sdk import BrokenOff, Completion, Delta, ProviderRejected, StopReason, TimedOut, Usage

from .errors import NAME, garbage, midway

_STOPS: Mapping[str, StopReason] = {
    "end_turn": StopReason.END,
    "stop_sequence": StopReason.END,
    "max_tokens": StopReason.MAX_TOKENS,
    "model_context_window_exceeded": StopReason.MAX_TOKENS,
    "refusal": StopReason.REFUSED,
}


def whole(content: bytes) -> Completion:
    """A message in one piece."""
    with _understood():
        message = json.loads(content)
        text = "".join(block["text"] for block in message["content"] if block["type"] == "text")
        return Completion(text, usage(message["usage"]), str(message["model"]), stop(message["stop_reason"]))


def name(content: bytes) -> str:
    """The name of a model, from its card."""
    with _understood():
        return str(json.loads(content)["id"])


def read(lines: Iterator[str], deadline: float) -> Iterator[Delta | Completion]:
    """A stream of server-sent events. Raises BrokenOff when it ends before the vendor says so."""
    pieces: list[str] = []
    counted: dict[str, Any] = {}
    model = reason = ""
    with _understood():
        for event in _events(lines, deadline):
            kind = event["type"]
            if kind == "content_block_delta":
                if event["delta"]["type"] == "text_delta" and (text := event["delta"]["text"]):
                    pieces.append(text)
                    yield Delta(text)
            elif kind == "message_start":
                model = str(event["message"]["model"])
                counted.update(event["message"]["usage"])
            elif kind == "message_delta":
                reason = event["delta"]["stop_reason"]
                counted.update({name: count for name, count in event["usage"].items() if count is not None})
            elif kind == "message_stop":
                # The answer is here; read to the very end, the connection can serve the next one.
                with contextlib.suppress(Exception):
                    deque(lines, maxlen=0)
                yield Completion("".join(pieces), usage(counted), model, stop(reason))
                return
            elif kind == "error":
                raise midway(str(event["error"]["type"]))
    # A connection that dies raises; a vendor or gateway that closes in good order does not.
    if not model:
        raise garbage()
    raise BrokenOff("the stream ended before the answer did", provider=NAME, code="no_message_stop")


def _events(lines: Iterator[str], deadline: float) -> Iterator[dict[str, Any]]:
    for line in lines:
        if time.monotonic() > deadline:
            raise TimedOut("the answer took longer than we wait", provider=NAME, code="too_long")
        if line.startswith("data:"):
            yield json.loads(line[5:])


@contextlib.contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise garbage() from None


def usage(counted: Mapping[str, Any]) -> Usage:
    """The vendor counts what it read anew, found and kept apart; we count all of it as read."""
    found = counted.get("cache_read_input_tokens") or 0
    kept = counted.get("cache_creation_input_tokens") or 0
    return Usage(
        input_tokens=counted["input_tokens"] + found + kept,
        output_tokens=counted["output_tokens"],
        cached_tokens=found,
        cache_write_tokens=kept,
    )


def stop(reason: str) -> StopReason:
    """Why it stopped. A reason we do not know says nothing about what is missing, so it is no answer."""
    try:
        return _STOPS[reason]
    except KeyError:
        raise ProviderRejected("stopped for a reason we do not know", provider=NAME, code=str(reason)) from None
