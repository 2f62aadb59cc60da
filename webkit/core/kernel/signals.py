"""Features tell each other, inside one transaction: a contract signed, a payment received.

For features only. Plugins listen to recorded events in jobs of their own (`listeners`), where they cannot hurt.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask

from webkit.core.kernel.db import session
from webkit.core.kernel.runtime import current, of
from webkit.core.values import dataclass

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Continuation:
    """A subscriber's answer to a client's act: the document with which the same visit goes on."""

    kind: str
    document_id: UUID


def subscribe(app: Flask, event: type[E], handler: Callable[[E], object]) -> None:
    """Call `handler` for every published `event`, in the publisher's transaction; call from `webkit_startup`."""
    of(app).subscribers.setdefault(event, []).append(handler)


def publish(event: object) -> list[Any]:
    """Tell the subscribers, inside a write; what they raise undoes the write. Returns their answers, None left out."""
    if not session().writing:
        raise RuntimeError("a signal belongs to the write it is about")
    answers = [handler(event) for handler in current().subscribers.get(type(event), [])]
    return [answer for answer in answers if answer is not None]


def continuation(answers: list[Any], kind: str) -> UUID | None:
    """The document to go on with, if a subscriber named one of this kind."""
    return next((a.document_id for a in answers if isinstance(a, Continuation) and a.kind == kind), None)
