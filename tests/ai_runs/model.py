"""A model that says what a test tells it to, and notes what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from webkit.core.capabilities.ai_text import (
    AI_TEXT,
    AIFeature,
    Completion,
    CompletionRequest,
    Cost,
    Delta,
    StopReason,
    Usage,
)
from webkit.core.capabilities.base import Health, HealthReport, NoSettings, ProviderSpec, calls_nobody
from webkit.core.capabilities.errors import BrokenOff

Said = str | Exception | StopReason | Callable[[], None]
"""Words, an error to raise, an early end, or something that happens meanwhile."""


@dataclass
class Script:
    """What it says, a list for each call; when all are used, the last one again."""

    calls: list[list[Said]] = field(default_factory=lambda: [["Six in ten ", "visitors come by phone."]])
    asked: list[CompletionRequest] = field(default_factory=list)
    closed: int = 0
    hung_up: threading.Event = field(default_factory=threading.Event)
    whole: bool = True
    """Whether answers end as they should; else the stream just stops."""

    def says(self, *calls: list[Said]) -> None:
        self.calls = list(calls)

    def silence(self) -> None:
        """Say nothing until somebody hangs up."""
        assert self.hung_up.wait(20)
        raise BrokenOff("somebody hung up")


class Line:
    """What it says, as a stream that can be interrupted."""

    def __init__(self, said: Generator[Delta | Completion]) -> None:
        self._said = said

    def __iter__(self) -> Iterator[Delta | Completion]:
        return self

    def __next__(self) -> Delta | Completion:
        return next(self._said)

    def close(self) -> None:
        self._said.close()

    def interrupt(self) -> None:
        SCRIPT.hung_up.set()


SCRIPT = Script()


class Puppet:
    """The provider."""

    def __init__(self, settings: NoSettings) -> None:
        self._settings = settings

    def complete(self, request: CompletionRequest) -> Completion:
        *_words, last = self.stream(request)
        assert isinstance(last, Completion)
        return last

    def stream(self, request: CompletionRequest) -> Line:
        return Line(self._said(request))

    def _said(self, request: CompletionRequest) -> Generator[Delta | Completion]:
        said = SCRIPT.calls[min(len(SCRIPT.asked), len(SCRIPT.calls) - 1)]
        SCRIPT.asked.append(request)
        text, stop = "", StopReason.END
        try:
            for part in said:
                if isinstance(part, StopReason):
                    stop = part
                elif isinstance(part, Exception):
                    raise part
                elif isinstance(part, str):
                    text += part
                    yield Delta(part)
                else:
                    part()
            if SCRIPT.whole:
                yield Completion(text, Usage(1000, 200, 400), "puppet-1", stop)
        finally:
            SCRIPT.closed += 1

    @calls_nobody
    def cost(self, usage: Usage, model: str = "") -> Cost | None:
        fresh = usage.input_tokens - usage.cached_tokens
        return Cost(Decimal(fresh * 3 + usage.output_tokens * 15) / 1_000_000, "USD")

    def health(self) -> HealthReport:
        return HealthReport(Health.OK, "says what it is told")


SPEC = ProviderSpec(
    capability=AI_TEXT,
    name="puppet",
    label="Puppet",
    factory="tests.ai_runs.model:Puppet",
    features=frozenset({AIFeature.STREAMING, AIFeature.JSON_SCHEMA}),
)
