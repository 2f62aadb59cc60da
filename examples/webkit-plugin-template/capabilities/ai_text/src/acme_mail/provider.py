"""Texts from the vendor's models, whole or as they are written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from urllib3.exceptions import HTTPError

from webkit.sdk import (
    AIText,
    BrokenOff,
    Completion,
    CompletionRequest,
    Delta,
    FeatureNotSupported,
    HealthReport,
    OutcomeUnknown,
    StopReason,
    Usage,
)

from .api import NAME, Api
from .settings import AcmeMailSettings

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_STOPS = {"end": StopReason.END, "length": StopReason.MAX_TOKENS, "refused": StopReason.REFUSED}


class AcmeMail:
    """One POST for each answer; a streamed one comes as lines of JSON after `data: `."""

    def __init__(self, settings: AcmeMailSettings) -> None:
        self._api = Api(settings)

    def complete(self, request: CompletionRequest) -> Completion:
        return _completion(self._api.json("POST", "/completions", _content(request, stream=False)))

    def stream(self, request: CompletionRequest) -> Iterator[Delta | Completion]:
        body = json.dumps(_content(request, stream=True)).encode()
        answer = self._api.open("POST", "/completions", body, {"Content-Type": "application/json"})
        try:  # closing this generator closes the connection, which stops the vendor
            for event in _events(answer):
                if "delta" in event:
                    yield Delta(event["delta"])
                else:
                    yield _completion(event)
                    return
            raise BrokenOff("the text stopped before its end", provider=NAME)
        finally:
            answer.close()

    def health(self) -> HealthReport:
        return self._api.health()


def _content(request: CompletionRequest, *, stream: bool) -> dict[str, Any]:
    if request.json_schema is not None:
        raise FeatureNotSupported("Acme mail follows no schema", provider=NAME)
    return {
        "system": request.system,
        "messages": [{"role": message.role.value, "text": message.text} for message in request.messages],
        "max_tokens": request.max_tokens,
        "stream": stream,
    }


def _events(answer: BaseHTTPResponse) -> Iterator[dict[str, Any]]:
    waiting = b""
    try:
        for piece in answer.stream(4096):
            *lines, waiting = (waiting + piece).split(b"\n")
            for line in lines:
                if line.startswith(b"data: "):
                    yield json.loads(line.removeprefix(b"data: "))
    except (HTTPError, OSError, ValueError):
        raise BrokenOff("the text stopped before its end", provider=NAME) from None


def _completion(answer: Any) -> Completion:
    try:
        usage = Usage(answer["usage"]["input"], answer["usage"]["output"])
        return Completion(answer["text"], usage, answer["model"], _STOPS[answer["stop"]])
    except (KeyError, TypeError):
        raise OutcomeUnknown("the answer is not one that Acme mail describes", provider=NAME) from None


_checked: type[AIText] = AcmeMail  # the type checker compares the signatures
