"""The kinds of documents that have runs, and the shapes of their structured sections."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ValidationError

from webkit.ai_runs.blocks import NOTHING, Prints
from webkit.ai_runs.views import RunRequest, Subject

_known: dict[str, Subject] = {}


class Misshapen(Exception):
    """What a model wrote is not what was asked for; the message tells the model what is wrong, not what it wrote."""


def register(subject: Subject) -> None:
    """Make a kind of document known; done where the feature is loaded, again changes nothing."""
    _known[subject.kind] = subject


def subject_of(name: str) -> Subject | None:
    """The kind of document that "proposal:<uuid>" names."""
    return _known.get(name.partition(":")[0])


def prints(name: str) -> Prints:
    """How values of its lists read."""
    known = subject_of(name)
    return known.prints if known else NOTHING


def check(request: RunRequest) -> None:
    """A structured section needs a shape that its answer is held against."""
    if request.json_schema is not None and _shape(request.subject, request.section) is None:
        raise ValueError(f"{request.section!r} of {request.subject!r} has a schema, but no shape is registered for it")


def parse(subject: str, section: str, text: str) -> Any:
    """The JSON value of a structured answer, as its shape understands it. Raises Misshapen."""
    shape = _shape(subject, section)
    try:
        value = json.loads(_bare(text))
    except (ValueError, RecursionError):
        raise Misshapen("The answer is not valid JSON.") from None
    if shape is None:
        return value
    try:
        return shape.model_validate(value).model_dump(mode="json")
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)[:8]
        raise Misshapen("; ".join(f"{_place(each['loc'])}: {each['msg']}" for each in found)) from None


def _shape(subject: str, section: str) -> type[BaseModel] | None:
    known = subject_of(subject)
    return known.shapes.get(section) if known else None


def _bare(text: str) -> str:
    """Without the fence that models like to put around JSON."""
    bare = text.strip()
    if bare.startswith("```"):
        bare = bare.partition("\n")[2].rpartition("```")[0]
    return bare


def _place(location: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in location) or "answer"
