"""Turns a request into an outline: the points it makes, each with room for what is still to be written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from webkit.sdk import (
    AIText,
    Completion,
    CompletionRequest,
    Delta,
    Health,
    HealthReport,
    NoSettings,
    ProviderRejected,
    Role,
    StopReason,
    Usage,
)
from webkit.sdk.i18n import gettext as _

from .shapes import Filler, Unfillable

MODEL = "outline-1"
POINTS = 12
_MARK = re.compile(r"^\s*(?:[-*•]|#{1,6}|\d+[.)])\s+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_WORD = re.compile(r"\S+\s*")


class OutlineWriter:
    """Deterministic: the same request is answered with the same outline."""

    def __init__(self, settings: NoSettings) -> None:
        self._settings = settings

    def complete(self, request: CompletionRequest) -> Completion:
        words = _WORD.findall(_outline(request) if request.json_schema is None else _filled(request.json_schema))
        kept = words[: max(request.max_tokens, 0)]
        asked = " ".join([request.system, *(message.text for message in request.messages)])
        return Completion(
            text="".join(kept),
            usage=Usage(input_tokens=len(asked.split()), output_tokens=len(kept)),
            model=MODEL,
            stop=StopReason.END if len(kept) == len(words) else StopReason.MAX_TOKENS,
        )

    def stream(self, request: CompletionRequest) -> Iterator[Delta | Completion]:
        completion = self.complete(request)
        for word in _WORD.findall(completion.text):
            yield Delta(word)
        yield completion

    def health(self) -> HealthReport:
        return HealthReport(Health.OK, "writes outlines only; choose another AI_PROVIDER for real texts")


def _filled(schema: Mapping[str, object]) -> str:
    """A list in which each entry says what is to be written there."""
    try:
        return json.dumps(Filler(schema, _tasks(), _("Outline only: to be written out.")).value(), ensure_ascii=False)
    except Unfillable as fault:
        raise ProviderRejected(f"the schema cannot be filled: {fault}", provider="outline", code="schema") from None


def _tasks() -> tuple[str, ...]:
    return _("What is known"), _("What it means for the client"), _("What to add")


def _outline(request: CompletionRequest) -> str:
    asked = next((message.text for message in reversed(request.messages) if message.role is Role.USER), "")
    notice = _("Outline only: no AI model is connected. These are the points of the request, ready to be written out.")
    room = "\n".join(f"- {task}" for task in _tasks())
    return "\n".join([f"*{notice}*\n", *(f"## {point}\n\n{room}\n" for point in _points(asked))])


def _points(text: str) -> list[str]:
    """The lines marked as a list or a heading; without any, the sentences."""
    lines = [line for line in text.splitlines() if line.strip()]
    marked = [_MARK.sub("", line) for line in lines if _MARK.match(line)]
    points = marked or [sentence for line in lines for sentence in _SENTENCE.split(line.strip())]
    return [_title(point) for point in points if point.strip()][:POINTS] or [_("Introduction")]


def _title(point: str) -> str:
    short = " ".join(point.split()[:10]).strip(" .:;,#*_-")
    return short[:80] or _("Introduction")


_checked: type[AIText] = OutlineWriter
