"""Tells the chosen observers what begins, ends and fails. Without any it costs next to nothing; none can break a thing.

A request, the jobs it asks for and the vendors these call are one trace: a job's row carries its request's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

import structlog
from flask import Flask, Response, g, has_app_context, request

from webkit.core.capabilities.base import ProviderSpec
from webkit.core.capabilities.errors import ProviderError
from webkit.core.capabilities.observing import OBSERVING, Begun, Doing, Observer
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.runtime import Runtime, current

log = structlog.get_logger(__name__)
CARRIED = "~trace"
"""The argument of a job that names the trace it was asked for in."""
EXPECTED = (DomainError, ProviderError)
"""What goes wrong without anybody having to mend the program."""


class GoesOn(Exception):
    """Base of what a job raises that has not failed but goes on later."""


_trace: ContextVar[str] = ContextVar("trace", default="")


class Begin:
    """What all observers were told of something that has begun; one that fails is only noted."""

    def __init__(
        self, observers: Sequence[Observer], doing: Doing, name: str, attributes: Mapping[str, str], trace: str
    ):
        self._observers, self._told = observers, (doing, name, attributes)
        self._begun: list[Begun] = []
        for observer in observers:
            with _harmless():
                self._begun.append(observer.begin(doing, name, attributes, trace))
        self._before = _trace.set(next(filter(None, (begun.trace for begun in self._begun)), trace))

    def end(self, outcome: str, error: BaseException | None = None) -> None:
        for begun in reversed(self._begun):
            with _harmless():
                begun.end(outcome, error)
        if error is not None and not isinstance(error, EXPECTED):
            self.failed(error)

    def failed(self, error: BaseException) -> None:
        for observer in self._observers:
            with _harmless():
                observer.failed(error, *self._told)

    def leave(self) -> None:
        """What follows is not a part of it any more."""
        _trace.reset(self._before)


def init_app(app: Flask) -> None:
    @app.before_request
    def begin() -> None:
        if (observers := _observers(current())) and request.endpoint != "static":
            rule = request.url_rule.rule if request.url_rule is not None else "(none)"
            attributes = {"method": request.method, "endpoint": request.endpoint or ""}
            g.observed = Begin(observers, Doing.REQUEST, f"{request.method} {rule}", attributes, "")

    @app.after_request
    def end(response: Response) -> Response:
        if (observed := g.get("observed")) is not None:
            observed.end(str(response.status_code))
        return response

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        if (observed := g.pop("observed", None)) is not None:
            observed.leave()


def broke(error: BaseException) -> None:
    """The current request ends with an error that nobody expected."""
    if (observed := g.get("observed")) is not None:
        observed.failed(error)


@contextmanager
def job(kind: str, attempt: int, trace: str) -> Iterator[None]:
    """Around one attempt at a job. What the process has to say is sent at once: its end comes without warning."""
    observers = _observers(current())
    if not observers:
        yield
        return
    begun = Begin(observers, Doing.JOB, kind, {"attempt": str(attempt)}, trace)
    try:
        yield
    except GoesOn:
        begun.end("later")
        raise
    except Exception as error:
        begun.end("failed", error)
        raise
    else:
        begun.end("ok")
    finally:
        begun.leave()
        for observer in observers:
            with _harmless():
                observer.flush()


def calling(spec: ProviderSpec[Any], method: str) -> AbstractContextManager[None]:
    """Around a call of a provider."""
    if spec.capability is OBSERVING or not has_app_context() or not _observers(current()):
        return nullcontext()
    return _calling(spec, method)


@contextmanager
def _calling(spec: ProviderSpec[Any], method: str) -> Iterator[None]:
    name = f"{spec.capability.key}.{method}"
    begun = Begin(_observers(current()), Doing.VENDOR, name, {"provider": spec.name}, "")
    try:
        yield
    except Exception as error:
        # Whoever called decides what it means: as a failure of the program it is told there, once.
        begun.end("failed", error if isinstance(error, EXPECTED) else None)
        raise
    else:
        begun.end("ok")
    finally:
        begun.leave()


def trace() -> str:
    """The trace that is going on, to be carried into a job; "" when nobody traces."""
    return _trace.get()


def observers() -> tuple[Observer, ...]:
    """Who is told, here and now."""
    return _observers(current())


def _observers(runtime: Runtime) -> tuple[Observer, ...]:
    if runtime.observers is None:
        runtime.observers = tuple(_made(runtime))
    return runtime.observers


def _made(runtime: Runtime) -> Iterator[Observer]:
    for spec in runtime.registry.chain(OBSERVING):
        with _harmless():
            yield runtime.registry.get(OBSERVING, name=spec.name)


@contextmanager
def _harmless() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        log.warning("an observer failed", error=f"{type(error).__name__}: {error}")
