"""AI text: messages in, text out, whole or as it is written."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, runtime_checkable

from .base import Capability, Provider


class AIFeature(enum.StrEnum):
    """What a text provider may do beyond the contract's core."""

    STREAMING = "streaming"  # stream() yields as the model writes, not at the end
    JSON_SCHEMA = "json_schema"


class Role(enum.StrEnum):
    """Who said a message."""

    USER = "user"
    ASSISTANT = "assistant"


class StopReason(enum.StrEnum):
    """Why the model stopped writing."""

    END = "end"  # the model had said everything
    MAX_TOKENS = "max_tokens"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """`messages` ends with the user's; `json_schema` asks for a JSON text that satisfies it.

    What many requests share belongs into `system` or an earlier message: up to there vendors keep what they have read
    and take less for it.
    """

    messages: tuple[Message, ...]
    system: str = ""
    max_tokens: int = 4096
    json_schema: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the vendor counts them.

    Of all `input_tokens`, `cached_tokens` were remembered and cost less, `cache_write_tokens` were put into the
    vendor's memory and may cost more.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    cache_write_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Completion:
    """The whole answer. `model` is the exact model that wrote it."""

    text: str
    usage: Usage
    model: str
    stop: StopReason


@dataclass(frozen=True, slots=True)
class Delta:
    """The next few characters of an answer being written; never empty."""

    text: str


class AIText(Provider, Protocol):
    """Somebody who writes."""

    def complete(self, request: CompletionRequest) -> Completion:
        """Answer in one piece. Raises FeatureNotSupported for a `json_schema` the provider did not declare."""
        ...

    def stream(self, request: CompletionRequest) -> Iterator[Delta | Completion]:
        """Yield deltas while the model writes, then, once and last, the Completion whose text is their sum.

        A stream that breaks off raises BrokenOff, and one that ends without a Completion counts as broken off too.
        Whatever else goes wrong raises what it would have raised in complete(). A caller that closes the iterator stops
        the vendor too.
        """
        ...


@runtime_checkable
class Interruptible(Protocol):
    """What a stream may offer beside being an iterator: an end for who waits in it while the vendor says nothing."""

    def interrupt(self) -> None:
        """Called by another thread, at any time: the line is closed, and a `next` that waits raises BrokenOff."""
        ...


@dataclass(frozen=True, slots=True)
class Cost:
    """What a vendor charges, in whole units of a currency (0.0031 USD), before taxes and discounts."""

    amount: Decimal
    currency: str


@runtime_checkable
class PricedText(Protocol):
    """What a provider whose answers cost money offers beside `complete` and `stream`."""

    def cost(self, usage: Usage, model: str = "") -> Cost | None:
        """What this usage costs with `model`, or with the configured one; None where the price is not known.

        Only computes: mark it with `calls_nobody`. Of a stream that was stopped or broke off nobody knows the usage;
        the caller asks with an estimate.
        """
        ...


AI_TEXT: Capability[AIText] = Capability(
    key="ai_text", env="AI_PROVIDER", protocol=AIText, default="outline", agencies=True
)
