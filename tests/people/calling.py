"""Public functions of services that are given the id of something, and how a test calls one."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from typing import Any
from unittest.mock import MagicMock
from uuid import UUID, uuid4

from webkit.core.kernel import clock
from webkit.core.kernel.errors import DomainError
from webkit.house import FEATURES

NO_READERS = {"words", "look_up", "apply_credit"}
"""Service functions that are given the document itself, or amounts that their caller has read, and read nothing."""


def functions(named: Collection[str]) -> Iterator[tuple[str, Callable[..., Any], str]]:
    """Public functions of services whose first argument is one of these ids, and its name."""
    for plugin in FEATURES:
        feature = plugin.__name__.rpartition(".")[0]
        try:
            module = importlib.import_module(f"{feature}.service")
        except ModuleNotFoundError:
            continue
        for name, function in inspect.getmembers(module, callable):
            ours = getattr(function, "__module__", "").startswith("webkit.")
            if name.startswith("_") or inspect.isclass(function) or not ours or name in NO_READERS:
                continue
            first = next(iter(_parameters(function)), "")
            if first in named:
                yield f"{feature}.service.{name}", function, first


def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}


def call(function: Callable[..., Any], document_id: UUID) -> Any:
    """Its answer; None for whatever says that there is nothing of the kind."""
    first, *wanted = _parameters(function).values()
    empty = inspect.Parameter.empty
    needed = [each for each in wanted if each.default is empty]
    given = [_some(each) for each in needed if each.kind is each.POSITIONAL_OR_KEYWORD]
    named = {each.name: _some(each) for each in needed if each.kind is each.KEYWORD_ONLY}
    if first.kind is first.KEYWORD_ONLY:
        function = functools.partial(function, **{first.name: document_id})
    else:
        function = functools.partial(function, document_id)
    try:
        answer = function(*given, **named)
    except DomainError:
        return None
    except TypeError as error:
        return error  # it went on to use what it was given
    return list(answer) if inspect.isgenerator(answer) else answer


def _some(wanted: inspect.Parameter) -> Any:
    """A value of the kind a parameter asks for."""
    plain: dict[str, Any] = {
        "int": 1,
        "str": "x",
        "UUID": uuid4(),
        "bool": True,
        "date": date(2026, 1, 31),
        "datetime": clock.now(),
    }
    return plain.get(str(wanted.annotation).partition(" | ")[0], MagicMock())
