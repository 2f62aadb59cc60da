"""Observing: somebody outside is told how the platform does: what it did, how long that took, what went wrong.

Names and attributes say kinds of things, never whose: no path with a token, no address, no text of anybody.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from .base import Arity, Capability, Provider, calls_nobody


class ObservingFeature(enum.StrEnum):
    """What an observer may do beyond the contract's core."""

    METRICS = "metrics"  # it is a HasMetrics: what it counted is read at /metrics


class Doing(enum.StrEnum):
    """What is observed."""

    REQUEST = "request"  # a page or an address of the API; named after its rule, not its path
    JOB = "job"
    VENDOR = "vendor"  # a call of a provider; named "<capability>.<method>"


class Begun(Protocol):
    """Something that has begun."""

    @property
    def trace(self) -> str:
        """What it is known by outside, as the header `traceparent` says it; "" where nobody traces."""
        ...

    def end(self, outcome: str, error: BaseException | None = None) -> None:
        """It is over: with a status of HTTP, or "ok", "failed", "later"."""
        ...


class Observer(Provider, Protocol):
    """Somebody who is told. It must be quick: what it sends, it sends later, from a thread of its own."""

    @calls_nobody
    def begin(self, doing: Doing, name: str, attributes: Mapping[str, str], trace: str) -> Begun:
        """Something begins, as a part of `trace` if that is not empty, else of what has begun around it."""
        ...

    @calls_nobody
    def failed(self, error: BaseException, doing: Doing, name: str, attributes: Mapping[str, str]) -> None:
        """Something went wrong that nobody expected. Must be scrubbed before it leaves."""
        ...

    @calls_nobody
    def flush(self) -> None:
        """The process may end without warning: send what waits, within a second."""
        ...


@dataclass(frozen=True, slots=True)
class Exposition:
    """Counts as they are read from outside, and the type of that text."""

    content: bytes
    content_type: str


@runtime_checkable
class HasMetrics(Protocol):
    """What an observer with METRICS offers beside: the platform shows it at `/metrics`."""

    @calls_nobody
    def metrics(self, authorization: str) -> Exposition | None:
        """The counts of all processes, or None for whoever does not show what the settings ask for.

        `authorization` is the header of that name, "" without one. Compare it in constant time.
        """
        ...


OBSERVING: Capability[Observer] = Capability(
    key="observing", env="OBSERVERS", protocol=Observer, arity=Arity.MANY, required=False
)
