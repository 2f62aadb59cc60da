"""The vendor's answers, whole and streamed. Pure: lines and objects in, contract out.

Streams are read line by line: the SDK's own reader builds objects for every token.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from webkit.sdk import BrokenOff, Completion, Delta, ProviderRejected, StopReason, TimedOut, Usage

from .errors import Words

_STOPS: Mapping[str, StopReason] = {
    "stop": StopReason.END,
    "length": StopReason.MAX_TOKENS,
    "content_filter": StopReason.REFUSED,
}
CHARACTERS_PER_TOKEN = 4


class Reader:
    """Reads answers of one provider. `asked` is how many characters went in, for servers that count no tokens."""

    def __init__(self, words: Words, asked: int) -> None:
        self._words, self._asked = words, asked

    def whole(self, content: bytes) -> Completion:
        """An answer in one piece."""
        with self._understood():
            answer = json.loads(content)
            choice = answer["choices"][0]
            text, refusal = choice["message"].get("content") or "", choice["message"].get("refusal") or ""
            stop = StopReason.REFUSED if refusal else self._stop(choice["finish_reason"])
            return Completion(text or refusal, self._usage(answer.get("usage"), text), str(answer["model"]), stop)

    def read(self, lines: Iterator[str], deadline: float) -> Iterator[Delta | Completion]:
        """A stream of server-sent events. Raises BrokenOff when it ends before the vendor says so."""
        pieces: list[str] = []
        counted: Any = None
        model = reason = ""
        refused = False
        with self._understood():
            for data in self._events(lines, deadline):
                if data == "[DONE]":
                    break
                event = json.loads(data)
                if error := event.get("error"):
                    raise self._words.midway(str(error.get("code") or error.get("type") or ""))
                model, counted = str(event["model"]), event.get("usage") or counted
                for choice in event["choices"][:1]:
                    delta = choice.get("delta") or {}
                    refused = refused or bool(delta.get("refusal"))
                    if text := delta.get("content") or delta.get("refusal"):
                        pieces.append(text)
                        yield Delta(text)
                    reason = choice.get("finish_reason") or reason
            if not model:
                raise self._words.garbage()
            if not reason:
                text = "the stream ended before the answer did"
                raise BrokenOff(text, provider=self._words.name, code="no_finish_reason")
            # The answer is here; read to the very end, the connection can serve the next one.
            with contextlib.suppress(Exception):
                deque(lines, maxlen=0)
            stop = StopReason.REFUSED if refused else self._stop(reason)
            written = "".join(pieces)
            yield Completion(written, self._usage(counted, written), model, stop)

    def card(self, content: bytes) -> str:
        """The name of a model, from its card."""
        with self._understood():
            return str(json.loads(content)["id"])

    def _events(self, lines: Iterator[str], deadline: float) -> Iterator[str]:
        for line in lines:
            if time.monotonic() > deadline:
                raise TimedOut("the answer took longer than we wait", provider=self._words.name, code="too_long")
            if line.startswith("data:"):
                yield line[5:].strip()

    def _usage(self, counted: Any, text: str) -> Usage:
        """What the vendor counted; of a server that counts nothing, an estimate."""
        if not counted:
            return Usage(self._asked // CHARACTERS_PER_TOKEN + 1, len(text) // CHARACTERS_PER_TOKEN + 1)
        details = counted.get("prompt_tokens_details") or {}
        read, cached = int(counted["prompt_tokens"]), int(details.get("cached_tokens") or 0)
        return Usage(read, int(counted["completion_tokens"]), cached_tokens=min(cached, read))

    def _stop(self, reason: str) -> StopReason:
        """Why it stopped. A reason we do not know says nothing about what is missing, so it is no answer."""
        try:
            return _STOPS[reason]
        except KeyError:
            text = "stopped for a reason we do not know"
            raise ProviderRejected(text, provider=self._words.name, code=str(reason)) from None

    @contextlib.contextmanager
    def _understood(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise self._words.garbage() from None
