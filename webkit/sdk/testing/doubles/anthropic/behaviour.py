"""How the double behaves: what it writes, how fast, and how it fails."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


class Mode(enum.StrEnum):
    """What happens to a request that is in order."""

    WRITES = "writes"
    SLOW = "slow"  # writes, but the first token and each one after it take their time
    HOSTILE = "hostile"  # writes figures nobody gave, markup and whatever the client's text told it to
    REFUSES = "refuses"  # stop_reason "refusal" after `after` tokens
    TRUNCATES = "truncates"  # stop_reason "max_tokens" after `after` tokens
    BREAKS_OFF = "breaks_off"  # the connection dies after `after` tokens
    ENDS_EARLY = "ends_early"  # the stream ends in good order after `after` tokens, but without message_stop
    FAILS_MIDWAY = "fails_midway"  # `event: error` of type `error` after `after` tokens
    OVERLOADED = "overloaded"  # 529
    RATE_LIMITED = "rate_limited"  # 429 with retry-after
    FAILS = "fails"  # 500
    UNAUTHORIZED = "unauthorized"  # 401, whatever the key
    FORBIDDEN = "forbidden"  # 403
    UNPAID = "unpaid"  # 402
    TOO_LARGE = "too_large"  # 413
    GARBAGE = "garbage"  # 200, but nothing the vendor would say
    SILENT = "silent"  # takes the request and never answers


MIDWAY = frozenset({Mode.REFUSES, Mode.TRUNCATES, Mode.BREAKS_OFF, Mode.ENDS_EARLY, Mode.FAILS_MIDWAY})


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One way to behave. `first` and `pause` are seconds before the first token and between tokens.

    `text` is written instead of what the double would think of; with GARBAGE it is the whole body. `retry_after` below
    zero leaves the header out.
    """

    mode: Mode = Mode.WRITES
    first: float = 0.0
    pause: float = 0.0
    after: int = 8
    error: str = "overloaded_error"
    retry_after: float = 7.0
    text: str | None = None

    def __post_init__(self) -> None:
        if self.mode is Mode.SLOW and not (self.first or self.pause):
            object.__setattr__(self, "first", 2.0)
            object.__setattr__(self, "pause", 0.2)


_KINDS: Mapping[str, Callable[[str], Any]] = {
    "first": float, "pause": float, "retry_after": float, "after": int, "times": int, "error": str, "text": str,
}  # fmt: skip
_MARKER = re.compile(r"\bdouble:([a-z_]+(?:,[a-z_]+=[\w.-]+)*)")


def parse(text: str) -> tuple[Behaviour, int]:
    """`slow,pause=0.05,times=2` as a behaviour and how often it holds (0: always). Raises ValueError."""
    name, *pairs = text.split(",")
    values: dict[str, Any] = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        if key not in _KINDS:
            raise ValueError(f"{key!r} is nothing a behaviour has")
        values[key] = _KINDS[key](value)
    times = values.pop("times", 0)
    return Behaviour(Mode(name), **values), times


def marked(prompt: str) -> str:
    """The behaviour that a prompt asks for with `double:slow,pause=0.1`, or ""."""
    found = _MARKER.search(prompt)
    return found[1] if found else ""
